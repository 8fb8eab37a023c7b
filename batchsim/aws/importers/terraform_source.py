"""A resource of Terraform's AWS provider as a request of the API, whatever document it stands in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from batchsim.aws import launch_templates
from batchsim.aws.importers.coercion import Coercion
from batchsim.aws.importers.found_requests import FoundRequest, FoundSchedule
from batchsim.aws.importers.found_schedules import of_terraform
from batchsim.aws.importers.template_values import Unresolved
from batchsim.aws.objects import OBJECTS
from batchsim.aws.terraform import AS_JSON, AWSCC, NOT_WRITTEN, Attributes, attributes_of
from batchsim.aws.terraform_launch_templates import COMPUTED as OF_LAUNCH_TEMPLATES
from batchsim.aws.terraform_launch_templates import DATA, DESCRIPTION, NAME, with_listed_tags
from batchsim.errors import Finding, nearest
from batchsim.scenario.batch.ec2_model import DATA as EC2_DATA
from batchsim.scenario.batch.ec2_model import REQUEST, ec2_shape
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.batch.service_model import request_shape
from batchsim.scenario.document.document import Document, Where

#: The lists of a scenario by the providers' resource types.
KINDS = {kind.terraform: section for section, kind in OBJECTS.items() if kind.terraform} | {
    AWSCC: "computeEnvironments",
    launch_templates.TERRAFORM: SECTION,
}

#: Attributes that say nothing of a request: what AWS or the provider made of it.
COMPUTED = frozenset({
    "arn", "arn_prefix", "compute_environment_arn", "replace_compute_environment", "deregister_on_new_revision",
    "ecs_cluster_arn", "id", "name_prefix", "region", "revision",
    "status", "status_reason", "tags_all", "timeouts", "update_policy", "lifecycle", "depends_on", "provider", "count",
    "for_each", "provisioner", "connection",
})  # fmt: skip
#: Attributes by their names before version 6 of the provider.
FORMERLY = {"compute_environment_name": "name", "compute_environment_name_prefix": "name_prefix"}
#: A queue's environments before version 6 of the provider: a list in their order.
_FORMER_ORDER = "compute_environments"
#: Members of which a state says 0 where nobody said anything.
ZERO_IS_UNSET = frozenset({
    "bidPercentage", "desiredvCpus", "weightFactor", "attempts", "attemptDurationSeconds",
    # of launch templates
    "Iops", "Throughput", "VolumeSize", "VolumeInitializationRate", "CoreCount", "ThreadsPerCore", "PartitionNumber",
    "NetworkCardIndex", "HttpPutResponseHopLimit",
})  # fmt: skip

_UNSAID: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class TerraformResource:
    """A Batch resource of Terraform, of a type; `label` is what its expressions call it."""

    type: str
    label: str
    values: dict[str, Any]
    where: Where

    @property
    def kind(self) -> str:
        """Its list in the ``batch:`` section."""
        return KINDS[self.type]


class TerraformSource:
    """A document of Terraform that has resources.

    Attributes
    ----------
    findings : list of Finding
        About everything that was read so far.
    variables : tuple of str, optional
        The names of its variables; None where it has none that could be given.
    """

    variables: tuple[str, ...] | None = None

    def __init__(self, document: Document) -> None:
        self.findings: list[Finding] = []
        self._document = document

    def resources(self) -> Iterator[TerraformResource]:
        """The Batch resources, in their order."""
        raise NotImplementedError

    def schedules(self) -> Iterator[FoundSchedule]:
        """The schedules of EventBridge Scheduler, whatever they call."""
        raise NotImplementedError

    def _schedule(self, label: str, values: Mapping[str, Any], where: Where) -> FoundSchedule:
        return FoundSchedule(label, of_terraform(values), self._document.place(where))

    def request(self, resource: TerraformResource) -> FoundRequest:
        """A resource as a request."""
        kind = resource.kind
        if kind == SECTION:
            return self._launch_template(resource)
        attributes = attributes_of(resource.type, kind)
        request = self._members(resource.values, attributes, request_shape(kind), resource.where)
        name = name_of(resource.values)
        if name is None:
            name = request[OBJECTS[kind].name_member] = resource.label
            message = f"the name of {resource.label} is made by Terraform: it goes by its label"
            self._note(resource.where, "named-by-id", message)
        if kind == "jobQueues" and isinstance(resource.values.get(_FORMER_ORDER), list):
            entries = enumerate(resource.values[_FORMER_ORDER], 1)
            request["computeEnvironmentOrder"] = [{"order": at, "computeEnvironment": each} for at, each in entries]
        coercion = Coercion(self._document, kind, name, resource.where)
        coerced = coercion.request(request)
        self.findings += coercion.findings
        return FoundRequest(kind, name, coerced, self._document.place(resource.where))

    def _launch_template(self, resource: TerraformResource) -> FoundRequest:
        """A launch template: what EC2 keeps in its data stands beside its name here."""
        beside = (NAME, DESCRIPTION, "tags", *OF_LAUNCH_TEMPLATES)
        values = with_listed_tags({key: each for key, each in resource.values.items() if key not in beside})
        data = self._members(values, DATA, ec2_shape(EC2_DATA), resource.where)
        name = name_of(resource.values) or resource.label
        request = {"LaunchTemplateName": name, "LaunchTemplateData": data, **_beside_data(resource.values)}
        coercion = Coercion(self._document, resource.kind, name, resource.where, shape=ec2_shape(REQUEST))
        entry = launch_templates.imported({"LaunchTemplateData": {}, **coercion.request(request)})
        self.findings += coercion.findings
        id_ = resource.values.get("id")
        if isinstance(id_, str) and id_.startswith("lt-"):
            entry = {"launchTemplateId": id_, **entry}
        return FoundRequest(resource.kind, name, entry, self._document.place(resource.where))

    def _note(self, where: Where, code: str, message: str, **more: Any) -> None:
        self.findings.append(self._document.finding(where, code, message, **{"severity": "info", **more}))

    def _fault(self, where: Where, code: str, message: str, expected: str = "") -> None:
        self.findings.append(self._document.finding(where, code, message, expected=expected))

    def _deposed(self, label: str, where: Where) -> None:
        self._note(where, "left-out", f"left out: {label} is deposed: Terraform replaced it and is about to destroy it")

    def _members(self, values: dict[str, Any], attributes: Attributes, shape: Any, where: Where) -> dict[str, Any]:
        """The members of the API that attributes of the provider stand for."""
        known = _members_of(attributes)
        request: dict[str, Any] = {}
        for written, content in values.items():
            attribute = written if written in known else FORMERLY.get(written, written)
            if content in _UNSAID or attribute in COMPUTED or attribute == _FORMER_ORDER:
                continue
            member = known.get(attribute)
            if member is None:
                self._unknown(attribute, known, (*where, written))
            elif not _is_unset(member, content):
                value = self._member(content, attributes[member], shape.members[member], (*where, written))
                if value not in _UNSAID:
                    request[member] = value
        return request

    def _member(self, content: Any, attribute: Any, shape: Any, where: Where) -> Any:
        """What an attribute says: a plain value, a JSON document, or a block or several."""
        if isinstance(attribute, str):
            if shape.type_name == "list" and not isinstance(content, (list, Unresolved)):
                return self._not_a(content, "a list", where)
            return content
        _, nested = attribute
        return self._document_of(content, where) if nested == AS_JSON else self._blocks(content, nested, shape, where)

    def _blocks(self, content: Any, nested: Attributes, shape: Any, where: Where) -> Any:
        blocks = content if isinstance(content, list) else [content]
        odd = _no_block(blocks)
        if isinstance(odd, Unresolved):
            return odd
        if odd is not None:
            return self._not_a(odd, "a block", where)
        several = shape.type_name == "list"
        members = [
            self._members(block, nested, shape.member if several else shape, (*where, index))
            for index, block in enumerate(blocks)
            if block is not None
        ]
        return members if several else next(iter(members), None)

    def _document_of(self, content: Any, where: Where) -> Any:
        """The value of a JSON document in a text."""
        if not isinstance(content, str):
            return content
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            self._fault(where, "wrong-shape", f"not a JSON document: {error}")
            return None

    def _not_a(self, content: Any, expected: str, where: Where) -> None:
        self._fault(where, "wrong-type", f"{json.dumps(content)} is not {expected}", expected)

    def _unknown(self, attribute: str, known: Mapping[str, str], where: Where) -> None:
        if attribute in NOT_WRITTEN.values():
            member = next(each for each, name in NOT_WRITTEN.items() if name == attribute)
            message = f"batchsim does not read {attribute} from Terraform"
            self._fault(where, "not-simulated", message, f"the request or the description, whose {member} is kept")
        else:
            message = f"left out: batchsim knows no attribute {attribute}"
            self._note(where, "left-out", message, suggestion=nearest(attribute, known), key=True)


def _beside_data(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a launch template says of itself, as EC2 spells it."""
    said: dict[str, Any] = {}
    if isinstance(description := values.get(DESCRIPTION), str) and description:
        said["VersionDescription"] = description
    tags = values.get("tags")
    if isinstance(tags, dict) and tags:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        said["TagSpecifications"] = [{"ResourceType": "launch-template", "Tags": listed}]
    return said


