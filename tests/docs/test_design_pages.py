"""The notes on the design and the glossary: what they name is there, and their example runs as they say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from batchsim.results.outcome import Outcome
from tests.worlds import by_job, configuration, fleet, jobs, run, servers

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs" / "design").glob("*.md")), ROOT / "docs" / "glossary.md", ROOT / "CONTRIBUTING.md"]
#: Where a path may begin: here, in the package, or in one of its rooms.
PLACES = [ROOT, ROOT / "batchsim", *(room for room in (ROOT / "batchsim").iterdir() if room.is_dir())]
#: A path of a module, of a test or of a folder, as these pages write it.
PATH = re.compile(r"`((?:[a-z_]+/)+[\w.-]*|[a-z_]+\.py)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_place_that_is_named_is_there(page):
    text = page.read_text(encoding="utf-8")
    named = PATH.findall(text)
    assert named
    missing = [each for each in named if not any((place / each).exists() for place in PLACES)]
    assert missing == []


def test_the_example_of_the_walk():
    work = jobs([5, 5, 30, 40, 100], [100, 100, 200, 50, 20], [2, 1, 2, 2, 1])
    environments = fleet(max_vcpus=4), servers(2)
    scheduler = {"scaleUpReaction": 10.0, "scaleDownIdle": 60.0}
    recording = run(work, *environments, ec2={"register": 60.0}, scheduler=scheduler)
    # A and B on an instance each, C on the servers, D and E when A and B have ended.
    assert by_job(recording, "starting_at") == [75, 75, 75, 175, 175]
    assert by_job(recording, "environment") == [0, 0, 1, 0, 0]
    assert by_job(recording, "instance")[:2] == [0, 1]
    assert recording.instances.requested_at.tolist() == [15, 15]
    assert recording.instances.registered_at.tolist() == [75, 75]
    waits = Outcome(work, configuration(*environments), recording).waits.of(np.arange(5))
    found = [{cause: float(seconds[job]) for cause, seconds in waits.items() if seconds[job]} for job in range(5)]
    assert found == [{"boot": 70}, {"blocked": 70}, {"boot": 45}, {"boot": 35, "limit": 100}, {"blocked": 75}]
    # Stranded from when D waits beside a free vCPU to when E, which would fit there, comes.
    place = np.searchsorted(recording.stranded.at, [75, 99, 100, 175], side="right") - 1
    assert recording.stranded.stranded[place].tolist() == [1, 1, 0, 0]
