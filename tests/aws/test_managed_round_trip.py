"""Managed instances go out in each format that knows them, and come back as they were, member by member."""

from __future__ import annotations

import copy
import json

import pytest

import batchsim as bs
from batchsim.aws.exporters import FORMATS, export
from batchsim.aws.importers.config import import_config
from batchsim.aws.terraform import awscc_attributes
from batchsim.scenario.batch.service_model import shape_named
from batchsim.scenario.loading import from_mapping
from tests.aws.configurations import DEPLOYMENT, everything, managed, prepared
from tests.aws.exporters.test_export import lint
from tests.scenarios.rules.base import found

ROLE = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
PROFILE = "arn:aws:iam::123456789012:instance-profile/ecsInstanceRoleForManagedInstances"
NETWORK = {"subnets": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"], "securityGroups": ["sg-0a1b2c3d"]}
GROUP = "arn:aws:resource-groups:us-east-1:123456789012:group/reserved"
#: A value for each member of the shapes that make managed instances.
MEMBERS = {
    "ManagedInstancesProvider.propagateTags": {"propagateTags": "CAPACITY_PROVIDER"},
    "ManagedInstancesProvider.infrastructureRoleArn": {"infrastructureRoleArn": f"{ROLE}2"},
    "ManagedInstancesProvider.instanceLaunchTemplate": {},
    "ManagedInstancesProvider.infrastructureOptimization": {},
    "InfrastructureOptimization.scaleInAfter": {"infrastructureOptimization": {"scaleInAfter": -1}},
    **{
        member: {"instanceLaunchTemplate": {member.partition(".")[2]: value}}
        for member, value in {
            "InstanceLaunchTemplate.ec2InstanceProfileArn": f"{PROFILE}2",
            "InstanceLaunchTemplate.networkConfiguration": NETWORK,
            "InstanceLaunchTemplate.instanceRequirements": {"allowedInstanceTypes": ["c6i", "m6i.4xlarge"]},
            "InstanceLaunchTemplate.capacityOptionType": "ON_DEMAND",
            "InstanceLaunchTemplate.storageConfiguration": {"storageSizeGiB": 100},
            "InstanceLaunchTemplate.monitoring": "DETAILED",
            "InstanceLaunchTemplate.fipsEnabled": False,
            "InstanceLaunchTemplate.capacityReservations": {
                "reservationPreference": "RESERVATIONS_FIRST", "reservationGroupArn": GROUP,
            },
            "InstanceLaunchTemplate.instanceMetadataTagsPropagation": True,
            "InstanceLaunchTemplate.localStorageConfiguration": {"useLocalStorage": True},
        }.items()
    },
}  # fmt: skip


def test_each_member_is_sent_round():
    shapes = ("ManagedInstancesProvider", "InfrastructureOptimization", "InstanceLaunchTemplate")
    assert set(MEMBERS) == {f"{shape}.{member}" for shape in shapes for member in shape_named(shape).members}


def scenario(member: str) -> dict:
    given = copy.deepcopy(MEMBERS[member])
    values = managed(**given.pop("instanceLaunchTemplate", {}), provider=given)
    values["batch"]["computeEnvironments"][0]["computeResources"]["capacityTags"] = {"team": "data"}
    values["batch"]["jobQueues"][0]["state"] = "ENABLED"  # which Terraform's provider asks for
    del values["deployment"]
    return values


def as_described(batch: dict) -> dict:
    """What DescribeComputeEnvironments and its like would answer of it."""
    described = copy.deepcopy(batch)
    for environment in described["computeEnvironments"]:
        environment |= {"computeEnvironmentArn": "arn:…", "status": "VALID", "ecsClusterArn": "arn:…", "uuid": "u"}
        # AWS describes lists that were not given as empty.
        environment["computeResources"] |= {"instanceTypes": [], "subnets": [], "securityGroupIds": []}
    return described


def expected(values: dict) -> dict:
    return {kind: requests for kind, requests in prepared(values).batch.items() if requests}


@pytest.mark.parametrize("member", MEMBERS)
def test_out_and_back(member, tmp_path):
    values = scenario(member)
    batch = expected(values)
    (tmp_path / "described.json").write_text(json.dumps(as_described(batch)))
    assert import_config([tmp_path / "described.json"]).batch == batch
    for format_ in FORMATS:
        folder = tmp_path / format_
        for name, text in export(prepared({**values, "batch": batch}), format_).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert import_config([folder]).batch == batch, format_
    assert not [finding for finding in found(values) if finding.severity == "error"]
    assert bs.run(from_mapping({**values, "batch": batch})).summary["jobs"]["succeeded"] == 1


def test_cfn_lint_finds_nothing_in_managed_instances():
    values = managed()
    for member in MEMBERS.values():
        (environment, _) = values["batch"]["computeEnvironments"]
        provider = environment["computeResources"]["managedInstancesProvider"]
        provider |= {**member, "instanceLaunchTemplate": {
            **provider["instanceLaunchTemplate"], **member.get("instanceLaunchTemplate", {})}}  # fmt: skip
    assert lint(export(prepared(values), "cloudformation")["template.yaml"]) == []


def bare() -> dict:
    """Managed instances that say what a simulation needs, and nothing else."""
    values = managed()
    for environment in values["batch"]["computeEnvironments"]:
        launched = environment["computeResources"]["managedInstancesProvider"]["instanceLaunchTemplate"]
        option = {"capacityOptionType": launched["capacityOptionType"]} if "capacityOptionType" in launched else {}
        given = {"instanceLaunchTemplate": option} if option else {}
        environment["computeResources"]["managedInstancesProvider"] = given
    return values


def test_the_deployment_section_gives_roles_and_network():
    values = bare()
    values["deployment"] |= {"infrastructureRoleArn": ROLE, "ec2InstanceProfileArn": PROFILE}
    for environment in prepared(values).batch["computeEnvironments"]:
        provider = environment["computeResources"]["managedInstancesProvider"]
        assert provider["infrastructureRoleArn"] == ROLE
        assert provider["instanceLaunchTemplate"]["ec2InstanceProfileArn"] == PROFILE
        assert provider["instanceLaunchTemplate"]["networkConfiguration"] == {
            "subnets": DEPLOYMENT["subnets"],
            "securityGroups": DEPLOYMENT["securityGroupIds"],
        }
        # EC2's own members are not filled in.
        assert set(environment["computeResources"]) == {"type", "maxvCpus", "managedInstancesProvider"}


def test_a_template_asks_for_roles_and_network():
    values = bare()
    del values["deployment"]
    text = export(prepared(values), "cloudformation")["template.yaml"]
    assert lint(text) == []
    for parameter in ("InfrastructureRoleArn", "Ec2InstanceProfileArn", "Subnets", "SecurityGroupIds"):
        assert text.count(f"Ref: {parameter}\n") == 2
    with pytest.raises(bs.ScenarioError) as caught:
        export(prepared(values), "boto3")
    assert [finding.message.partition(" ")[0] for finding in caught.value.findings] == 2 * [
        "infrastructureRoleArn", "ec2InstanceProfileArn", "subnets", "securityGroups",
    ]  # fmt: skip


def test_names_of_roles_become_arns_in_a_template():
    values = bare()
    values["deployment"] |= {"infrastructureRoleArn": "ecsInfrastructureRole", "ec2InstanceProfileArn": "managed"}
    text = export(prepared(values), "cloudformation")["template.yaml"]
    assert "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/ecsInfrastructureRole" in text
    assert "arn:${AWS::Partition}:iam::${AWS::AccountId}:instance-profile/managed" in text
    assert lint(text) == []


CDK = {
    "Infrastructure": {"Type": "AWS::IAM::Role", "Properties": {}},
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Managed": {
        "Type": "AWS::Batch::ComputeEnvironment",
        "Properties": {
            "Type": "managed",
            "ComputeEnvironmentName": "managed",
            "ReplaceComputeEnvironment": False,
            "ComputeResources": {
                "Type": "ECS_MANAGED_INSTANCES",
                "MaxvCpus": 64,
                "ManagedInstancesProvider": {
                    "InfrastructureRoleArn": {"Fn::GetAtt": ["Infrastructure", "Arn"]},
                    "InstanceLaunchTemplate": {
                        "Ec2InstanceProfileArn": {"Fn::GetAtt": ["Profile", "Arn"]},
                        "NetworkConfiguration": {
                            "Subnets": [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}],
                            "SecurityGroups": [{"Fn::GetAtt": ["Group", "GroupId"]}],
                        },
                    },
                },
            },
        },
    },
}


