"""Load, deadlines and arrivals, worked by hand; the critical path against a run with room for everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import batchsim as bs
from batchsim.validation.workload import earliest_ends, review
from batchsim.workload.build import build_workload
from tests.builders import environment, job, queue, scenario, unmanaged, workflow


def codes(made) -> list[str]:
    return [finding.code for finding in review(made)]


def steady(runtime: float, **members):
    """A job of one vCPU every 100 s for 10,000 s, on two vCPUs."""
    return scenario(
        workflow(job(runtime=runtime), arrivals={"every": 100}),
        environments=[environment(maxvCpus=2)],
        duration=10_000,
        **members,
    )


def test_a_load_at_the_capacity_is_none_above_it():
    assert codes(steady(200)) == []


def test_a_load_above_the_capacity_is_told_with_its_figures():
    found = list(review(steady(300)))
    assert [finding.code for finding in found] == ["overload"]
    assert "ask for 3 vCPU on average" in found[0].message
    assert "have 2 at most" in found[0].message


def test_a_burst_is_no_load():
    made = scenario(workflow(job(runtime=1e6, arrayProperties={"size": 1000})), environments=[environment(maxvCpus=2)])
    assert codes(made) == []


def test_queues_that_share_an_environment_are_looked_at_together():
    jobs = [workflow(job(runtime=150, jobQueue=name), name=name, arrivals={"every": 100}) for name in ("a", "b")]
    made = scenario(*jobs, environments=[environment(maxvCpus=2)], queues=[queue("a"), queue("b")], duration=10_000)
    found = list(review(made))
    assert [finding.code for finding in found] == ["overload"]
    assert "a and b ask for 3 vCPU" in found[0].message


CHAIN = workflow(
    job("extract", 600, arrayProperties={"size": 3}),
    job("transform", 900, arrayProperties={"size": 3}, dependsOn=[{"jobName": "extract", "type": "N_TO_N"}]),
    job("side", 60),
    job("load", 300, dependsOn=[{"jobName": "transform"}, {"jobName": "side"}]),
    name="etl",
)


@pytest.mark.parametrize(("limit", "missed"), [("30m", False), ("29m", True)])
def test_a_deadline_below_the_critical_path_is_told(limit, missed):
    # 600 + 900 + 300 s = 30 min.
    found = list(review(scenario(CHAIN, objectives=[f"max(finished_at, workflow=etl) <= {limit}"])))
    assert [finding.code for finding in found] == ["deadline"] * missed
    if missed:
        assert "extract → transform → load" in found[0].message
        assert "by 1 min" in found[0].message


def test_a_time_of_day_is_a_deadline_too():
    late = {"start": "2026-11-02T05:00:00Z", "objectives": ["max(finished_at, workflow=etl) <= 05:29"]}
    assert codes(scenario(CHAIN, **late)) == ["deadline"]


def test_children_one_after_another_take_their_time():
    made = scenario(workflow(job("steps", 60, arrayProperties={"size": 10}, dependsOn=[{"type": "SEQUENTIAL"}])))
    assert earliest_ends(build_workload(made))[:10].tolist() == [60.0 * n for n in range(1, 11)]


def test_arrivals_outside_the_duration_are_told():
    made = scenario(workflow(arrivals={"at": "2h"}), duration="1h")
    assert codes(made) == ["no-arrivals"]


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_the_critical_path_is_what_a_run_with_room_for_everything_takes(data):
    count = data.draw(st.integers(1, 6))
    jobs = []
    for number in range(count):
        needs = data.draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        size = data.draw(st.sampled_from([None, 2, 3]))
        members = {"arrayProperties": {"size": size}} if size else {}
        depends = [{"jobName": f"job{other}"} for other in sorted(needs)]
        if size and data.draw(st.booleans()):
            depends.append({"type": "SEQUENTIAL"})
        runtime = data.draw(st.integers(0, 1000))
        jobs.append(job(f"job{number}", runtime, **members, **({"dependsOn": depends} if depends else {})))
    made = scenario(workflow(*jobs, arrivals={"at": [0, 500]}), environments=[unmanaged(10_000)])
    ends = earliest_ends(build_workload(made))
    stopped = bs.run(made).jobs["stopped_at"].to_numpy()
    assert ends[: len(stopped)] == pytest.approx(np.asarray(stopped, float))
