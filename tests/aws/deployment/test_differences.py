"""What differs from what AWS describes, and what AWS can change in place (User Guide, Update a compute environment)."""

from __future__ import annotations

import copy

import pytest

from batchsim.aws.deployment.differences import differences, digest
from batchsim.aws.deployment.inventory import DIGEST, Existing

LINKED = "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
REQUEST = {
    "computeEnvironmentName": "spot",
    "type": "MANAGED",
    "state": "ENABLED",
    "computeResources": {
        "type": "SPOT",
        "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
        "minvCpus": 0,
        "maxvCpus": 256,
        "instanceTypes": ["c6i", "m6i.4xlarge"],
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroupIds": ["sg-1"],
        "instanceRole": "ecsInstanceRole",
    },
    "tags": {"batchsim:scenario": "etl"},
}


def environment(role: str = LINKED, **resources) -> Existing:
    """What AWS describes of `REQUEST`, with what it adds."""
    described = copy.deepcopy(REQUEST)
    described |= {"serviceRole": role, "status": "VALID", "ecsClusterArn": "arn:…", "uuid": "1"}
    described["computeResources"] |= {
        "desiredvCpus": 64,
        "ec2Configuration": [{"imageType": "ECS_AL2023"}],
        **resources,
    }
    return Existing("computeEnvironments", "spot", "arn:…/spot", described)


def asked(**resources) -> dict:
    request = copy.deepcopy(REQUEST)
    request["computeResources"] |= resources
    return request


def only(changes):
    assert len(changes) == 1
    return changes[0]


def test_what_aws_adds_is_no_difference():
    assert differences(REQUEST, environment()) == []


def test_batch_s_own_variable_is_no_difference():
    assert differences(asked(desiredvCpus=8), environment(desiredvCpus=64)) == []


def test_subnets_have_no_order_and_roles_go_by_name_or_arn():
    there = environment(
        subnets=["subnet-2", "subnet-1"], instanceRole="arn:aws:iam::123456789012:instance-profile/ecsInstanceRole"
    )
    assert differences(REQUEST, there) == []


@pytest.mark.parametrize("role", [LINKED, "arn:aws:iam::123456789012:role/batch"])
def test_limits_change_in_place_whatever_the_role(role):
    change = only(differences(asked(maxvCpus=512), environment(role)))
    assert (change.path, change.before, change.after) == (("computeResources", "maxvCpus"), 256, 512)
    assert not change.obstacle


def test_instance_types_change_in_place_with_the_service_linked_role():
    assert not only(differences(asked(instanceTypes=["r6i"]), environment())).obstacle


def test_instance_types_need_a_replacement_with_any_other_role():
    change = only(differences(asked(instanceTypes=["r6i"]), environment("arn:aws:iam::123456789012:role/batch")))
    assert "service-linked role" in change.obstacle


def test_best_fit_allows_no_infrastructure_update():
    there = environment(allocationStrategy="BEST_FIT")
    changes = differences(asked(allocationStrategy="BEST_FIT", instanceTypes=["r6i"]), there)
    assert "BEST_FIT" in only(changes).obstacle
    assert "BEST_FIT" in only(differences(REQUEST, there)).obstacle


def test_spot_to_on_demand_is_an_infrastructure_update():
    changes = differences(asked(type="EC2", allocationStrategy="BEST_FIT_PROGRESSIVE"), environment())
    assert {change.path[-1] for change in changes} == {"type", "allocationStrategy"}
    assert not any(change.obstacle for change in changes)


def test_ec2_to_fargate_is_a_replacement():
    assert any("Fargate" in change.obstacle for change in differences(asked(type="FARGATE"), environment()))


def test_managed_to_unmanaged_is_a_replacement():
    assert only(differences(REQUEST | {"type": "UNMANAGED"}, environment())).obstacle == "type can't be changed"


@pytest.mark.parametrize(
    ("member", "before", "after"),
    [("bidPercentage", 60, 100), ("minvCpus", 8, 0), ("ec2KeyPair", "ops", ""), ("imageId", "ami-1", "")],
)
def test_what_is_no_longer_said_is_taken_back(member, before, after):
    request = asked()
    request["computeResources"].pop(member, None)
    change = only(differences(request, environment(**{member: before})))
    assert (change.path[-1], change.before, change.after) == (member, before, after)


PROVIDER = {
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
    "instanceLaunchTemplate": {
        "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/managed",
        "networkConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]},
    },
    "infrastructureOptimization": {"scaleInAfter": 300},
}


def provider(**launched) -> dict:
    made = copy.deepcopy(PROVIDER)
    made["instanceLaunchTemplate"] |= launched
    return made


