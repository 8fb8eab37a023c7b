"""The page on optimize says what the code does."""

from __future__ import annotations

import re

import batchsim as bs
from batchsim.experiments.optimize import search, strategy
from batchsim.experiments.optimize.bounds import REPLICATIONS
from batchsim.experiments.optimize.optimize import HAZARD_SCALES, MOST_CANDIDATES, STORE
from batchsim.experiments.optimize.race import WORTH
from batchsim.statistics.stopping import LOOKS
from tests.builders import job, scenario, workflow
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "optimize.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())


def test_the_keys_of_the_page_are_those_that_are_printed():
    path = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
    made = scenario(
        workflow(job(arrayProperties={"size": 4}), arrivals={"every": "1h"}),
        duration="2h",
        objectives=["p95(queue_time) <= 1h"],
        search={path: [2, 4]},
    )
    found = bs.optimize(made, workers=1).figures
    table = PAGE[PAGE.index("## What `--json` prints") :]
    named = {key for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    assert named <= found.keys()
    inside = set(re.findall(r"`(\w+)`", table.split("| `recommendation` |")[1].split("\n")[0]))
    assert inside - {"path", "old", "new"} <= {
        *found["recommendation"],
        *found["recommendation"]["objectives"][0],
    }


def test_the_numbers_of_the_page_are_those_of_the_code():
    assert f"{MOST_CANDIDATES:,} at most" in TEXT
    looks = f"after {LOOKS[0]}, {LOOKS[1]} and {LOOKS[2]} replications"
    assert looks in TEXT
    assert f"{strategy.BUDGET} simulations; {strategy.LARGE_BUDGET} for more than {strategy.SMALL:,} candidates" in TEXT
    assert f"less than {100 * search.WORTH:g} %" in TEXT
    assert f"more than {100 * (search.SLACK - 1):.0f} %" in TEXT
    assert (search.FIRST, search.PATIENCE, search.REFIT, REPLICATIONS) == (10, 5, 4, 5)
    assert all(words in TEXT for words in ("At least ten candidates", "five picks in a row", "after every fourth"))
    assert "jobs of five replications" in TEXT
    assert WORTH == 0.005
    assert "half a per cent" in TEXT
    assert f"`{STORE}`" in TEXT
    assert f"`hazardScale` {HAZARD_SCALES[0]} and {HAZARD_SCALES[1]}" in TEXT
