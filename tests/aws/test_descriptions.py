"""What is asked of AWS for each kind of object: all pages, a hundred names at once, lists before descriptions."""

from __future__ import annotations

import contextlib

import boto3
import pytest
from botocore.stub import Stubber

import batchsim as bs
from batchsim.aws.descriptions import described, pages

ARN = "arn:aws:batch:us-east-1:123456789012:"


@pytest.fixture
def batch():
    client = boto3.client("batch", region_name="us-east-1")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def environment(name: str) -> dict:
    return {
        "computeEnvironmentName": name,
        "computeEnvironmentArn": f"{ARN}compute-environment/{name}",
        "ecsClusterArn": f"{ARN}cluster/{name}",
    }


def names(found, member: str) -> list[str]:
    return [each[member] for each in found]


def test_every_page_is_asked_for(batch):
    client, stub = batch
    stub.add_response(
        "describe_compute_environments", {"computeEnvironments": [environment("a")], "nextToken": "2"}, {}
    )
    stub.add_response("describe_compute_environments", {"computeEnvironments": [environment("b")]}, {"nextToken": "2"})
    assert names(described(client, "computeEnvironments"), "computeEnvironmentName") == ["a", "b"]


def test_names_are_asked_for_a_hundred_at_once(batch):
    client, stub = batch
    asked = [f"e{number}" for number in range(101)]
    for some in (asked[:100], asked[100:]):
        answer = {"computeEnvironments": [environment(name) for name in some]}
        stub.add_response("describe_compute_environments", answer, {"computeEnvironments": some})
    assert names(described(client, "computeEnvironments", asked), "computeEnvironmentName") == asked


def test_of_job_definitions_the_active_revisions(batch):
    client, stub = batch
    one = {"jobDefinitionName": "a", "jobDefinitionArn": f"{ARN}job-definition/a:1", "revision": 1, "type": "container"}
    stub.add_response("describe_job_definitions", {"jobDefinitions": [one]}, {"status": "ACTIVE"})
    asked = {"status": "ACTIVE", "jobDefinitionName": "a"}
    stub.add_response("describe_job_definitions", {"jobDefinitions": [one]}, asked)
    assert list(described(client, "jobDefinitions")) == [one]
    assert list(described(client, "jobDefinitions", ["a"])) == [one]


def test_policies_are_listed_then_described_by_their_arns(batch):
    client, stub = batch
    arns = [f"{ARN}scheduling-policy/{number}" for number in range(101)]
    stub.add_response("list_scheduling_policies", {"schedulingPolicies": [{"arn": arn} for arn in arns]}, {})
    for some in (arns[:100], arns[100:]):
        answer = {"schedulingPolicies": [{"arn": arn, "name": arn.rpartition("/")[2]} for arn in some]}
        stub.add_response("describe_scheduling_policies", answer, {"arns": some})
    assert names(described(client, "schedulingPolicies"), "arn") == arns


def test_policies_that_are_named_by_arn_are_not_listed(batch):
    client, stub = batch
    stub.add_response("describe_scheduling_policies", {"schedulingPolicies": []}, {"arns": [f"{ARN}x/fair"]})
    assert list(described(client, "schedulingPolicies", [f"{ARN}x/fair"])) == []


def test_consumable_resources_one_by_one_without_what_boto3_adds(batch):
    client, stub = batch
    arn = f"{ARN}consumable-resource/seat"
    listed = {"consumableResourceArn": arn, "consumableResourceName": "seat"}
    stub.add_response("list_consumable_resources", {"consumableResources": [listed]}, {})
    answer = {**listed, "tags": {"a": "b"}, "ResponseMetadata": {"HTTPStatusCode": 200}}
    stub.add_response("describe_consumable_resource", answer, {"consumableResource": arn})
    assert list(described(client, "consumableResources")) == [{**listed, "tags": {"a": "b"}}]


def test_nothing_in_the_account_is_no_question_more(batch):
    client, stub = batch
    stub.add_response("list_scheduling_policies", {"schedulingPolicies": []}, {})
    stub.add_response("list_consumable_resources", {"consumableResources": []}, {})
    assert list(described(client, "schedulingPolicies")) == list(described(client, "consumableResources")) == []


def test_an_error_names_the_operation_and_what_it_was_about(batch):
    client, stub = batch
    stub.add_client_error("list_jobs", "ClientException", "no such queue")
    with pytest.raises(bs.AwsError) as caught:
        list(pages(client, "ListJobs", "jobSummaryList", "nightly", jobQueue="nightly"))
    assert (caught.value.operation, caught.value.request) == ("ListJobs", "nightly")


def test_an_error_of_whoever_reads_is_not_aws_s(batch):
    client, stub = batch
    stub.add_response("describe_compute_environments", {"computeEnvironments": [environment("a")]}, {})
    with contextlib.suppress(ZeroDivisionError):
        for _ in described(client, "computeEnvironments"):
            raise ZeroDivisionError
