from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.errors import ScenarioError
from batchsim.scenario.loading import load
from batchsim.spec.configuration import Shape
from batchsim.spec.distributions import Constant
from batchsim.spec.workflows import Dependency, ResolvedJob, ResolvedWorkflow
from batchsim.spec.workload import JobGroup
from batchsim.workload.build import build_workload
from batchsim.workload.workflow import workflow_source
from tests.builders import job, scenario, workflow


def edges(work):
    """Edges as (needed, waiting) nodes."""
    return [
        (node, int(waiting))
        for node in range(work.nodes)
        for waiting in work.dependents[work.dependents_start[node] : work.dependents_start[node + 1]]
    ]


ARRAY = {"arrayProperties": {"size": 3}}


def test_a_job_that_waits_for_an_array_waits_for_its_parent():
    work = build_workload(scenario(workflow(job("a", **ARRAY), job("b", dependsOn=[{"jobName": "a"}]))))
    # Rows 0-2 are the children, 3 is b, node 4 the parent.
    assert edges(work) == [(0, 4), (1, 4), (2, 4), (4, 3)]
    assert list(work.open_dependencies) == [0, 0, 0, 1, 3]
    assert list(work.array_index) == [0, 1, 2, -1]


def test_n_to_n_pairs_children():
    work = build_workload(
        scenario(workflow(job("a", **ARRAY), job("b", dependsOn=[{"jobName": "a", "type": "N_TO_N"}], **ARRAY)))
    )
    assert [edge for edge in edges(work) if edge[1] < 6] == [(0, 3), (1, 4), (2, 5)]


def test_edges_stay_linear_between_large_arrays():
    size = {"arrayProperties": {"size": 10_000}}
    work = build_workload(scenario(workflow(job("a", **size), job("b", dependsOn=[{"jobName": "a"}], **size))))
    assert len(work) == 20_000
    assert len(work.dependents) == 20_000 + 10_000


def test_every_arrival_is_a_workflow_of_its_own():
    work = build_workload(
        scenario(workflow(job("a"), job("b", dependsOn=[{"jobName": "a"}]), arrivals={"every": "1h"}), duration="3h")
    )
    assert list(work.submitted_at) == [0, 0, 3600, 3600, 7200, 7200]
    assert list(work.run) == [0, 0, 1, 1, 2, 2]
    assert edges(work) == [(0, 1), (2, 3), (4, 5)]


def test_sources_are_merged_in_the_order_of_submission():
    work = build_workload(
        scenario(
            workflow(job("late"), name="one", arrivals={"at": 100}),
            workflow(job("early"), job("next", dependsOn=[{"jobName": "early"}]), name="two"),
        )
    )
    assert [work.job_names[name] for name in work.job_name] == ["early", "next", "late"]
    assert edges(work) == [(0, 1)]


def test_submission_overrides_the_definition():
    changed = job(
        "a",
        containerOverrides={"resourceRequirements": [{"type": "VCPU", "value": "2"}]},
        retryStrategy={"attempts": 4},
        timeout={"attemptDurationSeconds": 90},
    )
    work = build_workload(scenario(workflow(changed)))
    assert (work.shapes[0].vcpus, work.shapes[0].memory_mib) == (2, 1024)
    assert (work.groups[0].attempts, work.groups[0].timeout_s) == (4, 90)


FAILING = {"failure": {"probability": 0.5, "exitCode": 3, "after": "10s"}}


def test_draws_belong_to_the_job_and_its_attempt():
    runtime = {"lognormal": {"median": "5m", "p95": "9m"}}
    plain = job("a", runtime, arrayProperties={"size": 50}, **FAILING)
    alone = build_workload(scenario(workflow(plain, arrivals={"every": "1h"}), duration="2h"))
    # Neither more arrivals nor another workflow move a draw.
    other = workflow(job("x", runtime), name="other", arrivals={"every": "7m"})
    more = build_workload(scenario(other, workflow(plain, arrivals={"every": "1h"}), duration="5h"))
    mine = np.flatnonzero([more.groups[group].workflow == "work" for group in more.group])[: len(alone)]
    assert np.array_equal(alone.runtime_s, more.runtime_s[mine])
    assert np.array_equal(alone.exit_code, more.exit_code[mine])
    assert [alone.later_attempt(row, 2) for row in range(60)] == [more.later_attempt(int(row), 2) for row in mine[:60]]
    assert alone.later_attempt(0, 2) != alone.later_attempt(0, 3)


