"""Requests, and what AWS prints of what exists, as sections."""

from __future__ import annotations

import json
import re

import pytest

from batchsim.aws.importers import source_text as reading
from batchsim.aws.importers.config import import_config
from batchsim.aws.importers.requests import ONLY_DESCRIBED
from batchsim.scenario.batch.service_model import REQUESTS, request_shape
from tests.aws.importers.reading import batch, errors, imported, notes

ARN = "arn:aws:batch:us-east-1:012345678901:"

FLEET = {
    "computeEnvironmentName": "fleet",
    "type": "MANAGED",
    "state": "ENABLED",
    "computeResources": {"type": "EC2", "minvCpus": 0, "maxvCpus": 8, "desiredvCpus": 4, "instanceTypes": ["c6i"]},
}
QUEUE = {
    "jobQueueName": "queue",
    "priority": 1,
    "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "fleet"}],
}
WORK = {
    "jobDefinitionName": "work",
    "type": "container",
    "containerProperties": {"image": "busybox", "command": [], "environment": [{"name": "A", "value": "b"}]},
}
FAIR = {"name": "fair", "fairsharePolicy": {"shareDecaySeconds": 60}}
LICENCE = {"consumableResourceName": "licence", "totalQuantity": 5, "resourceType": "REPLENISHABLE"}


@pytest.mark.parametrize(
    ("kind", "request_"),
    list(zip(REQUESTS, [FLEET, QUEUE, WORK, FAIR, LICENCE], strict=True)),
)
def test_a_request_is_taken_as_it_is(tmp_path, kind, request_):
    assert batch(tmp_path, json.dumps(request_)) == {kind: [request_]}


def test_requests_of_several_kinds_come_in_lists_files_and_sections(tmp_path):
    whole = {
        "computeEnvironments": [FLEET],
        "jobQueues": [QUEUE],
        "jobDefinitions": [WORK],
        "schedulingPolicies": [FAIR],
        "consumableResources": [LICENCE],
    }
    each = [WORK, FAIR, LICENCE, QUEUE, FLEET]
    assert batch(tmp_path, json.dumps(each)) == whole
    assert batch(tmp_path, *(json.dumps(request) for request in each)) == whole
    assert batch(tmp_path, json.dumps(whole)) == whole
    assert batch(tmp_path, json.dumps([[QUEUE, FLEET], {"jobDefinitions": [WORK]}, FAIR, LICENCE])) == whole
    assert list(batch(tmp_path, json.dumps(each))) == list(whole)


def test_members_come_in_the_order_of_the_request(tmp_path):
    backwards = dict(reversed(FLEET.items()))
    (found,) = batch(tmp_path, json.dumps(backwards))["computeEnvironments"]
    assert list(found) == ["computeEnvironmentName", "type", "state", "computeResources"]


def test_yaml_that_the_command_line_prints_is_read_too(tmp_path):
    text = """
    jobQueues:
    - computeEnvironmentOrder:
      - {computeEnvironment: "arn:aws:batch:us-east-1:012345678901:compute-environment/fleet", order: 1}
      jobQueueArn: arn:aws:batch:us-east-1:012345678901:job-queue/queue
      jobQueueName: queue
      priority: 1
      status: VALID
    """
    other = f"{ARN}compute-environment/fleet"
    order = [{"order": 1, "computeEnvironment": other}]
    assert batch(tmp_path, text) == {"jobQueues": [{**QUEUE, "computeEnvironmentOrder": order}]}


