"""A watchdog on simulated progress: what goes on for ever and moves no job is ended by name."""

from __future__ import annotations

import pickle

import pytest

import batchsim as bs
from batchsim.errors import StandstillError
from tests.builders import definition, job, queue, scenario, workflow


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr("batchsim.engine.clock.WATCHED", 100)
    monkeypatch.setattr("batchsim.engine.watchdog.WATCHED", 100)


def polls(run):
    while True:
        yield run.timeout(60, keep_going=True)


BIG = definition("big", memory="200000")
ABOVE = workflow(job("load", jobDefinition="big"), job("report", dependsOn=[{"jobName": "load"}]))


def test_a_process_that_keeps_a_run_going_is_named_and_the_job_that_can_not_move():
    made = scenario(ABOVE, definitions=[definition(), BIG])
    # Without it the run ends with both jobs.
    assert bs.run(made).summary["ended_at_s"] == 0
    with pytest.raises(StandstillError) as raised:
        bs.run(made, processes=[polls])
    first, *waiting = str(raised.value).splitlines()
    # Events from 0 s on come at 60 s from each other; the first look is after the job came, the second is not.
    assert first.startswith("[standstill] no job has moved in 100 events, nothing but time passes, since ")
    assert "the process polls waits, and the run is kept going" in first
    (told,) = waiting
    assert told == (
        "queue: work/0/load waits for a compute environment that can hold it; "
        "a larger instance type or maxvCpus, or an environment that is ENABLED, would be one"
    )


def test_what_a_job_waits_for_is_told():
    # Both want the licence, which is used up by the first and not given back.
    wants = {
        "consumableResourceProperties": {"consumableResourceList": [{"consumableResource": "credit", "quantity": 1}]}
    }
    credit = {"consumableResourceName": "credit", "totalQuantity": 1, "resourceType": "NON_REPLENISHABLE"}
    made = scenario(workflow(job(arrayProperties={"size": 2})))
    made = made.with_({"batch.consumableResources": [credit], "batch.jobDefinitions": [definition(**wants)]})
    with pytest.raises(StandstillError) as raised:
        bs.run(made, processes=[polls])
    (told,) = raised.value.waiting
    assert told == (
        "queue: work/0/job:1 waits for a consumable resource; "
        "a larger totalQuantity, or one that is REPLENISHABLE, would give it some"
    )
    left = bs.run(made).summary["left_waiting"]["queue"]
    assert (left["jobs"], left["job_id"], left["waits"]) == (1, "work/0/job:1", "for a consumable resource")


def test_a_run_with_time_to_go_goes_there():
    # A probe at each second of an hour: 3,600 events, and no job after the first minute; and a horizon beyond.
    def probe(run):
        while True:
            yield run.timeout(1)

    assert bs.run(scenario(duration=3600), processes=[probe]).summary["ended_at_s"] == 3600
    assert bs.run(scenario(horizon=7200), processes=[polls]).summary["ended_at_s"] == 7200


def test_a_run_that_hardly_gets_on_is_none_with_time_to_go():
    def creeps(run):
        while True:
            yield run.timeout(1e-6)

    # A hundred events are 0.0001 s; to the end of an hour that would be 36 million looks.
    with pytest.raises(StandstillError, match="nothing but time passes"):
        bs.run(scenario(duration=3600), processes=[creeps])


def test_jobs_that_move_are_no_standstill():
    # 300 jobs one after the other on one processor: more events than are looked at together, and time passes.
    many = workflow(job("first", 1, arrayProperties={"size": 300}))
    servers = {"computeEnvironmentName": "fleet", "type": "UNMANAGED", "unmanagedvCpus": 1}
    done = bs.run(scenario(many, environments=[servers], queues=[queue("queue", "fleet")]), processes=[])
    assert done.summary["jobs"]["succeeded"] == 300
    assert done.summary["ended_at_s"] == 300


def test_it_can_be_sent_to_another_process():
    error = StandstillError("no job has moved", 3.0, ["queue: a waits"])
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.at, again.waiting) == (str(error), 3.0, ("queue: a waits",))


def test_waiting_environments_are_those_of_now():
    # A drained environment holds nothing: the watchdog says so of the job that is left to wait for it.
    def drains(run):
        run.drain("fleet")
        yield from polls(run)

    with pytest.raises(StandstillError, match="queue: work/0/job waits for a compute environment that can hold it"):
        bs.run(scenario(), processes=[drains])
