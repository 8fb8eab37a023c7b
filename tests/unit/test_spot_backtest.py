"""The ruler that recorded and simulated fleets are measured with."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tools.spot_backtest import Observed, recorded, simulated


def test_what_is_seen_tick_by_tick(tmp_path):
    path = tmp_path / "recording.json"
    runs = [[0, 2], [4, 2], [2, 2], [1, 1], [3, 2], [4, 2], [3, 1], [4, 1], [0, 3]]
    path.write_text(json.dumps({"metadata": {"gap_seconds": 60}, "runs": runs}))
    seen = recorded(path)
    assert seen.most == 4
    # Two went at once, then one, one, and four: six of eight with another.
    assert seen.drops.tolist() == [2, 1, 1, 4]
    assert seen.together == 6 / 8
    assert seen.rate_per_hour == pytest.approx(8 / (seen.counts.sum() / 60))
    # From 4 to 2 it took three ticks until one came; from 4 to 3 one; after the last loss none came.
    assert seen.outages_s.tolist() == [180, 60]


def test_a_fleet_that_loses_its_instances_together_is_seen_to():
    like = Observed(np.repeat([8, 0, 8], [500, 60, 500]), 300.0)
    together = [simulated(like, seed, interruptions={"ratePerHour": 0.2}).together for seed in range(3)]
    alone = [simulated(like, seed, interruptions={"ratePerHour": 0.2}, together=0).together for seed in range(3)]
    assert np.mean(together) > 0.8 > 0.2 > np.mean(alone)
