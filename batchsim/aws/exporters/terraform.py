"""Terraform's JSON syntax for the AWS provider (6.0 or newer); what neither section says is a variable.

Attributes are those of ``aws_batch_compute_environment``, ``aws_batch_job_queue``, ``aws_batch_job_definition`` and
``aws_batch_scheduling_policy``; compute environments of managed instances, which that provider does not know, are
``awscc_batch_compute_environment`` of the AWS Cloud Control provider. What has no attribute is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from batchsim.aws.deployment.deployable import Deployable, Missing, one_version_each, policy_name
from batchsim.aws.exporters.terraform_schedules import ignored_changes, schedule_blocks
from batchsim.aws.launch_templates import TERRAFORM, renumbered
from batchsim.aws.objects import OBJECTS
from batchsim.aws.schedules.schedule import Reference, schedules_of
from batchsim.aws.terraform import AS_JSON, ATTRIBUTES, AWSCC, NOT_WRITTEN, ROLES, Attributes, attributes_of
from batchsim.aws.terraform_launch_templates import DATA, DESCRIPTION, NAME, with_mapped_tags
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.batch.launch_templates import as_ec2, specifications
from batchsim.scenario.document.access import base_name, dig

_LISTS = ("subnets", "securityGroupIds")


def export(configuration: Deployable) -> dict[str, str]:
    """One file, ``main.tf.json``.

    Raises
    ------
    ScenarioError
        If the provider has no attribute for something that the configuration says, or EventBridge Scheduler can't say
        when something is updated.
    """
    planned = schedules_of(configuration)
    findings: list[Finding] = [
        *planned.findings,
        *(
            configuration.document.finding(
                ("batch", "consumableResources"), "not-in-terraform", "the AWS provider has no consumable resources"
            )
            for _ in configuration.batch["consumableResources"][:1]
        ),
    ]
    findings += one_version_each(configuration)
    variables: dict[str, Any] = {}
    resources: dict[str, dict[str, Any]] = {}
    if configuration.launch_templates.used:
        resources[TERRAFORM] = dict(_launch_templates(configuration, findings))
    for resource, label, block in _batch_resources(configuration, variables, findings):
        resources.setdefault(resource, {})[label] = block
    if findings:
        raise ScenarioError(findings)
    providers = _providers(resources)
    resources |= schedule_blocks(configuration, planned, lambda each: _arn(each, configuration), _escaped, _ACCOUNT)
    content = {
        "terraform": {"required_providers": providers},
        "provider": {name: {"region": configuration.region} for name in providers},
        **({"variable": variables} if variables else {}),
        **({"data": _DATA} if "${data." in json.dumps(resources) else {}),
        "resource": resources,
    }
    return {"main.tf.json": json.dumps(content, indent=2, ensure_ascii=False) + "\n"}


#: Terraform's providers: the second only where there are managed instances.
_PROVIDERS = {
    "aws": {"source": "hashicorp/aws", "version": ">= 6.0"},
    "awscc": {"source": "hashicorp/awscc", "version": ">= 1.106"},
}


def _providers(resources: Collection[str]) -> dict[str, dict[str, str]]:
    return {name: need for name, need in _PROVIDERS.items() if name == "aws" or AWSCC in resources}


def _batch_resources(
    configuration: Deployable, variables: dict[str, Any], findings: list[Finding]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The resources of AWS Batch: type, label and block."""
    for kind in ATTRIBUTES:
        for index, request in enumerate(configuration.batch[kind]):
            name = str(request[OBJECTS[kind].name_member])
            request = _request(kind, name, request, configuration, variables)
            place = ("batch", kind, index)

            def refuse(steps: tuple[str | int, ...], where: Any = place) -> None:
                attribute = NOT_WRITTEN.get(str(steps[-1]))
                message = f"the AWS provider has no attribute for {steps[-1]}"
                if attribute is not None:
                    message = f"batchsim does not write it for Terraform, whose provider has {attribute}"
                findings.append(configuration.document.finding((*where, *steps), "not-in-terraform", message))

            resource = _resource(kind, request)
            block = _block(request, attributes_of(resource, kind), (), refuse)
            if resource == AWSCC:
                # Named, it can't be replaced while it exists (CloudFormation, AWS::Batch::ComputeEnvironment).
                block["replace_compute_environment"] = False
            if ignored := ignored_changes(configuration, kind, index, resource):
                block["lifecycle"] = {"ignore_changes": ignored}
            yield resource, _label(name), block


