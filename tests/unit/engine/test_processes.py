"""Processes beside the engine: what they see, what they do, and that they change nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import simpy

import batchsim as bs
from batchsim.scenario.loading import from_mapping
from batchsim.spec.workflows import ResolvedWorkflow
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.conftest import ROOT

TABLES = ("jobs", "attempts", "instances", "timeline")
HOUR = 3600.0


def assert_tables_same(one, other):
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))


def assert_same(one, other):
    assert_tables_same(one, other)
    assert one.summary_json() == other.summary_json()


def at(*instants, name="work", runtime=60, **members):
    return workflow(job(runtime=runtime), name=name, arrivals={"at": list(instants)}, **members)


def started(result):
    """When jobs started, by workflow and run."""
    jobs = result.jobs
    return {(row.workflow, row.workflow_run): row.started_at for row in jobs.itertuples()}


def submits(*plan):
    """A process that submits workflows at instants."""

    def manual(run):
        for instant, name in plan:
            yield run.timeout(instant - run.now, keep_going=True)
            run.submit(name)

    return manual


def server(*workload, vcpus=1, **members):
    """One server, no delays."""
    return scenario(*workload, environments=[unmanaged(vcpus)], **members)


# Submitting


def test_a_submitted_run_waits_behind_those_before_it_and_before_those_after():
    # The server is taken until 100. `urgent` is submitted at 20, between the arrivals at 10 and 30.
    plan = server(at(0, 10, 30, runtime=100), at(0, name="urgent", runtime=5))
    result = bs.run(plan, processes=[submits((20, "urgent"))])
    assert started(result) == {
        ("work", 0): 0,
        ("urgent", 0): 100,
        ("work", 1): 105,
        ("urgent", 1): 205,
        ("work", 2): 210,
    }


def test_two_workflows_submitted_out_of_the_order_of_their_definition():
    plan = server(at(0, runtime=100), at(0, name="a", runtime=1), at(0, name="b", runtime=1))
    result = bs.run(plan, processes=[submits((10, "b"), (20, "a"), (30, "b"))])
    begun = started(result)
    assert (begun["a", 0], begun["b", 0]) == (100, 101)
    assert (begun["b", 1], begun["a", 1], begun["b", 2]) == (102, 103, 104)
    assert list(result.jobs.submitted_at) == [0, 0, 0, 10, 20, 30]
    assert list(result.jobs.workflow_run) == [0, 0, 0, 1, 1, 2]


def test_arrays_and_dependencies_of_a_submitted_run():
    spread = job("spread", 60, arrayProperties={"size": 2})
    last = job("last", 30, dependsOn=[{"jobName": "spread"}])
    plan = server(workflow(spread, last, arrivals={"at": [0]}), vcpus=8)
    jobs = bs.run(plan, processes=[submits((10, "work"))]).jobs
    mine = jobs[jobs.workflow_run == 1]
    assert list(mine.started_at) == [10, 10, 70]
    assert list(mine.status) == ["SUCCEEDED"] * 3


def test_a_retried_job_of_a_submitted_run_draws_its_own_run_times():
    runtime = {"exponential": {"mean": 600}}
    failing = workflow(job(runtime=runtime, failure={"probability": 0.6}), arrivals={"at": [0, 50]})
    retried = [definition(retryStrategy={"attempts": 5})]
    plan = server(failing, definitions=retried, vcpus=2)
    more = server({**failing, "arrivals": {"at": [0, 50, 60, 900]}}, definitions=retried, vcpus=2)
    result = bs.run(plan, processes=[submits((60, "work"), (900, "work"))])
    assert len(result.attempts) > 4
    assert_same(result, bs.run(more))


@pytest.mark.parametrize("name", ["scenarios/etl.yaml", "tests/golden/everything.yaml"])
def test_a_submitted_run_is_what_an_arrival_of_the_scenario_is(name):
    plan = bs.load(ROOT / name)
    workload = build_workload(plan)
    workflow_of = np.array([group.workflow for group in workload.groups])[workload.group]
    usual, submitted = {}, []
    for number, source in enumerate(plan.sources):
        if isinstance(source, ResolvedWorkflow):
            instants = np.unique(workload.submitted_at[workflow_of == source.name])[:3]
            usual[source.name] = instants.tolist()
            # Later than its own, so that runs have the same numbers, and with them the same draws.
            submitted += [(float(instants[-1]) + 1000.5 * more + number, source.name) for more in (1, 2, 3)]
    submitted.sort()

    def arriving(more):
        together = {name: {"at": [*at, *(t for t, of in more if of == name)]} for name, at in usual.items()}
        return plan.with_({f"workload.{name}.arrivals": at for name, at in together.items()})

    result = bs.run(arriving([]), processes=[submits(*submitted)])
    assert len(result.jobs) > len(build_workload(arriving([])))
    assert_same(result, bs.run(arriving(submitted)))


# Draining


def fleets(*workload, types=("c6i.large",), **members):
    """Two fleets of four vCPUs each, of instances of two; no delays."""
    both = [environment(name, maxvCpus=4, instanceTypes=list(types)) for name in ("first", "second")]
    return scenario(*workload, environments=both, **members)


def outage(name, begin, end=None):
    def process(run):
        yield run.timeout(begin, keep_going=True)
        run.drain(name)
        if end is not None:
            yield run.timeout(end - begin, keep_going=True)
            run.reopen(name)

    return process


def test_jobs_of_a_drained_environment_go_to_the_next_one():
    plan = fleets(at(0, 200, 400, runtime=100))
    assert list(bs.run(plan).jobs.compute_environment) == ["first"] * 3
    jobs = bs.run(plan, processes=[outage("first", 150, 300)]).jobs
    assert list(jobs.compute_environment) == ["first", "second", "first"]
    assert list(jobs.started_at) == [0, 200, 400]


def test_what_runs_goes_on_and_idle_instances_go():
    seen = []

    def watch(run):
        for instant in (0, 40, 60, 110):
            yield run.timeout(instant + 1 - run.now, keep_going=True)
            fleet = run.environments["first"]
            seen.append((fleet.enabled, fleet.running, fleet.vcpus))

    plan = fleets(at(0, runtime=100), at(0, name="b", runtime=50), definitions=[definition(vcpus="2")])
    result = bs.run(plan, processes=[outage("first", 30), watch])
    assert seen == [(True, 2, 4), (False, 2, 4), (False, 1, 2), (False, 0, 0)]
    assert list(result.jobs.status) == ["SUCCEEDED", "SUCCEEDED"]


def test_min_vcpus_of_a_drained_environment_stay():
    plan = scenario(at(0, runtime=100), environments=[environment("first", minvCpus=2, maxvCpus=8)], duration=HOUR)
    result = bs.run(plan, processes=[outage("first", 30)])
    assert list(result.instances.terminated_at) == [HOUR]


@pytest.mark.parametrize(
    "only",
    [environment("only"), environment("only", type="FARGATE"), unmanaged(64, "only")],
    ids=["EC2", "FARGATE", "UNMANAGED"],
)
def test_without_another_environment_jobs_wait_for_capacity_until_it_is_open_again(only):
    fargate = {"platformCapabilities": ["FARGATE"]} if "FARGATE" in str(only) else {}
    tasks = [definition(memory="2048", **fargate)]
    plan = scenario(at(0, 100, runtime=60), environments=[only], definitions=tasks)
    jobs = bs.run(plan, processes=[outage("only", 30, 1000)]).jobs
    assert list(jobs.started_at) == [0, 1000]
    assert list(jobs.wait_capacity_s) == [0, 900]
    # Never opened again, it is as one that is DISABLED: the run ends, and the job has not begun.
    left = bs.run(plan, processes=[outage("only", 30)])
    assert list(left.jobs.status) == ["SUCCEEDED", "RUNNABLE"]
    assert left.summary["jobs"]["unfinished"] == 1


def test_a_drained_environment_is_what_a_disabled_one_is():
    first, second = (environment(name, maxvCpus=4) for name in ("first", "second"))
    several = [at(0, 50, 100, runtime=500, name=name) for name in ("a", "b", "c")]
    disabled = scenario(*several, environments=[{**first, "state": "DISABLED"}, second])
    drained = bs.run(scenario(*several, environments=[first, second]), processes=[outage("first", 0)])
    assert_tables_same(drained, bs.run(disabled))


def test_a_reservation_is_of_the_environments_that_take_jobs():
    # Half of what takes jobs is kept for shares that are not active: 4 of 8 vCPUs, then 2 of 4.
    policy = {"name": "fair", "fairsharePolicy": {"computeReservation": 50}}
    arn = "arn:aws:batch:us-east-1:111122223333:scheduling-policy/fair"
    shared = {**queue("queue", "first", "second"), "schedulingPolicyArn": arn}
    document = {
        "name": "reserved",
        "batch": {
            "computeEnvironments": [unmanaged(4, "first"), unmanaged(4, "second")],
            "schedulingPolicies": [policy],
            "jobQueues": [shared],
            "jobDefinitions": [definition()],
        },
        "workload": [workflow(job(runtime=100, shareIdentifier="a", arrayProperties={"size": 8}))],
        "environment": {"preset": "ideal"},
    }
    plan = from_mapping(document)
    assert sorted(bs.run(plan).jobs.started_at) == [0] * 4 + [100] * 4
    assert sorted(bs.run(plan, processes=[outage("second", 0)]).jobs.started_at) == sorted([0, 100, 200, 300] * 2)


# Reading


def test_a_probe_sees_what_the_tables_say_and_changes_nothing():
    runtime = {"exponential": {"mean": 300}}
    poisson = {"arrivals": {"poisson": {"rate": "120/h"}}}
    fleet = environment(maxvCpus=8)
    plan = scenario(workflow(job(runtime=runtime), **poisson), environments=[fleet], ideal=False, duration=2 * HOUR)
    seen = []

    def probe(run):
        while True:
            yield run.timeout(61.7)
            line, fleet = run.queues["queue"], run.environments["fleet"]
            seen.append((run.now, line.waiting, line.waiting_vcpus, fleet.running, fleet.vcpus))

    result = bs.run(plan, processes=[probe])
    assert_same(result, bs.run(plan))
    jobs, instances = result.jobs, result.instances
    assert len(seen) > 100
    assert max(waiting for _, waiting, *_ in seen) > 3
    for now, waiting, waiting_vcpus, running, vcpus in seen:
        assert waiting == waiting_vcpus == ((jobs.runnable_at <= now) & ~(jobs.starting_at <= now)).sum()
        assert running == ((jobs.starting_at <= now) & ~(jobs.stopped_at <= now)).sum()
        there = (instances.requested_at <= now) & ~(instances.terminated_at <= now)
        assert vcpus == 2 * there.sum()


def test_names_are_listed_and_looked_up():
    seen = []

    def look(run):
        seen.append((list(run.queues), list(run.environments), "fleet" in run.environments, run.queues.get("other")))
        yield run.timeout(0)

    bs.run(scenario(), processes=[look])
    assert seen == [(["queue"], ["fleet"], True, None)]


# When it ends


def test_a_process_keeps_no_run_going():
    ended = []

    def endless(run):
        try:
            while True:
                yield run.timeout(7)
        finally:
            ended.append(run.now)

    result = bs.run(server(at(0, 10, runtime=60)), processes=[endless])
    assert result.run.recording.ended_at == 120
    assert ended == [120]


def test_a_drained_environment_and_an_endless_probe_end():
    def probe(run):
        run.drain("servers")
        while True:
            yield run.timeout(7)

    result = bs.run(server(at(0, 10)), processes=[probe])
    assert list(result.jobs.status) == ["RUNNABLE"] * 2


@pytest.mark.parametrize(("keep_going", "runs"), [(False, 1), (True, 2)])
def test_a_timeout_keeps_a_run_going_where_it_is_asked_to(keep_going, runs):
    def late(run):
        yield run.timeout(1000, keep_going=keep_going)
        run.submit("work")

    assert len(bs.run(server(at(0)), processes=[late]).jobs) == runs


def test_the_duration_keeps_it_going():
    plan = server(at(0, runtime=60), duration=HOUR)

    def late(run):
        yield run.timeout(HOUR - 30)
        run.submit("work")

    assert bs.run(plan, processes=[late]).run.recording.ended_at == HOUR + 30


def test_a_horizon_ends_what_goes_on():
    def endless(run):
        while True:
            yield run.timeout(60, keep_going=True)

    assert bs.run(server(at(0), horizon=HOUR), processes=[endless]).run.recording.ended_at == HOUR


def test_what_a_process_does_when_the_run_is_over_does_nothing():
    def outage(run):
        run.drain("servers")
        try:
            yield run.timeout(1000)
        finally:
            run.reopen("servers")
            run.submit("work")

    assert list(bs.run(server(at(0)), processes=[outage]).jobs.status) == ["RUNNABLE"]


# SimPy's own


def test_processes_use_what_simpy_has():
    plan, seen = server(at(0, runtime=1000)), []

    def process(run):
        licence = simpy.Resource(run.env, 1)

        def user(name):
            with licence.request() as request:
                yield request
                yield run.timeout(10)
                seen.append((name, run.now))

        yield simpy.AllOf(run.env, [run.env.process(user(name)) for name in "ab"])
        seen.append(("both", run.now))

    bs.run(plan, processes=[process])
    assert seen == [("a", 10), ("b", 20), ("both", 20)]


def test_equal_runs_give_equal_results_and_replications_start_anew():
    runtime = {"exponential": {"mean": 600}}
    plan = server(at(0, 100, runtime=runtime), vcpus=2)
    begun = []

    def counted(run):
        begun.append(run.now)
        yield run.timeout(50)
        run.submit("work")

    one, other = (bs.run(plan, processes=[counted], replications=3) for _ in range(2))
    assert begun == [0] * 6
    assert_same(one, other)
    assert one.summary["jobs"]["submitted"]["low"] == one.summary["jobs"]["submitted"]["high"] == 3


# Misuse


def failing(call):
    def process(run):
        yield run.timeout(5)
        call(run)

    return process


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run: run.queues["queu"], "there is no job queue 'queu'; did you mean queue?"),
        (lambda run: run.environments["flet"], "there is no compute environment 'flet'; did you mean fleet?"),
        (lambda run: run.drain("flet"), "there is no compute environment 'flet'; did you mean fleet?"),
        (lambda run: run.reopen("x"), "there is no compute environment 'x'"),
        (lambda run: run.submit("wrok"), "no workflow 'wrok' can be submitted; did you mean work?"),
        (lambda run: run.timeout(-1), "a timeout takes seconds from 0 on, not -1"),
        (lambda run: run.timeout(float("nan")), "a timeout takes seconds from 0 on, not nan"),
        (lambda run: run.timeout(float("inf")), "a timeout takes seconds from 0 on, not inf"),
    ],
)
def test_misuse_is_told(call, message):
    with pytest.raises(ValueError) as error:
        bs.run(scenario(), processes=[failing(call)])
    assert str(error.value) == message


def test_more_submissions_than_were_reserved():
    def twice(run):
        run.submit("work")
        run.submit("work")
        yield run.timeout(0)

    with pytest.raises(ValueError, match=r"'work' was submitted 1 times: run\(…, submissions=…\)"):
        bs.run(scenario(), processes=[twice], submissions=1)
    assert len(bs.run(scenario(), processes=[twice], submissions=2).jobs) == 3


def test_a_disabled_environment_is_not_opened():
    plan = scenario(environments=[environment("a"), {**environment("b"), "state": "DISABLED"}])
    with pytest.raises(ValueError, match="'b' is DISABLED in the scenario"):
        bs.run(plan, processes=[failing(lambda run: run.reopen("b"))])


class OwnError(Exception):
    def __init__(self, one, two):
        super().__init__()
        self.both = one, two


def test_an_error_of_a_process_ends_the_run_as_it_is():
    error = OwnError(1, 2)

    def process(run):
        yield run.timeout(5)
        raise error

    with pytest.raises(OwnError) as raised:
        bs.run(scenario(), processes=[process])
    assert raised.value is error


def test_what_is_no_process():
    def plain(run):
        return None

    def generator(run):
        yield run.timeout(1)

    with pytest.raises(TypeError, match="plain returned NoneType, not a generator"):
        bs.run(scenario(), processes=[plain])
    with pytest.raises(TypeError, match="a process is a function of the run, not generator"):
        bs.run(scenario(), processes=[generator(None)])
    with pytest.raises(TypeError, match="expected a list of processes"):
        bs.run(scenario(), processes=generator)
    with pytest.raises(ValueError, match="submissions must be 0 or more"):
        bs.run(scenario(), processes=[generator], submissions=-1)
