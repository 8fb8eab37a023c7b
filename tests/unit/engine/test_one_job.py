"""What a reader follows who goes along with one job: how often its way leads from one file of the engine to another."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import batchsim as bs
from batchsim.engine import simulation
from batchsim.engine.simulation import Simulation

ENGINE = str(Path(simulation.__file__).parent)
ETL = Path(__file__).parents[3] / "scenarios" / "etl.yaml"
#: It was 36 before the engine was written as one walk.
MOST_CHANGES = 15


@pytest.mark.skipif(not simulation.__file__.endswith(".py"), reason="compiled functions have no frames")
def test_a_job_of_etl_seldom_goes_to_another_file(monkeypatch):
    changes: Counter[tuple[str, str]] = Counter()

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_back is not None and frame.f_code.co_filename.startswith(ENGINE):
            here, there = frame.f_back.f_code.co_filename, frame.f_code.co_filename
            changes[here, there] += here != there

    def run(simulated: Simulation) -> Any:
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            return whole_run(simulated)
        finally:
            sys.setprofile(before)

    whole_run = Simulation.run
    monkeypatch.setattr(Simulation, "run", run)
    jobs = len(bs.run(bs.load(ETL)).jobs)
    assert changes.total() / jobs <= MOST_CHANGES, changes.most_common(10)
