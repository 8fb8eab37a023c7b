"""What is in an account: each definition's latest revision, whose an object is, and kinds that are not offered."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

import batchsim as bs
from batchsim.aws.deployment.inventory import OWNER, Existing, everything, named, take_inventory

ARN = "arn:aws:batch:us-east-1:123456789012:"


class Stubbed:
    """An account whose client answers what was told."""

    def __init__(self) -> None:
        self._client = boto3.client("batch", region_name="us-east-1")
        self.stub = Stubber(self._client)
        self.stub.activate()

    def client(self):
        return self._client

    def definitions(self, *revisions: tuple[str, int], **asked) -> None:
        found = [
            {
                "jobDefinitionName": name,
                "jobDefinitionArn": f"{ARN}job-definition/{name}:{revision}",
                "type": "container",
                "revision": revision,
            }
            for name, revision in revisions
        ]
        self.stub.add_response("describe_job_definitions", {"jobDefinitions": found}, {"status": "ACTIVE", **asked})


@pytest.fixture
def account():
    return Stubbed()


def environment(name: str, **more) -> dict:
    arn = f"{ARN}compute-environment/{name}"
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn, "ecsClusterArn": "arn:…", **more}


def whole(account: Stubbed, **consumables) -> None:
    add = account.stub.add_response
    add("list_scheduling_policies", {"schedulingPolicies": []}, {})
    if consumables:
        account.stub.add_client_error("list_consumable_resources", **consumables)
    else:
        add("list_consumable_resources", {"consumableResources": []}, {})
    environments = [
        environment("spot", status="INVALID", statusReason="no role", tags={OWNER: "etl"}),
        environment("plain", status="VALID"),
    ]
    add("describe_compute_environments", {"computeEnvironments": environments}, {})
    add("describe_job_queues", {"jobQueues": []}, {})
    account.definitions(("load", 9), ("load", 10), ("load", 8), ("report", 1))


def test_an_inventory(account):
    whole(account)
    found = take_inventory(account)
    assert {kind: list(objects) for kind, objects in found.objects.items()} == {
        "schedulingPolicies": [],
        "consumableResources": [],
        "computeEnvironments": ["spot", "plain"],
        "jobQueues": [],
        "jobDefinitions": ["load", "report"],
    }
    assert found.get("jobDefinitions", "load").revision == 10
    spot = found.get("computeEnvironments", "spot")
    assert (spot.status, spot.reason, spot.arn) == ("INVALID", "no role", f"{ARN}compute-environment/spot")
    assert [each.name for each in found.of("etl", "computeEnvironments")] == ["spot"]
    assert found.get("jobQueues", "spot") is None


@pytest.mark.parametrize(
    "answer",
    [
        {"service_error_code": "UnknownOperationException", "http_status_code": 400},
        {"service_error_code": "404", "http_status_code": 404},
    ],
)
def test_a_kind_that_the_endpoint_does_not_offer_has_no_objects(account, answer):
    whole(account, **answer)
    assert take_inventory(account).objects["consumableResources"] == {}


def test_a_refusal_is_no_empty_account(account):
    account.stub.add_client_error("list_consumable_resources", "AccessDeniedException", http_status_code=403)
    with pytest.raises(bs.AwsError) as caught:
        list(everything(account.client(), "consumableResources"))
    assert caught.value.reason == "denied"


def test_all_revisions_of_a_name(account):
    account.definitions(("load", 1), ("load", 2), jobDefinitionName="load")
    assert [each.revision for each in named(account.client(), "jobDefinitions", "load")] == [1, 2]


def test_a_policy_is_found_by_its_name_among_all(account):
    arns = [f"{ARN}scheduling-policy/{name}" for name in ("a", "b")]
    account.stub.add_response("list_scheduling_policies", {"schedulingPolicies": [{"arn": arn} for arn in arns]}, {})
    policies = [{"arn": arn, "name": arn[-1]} for arn in arns]
    account.stub.add_response("describe_scheduling_policies", {"schedulingPolicies": policies}, {"arns": arns})
    assert [each.arn for each in named(account.client(), "schedulingPolicies", "b")] == [arns[1]]


def test_what_has_no_status_is_valid_and_what_has_no_tags_is_nobody_s():
    policy = Existing("schedulingPolicies", "fair", "arn:…", {"name": "fair", "tags": None})
    assert (policy.status, policy.tags, policy.revision) == ("VALID", {}, 0)
    assert not policy.is_of("etl")