DESCRIBED = {
    "computeEnvironments": [
        {
            **FLEET,
            "computeEnvironmentArn": f"{ARN}compute-environment/fleet",
            "ecsClusterArn": "arn:aws:ecs:us-east-1:012345678901:cluster/x",
            "status": "VALID",
            "statusReason": "ComputeEnvironment Healthy",
            "updatePolicy": {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 30},
            "containerOrchestrationType": "ECS",
            "uuid": "x",
            "tags": {},
        }
    ],
    "jobQueues": [
        {
            **QUEUE,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": f"{ARN}compute-environment/fleet"}],
            "schedulingPolicyArn": f"{ARN}scheduling-policy/fair",
            "jobQueueArn": f"{ARN}job-queue/queue",
            "status": "VALID",
            "jobStateTimeLimitActions": [],
            "tags": {"kept": "x"},
        }
    ],
    "jobDefinitions": [
        {
            **WORK,
            "jobDefinitionArn": f"{ARN}job-definition/work:3",
            "revision": 3,
            "status": "ACTIVE",
            "parameters": {},
            "retryStrategy": {"attempts": 2, "evaluateOnExit": []},
            "consumableResourceProperties": {
                "consumableResourceList": [{"consumableResource": f"{ARN}consumable-resource/licence", "quantity": 1}]
            },
            "containerOrchestrationType": "ECS",
        }
    ],
    "schedulingPolicies": [{**FAIR, "arn": f"{ARN}scheduling-policy/fair"}],
    "consumableResources": [
        {
            **LICENCE,
            "consumableResourceArn": f"{ARN}consumable-resource/licence",
            "inUseQuantity": 1,
            "availableQuantity": 4,
            "createdAt": 1,
        }
    ],
}


def test_a_description_becomes_the_request_that_would_make_it_again(tmp_path):
    resources = {key: value for key, value in FLEET["computeResources"].items() if key != "desiredvCpus"}
    assert batch(tmp_path, json.dumps(DESCRIBED)) == {
        "computeEnvironments": [{**FLEET, "computeResources": resources}],
        "jobQueues": [{**QUEUE, "schedulingPolicyArn": "fair", "tags": {"kept": "x"}}],
        "jobDefinitions": [
            {
                **WORK,
                "containerProperties": {"image": "busybox", "environment": [{"name": "A", "value": "b"}]},
                "retryStrategy": {"attempts": 2},
                "consumableResourceProperties": {
                    "consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]
                },
            }
        ],
        "schedulingPolicies": [FAIR],
        "consumableResources": [LICENCE],
    }


def test_one_described_resource_is_recognised_without_a_list(tmp_path):
    assert batch(tmp_path, json.dumps(DESCRIBED["consumableResources"][0])) == {"consumableResources": [LICENCE]}
    policy = {"name": "bare", "arn": f"{ARN}scheduling-policy/bare"}
    assert batch(tmp_path, json.dumps(policy)) == {"schedulingPolicies": [{"name": "bare"}]}


def test_a_request_keeps_what_it_says(tmp_path):
    odd = {**QUEUE, "stat": "ENABLED", "jobStateTimeLimitActions": []}
    assert batch(tmp_path, json.dumps(odd)) == {"jobQueues": [odd]}


def test_what_a_newer_description_adds_is_left_out_with_a_note(tmp_path):
    described = {**DESCRIBED["jobQueues"][0], "brandNew": 1}
    found = imported(tmp_path, json.dumps({"jobQueues": [described]}))
    assert "brandNew" not in found.batch["jobQueues"][0]
    assert notes(found) == [("info", "left-out", "jobQueues.queue.brandNew")]


def revision(number, status="ACTIVE", name="work"):
    return {
        "jobDefinitionName": name,
        "jobDefinitionArn": f"{ARN}job-definition/{name}:{number}",
        "revision": number,
        "status": status,
        "type": "container",
        "containerProperties": {"image": f"image:{number}"},
    }


@pytest.mark.parametrize("order", [[1, 2, 10], [10, 2, 1], [2, 10, 1]])
def test_the_newest_active_revision_is_taken(tmp_path, order):
    described = [revision(number) for number in order]
    described += [revision(11, "INACTIVE"), revision(1, "INACTIVE", "old"), revision(4, name="other")]
    found = imported(tmp_path, json.dumps({"jobDefinitions": described}))
    images = [each["containerProperties"]["image"] for each in found.batch["jobDefinitions"]]
    assert images == ["image:10", "image:4"]
    assert [note.message for note in found.notes] == [
        "left out: 2 older revisions of job definitions",
        "left out: 2 of them INACTIVE",
    ]


