"""The story of a deployment before another's server: every call fails once, and a rerun comes to the same end.

Beside our own endpoint (`test_faults`), which knows passing states and refusals, moto is somebody else's idea of AWS.
"""

from __future__ import annotations

import contextlib
import copy

import boto3
import pytest

import batchsim as bs
from batchsim.aws.deployment.apply import Deployer
from batchsim.aws.deployment.inventory import take_inventory
from batchsim.aws.deployment.plan import plan, plan_destroy
from batchsim.aws.deployment.submit import planned, submission_id, submit
from tests.aws.configurations import prepared, small
from tests.aws.conftest import emptied
from tests.aws.deployment.faulty_proxy import KINDS, FaultyProxy


@pytest.fixture
def proxy(moto):
    with FaultyProxy(moto.url) as proxy:
        yield proxy


def first(deployment):
    values = small() | {"deployment": deployment}
    for environment in values["batch"]["computeEnvironments"]:
        # What this server wants said, or does not take though AWS does.
        environment["computeResources"] |= {"minvCpus": 0, "instanceTypes": ["m5"]}
    return values


def changed(deployment):
    """An environment is replaced: AWS changes no service role in place but from the linked one."""
    values = copy.deepcopy(first(deployment))
    values["batch"]["computeEnvironments"][1]["serviceRole"] = deployment["instanceRole"].replace(
        ":instance-profile/", ":role/"
    )
    values["batch"]["jobDefinitions"][1]["timeout"] = {"attemptDurationSeconds": 600}
    return values


def deployer(proxy):
    return Deployer(proxy.account, say=lambda _text: None, sleep=lambda _seconds: None)


def deploy(proxy, values):
    deployer(proxy).carry_out(plan(prepared(values), take_inventory(proxy.account)))


def submitted(proxy, values):
    calls = planned(prepared(values).workload)
    submit(deployer(proxy), "small", calls, submission_id("small", calls), 50.0)


def destroy(proxy, _values):
    deployer(proxy).carry_out(plan_destroy("small", "us-east-1", take_inventory(proxy.account)))


def story(moto, proxy):
    """Deploy, submit, change, destroy, each until it succeeds; what is there after each, and how often it was tried."""
    steps = [(deploy, first), (submitted, first), (deploy, changed), (destroy, first)]
    after, tries, error = [], 0, None
    for do, values in steps:
        for _ in range(3):
            tries += 1
            try:
                do(proxy, values(moto.deployment))
                break
            except bs.AwsError as raised:
                error = raised
        else:
            pytest.fail(f"the deployment does not come to an end: {error}")
        after.append(there(moto))
    return after, tries


def there(moto):
    """What the server holds, without what differs from one run to the next."""
    with contextlib.closing(boto3.client("batch", endpoint_url=moto.url, region_name="us-east-1")) as batch:
        environments = batch.describe_compute_environments()["computeEnvironments"]
        queues = batch.describe_job_queues()["jobQueues"]
        definitions = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
        jobs = []
        for queue in queues:
            listed = batch.list_jobs(jobQueue=queue["jobQueueName"], filters=[{"name": "JOB_NAME", "values": ["*"]}])
            jobs += sorted(job["jobName"] for job in listed["jobSummaryList"] if ":" not in job["jobId"])
    return [
        {each["computeEnvironmentName"]: each.get("serviceRole") for each in environments},
        {each["jobQueueName"]: each["computeEnvironmentOrder"] for each in queues},
        sorted(repr([each["jobDefinitionName"], each.get("timeout")]) for each in definitions),
        sorted(jobs),
    ]


def test_the_story_without_a_fault(moto, proxy):
    (deployed, after_submission, replaced, destroyed), tries = story(moto, proxy)
    assert tries == 4
    assert [len(part) for part in deployed] == [2, 2, 2, 0]
    assert after_submission == [*deployed[:3], ["extract", "load", "report"]]
    assert (replaced[0]["spot"], replaced[0]["on-demand"] == deployed[0]["on-demand"]) == (deployed[0]["spot"], False)
    assert [len(part) for part in destroyed] == [0, 0, 0, 0]


def faults(moto, proxy, kind, chosen):
    expected, _ = story(moto, proxy)
    names = list(proxy.calls)
    for number, name in enumerate(names, 1):
        if chosen(number, name):
            moto = emptied(moto.url)
            proxy.reset()
            proxy.fail_at(number, kind)
            assert story(moto, proxy)[0] == expected, (number, name)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_for_every_call_a_fault_and_the_rerun_converges(moto, proxy, kind):
    faults(moto, proxy, kind, lambda number, name: True)
