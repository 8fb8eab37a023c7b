"""AWS Batch in the Terraform AWS provider: an attribute for each member of the API.

Of the provider's schema at version 6.62. Both ways, export and import, read this table.
"""

from __future__ import annotations

from typing import Any

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