def _members_of(attributes: Attributes) -> dict[str, str]:
    """The members of the API by the attributes that stand for them."""
    return {each if isinstance(each, str) else each[0]: member for member, each in attributes.items()}


def _no_block(blocks: list[Any]) -> Any:
    """What stands where a block should, first of all what is not known; None where there are blocks only."""
    odd = [block for block in blocks if block is not None and not isinstance(block, dict)]
    return next((each for each in odd if isinstance(each, Unresolved)), next(iter(odd), None))


def _is_unset(member: str, content: Any) -> bool:
    return member in ZERO_IS_UNSET and content == 0 and content is not False


def name_of(values: Mapping[str, Any]) -> str | None:
    """The name that a resource is given; None for one that Terraform makes."""
    written = (values.get(attribute) for attribute in NAME_ATTRIBUTES)
    return next((each for each in written if isinstance(each, str) and each), None)


#: The attribute that names a resource, and what it was called before.
NAME_ATTRIBUTES = ("name", *(old for old, new in FORMERLY.items() if new == "name"))


def label_of(resource: Mapping[str, Any]) -> str:
    """What a resource without a name goes by: its label, and which of several it is."""
    label = str(resource.get("name"))
    return re.sub(r"[^\w-]", "-", f"{label}-{resource['index']}") if "index" in resource else label


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings in a list; none in anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
