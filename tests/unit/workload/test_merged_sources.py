"""Several workflows and traces as one table: nothing of a source changes beside others, or when it comes again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.spec.configuration import Shape
from batchsim.spec.distributions import Constant, Uniform
from batchsim.spec.workflows import Dependency, Failure, ResolvedJob, ResolvedWorkflow
from batchsim.spec.workload import JobGroup
from batchsim.workload.build import build_workload
from batchsim.workload.source import pairs, repeat_edges
from batchsim.workload.workflow import workflow_source
from tests.builders import definition, environment, job, queue, scenario, workflow

VARIED = {"uniform": {"min": 10, "max": 500}}
TABLE = """job_name,submitted_at,runtime_s,vcpus,array_size,depends_on,exit_code,earlier_runtimes_s,earlier_exit_codes
first,7,10,2,,,,3,1
array,0,20,,3,first,,,
last,50,30,,,array;first,5,,
"""


def keys(work):
    """Who each row is, whatever the order of the table."""
    return [
        (work.groups[group].workflow, run, work.job_names[name], index)
        for group, run, name, index in zip(
            work.group.tolist(), work.run.tolist(), work.job_name.tolist(), work.array_index.tolist(), strict=True
        )
    ]


def facts(work):
    """Of each job what it is, and for whom it waits; the parent of an array is told by its children."""
    names = keys(work)
    rows = range(len(work))
    needed = [[] for _ in range(work.nodes)]
    for node in range(work.nodes):
        for waiting in work.dependents[work.dependents_start[node] : work.dependents_start[node + 1]].tolist():
            needed[waiting].append(node)
    assert [len(each) for each in needed] == work.open_dependencies.tolist()
    who = [
        frozenset([names[node]]) if node in rows else frozenset(names[child] for child in needed[node])
        for node in range(work.nodes)
    ]
    return {
        names[row]: (
            float(work.submitted_at[row]),
            float(work.runtime_s[row]),
            int(work.exit_code[row]),
            work.shapes[work.shape[row]],
            work.groups[work.group[row]],
            [work.later_attempt(row, number) for number in (2, 3)],
            sorted(map(sorted, (who[node] for node in needed[row]))),
        )
        for row in rows
    }


def sources(tmp_path):
    """Workflows and traces of many kinds, which arrive across each other."""
    (tmp_path / "t.csv").write_text(TABLE)
    trace = {"format": "csv", "path": "t.csv", "jobQueue": "queue", "jobDefinition": "task"}
    return [
        workflow(
            job("a", VARIED, arrayProperties={"size": 4}, failure={"probability": 0.5, "exitCode": 3}),
            job("b", VARIED, dependsOn=[{"jobName": "a"}]),
            job("c", 5, arrayProperties={"size": 4}, dependsOn=[{"jobName": "a", "type": "N_TO_N"}]),
            name="one",
            arrivals={"every": 100, "jitter": "4m"},
        ),
        {"trace": {**trace, "name": "log", "arrivals": {"at": [0, 333]}}},
        workflow(job("a", VARIED), job("b", 7, jobQueue="other"), name="two", arrivals={"poisson": {"rate": 60}}),
        {"trace": {**trace, "name": "again"}},
    ]


def built(tmp_path, *chosen, **more):
    made = scenario(
        *chosen,
        queues=[queue("queue"), queue("other")],
        environments=[environment(maxvCpus=64)],
        definitions=[definition(retryStrategy={"attempts": 5})],
        base=tmp_path,
        duration=1000,
    )
    return build_workload(made, **more)


def test_a_source_is_the_same_beside_others(tmp_path):
    every = sources(tmp_path)
    together = facts(built(tmp_path, *every))
    apart = [facts(built(tmp_path, each)) for each in every]
    assert together == {key: fact for each in apart for key, fact in each.items()}
    assert len(together) == sum(map(len, apart))


def test_the_order_of_the_list_bears_on_ties_alone(tmp_path):
    every = sources(tmp_path)
    forth, back = built(tmp_path, *every), built(tmp_path, *every[::-1])
    assert facts(forth) == facts(back)
    assert forth.submitted_at.tolist() == back.submitted_at.tolist() == sorted(forth.submitted_at)
    # Two traces begin at second 0: first the one that is listed first.
    firsts = [next(key[0] for key in keys(work) if key[0] in {"log", "again"}) for work in (forth, back)]
    assert firsts == ["log", "again"]


def test_runs_that_are_held_back_are_the_ones_that_would_have_come_next(tmp_path):
    flow = sources(tmp_path)[0]
    flow["arrivals"] = {"every": 100, "count": 2}
    held, more = built(tmp_path, flow, reserved=3), built(tmp_path, {**flow, "arrivals": {"every": 100, "count": 5}})
    assert held.reserved == 3 * 9  # runs of nine jobs each
    assert np.isinf(held.submitted_at[-27:]).all()
    assert np.isfinite(held.submitted_at[:-27]).all()
    # Once they arrive, they have the same run times, fail the same, and wait for the same.
    late = {key: fact[1:] for key, fact in facts(held).items()}
    assert late == {key: fact[1:] for key, fact in facts(more).items()}


def test_a_trace_that_comes_again_is_shifted_and_repeats_its_attempts(tmp_path):
    _, log, _, once = sources(tmp_path)
    twice, single = facts(built(tmp_path, log)), facts(built(tmp_path, once))
    for (_, _, name, index), (submitted, runtime, code, shape, _, later, waits) in single.items():
        for run, at in enumerate([0, 333]):
            found = twice["log", run, name, index]
            assert found[0] == submitted + at
            assert found[1:4] == (runtime, code, shape)
            assert found[5] == later
            # It waits for jobs of its own run.
            assert found[6] == [sorted(("log", run, *key[2:]) for key in each) for each in waits]
    # Two attempts by the record: 3 s with exit code 1, then 10 s and again 10 s.
    assert twice["log", 1, "first", -1][1:3] == (3.0, 1)
    assert twice["log", 1, "first", -1][5] == [(10.0, 0), (10.0, 0)]


def test_traces_of_one_file_arrive_independently(tmp_path):
    # Two customers that send the same work at random are no customer who sends it twice at once.
    log = sources(tmp_path)[1]["trace"]
    random = {"poisson": {"rate": 100}}
    alone, two = (
        built(tmp_path, *({"trace": {**log, "name": name, "arrivals": random}} for name in names))
        for names in (["one"], ["one", "two"])
    )
    first = alone.submitted_at[alone.array_index == 0]
    instants = {
        name: two.submitted_at[[key[0] == name and key[3] == 0 for key in keys(two)]].tolist()
        for name in ("one", "two")
    }
    # The first is where it was without the second.
    assert instants["one"] == first.tolist()
    assert not set(instants["one"]) & set(instants["two"])
    # About 28 in 1,000 s each.
    assert all(10 < len(each) < 50 for each in instants.values())


def test_another_replication_has_other_draws_and_the_same_jobs(tmp_path):
    every = sources(tmp_path)[:2]
    zero, one = (facts(built(tmp_path, *every, replication=number)) for number in (0, 1))
    assert zero.keys() == one.keys()
    assert all(zero[key][1:] == one[key][1:] for key in zero if key[0] == "log")
    drawn = [key for key in zero if key[0] == "one" and key[2] == "a"]
    assert sum(zero[key][1] == one[key][1] for key in drawn) == 0
    assert facts(built(tmp_path, *every, seed=99)) != zero


@given(st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_rows_that_are_taken_in_another_order_keep_who_they_are(tmp_path_factory, rng):
    work = built(tmp_path_factory.mktemp("sources"), *sources(tmp_path_factory.mktemp("files"))[:1])
    rows = list(range(len(work)))
    rng.shuffle(rows)
    taken = work.taken(np.array(rows, np.int32), work.submitted_at[rows])
    assert facts(taken) == facts(work)


def test_jobs_at_the_edge_of_memory_are_placed_by_their_own_queue(tmp_path):
    # c6i.large: 3,775 MiB usable; 2 % more, 75 MiB, may be there. In the queue with r6i.large all is well.
    made = scenario(
        workflow(job("edge", jobQueue="small"), job("well", jobQueue="large"), job("under", jobQueue="small")),
        environments=[environment("c", instanceTypes=["c6i.large"]), environment("r", instanceTypes=["r6i.large"])],
        queues=[queue("small", "c"), queue("large", "r")],
        definitions=[definition(memory="3850")],
        base=tmp_path,
    )
    work = build_workload(made)
    shapes = {work.job_names[name]: work.shapes[shape] for name, shape in zip(work.job_name, work.shape, strict=True)}
    assert shapes["edge"] == shapes["under"] == Shape(1.0, 3775, beyond_mib=75)
    assert shapes["well"] == Shape(1.0, 3850)


GROUP = JobGroup("work", "queue", "task")


@pytest.mark.parametrize(
    ("after", "runtime_s"),
    [(None, 100.0), (Constant(value=30.0), 30.0), (Constant(value=500.0), 100.0)],
    ids=["at its end", "before it", "no later than its end"],
)
def test_an_attempt_that_fails_does_so_at_the_end_or_before(after, runtime_s):
    fails = Failure(probability=1.0, exit_code=9, after=after)
    failing = ResolvedJob("a", GROUP, Shape(1.0, 100), Constant(value=100.0), failure=fails)
    source, (draws,) = workflow_source(ResolvedWorkflow("work", (failing,)), np.zeros(3), 1, 0)
    assert source.runtime_s.tolist() == [runtime_s] * 3
    assert source.exit_code.tolist() == [9] * 3
    assert draws.one(2, 2) == (runtime_s, 9)


def test_first_and_later_attempts_fail_as_often_and_independently():
    fails = Failure(probability=0.3)
    failing = ResolvedJob("a", GROUP, Shape(1.0, 100), Uniform(min=0.0, max=1.0), failure=fails)
    n = 4000
    source, (draws,) = workflow_source(ResolvedWorkflow("work", (failing,)), np.zeros(n), 1, 0)
    first = source.exit_code == 1
    second = np.array([draws.one(place, 2) for place in range(n)])
    # A binomial deviation of 0.3 among 4,000 is 29: 1,200 within four, and 360 times both within four of theirs, 18.
    assert abs(first.sum() - 1200) < 4 * math.sqrt(n * 0.21)
    assert abs(second[:, 1].sum() - 1200) < 4 * math.sqrt(n * 0.21)
    assert abs((first & (second[:, 1] == 1)).sum() - 360) < 4 * math.sqrt(n * 0.09 * 0.91)
    assert abs(np.corrcoef(source.runtime_s, second[:, 0])[0, 1]) < 4 / math.sqrt(n)


def test_an_array_that_waits_child_by_child_is_a_chain_of_its_own_run():
    chain = ResolvedJob("a", GROUP, Shape(1.0, 1), Constant(value=1.0), array_size=3, depends_on=(Dependency(None),))
    source, _ = workflow_source(ResolvedWorkflow("work", (chain,)), np.array([0.0, 9.0]), 1, 0)
    # Rows 0 to 2 and 3 to 5; each child completes its array's parent, nodes 6 and 7.
    edges = sorted(map(tuple, source.edges.tolist()))
    assert edges == [(0, 1), (0, 6), (1, 2), (1, 6), (2, 6), (3, 4), (3, 7), (4, 5), (4, 7), (5, 7)]


def test_edges_of_no_run_are_none():
    assert repeat_edges(pairs(0, np.array([1, 2])), 3, 0, 0).shape == (0, 2)
    assert repeat_edges(pairs(0, 3), 3, 1, 2).tolist() == [[0, 6], [3, 7]]
