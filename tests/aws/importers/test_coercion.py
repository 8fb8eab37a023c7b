"""Values as the API wants them: scalars by their shape, and what is not known asked for or left out."""

from __future__ import annotations

import pytest

from batchsim.aws.importers.coercion import Coercion, scalar
from batchsim.aws.importers.template_values import FAULTY, hole, joined
from batchsim.scenario.batch.service_model import request_shape
from batchsim.scenario.document.document import Document

ENVIRONMENT = request_shape("computeEnvironments")
RESOURCES = ENVIRONMENT.members["computeResources"]
UNKNOWN = hole("X is made by AWS", "--parameter X=VALUE")


@pytest.mark.parametrize(
    ("value", "shape", "expected"),
    [
        ("64", RESOURCES.members["maxvCpus"], 64),
        (" 64 ", RESOURCES.members["maxvCpus"], 64),
        (64, RESOURCES.members["maxvCpus"], 64),
        ("64.5", RESOURCES.members["maxvCpus"], "64.5"),
        ("many", RESOURCES.members["maxvCpus"], "many"),
        (True, RESOURCES.members["maxvCpus"], True),
        (2, RESOURCES.members["imageId"], "2"),
        (True, RESOURCES.members["imageId"], "true"),
        ("spot", RESOURCES.members["type"], "SPOT"),
        ("SPOTT", RESOURCES.members["type"], "SPOTT"),
        ([1], RESOURCES.members["imageId"], [1]),
    ],
)
def test_a_scalar_by_its_shape(value, shape, expected):
    found = scalar(value, shape)
    assert (found, type(found)) == (expected, type(expected))


def shape_of(kind: str, *members: str):
    shape = request_shape(kind)
    for member in members:
        shape = shape.member if shape.type_name == "list" else shape.members[member]
    return shape


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("No", False), ("on", True), ("maybe", "maybe"), (True, True), (1, 1)]
)
def test_a_truth(text, expected):
    found = scalar(text, shape_of("jobDefinitions", "containerProperties", "privileged"))
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "expected"), [("0.5", 0.5), ("2", 2), (".5", 0.5), ("x", "x"), (0.25, 0.25)])
def test_a_decimal(text, expected):
    weight = shape_of("schedulingPolicies", "fairsharePolicy", "shareDistribution", "", "weightFactor")
    found = scalar(text, weight)
    assert (found, type(found)) == (expected, type(expected))


def coerced(kind: str, request: dict, called=lambda _: None):
    coercion = Coercion(Document({}, "template"), kind, "x", ("Resources",), called)
    return coercion.request(request), coercion.findings


def test_what_decides_is_asked_for():
    request, (finding,) = coerced("computeEnvironments", {"computeResources": {"maxvCpus": UNKNOWN, "type": "SPOT"}})
    assert request == {"computeResources": {"type": "SPOT"}}
    assert (finding.code, finding.severity) == ("unresolved", "error")
    assert finding.path == "batch.computeEnvironments.x.computeResources.maxvCpus"
    assert finding.message == "the compute environment's maxvCpus is not known: X is made by AWS"
    assert finding.expected == "--parameter X=VALUE"


def test_what_does_not_decide_is_left_out_with_where_it_may_be_given():
    request, (note,) = coerced("computeEnvironments", {"computeResources": {"subnets": ["a", UNKNOWN], "type": "SPOT"}})
    # Half of the subnets would be something else than what was meant.
    assert request == {"computeResources": {"type": "SPOT"}}
    assert (note.code, note.severity) == ("left-out", "info")
    assert note.expected == "--parameter X=VALUE or subnets in a deployment section"


def test_what_has_a_finding_already_gets_no_other():
    assert coerced("computeEnvironments", {"type": FAULTY}) == ({}, [])


def test_a_role_in_an_arn_of_an_unknown_account_goes_by_its_name():
    role = joined(["arn:aws:iam::", hole("the account"), ":role/service-role/batch"])
    assert coerced("computeEnvironments", {"serviceRole": role}) == ({"serviceRole": "service-role/batch"}, [])
    profile = joined(["arn:aws:iam::", hole("the account"), ":instance-profile/ecs"])
    resources = {"computeResources": {"instanceRole": profile}}
    assert coerced("computeEnvironments", resources) == ({"computeResources": {"instanceRole": "ecs"}}, [])


def test_a_reference_whose_name_is_not_known_goes_by_what_is_called_so():
    order = [{"order": 1, "computeEnvironment": UNKNOWN}]
    request, findings = coerced("jobQueues", {"computeEnvironmentOrder": order}, lambda _: "Fleet")
    assert request == {"computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "Fleet"}]}
    assert findings == []


def test_a_launch_template_without_its_id_means_nothing():
    template = {"launchTemplateId": UNKNOWN, "version": "$Latest"}
    request, (note,) = coerced("computeEnvironments", {"computeResources": {"launchTemplate": template, "type": "EC2"}})
    assert request == {"computeResources": {"type": "EC2"}}
    assert note.code == "left-out"


def test_a_key_of_free_text_decides_nothing_whatever_it_is_called():
    request, (note,) = coerced("jobQueues", {"tags": {"priority": UNKNOWN, "a": "b"}})
    assert request == {"tags": {"a": "b"}}
    assert note.severity == "info"


def test_empty_is_not_left_out():
    assert coerced("jobQueues", {"tags": {}, "computeEnvironmentOrder": []}) == (
        {"computeEnvironmentOrder": [], "tags": {}}, [],
    )  # fmt: skip