def managed(given: dict, role: str = "arn:aws:iam::123456789012:role/batch") -> dict:
    resources = {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 64, "managedInstancesProvider": given}
    return {**REQUEST, "serviceRole": role, "computeResources": resources}


def changes_of_managed(after: dict, before: dict) -> list:
    """Both are managed instances with a service role of their own, which an infrastructure update would not take."""
    return differences(managed(after), Existing("computeEnvironments", "spot", "arn:…/spot", managed(before)))


def test_managed_instances_are_alike_in_whatever_order():
    there = provider(
        networkConfiguration={"subnets": ["subnet-2", "subnet-1"], "securityGroups": ["sg-1"]},
        instanceRequirements={"allowedInstanceTypes": ["m6i", "c6i"]},
        capacityOptionType="ON_DEMAND",
    )
    there["propagateTags"] = "NONE"
    assert changes_of_managed(provider(instanceRequirements={"allowedInstanceTypes": ["c6i", "m6i"]}), there) == []


@pytest.mark.parametrize(
    "launched",
    [
        {"instanceRequirements": {"allowedInstanceTypes": ["c6i"]}},
        {"storageConfiguration": {"storageSizeGiB": 100}},
        {"monitoring": "DETAILED"},
        {"capacityReservations": {"reservationPreference": "RESERVATIONS_FIRST"}},
        {"localStorageConfiguration": {"useLocalStorage": True}},
    ],
)
def test_managed_instances_are_changed_in_place_whatever_the_role(launched):
    change = only(changes_of_managed(provider(**launched), provider()))
    assert (change.path[:3], change.obstacle) == (
        ("computeResources", "managedInstancesProvider", "instanceLaunchTemplate"),
        "",
    )


def test_how_managed_instances_are_bought_can_t_be_changed():
    spot = provider(capacityOptionType="SPOT")
    assert only(changes_of_managed(spot, provider())).obstacle == "capacityOptionType can't be changed"
    # What is no longer said is on demand again.
    change = only(changes_of_managed(provider(), spot))
    assert (change.before, change.after, change.obstacle) == (
        "SPOT",
        "ON_DEMAND",
        "capacityOptionType can't be changed",
    )
    fips = only(changes_of_managed(provider(fipsEnabled=True), provider()))
    assert fips.obstacle == "fipsEnabled can't be changed"


def test_no_value_takes_the_allowed_types_of_managed_instances_back():
    there = provider(instanceRequirements={"allowedInstanceTypes": ["c6i"]})
    change = only(changes_of_managed(provider(), there))
    assert (change.before, change.obstacle) == (["c6i"], "allowedInstanceTypes can't be taken back")


@pytest.mark.parametrize("other", ["EC2", "FARGATE"])
def test_no_environment_becomes_managed_instances_or_ceases_to_be(other):
    there = Existing("computeEnvironments", "spot", "arn:…/spot", managed(provider()))
    obstacles = {change.obstacle for change in differences(asked(type=other), there)}
    assert any("can't be changed from or to" in obstacle for obstacle in obstacles)
    obstacles = {change.obstacle for change in differences(managed(provider()), environment(type=other))}
    assert any("can't be changed from or to" in obstacle for obstacle in obstacles)


def queue(**members) -> Existing:
    described = {
        "jobQueueName": "nightly",
        "state": "ENABLED",
        "status": "VALID",
        "priority": 10,
        "computeEnvironmentOrder": [
            {"order": 2, "computeEnvironment": "arn:aws:batch:us-east-1:123456789012:compute-environment/on-demand"},
            {"order": 1, "computeEnvironment": "arn:aws:batch:us-east-1:123456789012:compute-environment/spot"},
        ],
        **members,
    }
    return Existing("jobQueues", "nightly", "arn:…/nightly", described)


QUEUE = {
    "jobQueueName": "nightly",
    "state": "ENABLED",
    "priority": 10,
    "computeEnvironmentOrder": [
        {"order": 1, "computeEnvironment": "spot"},
        {"order": 2, "computeEnvironment": "on-demand"},
    ],
}


def test_a_queue_s_environments_go_by_name_or_arn():
    assert differences(QUEUE, queue()) == []


def test_a_queue_s_order_and_priority_change_in_place():
    swapped = [{"order": 3 - entry["order"], "computeEnvironment": entry["computeEnvironment"]}
               for entry in QUEUE["computeEnvironmentOrder"]]  # fmt: skip
    changes = differences(QUEUE | {"priority": 20, "computeEnvironmentOrder": swapped}, queue())
    assert {change.path for change in changes} == {("priority",), ("computeEnvironmentOrder",)}
    assert not any(change.obstacle for change in changes)


POLICY = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair"


