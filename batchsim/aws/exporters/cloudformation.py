"""A CloudFormation template; what neither section says is a parameter of it.

Environments are named, and a named one can't be replaced while it exists: they are updated in place
(``ReplaceComputeEnvironment: false``; CloudFormation, AWS::Batch::ComputeEnvironment).
"""

from __future__ import annotations

import io
import re
from typing import Any

from batchsim.aws.cloudformation_names import free_logical_id, property_of, to_cloudformation
from batchsim.aws.deployment.deployable import Deployable, one_version_each, policy_name
from batchsim.aws.exporters.cloudformation_schedules import schedule_resources
from batchsim.aws.launch_templates import CLOUDFORMATION
from batchsim.aws.objects import OBJECTS
from batchsim.errors import ScenarioError
from batchsim.scenario.batch.launch_templates import DEFAULT, LATEST, SECTION, as_ec2, canonical
from batchsim.scenario.document.access import base_name, dig

#: Member → CloudFormation's type of the parameter that asks for it, and what it is.
_PARAMETERS = {
    "subnets": ("List<AWS::EC2::Subnet::Id>", "Subnets of the compute environments"),
    "securityGroupIds": ("List<AWS::EC2::SecurityGroup::Id>", "Security groups of the compute environments"),
    "instanceRole": ("String", "Instance profile of the instances (name or ARN)"),
    "infrastructureRoleArn": ("String", "Role with which ECS launches managed instances (ARN)"),
    "ec2InstanceProfileArn": ("String", "Instance profile of the managed instances (ARN)"),
    "serviceRole": ("String", "Service role of AWS Batch (ARN)"),
    "spotIamFleetRole": ("String", "Role of the Spot fleet (ARN)"),
    "executionRoleArn": ("String", "Role with which Fargate pulls images and writes logs (ARN)"),
    "image": ("String", "Container image"),
}


def export(configuration: Deployable) -> dict[str, str]:
    """One file, ``template.yaml``.

    Raises
    ------
    ScenarioError
        If EventBridge Scheduler can't say when something is updated, or environments use several versions of a launch
        template.
    """
    if clashing := one_version_each(configuration):
        raise ScenarioError(clashing)
    logical = _logical_ids(configuration)
    parameters: dict[str, Any] = {}
    resources: dict[str, Any] = {
        logical[SECTION, name]: {
            "Type": CLOUDFORMATION,
            "Properties": as_ec2(configuration.launch_templates.request(name, configuration.tags)),
        }
        for name in configuration.launch_templates.used
    }
    for kind in OBJECTS:
        for name, request in configuration.named(kind).items():
            properties = to_cloudformation(_request(kind, request, configuration), kind)
            for lack in configuration.missing:
                if (lack.kind, lack.name) == (kind, name):
                    parameter = _parameter(lack.parameter, name, logical[kind, name], parameters)
                    _at(properties, lack.steps)[property_of(lack.member)] = {"Ref": parameter}
            _refer(kind, properties, logical, configuration)
            _complete_roles(properties)
            resources[logical[kind, name]] = {"Type": OBJECTS[kind].cloudformation, "Properties": properties}
    resources |= schedule_resources(configuration, logical)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"AWS Batch configuration of the scenario {configuration.name}",
        **({"Parameters": parameters} if parameters else {}),
        "Resources": resources,
        "Outputs": {
            f"{logical['jobQueues', name]}Arn": {"Value": {"Ref": logical["jobQueues", name]}}
            for name in configuration.named("jobQueues")
        },
    }
    return {"template.yaml": _yaml(template)}


def _request(kind: str, request: dict[str, Any], configuration: Deployable) -> dict[str, Any]:
    """A request with what CloudFormation wants said and the API takes for granted."""
    if configuration.tags:
        request = {**request, "tags": {**configuration.tags, **request.get("tags", {})}}
    if kind == "computeEnvironments" and request.get("type") == "MANAGED":
        return {**request, "ReplaceComputeEnvironment": False}
    if kind == "consumableResources":
        return {"resourceType": "REPLENISHABLE", **request}
    return request


def _parameter(member: str, name: str, logical_id: str, parameters: dict[str, Any]) -> str:
    """The name of the template's parameter for a member; images differ from one definition to the next."""
    parameter = property_of(member)
    kind, description = _PARAMETERS[member]
    if member == "image":
        parameter, description = f"{logical_id}Image", f"Container image of {name}"
    parameters[parameter] = {"Type": kind, "Description": description}
    return parameter


