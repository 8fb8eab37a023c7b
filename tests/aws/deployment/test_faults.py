"""Every call of a deployment fails once; the same command again comes to the same end, with nothing twice.

Calls are not repeated by boto3 here, so that each fault really stops the deployment.
"""

from __future__ import annotations

import copy

import pytest

import batchsim as bs
from batchsim.aws.deployment.apply import Deployer
from batchsim.aws.deployment.inventory import take_inventory
from batchsim.aws.deployment.plan import plan, plan_destroy
from batchsim.aws.deployment.submit import planned, submission_id, submit
from tests.aws.configurations import everything, prepared, small
from tests.aws.fake_batch import FakeBatch


def changed(first: dict) -> dict:
    """Replacements, updates, a removal and a creation."""
    values = copy.deepcopy(first)
    batch = values["batch"]
    batch["computeEnvironments"][1]["serviceRole"] = "arn:aws:iam::123456789012:role/batch"
    batch["computeEnvironments"][0]["computeResources"]["maxvCpus"] = 512
    batch["jobDefinitions"][1]["timeout"] = {"attemptDurationSeconds": 600}
    if "schedulingPolicies" not in batch:
        return values
    batch["schedulingPolicies"][0]["fairsharePolicy"]["computeReservation"] = 50
    batch["consumableResources"].append({"consumableResourceName": "seat", "totalQuantity": 2})
    del batch["jobQueues"][3], batch["computeEnvironments"][2], batch["jobDefinitions"][2]
    return values


def deploy(aws: FakeBatch, values: dict) -> None:
    configuration = prepared(values)
    deployer = Deployer(aws.account(), say=lambda _text: None, sleep=lambda _seconds: None)
    deployer.carry_out(plan(configuration, take_inventory(aws.account())))


def submitted(aws: FakeBatch, values: dict) -> None:
    configuration = prepared(values)
    deployer = Deployer(aws.account(), say=lambda _text: None, sleep=lambda _seconds: None)
    calls = planned(configuration.workload)
    submit(deployer, configuration.name, calls, submission_id(configuration.name, calls), 50.0)


def destroy(aws: FakeBatch, values: dict) -> None:
    deployer = Deployer(aws.account(), say=lambda _text: None, sleep=lambda _seconds: None)
    deployer.carry_out(plan_destroy(values["name"], "us-east-1", take_inventory(aws.account())))


def whole_story(aws: FakeBatch, first: dict) -> list:
    """Deploy, submit, change, destroy: each step until it succeeds; what is there after each."""
    steps = [(deploy, first), (submitted, small()), (deploy, changed(first)), (destroy, first)]
    after = []
    for do, values in steps:
        for _ in range(3):
            try:
                do(aws, values)
                break
            except bs.AwsError:
                continue
        else:
            pytest.fail("the deployment does not come to an end")
        after.append(repr(aws.resources()))
    return after


def test_the_story_without_a_fault():
    with FakeBatch(polls=1) as aws:
        assert len(whole_story(aws, everything())) == 4
        assert len(aws.calls) > 100


def outcomes(aws: FakeBatch, first: dict, kind: str, every: int) -> None:
    """A fault at each call that changes something, and at each `every`-th look, compared with the story without."""
    expected = whole_story(aws, first)
    names = [call.operation for call in aws.calls]
    looks = ("Describe", "List")
    for number, name in enumerate(names, 1):
        if not name.startswith(looks) or number % every == 0:
            aws.reset()
            aws.fail_at(number, kind)
            assert whole_story(aws, first) == expected, (number, name)


@pytest.mark.parametrize("kind", ["throttle", "timeout"])
def test_for_each_call_a_fault_and_the_rerun_converges(kind):
    with FakeBatch(polls=0) as aws:
        outcomes(aws, small(), kind, every=10)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["throttle", "timeout"])
def test_for_each_call_of_a_deployment_with_everything(kind):
    with FakeBatch(polls=1) as aws:
        outcomes(aws, everything(), kind, every=5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["error", "error_after", "denied"])
def test_for_every_call_without_exception(kind):
    with FakeBatch(polls=0) as aws:
        outcomes(aws, small(), kind, every=1)


def test_a_passing_fault_of_a_call_that_must_not_happen_twice_is_looked_into_and_passed():
    with FakeBatch(polls=0) as aws:
        values = small()
        configuration = prepared(values)
        deploy(aws, values)
        calls = planned(configuration.workload)
        waited: list[float] = []
        deployer = Deployer(aws.account(attempts=3), say=lambda _text: None, sleep=waited.append)
        # ListJobs, SubmitJob: its answer is lost, though the job is there.
        aws.fail_at(2, "timeout")
        assert submit(deployer, "small", calls, "s", 50.0) == 3
        assert [job["jobName"] for job in aws.jobs.values()] == ["extract", "load", "report"]
        # ListJobs, DescribeJobs, SubmitJob: a throttled call is tried again.
        aws.fail_at(3, "throttle")
        assert submit(deployer, "small", calls, "t", 50.0) == 3
        assert len(aws.jobs) == 6
        assert 2.0 in waited