def test_revisions_may_come_in_several_files(tmp_path):
    found = imported(tmp_path, *(json.dumps({"jobDefinitions": [revision(number)]}) for number in (1, 3, 2)))
    assert [each["containerProperties"]["image"] for each in found.batch["jobDefinitions"]] == ["image:3"]


def test_what_is_being_deleted_is_left_out(tmp_path):
    queues = [
        {**DESCRIBED["jobQueues"][0], "jobQueueName": status, "status": status} for status in ("DELETING", "DELETED")
    ]
    found = imported(tmp_path, json.dumps({"jobQueues": [*queues, QUEUE]}))
    assert found.batch == {"jobQueues": [QUEUE]}
    assert [(note.severity, note.path, note.message) for note in found.notes] == [
        ("info", "batch.jobQueues", "left out: 2 of them being deleted")
    ]


@pytest.mark.parametrize("twice", [[QUEUE, QUEUE], [QUEUE, DESCRIBED["jobQueues"][0]], [revision(1), revision(1)]])
def test_two_of_one_name_are_a_fault(tmp_path, twice):
    (found,) = errors(tmp_path, json.dumps(twice))
    assert found.code == "duplicate-name"
    assert found.path in ("batch.jobQueues.queue", "batch.jobDefinitions.work")


def test_a_page_of_several_is_warned_of(tmp_path):
    found = imported(tmp_path, json.dumps({"jobQueues": [QUEUE], "nextToken": "x"}))
    assert notes(found) == [("warning", "more-pages", "nextToken")]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ({"jobs": [{"jobId": "x", "jobName": "y"}]}, "describe-jobs", "use `batchsim import jobs`"),
        ([{"jobs": []}], "describe-jobs", "this is describe-jobs output"),
        ({"about": "x"}, "not-a-configuration", "a CloudFormation template; a create-compute-environment"),
        ([1], "not-a-configuration", "a CloudFormation template"),
        ([], "not-a-configuration", "a CloudFormation template"),
        ({"jobName": "a", "jobQueue": "b", "jobDefinition": "c"}, "not-a-configuration", "register-job-definition"),
        ({"jobQueues": [{}]}, "missing-key", "jobQueueName is missing"),
        ({"jobQueues": [3]}, "missing-key", "jobQueueName is missing"),
        ({"jobQueueName": ["a"]}, "missing-key", "jobQueueName is missing"),
        ({"schedulingPolicies": [{"arn": "x"}]}, "missing-key", "what describe-scheduling-policies prints"),
        ("a text", "not-a-configuration", "there is nothing in it to import"),
    ],
)
def test_anything_else_says_what_is_accepted(tmp_path, content, code, words):
    (found,) = errors(tmp_path, json.dumps(content))
    assert found.code == code
    assert words in str(found)
    assert found.file.endswith("0.yaml")


def test_parameters_are_for_templates(tmp_path):
    (found,) = errors(tmp_path, json.dumps(QUEUE), parameters={"Size": "1"})
    assert (found.code, found.path) == ("unknown-parameter", "Size")


def test_files_that_can_t_be_read_are_findings(tmp_path):
    found = errors(tmp_path, "a: [", "{", "a:\n\tb: x", "a: 1\na: 2")
    assert [finding.code for finding in found] == ["syntax", "syntax", "syntax", "duplicate-key"]


