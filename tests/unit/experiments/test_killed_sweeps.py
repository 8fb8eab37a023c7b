"""Sweeps of 200 runs whose parent or whose workers are killed: nothing is repeated, nothing lost, the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
]


def killed(folder: Path, what: str, kills: int, workers: int) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "tests.unit.experiments.killed_sweeps",
        str(folder),
        what,
        str(kills),
        str(workers),
    ]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, Any]:
    found = killed(tmp_path_factory.mktemp("sweep") / "out", "none", 0, 1)
    assert found["runs"] == 200
    return found


@pytest.mark.parametrize(("kills", "workers"), [(60, 1), (40, 2)])
def test_a_sweep_whose_parent_is_killed_is_resumed(undisturbed, tmp_path, kills, workers):
    found = killed(tmp_path / "out", "parent", kills, workers)
    assert (found["kills"], found["repeated"], found["lost"]) == (kills, 0, 0)
    assert found["partly"] >= kills / 4
    assert (found["runs"], found["table"]) == (200, undisturbed["table"])


def test_a_sweep_whose_workers_are_killed_goes_on(undisturbed, tmp_path):
    found = killed(tmp_path / "out", "worker", 20, 2)
    assert found["kills"] >= 20
    assert (found["repeated"], found["lost"]) == (0, 0)
    assert set(found["tables"]) == {undisturbed["table"]}