def _refer(kind: str, properties: dict[str, Any], logical: dict[tuple[str, str], str], all_: Deployable) -> None:
    """References between resources of the template, which tell CloudFormation the order too; others stay as given."""
    if kind == "computeEnvironments":
        _refer_to_launch_templates(properties, logical, all_)
    if kind == "jobQueues":
        for entry in properties.get("ComputeEnvironmentOrder", []):
            environment = ("computeEnvironments", base_name(entry["ComputeEnvironment"]))
            if environment in logical:
                entry["ComputeEnvironment"] = {"Ref": logical[environment]}
        policy = policy_name({"schedulingPolicyArn": properties.get("SchedulingPolicyArn")}, [*all_.named(_POLICIES)])
        if policy is not None:
            properties["SchedulingPolicyArn"] = {"Ref": logical[_POLICIES, policy]}
    for entry in dig(properties, "ConsumableResourceProperties", "ConsumableResourceList") or []:
        resource = ("consumableResources", base_name(entry.get("ConsumableResource")))
        if resource in logical:
            entry["ConsumableResource"] = {"Ref": logical[resource]}


def _refer_to_launch_templates(
    properties: dict[str, Any], logical: dict[tuple[str, str], str], all_: Deployable
) -> None:
    given = dig(properties, "ComputeResources", "LaunchTemplate")
    for each in (given, *(dig(given, "Overrides") or ())) if isinstance(given, dict) else ():
        specification = canonical({key: value for key, value in each.items() if key != "Overrides"})
        title = all_.launch_templates.title(specification)
        if title is not None:
            each.pop("LaunchTemplateName", None)
            each["LaunchTemplateId"] = {"Ref": logical[SECTION, title]}
            if str(each.get("Version") or DEFAULT) not in (DEFAULT, LATEST):
                each["Version"] = LATEST


def _complete_roles(properties: dict[str, Any]) -> None:
    """Roles by their ARNs: CloudFormation's schema of these properties wants them, where AWS Batch takes names too."""
    resources = properties.get("ComputeResources", {})
    provider = resources.get("ManagedInstancesProvider", {})
    for holder, member, kind in (
        (properties, "ServiceRole", "role"),
        (resources, "SpotIamFleetRole", "role"),
        (provider, "InfrastructureRoleArn", "role"),
        (provider.get("InstanceLaunchTemplate", {}), "Ec2InstanceProfileArn", "instance-profile"),
    ):
        name = holder.get(member)
        if isinstance(name, str) and not name.startswith("arn:"):
            arn = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{kind}/{name.lstrip('/')}"
            holder[member] = {"Fn::Sub": arn}


_POLICIES = "schedulingPolicies"


def _logical_ids(configuration: Deployable) -> dict[tuple[str, str], str]:
    """Alphanumeric ids, each once; a name that several resources share gets its kind behind it."""
    ids: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    names = {SECTION: list(configuration.launch_templates.used)} | {
        kind: list(configuration.named(kind)) for kind in OBJECTS
    }
    for kind in (*OBJECTS, SECTION):
        suffix = "LaunchTemplate" if kind == SECTION else OBJECTS[kind].noun
        for name in names[kind]:
            plain = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name)) or suffix
            ids[kind, name] = free_logical_id(plain, taken, suffix)
    return ids


def _at(properties: dict[str, Any], steps: tuple[str | int, ...]) -> dict[str, Any]:
    for step in steps:
        properties = properties[step if isinstance(step, int) else property_of(step)]  # type: ignore[index]
    return properties


#: What every YAML reader takes for a text; CloudFormation reads YAML 1.1, in which `no`, `on` and 12:30 are not.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z][A-Za-z0-9_./-]*)*")
_NOT_TEXT = frozenset({"y", "yes", "n", "no", "true", "false", "on", "off", "null"})


def _yaml(template: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the order in which people write templates
    yaml.width = 120

    def text(representer: Any, value: str) -> Any:
        plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT
        return representer.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')

    yaml.representer.add_representer(str, text)
    # Values that stand in two places are written out in both: templates know no aliases.
    yaml.representer.ignore_aliases = lambda _: True
    stream = io.StringIO()
    yaml.dump(template, stream)
    return stream.getvalue()
