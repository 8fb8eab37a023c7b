"""The table of the kinds against AWS's service model in botocore: every operation and member that it names exists."""

from __future__ import annotations

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from batchsim.aws.objects import OBJECTS, method
from batchsim.scenario.batch.service_model import REQUESTS

MODEL = ServiceModel(Loader().load_service_model("batch", "service-2"), "batch")
KINDS = pytest.mark.parametrize("kind", OBJECTS.values(), ids=list(OBJECTS))


def input_of(operation: str):
    return MODEL.operation_model(operation).input_shape


def test_the_table_has_each_list_of_the_section_once_in_the_order_of_creation():
    assert sorted(OBJECTS) == sorted(REQUESTS)
    assert [kind.noun for kind in OBJECTS.values()] == [
        "SchedulingPolicy", "ConsumableResource", "ComputeEnvironment", "JobQueue", "JobDefinition",
    ]  # fmt: skip


@KINDS
def test_what_creates_one_takes_the_section_s_requests_and_answers_with_name_and_arn(kind):
    operation = MODEL.operation_model(kind.create)
    assert operation.input_shape.name == REQUESTS[kind.section]
    assert kind.name_member in operation.input_shape.required_members
    assert {kind.name_member, kind.arn_member} <= operation.output_shape.members.keys()


@KINDS
def test_what_changes_and_deletes_one_takes_the_argument(kind):
    for operation in filter(None, (kind.update, kind.delete)):
        assert kind.argument in input_of(operation).required_members
    assert bool(kind.update) is not kind.has_revisions


@KINDS
def test_a_description_has_name_arn_and_tags(kind):
    answer = MODEL.operation_model(kind.describe).output_shape
    detail = answer.members[kind.section].member if kind.section in answer.members else answer
    assert {kind.name_member, kind.arn_member, "tags"} <= detail.members.keys()
    assert ("state" in detail.members) is kind.has_state
    assert ("revision" in detail.members) is kind.has_revisions


@KINDS
def test_what_has_to_be_told_of_which_is_listed_first_with_its_arns(kind):
    if kind.list:
        listed = MODEL.operation_model(kind.list).output_shape.members[kind.section].member
        assert kind.arn_member in listed.members
        assert input_of(kind.describe).required_members
    else:
        assert not input_of(kind.describe).required_members


@KINDS
def test_names_follow_from_the_noun(kind):
    noun = kind.noun
    assert kind.title.replace(" ", "-") == kind.arn_word == xform_name(noun, "-")
    assert kind.cloudformation == f"AWS::Batch::{noun}"
    assert kind.terraform in ("", f"aws_batch_{xform_name(noun)}")
    assert all(operation.endswith(noun) for operation in (kind.create, kind.delete))


def shapes(shape, seen: set[str]):
    """A shape and every one within it, each once."""
    if shape.name in seen:
        return
    seen.add(shape.name)
    yield shape
    inner = list(shape.members.values()) if shape.type_name == "structure" else []
    inner += [shape.member] if shape.type_name == "list" else []
    for each in inner:
        yield from shapes(each, seen)


def test_requests_refer_to_others_by_the_references_of_the_table():
    seen: set[str] = set()
    requests = [shape for name in REQUESTS.values() for shape in shapes(MODEL.shape_for(name), seen)]
    members = {member for shape in requests if shape.type_name == "structure" for member in shape.members}
    assert {kind.reference for kind in OBJECTS.values() if kind.reference} <= members
    assert not {kind.argument for kind in OBJECTS.values() if not kind.reference} & members


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_a_method_of_boto3_by_its_operation(operation):
    assert method(operation) == xform_name(operation)


def test_the_aws_cli_s_commands():
    assert [kind.command for kind in OBJECTS.values()] == [
        "create-scheduling-policy", "create-consumable-resource", "create-compute-environment", "create-job-queue",
        "register-job-definition",
    ]  # fmt: skip