def imported(tmp_path, **provider):
    template = copy.deepcopy(CDK)
    properties = template["Managed"]["Properties"]["ComputeResources"]["ManagedInstancesProvider"]
    for member, value in provider.items():
        properties[member] = value
    for name, kind in (("Profile", "IAM::InstanceProfile"), ("SubnetA", "EC2::Subnet"), ("SubnetB", "EC2::Subnet")):
        template[name] = {"Type": f"AWS::{kind}", "Properties": {}}
    template["Group"] = {"Type": "AWS::EC2::SecurityGroup", "Properties": {}}
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Parameters": {"Wait": {"Type": "Number"}}, "Resources": template}))
    return import_config([path])


def test_a_stack_whose_roles_and_network_only_aws_knows(tmp_path):
    """As a CDK app synthesises it: the provider stays, though nothing of it is known."""
    made = imported(tmp_path)
    (environment,) = made.batch["computeEnvironments"]
    assert environment["computeResources"] == {
        "type": "ECS_MANAGED_INSTANCES", "maxvCpus": 64, "managedInstancesProvider": {},
    }  # fmt: skip
    told = {finding.path.rpartition(".")[2]: finding for finding in made.notes if finding.code == "left-out"}
    for member, given_by in (
        ("infrastructureRoleArn", "infrastructureRoleArn"),
        ("ec2InstanceProfileArn", "ec2InstanceProfileArn"),
        ("subnets", "subnets"),
        ("securityGroups", "securityGroupIds"),
    ):
        assert f"{given_by} in a deployment section" in told[member].expected


