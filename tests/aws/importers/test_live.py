"""The configuration of an account: a mock of AWS on this machine, and answers of our own for what it does not know."""

from __future__ import annotations

import json
import urllib.request

import pytest
from botocore.stub import Stubber

from batchsim.aws.client import AwsAccount
from batchsim.aws.importers.live import live_config
from batchsim.cli.main import main
from batchsim.errors import AwsError, ScenarioError
from batchsim.scenario.document.document import compose

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(scope="module")
def endpoint():
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    data = json.dumps({"batch": {"use_docker": False}}).encode()
    request = urllib.request.Request(f"{url}/moto-api/config", data=data, method="POST")  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310
    yield url
    server.stop()


@pytest.fixture
def account(endpoint, monkeypatch):
    """An account of its own for each test, with nothing of Batch in it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()  # noqa: S310
    return AwsAccount(region="us-east-1", endpoint_url=endpoint)


def environment(account, name):
    """Make a compute environment with what the mock wants of it; what was asked for."""
    ec2, iam = account.client("ec2"), account.client("iam")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    role = iam.create_role(RoleName=f"service-{name}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    profile = iam.create_instance_profile(InstanceProfileName=f"profile-{name}")["InstanceProfile"]["Arn"]
    request = {
        "computeEnvironmentName": name,
        "type": "MANAGED",
        "state": "ENABLED",
        "computeResources": {
            "type": "EC2",
            "allocationStrategy": "BEST_FIT_PROGRESSIVE",
            "minvCpus": 0,
            "maxvCpus": 16,
            "instanceTypes": ["c5.large"],
            "subnets": [subnet],
            "securityGroupIds": [group],
            "instanceRole": profile,
        },
        "serviceRole": role,
    }
    resources = {**request["computeResources"], "desiredvCpus": 0}
    account.client().create_compute_environment(**{**request, "computeResources": resources})
    return request


def queue(account, name, environment_name):
    request = {
        "jobQueueName": name,
        "state": "ENABLED",
        "priority": 5,
        "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": environment_name}],
    }
    account.client().create_job_queue(**request)
    return request


def definition(account, name, memory="512"):
    request = {
        "jobDefinitionName": name,
        "type": "container",
        "containerProperties": {
            "image": "busybox",
            "resourceRequirements": [{"value": "1", "type": "VCPU"}, {"value": memory, "type": "MEMORY"}],
        },
    }
    account.client().register_job_definition(**request)
    return request


def test_what_was_made_comes_back_as_it_was_asked_for(account):
    made = [environment(account, "first"), environment(account, "second")]
    queues = [queue(account, "one", "first"), queue(account, "two", "second")]
    definition(account, "work", "256")
    newest = definition(account, "work", "1024")
    found = live_config(account)
    assert found.batch["computeEnvironments"] == made
    assert found.batch["jobQueues"] == queues
    (described,) = found.batch["jobDefinitions"]
    assert described["containerProperties"]["image"] == "busybox"
    asked = described["containerProperties"]["resourceRequirements"]
    assert {entry["type"]: entry["value"] for entry in asked} == {"VCPU": "1", "MEMORY": "1024"}
    assert described["jobDefinitionName"] == newest["jobDefinitionName"]
    assert [note.message for note in found.notes] == [
        "left out: 1 older revision of job definitions",
        "left out: this endpoint has no consumable resources",
    ]
    assert {note.severity for note in found.notes} == {"info"}


def test_a_queue_brings_its_environments_only(account):
    made = environment(account, "first")
    environment(account, "second")
    one = queue(account, "one", "first")
    queue(account, "two", "second")
    found = live_config(account, ["one"])
    assert found.batch == {"computeEnvironments": [made], "jobQueues": [one]}


def test_a_queue_that_is_not_there_is_a_finding(account):
    with pytest.raises(ScenarioError, match="none: there is no such job queue"):
        live_config(account, ["none"])


def test_an_empty_account_is_a_finding(account):
    with pytest.raises(ScenarioError, match="nothing of AWS Batch"):
        live_config(account)


def test_the_command_asks_the_account(account, capsys):
    environment(account, "first")
    queue(account, "one", "first")
    arguments = ["--live", "--region", "us-east-1", "--endpoint-url", account.endpoint_url, "--queue", "one"]
    assert main(["import", "config", *arguments]) == 0
    section = compose(capsys.readouterr().out, "x")[0]["batch"]
    assert section["jobQueues"][0]["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": "first"}]


ARN = "arn:aws:batch:us-east-1:012345678901:"


class Stubbed:
    """An account whose client gives the answers it was told, in their order, to the questions it expects."""

    def __init__(self, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        self._client = AwsAccount(region="us-east-1", endpoint_url="http://127.0.0.1:9").client()
        self.stubber = Stubber(self._client)

    def client(self):
        return self._client


@pytest.fixture
def stubbed(monkeypatch):
    account = Stubbed(monkeypatch)
    with account.stubber:
        yield account


def described_queue(number):
    return {
        "jobQueueName": f"queue-{number}",
        "jobQueueArn": f"{ARN}job-queue/queue-{number}",
        "state": "ENABLED",
        "status": "VALID",
        "priority": number,
        "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": f"{ARN}compute-environment/fleet-{number}"}],
        "schedulingPolicyArn": f"{ARN}scheduling-policy/fair",
    }


def described_environment(number):
    return {
        "computeEnvironmentName": f"fleet-{number}",
        "computeEnvironmentArn": f"{ARN}compute-environment/fleet-{number}",
        "type": "UNMANAGED",
        "unmanagedvCpus": number,
        "status": "VALID",
    }


def test_every_page_is_asked_for(stubbed):
    add = stubbed.stubber.add_response
    add("describe_job_queues", {"jobQueues": [described_queue(1)], "nextToken": "more"}, {})
    add("describe_job_queues", {"jobQueues": [described_queue(2)]}, {"nextToken": "more"})
    add("describe_compute_environments", {"computeEnvironments": [described_environment(1)], "nextToken": "x"}, {})
    add("describe_compute_environments", {"computeEnvironments": [described_environment(2)]}, {"nextToken": "x"})
    policy = {"name": "fair", "arn": f"{ARN}scheduling-policy/fair", "fairsharePolicy": {"shareDecaySeconds": 60}}
    arns = {"arns": [f"{ARN}scheduling-policy/fair"]}
    add("list_scheduling_policies", {"schedulingPolicies": [{"arn": f"{ARN}scheduling-policy/fair"}]}, {})
    add("describe_scheduling_policies", {"schedulingPolicies": [policy]}, arns)
    add("describe_job_definitions", {"jobDefinitions": []}, {"status": "ACTIVE"})
    licence = {"consumableResourceArn": f"{ARN}consumable-resource/licence", "consumableResourceName": "licence"}
    add("list_consumable_resources", {"consumableResources": [licence]}, {})
    details = {
        **licence,
        "totalQuantity": 5,
        "inUseQuantity": 1,
        "availableQuantity": 4,
        "createdAt": 1,
        "tags": {"a": "b"},
    }
    add("describe_consumable_resource", details, {"consumableResource": licence["consumableResourceArn"]})
    found = live_config(stubbed)
    stubbed.stubber.assert_no_pending_responses()
    assert found.notes == ()
    assert found.batch == {
        "computeEnvironments": [
            {"computeEnvironmentName": f"fleet-{number}", "type": "UNMANAGED", "unmanagedvCpus": number}
            for number in (1, 2)
        ],
        "jobQueues": [
            {
                "jobQueueName": f"queue-{number}",
                "state": "ENABLED",
                "schedulingPolicyArn": "fair",
                "priority": number,
                "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": f"fleet-{number}"}],
            }
            for number in (1, 2)
        ],
        "schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"shareDecaySeconds": 60}}],
        "consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 5, "tags": {"a": "b"}}],
    }


def test_a_queue_asks_for_what_it_uses(stubbed):
    add = stubbed.stubber.add_response
    add("describe_job_queues", {"jobQueues": [described_queue(1)]}, {"jobQueues": [f"{ARN}job-queue/queue-1"]})
    asked = {"computeEnvironments": [f"{ARN}compute-environment/fleet-1"]}
    add("describe_compute_environments", {"computeEnvironments": [described_environment(1)]}, asked)
    add("describe_scheduling_policies", {"schedulingPolicies": []}, {"arns": [f"{ARN}scheduling-policy/fair"]})
    add("describe_job_definitions", {"jobDefinitions": []}, {"status": "ACTIVE"})
    add("list_consumable_resources", {"consumableResources": []}, {})
    found = live_config(stubbed, [f"{ARN}job-queue/queue-1"])
    stubbed.stubber.assert_no_pending_responses()
    # A policy that is not in the section keeps its ARN.
    assert found.batch["jobQueues"][0]["schedulingPolicyArn"] == f"{ARN}scheduling-policy/fair"


@pytest.mark.parametrize("operation", ["describe_job_queues", "list_consumable_resources"])
def test_a_refusal_is_an_error_of_aws(stubbed, operation):
    add = stubbed.stubber.add_response
    if operation == "list_consumable_resources":
        add("describe_job_queues", {"jobQueues": [described_queue(1)]}, {})
        add("describe_compute_environments", {"computeEnvironments": []}, {})
        add("list_scheduling_policies", {"schedulingPolicies": []}, {})
        add("describe_job_definitions", {"jobDefinitions": []}, {"status": "ACTIVE"})
    message = "User 012345678901 is not authorized"
    stubbed.stubber.add_client_error(operation, "AccessDeniedException", message, http_status_code=403)
    with pytest.raises(AwsError) as caught:
        live_config(stubbed)
    error = caught.value
    assert (error.operation, error.code, error.reason) == (
        operation.title().replace("_", ""), "AccessDeniedException", "denied",
    )  # fmt: skip
    assert (error.finding.code, error.finding.path) == ("aws", error.operation)
    assert not error.may_pass


def test_names_are_asked_for_a_hundred_at_once(stubbed):
    names = [f"queue-{number}" for number in range(150)]
    add = stubbed.stubber.add_response
    for some in (names[:100], names[100:]):
        queues = [
            {key: value for key, value in described_queue(int(name[6:])).items() if key != "schedulingPolicyArn"}
            | {"computeEnvironmentOrder": []}
            for name in some
        ]
        add("describe_job_queues", {"jobQueues": queues}, {"jobQueues": some})
    add("describe_job_definitions", {"jobDefinitions": []}, {"status": "ACTIVE"})
    add("list_consumable_resources", {"consumableResources": []}, {})
    assert len(live_config(stubbed, names).batch["jobQueues"]) == 150
    stubbed.stubber.assert_no_pending_responses()
