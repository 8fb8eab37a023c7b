"""Laws of scheduled updates, on worlds and updates that Hypothesis makes up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsim.experiments.simulated import simulated
from batchsim.recording import Recording, Status
from batchsim.results.outcome import Outcome
from batchsim.scenario.scenario import Scenario
from tests.builders import environment, job, queue, scenario, workflow

FLEET = "batch.computeEnvironments.fleet"
RESOURCES = f"{FLEET}.computeResources"
TYPES = (["c6i.large"], ["c6i.xlarge"], ["m6i.large", "m6i.xlarge"])
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

INSTANTS = st.integers(0, 60).map(lambda minutes: 60 * minutes)
SETS = st.one_of(
    st.integers(0, 12).map(lambda vcpus: {f"{RESOURCES}.minvCpus": vcpus}),
    st.integers(12, 24).map(lambda vcpus: {f"{RESOURCES}.maxvCpus": vcpus}),
    st.sampled_from(["ENABLED", "DISABLED"]).map(lambda state: {f"{FLEET}.state": state}),
    st.sampled_from(["ENABLED", "DISABLED"]).map(lambda state: {"batch.jobQueues.queue.state": state}),
    st.integers(0, 3).map(lambda priority: {"batch.jobQueues.queue.priority": priority}),
    st.tuples(st.sampled_from(TYPES), st.booleans(), st.integers(1, 20)).map(
        lambda drawn: {
            f"{RESOURCES}.instanceTypes": drawn[0],
            f"{FLEET}.updatePolicy": {"terminateJobsOnUpdate": drawn[1], "jobExecutionTimeoutMinutes": drawn[2]},
        }
    ),
)
ENTRIES = st.one_of(
    st.tuples(INSTANTS, SETS).map(lambda drawn: {"at": drawn[0], "set": drawn[1]}),
    st.tuples(st.integers(1, 59), SETS).map(lambda drawn: {"cron": f"{drawn[0]} * * * *", "set": drawn[1]}),
    st.tuples(INSTANTS, st.sampled_from(["cancel", "terminate"]), st.sampled_from(["first", "second"])).map(
        lambda drawn: {"at": drawn[0], drawn[1]: {"jobName": drawn[2], "reason": "enough"}}
    ),
)


def world(updates: list[dict[str, Any]], **members: Any) -> Scenario:
    """Two kinds of jobs, one behind the other, that come every few minutes for an hour to two environments."""
    first = job("first", {"exponential": {"mean": "4m"}}, arrayProperties={"size": 3})
    second = job("second", "90s", jobQueue="other", dependsOn=[{"jobName": "first"}])
    made: dict[str, Any] = {
        "environments": [environment(minvCpus=0, maxvCpus=12), environment("spare", maxvCpus=4)],
        "queues": [queue("queue", "fleet", "spare", priority=1), queue("other", "fleet", priority=2)],
        "settings": {"ec2": {"register": 60}, "scheduler": {"dispatchInterval": 10, "admit": 1, "scaleDownIdle": 120}},
        "duration": 7200,
        **members,
    }
    return scenario(workflow(first, second, arrivals={"every": "5m", "until": "1h"}), updates=updates, **made)


def limit_at(recording: Recording, instant: float) -> int:
    """maxvCpus of the fleet after the updates of an instant."""
    return next(
        (each.max_vcpus for each in reversed(recording.limits) if each.environment == 0 and each.at <= instant), 12
    )


def lowest_at(recording: Recording, instant: float) -> int:
    """The greatest maxvCpus that held at an instant: before its updates, between them, or after."""
    before = limit_at(recording, np.nextafter(instant, -1))
    return max([before, *(each.max_vcpus for each in recording.limits if each.environment == 0 and each.at == instant)])


@MANY
@given(st.lists(ENTRIES, max_size=5), st.integers(0, 3))
def test_laws(updates, seed):
    made = world(updates)
    work, recording = simulated(made, seed, 0)
    instances, attempts = recording.instances, recording.attempts
    # No launch while as many vCPUs as the limit of the moment allows are there.
    vcpus = np.array([each.vcpus for each in made.recorded_configuration.environments[0].offerings])
    of_fleet = np.flatnonzero(instances.environment == 0)
    sizes = vcpus[instances.offering[of_fleet]]
    requested, terminated = instances.requested_at[of_fleet], instances.terminated_at[of_fleet]
    for place, at in enumerate(requested):
        before = sizes[:place][terminated[:place] > at].sum()
        assert before < lowest_at(recording, at)
    # A job ends once; who was refused or cancelled before it ran, has no attempt and failed.
    final = np.isin(recording.status, (Status.SUCCEEDED, Status.FAILED))
    assert (np.isnan(recording.stopped_at) == ~final).all()
    ran = np.isin(np.arange(len(work)), attempts.job)
    assert (ran | (recording.status != Status.SUCCEEDED)).all()
    # Nothing runs on an instance that is not there.
    there = attempts.instance >= 0
    stopped = np.where(np.isnan(attempts.stopped_at), recording.ended_at, attempts.stopped_at)[there]
    host = attempts.instance[there]
    assert (attempts.starting_at[there] >= instances.registered_at[host]).all()
    assert (stopped <= instances.terminated_at[host]).all()
    # What is told of waits and money adds up.
    outcome = Outcome(work, made.recorded_configuration, recording)
    assert sum(outcome.costs.instance.values()).sum() >= 0
    # The same again gives the same.
    again = simulated(made, seed, 0)[1]
    assert again.updates == recording.updates
    assert np.array_equal(again.stopped_at, recording.stopped_at, equal_nan=True)


@MANY
@given(
    st.lists(st.tuples(st.integers(0, 50).map(lambda minutes: 60 * minutes + 7), st.booleans()), max_size=6),
    st.integers(0, 3),
)
def test_states_are_what_a_process_does_that_drains_and_reopens(switches, seed):
    """UpdateComputeEnvironment with a state, and `drain` and `reopen` of a process, give the same recording."""
    switches = sorted(dict(switches).items())

    def process(run):
        for at, is_open in switches:
            yield run.timeout(at - run.now)
            (run.reopen if is_open else run.drain)("fleet")

    states = [{"at": at, "set": {f"{FLEET}.state": "ENABLED" if on else "DISABLED"}} for at, on in switches]
    updated = simulated(world(states), seed, 0)[1]
    processed = simulated(world([]), seed, 0, processes=[process])[1]
    assert updated.ended_at == processed.ended_at
    for name in ("runnable_at", "stopped_at", "status"):
        assert np.array_equal(getattr(updated, name), getattr(processed, name), equal_nan=True)
    for columns in ("attempts", "instances", "causes"):
        ours, theirs = getattr(updated, columns), getattr(processed, columns)
        for name in ("environment", "starting_at", "requested_at", "terminated_at", "cause", "at"):
            if hasattr(ours, name):
                assert np.array_equal(getattr(ours, name), getattr(theirs, name), equal_nan=True)


def test_updates_that_set_what_is_there_change_nothing():
    """Every value is that of the scenario: all figures are as without the updates."""
    same = [
        {"cron": "*/7 * * * *", "set": {f"{RESOURCES}.maxvCpus": 12, f"{FLEET}.state": "ENABLED"}},
        {"at": 600, "set": {f"{RESOURCES}.instanceTypes": ["c6i.large"], "batch.jobQueues.queue.priority": 1}},
    ]
    written = environment(minvCpus=0, maxvCpus=12)
    written["state"] = "ENABLED"
    environments = [written, environment("spare", maxvCpus=4)]
    with_updates, without = (simulated(world(updates, environments=environments), 1, 0)[1] for updates in (same, []))
    # At 0, 7, … 56 minutes of two hours, once at 600 s, and at the instant at which the run ends.
    assert len(with_updates.updates) == 2 * 9 + 1 + 1
    assert with_updates.limits == ()
    assert np.array_equal(with_updates.stopped_at, without.stopped_at, equal_nan=True)
    assert np.array_equal(with_updates.instances.terminated_at, without.instances.terminated_at)


@pytest.mark.parametrize("minutes", [1, 30])
def test_a_year_of_crons_has_few_states(minutes):
    """However often an entry comes, what it leads to is resolved once."""
    made = world(
        [
            {"cron": f"*/{minutes} * * * *", "set": {f"{RESOURCES}.minvCpus": 2}},
            {"cron": "0 6 * * *", "set": {f"{RESOURCES}.minvCpus": 0}},
        ]
    )
    assert len(made.updates.environments[0].states) == 2