def _launch_templates(configuration: Deployable, findings: list[Finding]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The launch templates that environments refer to, by their labels; what EC2 keeps in data stands beside names."""
    for name, version in configuration.launch_templates.used.items():
        request = as_ec2(configuration.launch_templates.request(name, configuration.tags))

        def refuse(steps: tuple[str | int, ...], where: Any = version.where) -> None:
            message = f"the AWS provider has no attribute for {steps[-1]}"
            place = (*where, "launchTemplateData", *steps)
            findings.append(configuration.document.finding(place, "not-in-terraform", message))

        block = with_mapped_tags(_block(request.get("LaunchTemplateData") or {}, DATA, (), refuse))
        own = [each for each in request.get("TagSpecifications", ()) if each["ResourceType"] == "launch-template"]
        tags = {tag["Key"]: tag.get("Value", "") for each in own for tag in each["Tags"]}
        yield (
            _label(name),
            {
                NAME: _escaped(name),
                **({DESCRIPTION: _escaped(request["VersionDescription"])} if "VersionDescription" in request else {}),
                **block,
                **({"tags": _escaped(tags)} if tags else {}),
            },
        )


#: What the ARN of a role is completed with.
_DATA: dict[str, dict[str, Any]] = {"aws_caller_identity": {"current": {}}, "aws_partition": {"current": {}}}
_ACCOUNT = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}"


def _resource(kind: str, request: dict[str, Any]) -> str:
    """The resource type of a request."""
    managed = dig(request, "computeResources", "type") == "ECS_MANAGED_INSTANCES"
    return AWSCC if managed else OBJECTS[kind].terraform


class _Expression(str):
    """A text that Terraform shall evaluate."""

    __slots__ = ()


def _request(
    kind: str, name: str, request: dict[str, Any], configuration: Deployable, variables: dict[str, Any]
) -> dict[str, Any]:
    """A request with variables for what is missing, and expressions for what the same file makes."""
    request = json.loads(json.dumps(request))
    if configuration.tags:
        request["tags"] = {**configuration.tags, **request.get("tags", {})}
    for lack in configuration.missing:
        if (lack.kind, lack.name) == (kind, name):
            target = request
            for step in lack.steps:
                target = target[step]  # type: ignore[index]
            target[lack.member] = _variable(lack, variables)
    if kind == "computeEnvironments":
        _complete_roles(request)
        for _, specification in specifications(request.get("computeResources")):
            title = configuration.launch_templates.title(specification)
            if title is not None:
                specification.pop("launchTemplateName", None)
                specification["launchTemplateId"] = _Expression(f"${{{TERRAFORM}.{_label(title)}.id}}")
                renumbered(specification)
    if kind == "jobQueues":
        request.setdefault("state", "ENABLED")  # the provider asks for it
        _refer(request, configuration)
    return request


def _complete_roles(environment: dict[str, Any]) -> None:
    resources = environment.get("computeResources", {})
    for holder in (environment, resources):
        for member in ROLES.keys() & holder.keys():
            holder[member] = _role(ROLES[member], holder[member])
    provider = resources.get("managedInstancesProvider", {})
    for holder, member, kind in (
        (provider, "infrastructureRoleArn", "role"),
        (provider.get("instanceLaunchTemplate", {}), "ec2InstanceProfileArn", "instance-profile"),
    ):
        if member in holder:
            holder[member] = _role(kind, holder[member])


def _refer(queue: dict[str, Any], configuration: Deployable) -> None:
    """Environments and a policy that the same file makes, as expressions; others stay as given."""
    environments = configuration.named("computeEnvironments")
    for entry in queue.get("computeEnvironmentOrder", []):
        environment = base_name(entry["computeEnvironment"])
        if environment in environments:
            entry["computeEnvironment"] = _arn(
                Reference("computeEnvironments", environment, environment), configuration
            )
    policy = policy_name(queue, [*configuration.named(_POLICIES)])
    if policy is not None:
        queue["schedulingPolicyArn"] = _arn(Reference(_POLICIES, policy, policy), configuration)


def _arn(reference: Reference, configuration: Deployable) -> _Expression:
    """The ARN of an object that the same file makes."""
    resource = _resource(reference.kind, configuration.named(reference.kind)[reference.name])
    attribute = "compute_environment_arn" if resource == AWSCC else "arn"
    return _Expression(f"${{{resource}.{_label(reference.name)}.{attribute}}}")


_POLICIES = "schedulingPolicies"


def _role(kind: str, role: str) -> str:
    """A role or an instance profile by its ARN, which is all that the provider takes."""
    if isinstance(role, _Expression) or role.startswith("arn:"):
        return role
    return _Expression(f"{_ACCOUNT}:{kind}/{role.lstrip('/')}")


def _variable(lack: Missing, variables: dict[str, Any]) -> _Expression:
    name = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", lack.parameter).lower()
    if lack.member == "image":
        name = f"image_{_label(lack.name)}"
    variables[name] = {"type": "list(string)" if lack.parameter in _LISTS else "string"}
    return _Expression(f"${{var.{name}}}")


def _label(name: str) -> str:
    """A Terraform identifier of a name: letters, digits, - and _, not beginning with a digit."""
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def _block(
    value: dict[str, Any], attributes: Attributes, steps: tuple[str | int, ...], refuse: Callable[..., None]
) -> dict[str, Any]:
    block = {}
    for member, content in value.items():
        attribute = attributes.get(member)
        if attribute is None:
            refuse((*steps, member))
        elif isinstance(attribute, str):
            block[attribute] = _escaped(content)
        elif attribute[1] == AS_JSON:
            block[attribute[0]] = _json_text(content)
        elif isinstance(content, list):
            block[attribute[0]] = [
                _block(item, attribute[1], (*steps, member, index), refuse) for index, item in enumerate(content)
            ]
        else:
            block[attribute[0]] = _block(content, attribute[1], (*steps, member), refuse)
    return block


def _escaped(value: Any) -> Any:
    """Values whose texts Terraform takes as they are: ``${`` begins an expression there."""
    if isinstance(value, _Expression):
        return str(value)
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value


def _json_text(value: Any) -> str:
    """A JSON document within a text; expressions in it are evaluated in their place."""
    return json.dumps(_escaped(value), ensure_ascii=False)
