"""What helps and what does not: figures of a run and of a changed one are given, and judged by the rules of advice."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

import batchsim as bs
from batchsim.experiments import advice
from batchsim.experiments.advice import BESIDES, try_changes
from batchsim.experiments.changes import Change
from batchsim.scenario.document.overrides import value_at
from tests.builders import environment, job, scenario, workflow

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
MIN = "batch.computeEnvironments.fleet.computeResources.minvCpus"
SEED = "seed"


@pytest.fixture(scope="module")
def result() -> bs.Result:
    """Ten jobs on two vCPUs: they wait for the limit, and an instance is kept that half of the time is idle."""
    made = scenario(
        workflow(job(runtime=3600, arrayProperties={"size": 10})),
        environments=[environment(maxvCpus=4, minvCpus=4)],
        duration="1d",
        objectives=["max(turnaround) <= 12h", "minimise cost"],
        settings={"scheduler": {"scaleDownIdle": 0}},
    )
    return bs.run(made)


def edited(of: bs.Result, *, bill=1.0, waiting=1.0, there=1.0, p95=1.0, lost=0, kept=True) -> dict[str, Any]:
    """A summary of which figures are so many times as large."""
    summary = copy.deepcopy(of.run.summary)
    summary["cost_usd"]["total"] *= bill
    for cause in summary["wait_s"]:
        summary["wait_s"][cause] *= waiting
    summary["turnaround_s"]["mean"] *= there
    summary["queue_time_s"]["p95"] *= p95
    summary["jobs"]["succeeded"] -= lost
    summary["objectives"][0]["kept"] = kept
    return summary


def judged(monkeypatch, result, *stages: list[tuple[dict[str, Any], dict[str, float]]], **limits):
    """What comes of changes whose effects are given, stage by stage."""

    def run_once(changed, seed, replication):
        values = changed.document.values
        (effect,) = (
            effect
            for changes in stages
            for change, effect in changes
            if all(value_at(values, path) == value for path, value in change.items())
        )
        return SimpleNamespace(summary=edited(result, **effect))

    def stage(changes):
        return lambda _: (Change(str(change), "because", change) for change, _ in changes)

    monkeypatch.setattr(advice, "STAGES", tuple(map(stage, stages)))
    monkeypatch.setattr(advice, "run_once", run_once)
    return try_changes(result, **limits)


def test_the_run_has_both_troubles(result):
    cost = result.summary["cost_usd"]
    assert cost["total"] - cost["by_purpose"]["useful"] > 0.05 * cost["total"]
    assert result.summary["wait_s"]["limit"] > 1000


@pytest.mark.parametrize(
    ("effect", "helps"),
    [
        ({"bill": 0.951}, False),
        ({"bill": 0.949}, True),
        # Jobs may come back later by half of the share that is saved.
        ({"bill": 0.9, "there": 1.049}, True),
        ({"bill": 0.9, "there": 1.051}, False),
        ({"bill": 0.5, "there": 1.24}, True),
        ({"waiting": 0.951}, False),
        ({"waiting": 0.949}, True),
        # The bill and the longest waits may rise by half of the share that is waited less.
        ({"waiting": 0.8, "bill": 1.099}, True),
        ({"waiting": 0.8, "bill": 1.101}, False),
        ({"waiting": 0.8, "p95": 1.099}, True),
        ({"waiting": 0.8, "p95": 1.101}, False),
        # What is paid for one gain may be worth it by the other.
        ({"bill": 0.8, "waiting": 0.8, "p95": 2.0}, True),
        ({"bill": 0.8, "waiting": 3.0, "there": 1.05}, True),
        # Never with fewer jobs done, or a promise broken.
        ({"bill": 0.5, "waiting": 0.5, "lost": 1}, False),
        ({"bill": 0.5, "waiting": 0.5, "lost": -1}, True),
        ({"bill": 0.5, "waiting": 0.5, "kept": False}, False),
        ({"bill": 0.5, "waiting": 0.5, "kept": None}, False),
        ({}, False),
    ],
    ids=str,
)
def test_what_helps(monkeypatch, result, effect, helps):
    found = judged(monkeypatch, result, [({MAX: 8}, effect)])
    assert found.tried == 1
    assert [each.set for each in found.advice] == ([{MAX: 8}] if helps else [])


def test_what_helps_most_comes_first_by_the_shares_of_both(monkeypatch, result):
    found = judged(
        monkeypatch,
        result,
        [({MAX: 8}, {"bill": 0.9}), ({MIN: 0}, {"bill": 0.8, "waiting": 0.95}), ({SEED: 2}, {"waiting": 0.85})],
    )
    # Saved 0.1, 0.2 + 0.05, 0.15.
    assert [dict(each.set) for each in found.advice] == [{MIN: 0}, {SEED: 2}, {MAX: 8}]
    assert found.advice[0].gain["cost_usd"] == pytest.approx(0.2 * result.summary["cost_usd"]["total"])


def test_of_several_values_of_one_path_the_best_is_advised(monkeypatch, result):
    found = judged(
        monkeypatch, result, [({MAX: most}, {"bill": bill}) for most, bill in ((5, 0.9), (6, 0.8), (7, 0.85))]
    )
    assert [dict(each.set) for each in found.advice] == [{MAX: 6}]
    assert found.tried == 3


def test_of_more_than_three_those_of_the_first_stages_are_told(monkeypatch, result):
    found = judged(
        monkeypatch, result,
        [({MAX: 8}, {"bill": 0.94}), ({MIN: 0}, {"bill": 0.93})],
        [({SEED: 2}, {"bill": 0.9}), ({MAX: 9, MIN: 1}, {"bill": 0.89})],
    )  # fmt: skip
    assert [dict(each.set) for each in found.advice] == [{MIN: 0}, {MAX: 8}, {MAX: 9, MIN: 1}]
    assert found.tried == 4


def test_a_trouble_that_is_half_mended_is_not_looked_into_further(monkeypatch, result):
    cost = result.summary["cost_usd"]
    wasted = (cost["total"] - cost["by_purpose"]["useful"]) / cost["total"]
    for part, tried in ((0.51, 1), (0.49, 2)):
        saves = {"bill": 1 - part * wasted, "waiting": 0.49, "p95": 0.5}
        found = judged(monkeypatch, result, [({MAX: 8}, saves)], [({MIN: 0}, {"bill": 0.5})])
        assert found.tried == tried


def test_the_same_change_is_tried_once(monkeypatch, result):
    same = ({MAX: 8}, {})
    found = judged(monkeypatch, result, [same], [({MIN: 0}, {})])
    assert found.tried == 2
    monkeypatch.setattr(advice, "STAGES", (*advice.STAGES, *advice.STAGES))
    assert try_changes(result).tried == 2


def test_no_more_attempts_are_simulated_than_may_be(monkeypatch, result):
    changes = [({MAX: most}, {"bill": 0.9}) for most in range(5, 9)]
    each = len(result.run.recording.attempts.job) + BESIDES
    for most, tried in ((each - 1, 0), (each, 1), (3 * each - 1, 2), (4 * each, 4)):
        found = judged(monkeypatch, result, changes, most_attempts=most)
        assert (found.tried, found.untried) == (tried, 4 - tried)


def test_a_change_that_is_no_scenario_helps_nothing(monkeypatch, result):
    found = judged(monkeypatch, result, [({MAX: 2}, {"bill": 0.1}), ({MIN: 0}, {"bill": 0.9})])  # 2 is below minvCpus
    assert [dict(each.set) for each in found.advice] == [{MIN: 0}]
    assert found.tried == 2