def test_a_failing_attempt_ends_early_with_its_exit_code():
    work = build_workload(scenario(workflow(job("a", 60, arrayProperties={"size": 1000}, **FAILING))))
    failed = work.exit_code == 3
    # A binomial of 1,000 at a half: 500 within five standard deviations of 15.8.
    assert abs(failed.sum() - 500) < 5 * 15.8
    assert set(work.runtime_s[failed]) == {10}
    assert set(work.runtime_s[~failed]) == {60}


@given(
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    needs=st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=6, max_size=6),
    runs=st.integers(1, 3),
)
def test_the_graph_is_acyclic_and_counts_agree(sizes, needs, runs):
    jobs = []
    for number, size in enumerate(sizes):
        members = {"arrayProperties": {"size": size + 1}} if size else {}
        earlier = sorted({other for other in needs[number] if other < number})
        jobs.append(job(f"j{number}", dependsOn=[{"jobName": f"j{other}"} for other in earlier], **members))
    work = build_workload(scenario(workflow(*jobs, arrivals={"every": 60, "count": runs})))
    assert len(work) == runs * sum(size + 1 if size else 1 for size in sizes)
    assert work.nodes == len(work) + runs * sum(size > 0 for size in sizes)
    left = work.open_dependencies.copy()
    ready = [node for node in range(work.nodes) if left[node] == 0]
    done = 0
    while ready:
        node = ready.pop()
        done += 1
        for waiting in work.dependents[work.dependents_start[node] : work.dependents_start[node + 1]]:
            left[waiting] -= 1
            if left[waiting] == 0:
                ready.append(int(waiting))
    assert done == work.nodes


def test_a_workflow_is_made_of_plain_values():
    # Two arrivals of an array of two, which a single job waits for: 3 rows each, and a parent behind all rows.
    group = JobGroup("work", "queue", "task")
    array = ResolvedJob("a", group, Shape(1.0, 100), Constant(value=10.0), array_size=2)
    single = ResolvedJob("b", group, Shape(2.0, 200), Constant(value=20.0), depends_on=(Dependency(0),))
    source, draws = workflow_source(ResolvedWorkflow("work", (array, single)), np.array([0.0, 100.0]), 1, 0)
    assert source.submitted_at.tolist() == [0, 0, 0, 100, 100, 100]
    assert source.array_index.tolist() == [0, 1, -1, 0, 1, -1]
    assert source.runtime_s.tolist() == [10, 10, 20] * 2
    assert sorted(map(tuple, source.edges.tolist())) == [(0, 6), (1, 6), (3, 7), (4, 7), (6, 2), (7, 5)]
    assert (source.parents, source.job_names, [each.vcpus for each in source.shapes]) == (2, ["a", "b"], [1, 2])
    assert draws[1].one(0, 2) == (20.0, 0)


@pytest.mark.parametrize(
    ("members", "message", "place"),
    [
        ({"arrivals": {"poisson": {"rate": 1e300}}}, "more than 5 arrivals", '"poisson"'),
        ({"jobs": [job(arrayProperties={"size": 20})]}, "20 jobs beside 1 others are more than 10", '"second"'),
    ],
)
def test_what_is_too_much_has_its_place(tmp_path, monkeypatch, members, message, place):
    monkeypatch.setattr("batchsim.workload.limits.MOST_ARRIVALS", 5)
    monkeypatch.setattr("batchsim.workload.limits.MOST_JOBS", 10)
    path = tmp_path / "scenario.yaml"
    workload = [workflow(), {**workflow(name="second"), **members}]
    path.write_text(json.dumps({**scenario().document.values, "duration": 60, "workload": workload}, indent=1))
    before = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if place in text) - 1
    with pytest.raises(ScenarioError) as caught:
        build_workload(load(path))
    (finding,) = caught.value.findings
    assert (finding.file, finding.line) == (str(path), before)  # the brace before its first member
    assert message in str(finding)