def test_what_decides_and_is_not_known_is_asked_for(tmp_path):
    with pytest.raises(bs.ScenarioError, match="scaleInAfter is not known"):
        imported(tmp_path, InfrastructureOptimization={"ScaleInAfter": {"Ref": "Wait"}})


#: The attributes of `awscc_batch_compute_environment` in version 1.106 of the provider, those for EKS left out.
AWSCC = [
    "allocation_strategy",
    "allowed_instance_types",
    "batch_image_status",
    "bid_percentage",
    "capacity_option_type",
    "capacity_reservations",
    "capacity_tags",
    "compute_environment_name",
    "compute_resources",
    "container_insights",
    "context",
    "desiredv_cpus",
    "ec_2_configuration",
    "ec_2_instance_profile_arn",
    "ec_2_key_pair",
    "ecs_settings",
    "fips_enabled",
    "image_id",
    "image_id_override",
    "image_kubernetes_version",
    "image_type",
    "infrastructure_optimization",
    "infrastructure_role_arn",
    "instance_launch_template",
    "instance_metadata_tags_propagation",
    "instance_requirements",
    "instance_role",
    "instance_types",
    "launch_template",
    "launch_template_id",
    "launch_template_name",
    "local_storage_configuration",
    "managed_instances_provider",
    "maxv_cpus",
    "min_scale_down_delay_minutes",
    "minv_cpus",
    "monitoring",
    "network_configuration",
    "overrides",
    "placement_group",
    "propagate_tags",
    "reservation_group_arn",
    "reservation_preference",
    "scale_in_after",
    "scaling_policy",
    "security_group_ids",
    "security_groups",
    "service_role",
    "spot_iam_fleet_role",
    "state",
    "storage_configuration",
    "storage_size_gi_b",
    "subnets",
    "tags",
    "target_instance_types",
    "type",
    "unmanagedv_cpus",
    "use_local_storage",
    "userdata_type",
    "version",
]


def spelled(attributes) -> set[str]:
    """Every attribute of a table and of the tables in it."""
    names = set()
    for attribute in attributes.values():
        names |= {attribute} if isinstance(attribute, str) else {attribute[0], *spelled(attribute[1])}
    return names


