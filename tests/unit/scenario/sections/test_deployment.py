"""What ``deployment:`` fills in, what it leaves alone, and what AWS would still miss.

API CreateComputeEnvironmentRequest, ComputeResource, ManagedInstancesProvider, ContainerProperties.
"""

from __future__ import annotations

import copy

import pytest

from batchsim.scenario.document.document import Document
from batchsim.scenario.sections.deployment import filled, missing
from tests.builders import definition, environment, scenario, unmanaged

GIVEN = {
    "subnets": ["subnet-1"],
    "securityGroupIds": ["sg-1"],
    "instanceRole": "ecsInstanceRole",
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole",
    "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/ecsInstanceProfile",
    "serviceRole": "AWSBatchServiceRole",
    "spotIamFleetRole": "AmazonEC2SpotFleetRole",
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "jobRoleArn": "arn:aws:iam::123456789012:role/job",
    "images": {"task": "registry/task:7"},
}
FARGATE = {"platformCapabilities": ["FARGATE"]}
MANAGED = {
    "computeEnvironmentName": "managed",
    "type": "MANAGED",
    "computeResources": {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 4, "managedInstancesProvider": {}},
}
#: A task of two containers.
TASK = {
    "jobDefinitionName": "pair",
    "type": "container",
    "ecsProperties": {"taskProperties": [{"containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]}]},
}


def batch(*environments, definitions=()):
    return {"computeEnvironments": list(environments), "jobDefinitions": list(definitions)}


def fill(section, given=GIVEN):
    """The section with what is given, and what AWS misses in it still."""
    made = filled(Document({"batch": section, "deployment": given})).values["batch"]
    return made, {".".join(map(str, (*where[1:], member))) for where, member in missing(made)}


def added(environment_):
    """The members that an environment's resources get."""
    made, _ = fill(batch(environment_))
    resources = made["computeEnvironments"][0]["computeResources"]
    return {member: value for member, value in resources.items() if member not in environment_["computeResources"]}


NETWORK = {"subnets", "securityGroupIds"}


@pytest.mark.parametrize(
    ("resources", "members"),
    [
        ({}, {*NETWORK, "instanceRole"}),
        # Security groups may stand in a launch template, and then must not stand here too.
        ({"launchTemplate": {"launchTemplateName": "wide"}}, {"subnets", "instanceRole"}),
        # A Spot Fleet role is for BEST_FIT, which no strategy means; for no other, and not on demand.
        ({"type": "SPOT", "allocationStrategy": "BEST_FIT"}, {*NETWORK, "instanceRole", "spotIamFleetRole"}),
        ({"type": "SPOT", "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"}, {*NETWORK, "instanceRole"}),
        ({"allocationStrategy": "BEST_FIT"}, {*NETWORK, "instanceRole"}),
        ({"type": "FARGATE"}, NETWORK),
        ({"type": "FARGATE_SPOT"}, NETWORK),
    ],
)
def test_an_environment_gets_what_its_type_needs(resources, members):
    wanting = environment(**resources)
    assert added(wanting) == {member: GIVEN[member] for member in members}
    # And that is what AWS misses where nothing is given.
    assert fill(batch(wanting), {})[1] == {f"computeEnvironments.0.computeResources.{member}" for member in members}


def test_no_strategy_means_best_fit_here_too():
    plain = environment(type="SPOT")
    del plain["computeResources"]["allocationStrategy"]
    assert "spotIamFleetRole" in added(plain)


def test_what_the_section_says_itself_is_kept_but_for_images():
    own = environment(subnets=["subnet-9"], instanceRole="mine", securityGroupIds=[])
    container = {**definition()["containerProperties"], "jobRoleArn": "own"}
    given, kept = (
        batch(own, definitions=[{**definition(), "containerProperties": container}]),
        {"serviceRole": "AWSBatchServiceRole"},
    )
    before = copy.deepcopy(given)
    made, _ = fill(given)
    assert made["computeEnvironments"] == [{**own, **kept}]
    assert made["jobDefinitions"][0]["containerProperties"] == {**container, "image": "registry/task:7"}
    # What was given is not changed: it is what was simulated.
    assert given == before


def test_a_pool_of_ones_own_needs_a_service_role_and_nothing_else():
    made, lacking = fill(batch(unmanaged(4)))
    assert made["computeEnvironments"] == [{**unmanaged(4), "serviceRole": GIVEN["serviceRole"]}]
    assert lacking == set()
    assert fill(batch(unmanaged(4)), {})[1] == {"computeEnvironments.0.serviceRole"}


def test_managed_instances_get_what_their_provider_wants_under_its_own_names():
    made, lacking = fill(batch(MANAGED))
    assert made["computeEnvironments"][0]["computeResources"]["managedInstancesProvider"] == {
        "infrastructureRoleArn": GIVEN["infrastructureRoleArn"],
        "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": GIVEN["ec2InstanceProfileArn"],
            "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
        },
    }
    assert lacking == set()
    provider = "computeEnvironments.0.computeResources.managedInstancesProvider"
    template = f"{provider}.instanceLaunchTemplate"
    assert fill(batch(MANAGED), {})[1] == {
        f"{provider}.infrastructureRoleArn",
        f"{template}.ec2InstanceProfileArn",
        f"{template}.networkConfiguration.subnets",
        f"{template}.networkConfiguration.securityGroups",
    }
    # The question leaves the section as it is.
    assert MANAGED["computeResources"]["managedInstancesProvider"] == {}


@pytest.mark.parametrize(
    ("members", "container"),
    [
        ({}, {"jobRoleArn"}),
        (FARGATE, {"jobRoleArn", "executionRoleArn"}),
        ({"platformCapabilities": ["EC2"]}, {"jobRoleArn"}),
    ],
)
def test_a_container_gets_roles_and_only_on_fargate_that_of_execution(members, container):
    asked = definition("other", **members)
    made, _ = fill(batch(definitions=[asked]))
    got = made["jobDefinitions"][0]["containerProperties"]
    assert got == {**asked["containerProperties"], **{member: GIVEN[member] for member in container}}
    lacking = fill(batch(definitions=[asked]), {})[1]
    assert lacking == {"jobDefinitions.0.containerProperties.executionRoleArn"} & {
        f"jobDefinitions.0.containerProperties.{member}" for member in container
    }


def test_a_task_of_several_containers_has_one_role_of_execution():
    made, lacking = fill(batch(definitions=[{**TASK, **FARGATE}]))
    task = made["jobDefinitions"][0]["ecsProperties"]["taskProperties"][0]
    assert task == {**TASK["ecsProperties"]["taskProperties"][0], "executionRoleArn": GIVEN["executionRoleArn"]}
    assert lacking == set()
    place = "jobDefinitions.0.ecsProperties.taskProperties.0.executionRoleArn"
    assert fill(batch(definitions=[{**TASK, **FARGATE}]), {})[1] == {place}
    assert fill(batch(definitions=[TASK]), {})[1] == set()


def test_a_container_without_an_image_is_missed_until_one_is_given():
    bare = definition()
    del bare["containerProperties"]["image"]
    assert fill(batch(definitions=[bare]), {})[1] == {"jobDefinitions.0.containerProperties.image"}
    assert fill(batch(definitions=[bare]))[1] == set()


@pytest.mark.parametrize("odd", [None, [], "subnets", {"subnets": None, "images": ["busybox"]}])
def test_a_section_of_another_shape_fills_nothing(odd):
    asked = batch(environment(), definitions=[definition()])
    assert fill(asked, odd)[0] == asked
    document = Document({"batch": odd if isinstance(odd, str) else None, "deployment": GIVEN})
    assert filled(document) is document


def test_a_deployment_bears_on_no_result():
    made = scenario(deployment={**GIVEN, "subnets": ["subnet-1", "subnet-2"]})
    assert made.content_digest == scenario().content_digest
