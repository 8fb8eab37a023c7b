"""Bounds of scenarios whose capacity changes while they run: of the most that there is at some time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.experiments.optimize.bounds import Bounds
from batchsim.experiments.optimize.scheduled import most
from batchsim.spec.objectives import parse_objective
from tests.builders import environment, job, queue, scenario, unmanaged, workflow

RESOURCES = "batch.computeEnvironments.fleet.computeResources"


def fleet(*updates, **resources):
    return scenario(environments=[environment(**resources)], updates=list(updates), duration="1d")


def at(when, **members):
    return {"at": when, "set": {f"{RESOURCES}.{member}": value for member, value in members.items()}}


def test_without_updates_it_is_the_configuration_itself():
    made = fleet()
    assert most(made.configuration, made.updates) == made.configuration


def test_a_minimum_makes_no_room():
    made = fleet(at("6h", minvCpus=8), at("8h", minvCpus=0))
    assert most(made.configuration, made.updates) == made.configuration


def test_the_most_of_all_times_is_taken():
    made = fleet(at("6h", maxvCpus=128), at("8h", maxvCpus=16), maxvCpus=64)
    found = most(made.configuration, made.updates)
    (before,) = made.configuration.environments
    assert found.environments == (replace(before, max_vcpus=128),)


def test_what_is_enabled_at_some_time_counts():
    made = scenario(
        environments=[environment(), {**environment("spare"), "state": "DISABLED"}],
        queues=[queue("queue", "fleet", "spare")],
        updates=[
            {"at": "6h", "set": {"batch.computeEnvironments.spare.state": "ENABLED"}},
            {"at": "7h", "set": {"batch.jobQueues.queue.state": "DISABLED", "batch.jobQueues.queue.priority": 7}},
        ],
        duration="1d",
    )
    found = most(made.configuration, made.updates)
    assert [each.enabled for each in (*found.queues, *found.environments)] == [True, True, True]
    assert [each.enabled for each in made.configuration.environments] == [True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {f"{RESOURCES}.instanceTypes": ["c6i.xlarge"]},
        {"batch.jobQueues.queue.computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "spare"}]},
    ],
)
def test_where_more_changes_than_that_nothing_is_said(changes):
    made = scenario(
        environments=[environment(allocationStrategy="BEST_FIT_PROGRESSIVE"), environment("spare")],
        queues=[queue("queue", "fleet")],
        updates=[{"at": "6h", "set": changes}],
        duration="1d",
    )
    assert most(made.configuration, made.updates) is None


def test_capacity_that_comes_later_is_no_proof_against_a_candidate():
    # 100 jobs of a minute on one processor take 100 minutes; with 50 from minute 5 on, hardly 10.
    made = scenario(
        workflow(job(runtime=60, arrayProperties={"size": 100})),
        environments=[unmanaged(1)],
        updates=[{"at": "5m", "set": {"batch.computeEnvironments.servers.unmanagedvCpus": 50}}],
        duration="1d",
    )
    bounds = Bounds(made, [parse_objective("makespan <= 30m")], made.seed)
    assert bounds.of(made.configuration) is not None
    assert bounds.of(most(made.configuration, made.updates)) is None
    # Even 50 from the beginning need two minutes.
    strict = Bounds(made, [parse_objective("makespan <= 110s")], made.seed)
    assert strict.of(most(made.configuration, made.updates)) is not None