def test_a_large_text_is_read_without_places(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_CHARACTERS_WITH_PLACES", 10)
    assert batch(tmp_path, json.dumps(QUEUE)) == {"jobQueues": [QUEUE]}
    (found,) = errors(tmp_path, json.dumps({"jobQueues": [{}]}))
    assert (found.line, found.path) == (1, "jobQueues.0")


def test_what_is_only_described_is_what_the_model_says(tmp_path):
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    model = ServiceModel(Loader().load_service_model("batch", "service-2"), "batch")
    described = {
        "computeEnvironments": ["ComputeEnvironmentDetail"],
        "jobQueues": ["JobQueueDetail"],
        "jobDefinitions": ["JobDefinition"],
        "schedulingPolicies": ["SchedulingPolicyDetail"],
        "consumableResources": ["DescribeConsumableResourceResponse", "ConsumableResourceSummary"],
    }
    for kind, shapes in described.items():
        members = {member for shape in shapes for member in model.shape_for(shape).members}
        assert members - set(request_shape(kind).members) == ONLY_DESCRIBED[kind]


QUEUES, ENVIRONMENTS = (
    {"jobQueues": [QUEUE]},
    {"computeEnvironments": [{"computeEnvironmentName": "c", "type": "MANAGED"}]},
)


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_answers_that_were_appended_to_one_file_are_all_read(tmp_path, between):
    # describe-job-queues >> file; describe-compute-environments >> file.
    found = imported(tmp_path, json.dumps(QUEUES, indent=2) + between + json.dumps(ENVIRONMENTS))
    assert [next(iter(each[0].values())) for each in found.batch.values()] == ["c", QUEUE["jobQueueName"]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_answers_are_read_in_the_encodings_that_shells_write(tmp_path, encoding):
    # Windows PowerShell 5 writes `>` in UTF-16 with a byte order mark.
    (tmp_path / "answer.json").write_bytes(json.dumps(QUEUES).encode(encoding))
    (queue,) = import_config([tmp_path / "answer.json"]).batch["jobQueues"]
    assert queue["jobQueueName"] == QUEUE["jobQueueName"]


def _template(name, **properties):
    queue = {"Type": "AWS::Batch::JobQueue", "Properties": {"JobQueueName": name, "Priority": 1, **properties}}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Queue": queue}}


TERRAFORM = {"resource": {"aws_batch_job_queue": {"x": {"name": "t", "priority": 1, "state": "ENABLED"}}}}
DIFFERENT = {
    "templates": [_template("a"), _template("b")],
    "a template and an answer": [_template("a"), {"jobQueues": [{"jobQueueName": "b", "priority": 2}]}],
    "an answer and what get-template prints": [
        {"jobQueues": [{"jobQueueName": "a", "priority": 2}]},
        {"TemplateBody": _template("b")},
    ],
    "Terraform and a template": [TERRAFORM, _template("a")],
    "lists of them": [[_template("a")], [[{"jobQueueName": "b", "priority": 1}], TERRAFORM]],
}


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
@pytest.mark.parametrize("how", ["appended", "lines", "list", "stream"])
@pytest.mark.parametrize("most", [0, 1_000_000], ids=["without places", "with places"])
def test_documents_of_every_kind_may_stand_in_one_file(tmp_path, monkeypatch, values, how, most):
    monkeypatch.setattr(reading, "MOST_CHARACTERS_WITH_PLACES", most)
    text = {
        "appended": "".join(json.dumps(each, indent=2) for each in values),
        "lines": "\n".join(map(json.dumps, values)),
        "list": json.dumps(values),
        "stream": "%YAML 1.2\n" + "".join(f"---  # one\n{json.dumps(each, indent=2)}\n" for each in values) + "...\n",
    }[how]
    names = re.findall(r'"(?:jobQueueName|JobQueueName|name)": "(\w)"', json.dumps(values))
    assert [each["jobQueueName"] for each in imported(tmp_path, text).batch["jobQueues"]] == names


@pytest.mark.parametrize(("between", "line", "column"), [("", 1, 0), ("\n", 2, 0), ("\n\n  ", 3, 2), ("\n---\n", 3, 0)])
def test_findings_are_placed_in_the_file(tmp_path, between, line, column):
    first, faulty = json.dumps(_template("a")), json.dumps(_template("b", Priority={"Fn::Nothing": 7}))
    (alone,) = errors(tmp_path, faulty)
    (found,) = errors(tmp_path, first + between + faulty)
    before = len(first) if line == 1 else 0
    assert (alone.line, found.line, found.column) == (1, line, before + column + alone.column)


def test_a_fault_of_the_syntax_is_placed_in_the_file(tmp_path):
    (found,) = errors(tmp_path, "a: 1\n---\n# nothing\n---\nb: 1\nb: 2\n")
    assert (found.code, found.line) == ("duplicate-key", 6)
    (found,) = errors(tmp_path, '{"a": 1}\n{"b": 1,\n "b": 2}')
    assert (found.code, found.line) == ("duplicate-key", 3)
