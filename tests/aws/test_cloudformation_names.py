"""Members of the API and properties of CloudFormation: the first letter, but for free text and one exception."""

from __future__ import annotations

import pytest

from batchsim.aws.cloudformation_names import free_logical_id, property_of, to_api, to_cloudformation


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("maxvCpus", "MaxvCpus"),
        ("name", "Name"),
        ("s3filesVolumeConfiguration", "S3FilesVolumeConfiguration"),
        ("S3FilesVolumeConfiguration", "S3FilesVolumeConfiguration"),
        ("", ""),
    ],
)
def test_the_property_of_a_member(member, name):
    assert property_of(member) == name


API = {
    "jobDefinitionName": "load",
    "type": "container",
    "containerProperties": {
        "environment": [{"name": "lower", "value": "x"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}},
        "volumes": [{"host": {"sourcePath": "/scratch"}}],
    },
    "tags": {"team": "data"},
}
CLOUDFORMATION = {
    "JobDefinitionName": "load",
    "Type": "container",
    "ContainerProperties": {
        "Environment": [{"Name": "lower", "Value": "x"}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "g"}},
        "Volumes": [{"Host": {"SourcePath": "/scratch"}}],
    },
    "Tags": {"team": "data"},
}


def test_a_request_in_both_spellings_free_text_keeps_its_case():
    assert to_cloudformation(API, "jobDefinitions") == CLOUDFORMATION
    assert to_api(CLOUDFORMATION, "jobDefinitions") == API


def test_what_the_api_does_not_know_keeps_its_spelling():
    request = {"ReplaceComputeEnvironment": False, "computeEnvironmentName": "spot"}
    assert to_cloudformation(request, "computeEnvironments") == {
        "ReplaceComputeEnvironment": False,
        "ComputeEnvironmentName": "spot",
    }
    assert to_api({"Mine": {"Type": 1}}, "computeEnvironments") == {"Mine": {"Type": 1}}


def test_a_value_of_another_shape_stays_as_it_is():
    assert to_api({"Tags": ["a"], "ContainerProperties": "x"}, "jobDefinitions") == {
        "tags": ["a"],
        "containerProperties": "x",
    }


def test_a_logical_id_is_free_with_its_kind_behind_it_then_with_a_number():
    taken = {"Nightly"}
    assert [free_logical_id("Nightly", taken, "Queue") for _ in range(3)] == [
        "NightlyQueue",
        "NightlyQueue2",
        "NightlyQueue3",
    ]
    # Without a kind the number follows at once.
    assert [free_logical_id("Role", taken) for _ in range(3)] == ["Role", "Role2", "Role3"]
    assert taken >= {"Nightly", "NightlyQueue3", "Role", "Role3"}
