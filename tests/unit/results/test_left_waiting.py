"""Jobs that a run leaves RUNNABLE: which can't move, and why."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import batchsim as bs
from batchsim.recording import Cause, Status
from batchsim.results.left_waiting import left_waiting
from batchsim.spec.updates import NO_UPDATES
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.unit.results.recorded import attempt, cause, outcome
from tests.worlds import fleet, jobs

TWO = [definition(), definition("wide", vcpus="2", memory="7000")]


def left(made, **members):
    return bs.run(made, **members).summary.get("left_waiting")


def test_nothing_is_told_where_no_job_waits():
    assert left(scenario()) is None
    # Nor of what a horizon cuts off: at 30 s the second of two jobs of a minute still waits for its turn.
    cut = scenario(workflow(job(arrayProperties={"size": 2})), environments=[unmanaged(1)], horizon=30)
    assert left(cut) is None


def test_what_is_kept_takes_the_room():
    # minvCpus 2 are a c6i.large of 3,775 MiB, which maxvCpus 2 leaves no room beside; the job wants 7,000 MiB.
    kept = environment(minvCpus=2, maxvCpus=2, instanceTypes=["c6i.large", "m6i.large"])
    made = scenario(workflow(job("a", jobDefinition="wide"), job("b")), environments=[kept], definitions=TWO)
    found = left(made)["queue"]
    assert (found["jobs"], found["job_id"], found["vcpus"], found["memory_mib"]) == (2, "work/0/a", 2.0, 7000)
    assert found["waits"] == "for room under maxvCpus"
    assert found["change"] == "a larger maxvCpus, or a smaller minvCpus of what is kept, would give it some"


@pytest.mark.parametrize(
    ("settings", "waits"),
    [
        ({"capacity": {"pools": [{"vcpus": 1}]}}, "for capacity that can't be had"),
        ({"capacity": {"accountvCpus": {"EC2": 1}}}, "for capacity that can't be had"),
    ],
)
def test_capacity_that_never_comes(settings, waits):
    # No c6i.large of 2 vCPUs is to be had of 1.
    assert left(scenario(settings=settings))["queue"]["waits"] == waits


def test_an_environment_that_an_update_disables():
    # The first job ends at 60 s; the second comes at 100 s, when the only environment is DISABLED.
    disabled = [{"at": 80, "set": {"batch.computeEnvironments.fleet.state": "DISABLED"}}]
    made = scenario(workflow(arrivals={"at": [0, 100]}), updates=disabled)
    result = bs.run(made)
    found = result.summary["left_waiting"]["queue"]
    assert (found["job_id"], found["waits"]) == ("work/1/job", "for a compute environment that can hold it")
    # It could be held at first: that it can never be placed is not said.
    assert result.summary["unplaceable"] == []


def test_an_environment_that_an_update_enables_can_hold_its_jobs():
    # Until 100 s nothing runs; the run is cut off at 50 s. It was said that the job can never be placed.
    fleet = {**environment(), "state": "DISABLED"}
    enabled = [{"at": 100, "set": {"batch.computeEnvironments.fleet.state": "ENABLED"}}]
    assert bs.run(scenario(environments=[fleet], updates=enabled, horizon=50)).summary["unplaceable"] == []
    assert bs.run(scenario(environments=[fleet], updates=enabled)).summary["jobs"]["succeeded"] == 1
    assert len(bs.run(scenario(environments=[fleet])).summary["unplaceable"]) == 1


def test_a_queue_that_gets_another_environment_can_use_that():
    # The job wants 7,000 MiB, which the second environment has alone; the queue gets it at 100 s.
    small, large = environment(), environment("large", instanceTypes=["m6i.large"])
    order = [{"order": 1, "computeEnvironment": "large"}]
    made = scenario(
        workflow(job(jobDefinition="wide")),
        environments=[small, large],
        queues=[queue("queue", "fleet")],
        definitions=TWO,
        updates=[{"at": 100, "set": {"batch.jobQueues.queue.computeEnvironmentOrder": order}}],
    )
    assert bs.run(made).summary["jobs"]["succeeded"] == 1
    assert bs.run(made.with_({"horizon": 50})).summary["unplaceable"] == []


@pytest.mark.parametrize(
    ("causes", "run", "waits"),
    [
        ([cause(0, Cause.LIMIT)], 2, "for room under maxvCpus"),
        ([cause(0, Cause.LIMIT, shape=0)], 0, "for room under maxvCpus"),
        ([cause(0, Cause.CAPACITY, shape=0), cause(9, Cause.LIMIT, shape=1)], 2, "for room under maxvCpus"),
        ([cause(0, Cause.LIMIT), cause(9, Cause.BLOCKED)], 2, "behind another job, or for the scheduler's next look"),
    ],
    ids=["all", "another shape alone", "each its own", "none by itself"],
)
def test_named_is_the_one_that_is_looked_at_first_of_those_that_are_held(causes, run, waits):
    # The third has failed and is tried again, before the two that never ran; it asks for 2 vCPUs, they for 1.
    failed = attempt(2, 0, 0, 0, 10, status=Status.FAILED)
    made = outcome(
        jobs([0, 0, 0], 60, [1, 1, 2]), fleet(), attempts=[failed], causes=causes, status=[Status.RUNNABLE] * 3
    )
    world = SimpleNamespace(horizon_s=None, updates=NO_UPDATES)
    found = left_waiting(world, made)["left_waiting"]["queue"]
    assert (found["jobs"], found["job_id"], found["waits"]) == (3, f"work/{run}/job", waits)
    # A horizon that came cuts it off, one that did not does not.
    assert left_waiting(SimpleNamespace(horizon_s=1000.0, updates=NO_UPDATES), made) == {}
    assert left_waiting(SimpleNamespace(horizon_s=1000.5, updates=NO_UPDATES), made) != {}


def test_replications_tell_how_many_on_average():
    made = scenario(settings={"capacity": {"pools": [{"vcpus": 1}]}})
    summary = bs.run(made, replications=3).summary
    assert summary["left_waiting"]["queue"]["jobs"]["mean"] == 1
    assert summary["left_waiting"]["queue"]["job_id"] == "work/0/job"
