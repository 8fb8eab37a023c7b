"""AWS Batch in Terraform's providers: an attribute for each member of the API.

Of the schema of ``hashicorp/aws`` at version 6.62, which has no managed instances: those are resources of
``hashicorp/awscc`` (1.106), whose attributes are the properties of CloudFormation in another spelling. Both ways,
export and import, read these tables.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from batchsim.aws.cloudformation_names import property_of
from batchsim.scenario.batch.service_model import request_shape

#: API member → attribute of the provider, a nested table, or how its value is written.
Attributes = dict[str, Any]

#: The value is a JSON document in a text.
AS_JSON = "as JSON"
_RETRY: Attributes = {
    "attempts": "attempts",
    "evaluateOnExit": (
        "evaluate_on_exit",
        {
            "action": "action",
            "onExitCode": "on_exit_code",
            "onReason": "on_reason",
            "onStatusReason": "on_status_reason",
        },
    ),
}
_COMPUTE: Attributes = {
    "type": "type",
    "allocationStrategy": "allocation_strategy",
    "bidPercentage": "bid_percentage",
    "minvCpus": "min_vcpus",
    "maxvCpus": "max_vcpus",
    "desiredvCpus": "desired_vcpus",
    "instanceTypes": "instance_type",
    "subnets": "subnets",
    "securityGroupIds": "security_group_ids",
    "instanceRole": "instance_role",
    "spotIamFleetRole": "spot_iam_fleet_role",
    "ec2KeyPair": "ec2_key_pair",
    "imageId": "image_id",
    "placementGroup": "placement_group",
    "tags": "tags",
    "launchTemplate": (
        "launch_template",
        {"launchTemplateId": "launch_template_id", "launchTemplateName": "launch_template_name", "version": "version"},
    ),
    "ec2Configuration": (
        "ec2_configuration",
        {
            "imageType": "image_type",
            "imageIdOverride": "image_id_override",
            "imageKubernetesVersion": "image_kubernetes_version",
        },
    ),
}
ATTRIBUTES: dict[str, Attributes] = {
    "schedulingPolicies": {
        "name": "name",
        "tags": "tags",
        "fairsharePolicy": (
            "fair_share_policy",
            {
                "computeReservation": "compute_reservation",
                "shareDecaySeconds": "share_decay_seconds",
                "shareDistribution": (
                    "share_distribution",
                    {"shareIdentifier": "share_identifier", "weightFactor": "weight_factor"},
                ),
            },
        ),
    },
    "computeEnvironments": {
        "computeEnvironmentName": "name",
        "type": "type",
        "state": "state",
        "serviceRole": "service_role",
        "tags": "tags",
        "computeResources": ("compute_resources", _COMPUTE),
    },
    "jobQueues": {
        "jobQueueName": "name",
        "priority": "priority",
        "state": "state",
        "schedulingPolicyArn": "scheduling_policy_arn",
        "tags": "tags",
        "computeEnvironmentOrder": (
            "compute_environment_order",
            {"order": "order", "computeEnvironment": "compute_environment"},
        ),
        "jobStateTimeLimitActions": (
            "job_state_time_limit_action",
            {"reason": "reason", "state": "state", "maxTimeSeconds": "max_time_seconds", "action": "action"},
        ),
    },
    "jobDefinitions": {
        "jobDefinitionName": "name",
        "type": "type",
        "parameters": "parameters",
        "platformCapabilities": "platform_capabilities",
        "propagateTags": "propagate_tags",
        "schedulingPriority": "scheduling_priority",
        "tags": "tags",
        "timeout": ("timeout", {"attemptDurationSeconds": "attempt_duration_seconds"}),
        "retryStrategy": ("retry_strategy", _RETRY),
        "containerProperties": ("container_properties", AS_JSON),
        "nodeProperties": ("node_properties", AS_JSON),
        "ecsProperties": ("ecs_properties", AS_JSON),
    },
}

#: Members that the provider has an attribute for, and which batchsim neither writes nor reads.
NOT_WRITTEN = {"eksProperties": "eks_properties", "eksConfiguration": "eks_configuration"}

#: Members that hold a role's or an instance profile's name or ARN → the word in the ARN; the provider takes ARNs only
#: (its schema validates them), AWS takes both (API ComputeResource.instanceRole, CreateComputeEnvironment.serviceRole).
ROLES = {"serviceRole": "role", "spotIamFleetRole": "role", "instanceRole": "instance-profile"}

#: The resource type of compute environments in the provider that is made from CloudFormation's schemas.
AWSCC = "awscc_batch_compute_environment"


def attributes_of(resource: str, kind: str) -> Attributes:
    """The attributes of a resource type; `kind` is its list in the ``batch:`` section."""
    return awscc_attributes() if resource == AWSCC else ATTRIBUTES[kind]


@cache
def awscc_attributes() -> Attributes:
    """The attributes of a compute environment of ``hashicorp/awscc``."""
    return _spelled(request_shape("computeEnvironments"))


def _spelled(shape: Any) -> Attributes:
    """The attributes of a shape, with those of structures within."""
    spelled: Attributes = {}
    for member, inner in shape.members.items():
        attribute = awscc_attribute(member)
        while inner.type_name == "list":
            inner = inner.member
        spelled[member] = (attribute, _spelled(inner)) if inner.type_name == "structure" else attribute
    return spelled


def awscc_attribute(member: str) -> str:
    """A member as ``hashicorp/awscc`` spells it: a figure is a word of its own.

    Examples
    --------
    >>> awscc_attribute("maxvCpus"), awscc_attribute("ec2KeyPair"), awscc_attribute("storageSizeGiB")
    ('maxv_cpus', 'ec_2_key_pair', 'storage_size_gi_b')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])", "_", property_of(member)).lower()