def test_a_policy_is_swapped_in_place_and_neither_added_nor_taken_away():
    other = POLICY.replace("fair", "other")
    assert differences(QUEUE | {"schedulingPolicyArn": "fair"}, queue(schedulingPolicyArn=POLICY)) == []
    assert not only(differences(QUEUE | {"schedulingPolicyArn": POLICY}, queue(schedulingPolicyArn=other))).obstacle
    assert only(differences(QUEUE | {"schedulingPolicyArn": POLICY}, queue())).obstacle
    assert only(differences(QUEUE, queue(schedulingPolicyArn=POLICY))).obstacle


def test_a_time_limit_no_longer_said_is_taken_back():
    limit = {"reason": "X", "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    change = only(differences(QUEUE, queue(jobStateTimeLimitActions=[limit])))
    assert change.after == []


def definition(**members) -> dict:
    request = {"jobDefinitionName": "extract", "type": "container", **members}
    return {**request, "tags": {DIGEST: digest(request)}}


def described(request: dict) -> Existing:
    return Existing("jobDefinitions", "extract", "arn:…:1", {**request, "revision": 1, "parameters": {}})


def test_a_definition_is_another_when_its_request_is():
    one = definition(containerProperties={"image": "a", "command": ["x"]})
    other = definition(containerProperties={"image": "b", "command": ["x"]})
    assert differences(one, described(one)) == []
    assert only(differences(other, described(one))).path == ("containerProperties", "image")


def test_a_member_taken_out_of_a_definition_is_noticed():
    one, less = definition(timeout={"attemptDurationSeconds": 60}), definition()
    assert differences(less, described(one))


SHARES = {"fairsharePolicy": {"shareDecaySeconds": 60, "shareDistribution": [{"shareIdentifier": "a"}]}}


def test_shares_of_a_policy_change_in_place_and_its_kind_does_not():
    there = Existing("schedulingPolicies", "fair", "arn:…", {"name": "fair", **copy.deepcopy(SHARES)})
    longer = {"name": "fair", "fairsharePolicy": {**SHARES["fairsharePolicy"], "shareDecaySeconds": 600}}
    change = only(differences(longer, there))
    assert (change.path, change.before, change.after) == (("fairsharePolicy", "shareDecaySeconds"), 60, 600)
    assert not change.obstacle
    other = Existing("schedulingPolicies", "fair", "arn:…", {"name": "fair"})
    assert only(differences({"name": "fair", **SHARES}, other)).obstacle == "a policy keeps its kind"


def test_a_consumable_resource_has_another_quantity_in_place_and_no_other_type():
    there = Existing("consumableResources", "seat", "arn:…", {"consumableResourceName": "seat", "totalQuantity": 5,
                     "resourceType": "REPLENISHABLE"})  # fmt: skip
    assert differences({"consumableResourceName": "seat", "totalQuantity": 5}, there) == []
    change = only(differences({"consumableResourceName": "seat", "totalQuantity": 6}, there))
    assert (change.before, change.after, change.obstacle) == (5, 6, "")
    request = {"consumableResourceName": "seat", "totalQuantity": 5, "resourceType": "NON_REPLENISHABLE"}
    assert only(differences(request, there)).obstacle == "resourceType can't be changed"


def test_what_aws_takes_for_granted_and_does_not_describe_is_no_difference():
    there = environment()
    there.description["computeResources"].pop("minvCpus")
    assert differences(asked(minvCpus=0, bidPercentage=100), there) == []
    assert only(differences(asked(minvCpus=1), there)).before is None


FARGATE = {"type": "FARGATE", "maxvCpus": 64, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({"maxvCpus": 128}, ""),
        ({"subnets": ["subnet-9"]}, ""),  # on Fargate the network is changed in place whatever the role
        ({"type": "FARGATE_SPOT"}, "type can't be changed from or to Fargate"),
    ],
)
def test_on_fargate(change, obstacle):
    described = {"computeEnvironmentName": "f", "type": "MANAGED", "serviceRole": "arn:aws:iam::1:role/batch",
                 "computeResources": {**FARGATE, "allocationStrategy": "BEST_FIT"}}  # fmt: skip
    there = Existing("computeEnvironments", "f", "arn:…", described)
    request = {"computeEnvironmentName": "f", "type": "MANAGED",
               "computeResources": {**FARGATE, "allocationStrategy": "BEST_FIT", **change}}  # fmt: skip
    assert only(differences(request, there)).obstacle == obstacle


def test_tags_change_in_place():
    change = only(differences({**REQUEST, "tags": {"batchsim:scenario": "etl", "team": "x"}}, environment("role/x")))
    assert (change.path, change.before, change.after, change.obstacle) == (("tags", "team"), None, "x", "")


def test_the_digest_of_a_request_is_of_its_content_and_not_of_its_order():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1}) != digest({"a": 1, "b": [2, 1]})
