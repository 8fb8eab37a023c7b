"""What the engine is told: states, and what takes an object from one to another."""

from __future__ import annotations

import pytest

from batchsim.errors import ScenarioError
from batchsim.scenario.batch.update_calls import requests, updated
from batchsim.scenario.loading import from_mapping
from tests.builders import environment, queue, scenario

FLEET = "batch.computeEnvironments.fleet"
RESOURCES = f"{FLEET}.computeResources"


def test_two_values_are_two_states_however_often_they_are_set():
    made = scenario(
        duration="30d",
        updates=[
            {"cron": "0 20 * * *", "set": {f"{RESOURCES}.minvCpus": 16}},
            {"cron": "0 6 * * *", "set": {f"{RESOURCES}.minvCpus": 0}},
        ],
    )
    (fleet,) = made.updates.environments
    assert [state.environment.min_vcpus for state in fleet.states] == [0, 16]
    assert fleet.moves == ((0, 0, 1), (1, 1, 0))
    assert {state.infrastructure for state in fleet.states} == {0}


def test_updates_add_up_in_the_order_of_time():
    # maxvCpus and minvCpus are set by two entries: four states, as AWS may refuse one of the calls.
    made = scenario(
        updates=[
            {"at": 20, "set": {f"{RESOURCES}.minvCpus": 2}},
            {"at": 10, "set": {f"{RESOURCES}.maxvCpus": 8}},
        ]
    )
    (fleet,) = made.updates.environments
    known = [(state.environment.min_vcpus, state.environment.max_vcpus) for state in fleet.states]
    assert sorted(known) == [(0, 8), (0, 64), (2, 8), (2, 64)]
    moves = {(state, update): after for state, update, after in fleet.moves}
    assert known[moves[moves[0, 1], 0]] == (2, 8)
    assert [at for at, _ in made.updates.occurrences()] == [10, 20]


def test_instances_are_replaced_where_a_member_differs_that_is_none_of_scaling():
    made = scenario(
        updates=[
            {"at": 10, "set": {f"{RESOURCES}.scalingPolicy": {"minScaleDownDelayMinutes": 20}}},
            {"at": 20, "set": {f"{RESOURCES}.instanceTypes": ["m6i.large"]}},
            {
                "at": 30,
                "set": {
                    f"{RESOURCES}.instanceTypes": ["c6i.large"],
                    f"{FLEET}.updatePolicy": {"terminateJobsOnUpdate": True},
                },
            },
        ]
    )
    (fleet,) = made.updates.environments
    moves = {(state, update): after for state, update, after in fleet.moves}
    delayed = moves[0, 0]
    other = moves[delayed, 1]
    back = moves[other, 2]
    kinds = [fleet.states[state].infrastructure for state in (0, delayed, other, back)]
    assert kinds[0] == kinds[1] == kinds[3] != kinds[2]
    assert (fleet.states[0].execution_timeout_s, fleet.states[back].terminates_jobs) == (1800, True)
    assert [each.instance_type for each in fleet.offerings] == ["c6i.large", "m6i.large"]
    recorded = made.recorded_configuration.environments[0]
    assert recorded.offerings == fleet.offerings
    assert len(made.configuration.environments[0].offerings) == 1


def test_a_scheduling_policy_is_a_queues():
    policy = {"name": "shares", "fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "A", "weightFactor": 1}]}}
    fair = {**queue(), "schedulingPolicyArn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/shares"}
    values = scenario().document.values
    values["batch"] |= {"jobQueues": [fair], "schedulingPolicies": [policy]}
    values["workload"][0]["jobs"][0]["shareIdentifier"] = "A"
    values["updates"] = [{"at": 60, "set": {"batch.schedulingPolicies.shares.fairsharePolicy.computeReservation": 50}}]
    (known,) = from_mapping(values).updates.queues
    assert [state.fair_share.compute_reservation for state in known.states] == [0, 50]


def test_more_states_than_anybody_means():
    updates = [{"at": number, "set": {f"{RESOURCES}.maxvCpus": 8 + number}} for number in range(300)]
    with pytest.raises(ScenarioError, match="more than 200 states"):
        scenario(updates=updates)


def test_the_requests_that_make_an_update():
    made = scenario(
        environments=[environment(scalingPolicy={"minScaleDownDelayMinutes": 30})],
        updates=[
            {
                "at": 60,
                "set": {f"{RESOURCES}.minvCpus": 2, f"{FLEET}.state": "ENABLED", "batch.jobQueues.queue.priority": 7},
            }
        ],
    )
    changes = made.checked.updates[0].changes
    assert list(requests(updated(made.document, changes), changes)) == [
        (
            "UpdateComputeEnvironment",
            {"computeEnvironment": "fleet", "computeResources": {"minvCpus": 2}, "state": "ENABLED"},
        ),
        ("UpdateJobQueue", {"jobQueue": "queue", "priority": 7}),
    ]
    assert made.updates.entries[0].what == (
        "UpdateComputeEnvironment fleet: minvCpus 2, state ENABLED; UpdateJobQueue queue: priority 7"
    )