def test_the_attributes_are_those_of_the_cloud_control_provider():
    known = spelled(awscc_attributes())
    assert set(AWSCC) - known == set()
    on_eks = {"eks_configuration", "eks_cluster_arn", "kubernetes_namespace", "access_entry", "desired_state", "status"}
    assert known - set(AWSCC) <= on_eks


def terraform(values: dict) -> dict:
    return json.loads(export(prepared(values), "terraform")["main.tf.json"])


def test_terraform_has_managed_instances_of_a_provider_of_their_own():
    made = terraform(managed())
    assert set(made["terraform"]["required_providers"]) == set(made["provider"]) == {"aws", "awscc"}
    spot = made["resource"]["awscc_batch_compute_environment"]["spot"]
    assert spot["replace_compute_environment"] is False
    assert spot["compute_resources"]["maxv_cpus"] == 64
    launched = spot["compute_resources"]["managed_instances_provider"]["instance_launch_template"]
    assert (launched["capacity_option_type"], launched["ec_2_instance_profile_arn"]) == ("SPOT", PROFILE)
    order = made["resource"]["aws_batch_job_queue"]["nightly"]["compute_environment_order"]
    assert [entry["compute_environment"] for entry in order] == [
        f"${{awscc_batch_compute_environment.{name}.compute_environment_arn}}" for name in ("on-demand", "spot")
    ]


def test_without_managed_instances_there_is_one_provider():
    values = everything()
    del values["batch"]["consumableResources"]
    values["batch"]["jobDefinitions"] = values["batch"]["jobDefinitions"][:2]
    for environment in values["batch"]["computeEnvironments"]:
        environment["computeResources"].pop("scalingPolicy", None)
    assert set(terraform(values)["provider"]) == {"aws"}


def test_terraform_asks_for_roles_and_network():
    values = bare()
    del values["deployment"]
    made = terraform(values)
    assert set(made["variable"]) == {
        "infrastructure_role_arn", "ec2_instance_profile_arn", "subnets", "security_group_ids",
    }  # fmt: skip
    assert made["variable"]["security_group_ids"] == {"type": "list(string)"}


def planned(values: dict) -> dict:
    """What `terraform show -json` prints of a plan of it: what another resource has is known after the apply."""
    made = terraform(values)
    resources, changes, configured = [], [], []
    for kind, blocks in made["resource"].items():
        for name, block in blocks.items():
            resource = {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name}
            written, unknown = block, {"id": True}
            if kind == "aws_batch_job_queue":
                order = block["compute_environment_order"]
                references = [[entry["compute_environment"][2:-1]] for entry in order]
                unknown["compute_environment_order"] = [{"compute_environment": True} for _ in order]
                block = {**block, "compute_environment_order": [{"order": entry["order"]} for entry in order]}
                written = {"compute_environment_order": [
                    {"compute_environment": {"references": each}} for each in references]}  # fmt: skip
            if kind == "awscc_batch_compute_environment":
                unknown["compute_environment_arn"] = True
                # The provider shows whatever it has an attribute for.
                block = {**block, "context": None, "unmanagedv_cpus": None}
            resources.append({**resource, "values": block})
            changes.append({**resource, "change": {"actions": ["create"], "after_unknown": unknown}})
            configured.append({**resource, "expressions": written})
    root = {"root_module": {"resources": resources}}
    return {
        "format_version": "1.2",
        "planned_values": root,
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }


@pytest.mark.parametrize(
    "member", ["InstanceLaunchTemplate.storageConfiguration", "InfrastructureOptimization.scaleInAfter"]
)
def test_a_plan_of_terraform_says_the_same(member, tmp_path):
    values = scenario(member)
    (tmp_path / "plan.json").write_text(json.dumps(planned(values)))
    assert import_config([tmp_path / "plan.json"]).batch == expected(values)


def test_what_the_cloud_control_provider_says_and_nobody_knows_is_left_out_by_name(tmp_path):
    made = terraform(managed())
    made["resource"]["awscc_batch_compute_environment"]["spot"]["compute_resources"]["maxv_cpu"] = 4
    (tmp_path / "main.tf.json").write_text(json.dumps(made))
    (told,) = [each for each in import_config([tmp_path / "main.tf.json"]).notes if each.code == "left-out"]
    assert "maxv_cpu" in told.message
    assert told.suggestion == "maxv_cpus"
