"""Coercing what a template says to the shapes of the API: texts where texts belong, and what is not known left out.

CloudFormation converts numbers, texts and truth values to what a property wants. What is unresolved is asked for where
it decides when a job runs or what it costs, and left out with a note elsewhere: roles, networks, images and the like
differ from account to account anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from batchsim.aws.importers.found_requests import REFERENCES
from batchsim.aws.importers.template_values import NO_VALUE, Unresolved, text_of
from batchsim.aws.objects import OBJECTS
from batchsim.aws.terraform import ROLES
from batchsim.errors import Finding
from batchsim.scenario.batch.service_model import request_shape
from batchsim.scenario.document.document import Document, Place, Where

#: Members that decide when a job runs or what it costs, with everything in them.
DECISIVE = frozenset({
    *(kind.name_member for kind in OBJECTS.values() if kind.name_member != "name"),
    # compute environments
    "type", "state", "unmanagedvCpus", "allocationStrategy", "minvCpus", "maxvCpus", "desiredvCpus", "instanceTypes",
    "bidPercentage", "placementGroup", "scalingPolicy", "eksConfiguration", "instanceRequirements",
    "capacityOptionType", "storageConfiguration", "reservationPreference", "infrastructureOptimization",
    # queues and policies
    "priority", "computeEnvironmentOrder", "serviceEnvironmentOrder", "schedulingPolicyArn", "jobStateTimeLimitActions",
    "fairsharePolicy", "quotaSharePolicy",
    # job definitions
    "schedulingPriority", "platformCapabilities", "resourceRequirements", "vcpus", "memory", "retryStrategy", "timeout",
    "ephemeralStorage", "runtimePlatform", "numNodes", "mainNode", "targetNodes", "instanceType", "resources",
    "essential", "consumableResourceProperties",
    # consumable resources
    "totalQuantity", "resourceType",
})  # fmt: skip

#: Members of EC2's launch templates that decide what it costs.
OF_VOLUMES = frozenset({"BlockDeviceMappings", "VolumeSize", "VolumeType", "Iops", "Throughput"})

#: Shapes that mean nothing without each of their members: left out whole.
INDIVISIBLE = frozenset(
    {"LaunchTemplateSpecification", "Secret", "EFSVolumeConfiguration", "S3FilesVolumeConfiguration"}
)

#: The key of a ``deployment:`` section that gives a member.
DEPLOYMENT = {
    **{name: name for name in ("subnets", "securityGroupIds", "instanceRole", "serviceRole", "spotIamFleetRole")},
    **{name: name for name in ("executionRoleArn", "jobRoleArn", "tags")},
    **{name: name for name in ("infrastructureRoleArn", "ec2InstanceProfileArn")},
    "securityGroups": "securityGroupIds",
    "image": "images",
}

_WHOLE = re.compile(r"[-+]?[0-9]{1,100}")
_DECIMAL = re.compile(r"[-+]?([0-9]{1,100}\.?[0-9]{0,100}|\.[0-9]{1,100})")
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Key(str):
    """A step of a path that is the key of a map: free text, whatever members it looks like."""

    __slots__ = ()


class Coercion:
    """Coerces one request.

    Parameters
    ----------
    kind, name : str
        The request's list in the ``batch:`` section, and its name.
    where : tuple
        The resource's properties in the template.
    called : callable, optional
        What goes by a name that is not known, if anything does.
    shape : optional
        The shape of the request, where it is not one of Batch's lists.

    Attributes
    ----------
    findings : list of Finding
        Errors about what has to be known, notes about what was left out.
    """

    def __init__(
        self,
        document: Document,
        kind: str,
        name: str,
        where: Where,
        called: Callable[[Unresolved], str | None] = lambda _: None,
        *,
        shape: Any = None,
    ) -> None:
        self.findings: list[Finding] = []
        self._document = document
        self._kind = kind
        self._name = name
        self._where = where
        self._called = called
        self._shape = shape

    def request(self, value: dict[str, Any]) -> dict[str, Any]:
        """The request, in the order of its shape."""
        shape = request_shape(self._kind) if self._shape is None else self._shape
        coerced = self._structure(value, shape, ())
        return {} if coerced is NO_VALUE else dict(coerced)

    def _coerced(self, value: Any, shape: Any, path: tuple[str, ...]) -> Any:
        """A value as its shape wants it; `NO_VALUE` if it is left out."""
        if isinstance(value, Unresolved):
            return self._unresolved(value, shape, path)
        kind = None if shape is None else shape.type_name
        if isinstance(value, dict):
            return self._map(value, shape, path) if kind == "map" else self._structure(value, shape, path)
        if isinstance(value, list):
            return self._list(value, shape.member if kind == "list" else None, path)
        return value if shape is None else scalar(value, shape)

    def _structure(self, value: dict[str, Any], shape: Any, path: tuple[str, ...]) -> Any:
        if _is_indivisible(value, shape):
            unresolved = _together(value.values())
            if unresolved is not None:
                return self._unresolved(unresolved, None, path)
        members = shape.members if _is_structure(shape) else {}
        order = dict.fromkeys([*(member for member in members if member in value), *value])
        kept = _kept((member, self._coerced(value[member], members.get(member), (*path, member))) for member in order)
        return kept if kept or not value or _says_something_empty(shape) else NO_VALUE

    def _map(self, value: dict[str, Any], shape: Any, path: tuple[str, ...]) -> Any:
        kept = _kept((key, self._coerced(content, shape.value, (*path, Key(key)))) for key, content in value.items())
        return kept if kept or not value else NO_VALUE

    def _list(self, value: list[Any], shape: Any, path: tuple[str, ...]) -> Any:
        unresolved = _together(value)
        if unresolved is not None and not _is_structure(shape):
            # Half a command, or half of the subnets, would be something else than what was meant.
            return self._unresolved(unresolved, shape, path)
        coerced = [self._coerced(item, shape, path) for item in value]
        kept = [item for item in coerced if item is not NO_VALUE]
        return kept if kept or not value else NO_VALUE

    def _unresolved(self, value: Unresolved, shape: Any, path: tuple[str, ...]) -> Any:
        if path[-1:] and path[-1] in (*REFERENCES, *ROLES):
            value = _referred(value)
            if not value.holes:
                return "".join(map(str, value.parts))
            called = self._called(value)
            if called is not None:
                return called
        if not value.reported:
            decides = self._decides(path) or _holds_decisive(shape)
            self.findings.append(self._asked_for(value, path) if decides else self._left_out(value, path))
        return NO_VALUE

    def _asked_for(self, value: Unresolved, path: tuple[str, ...]) -> Finding:
        title = OBJECTS[self._kind].title if self._shape is None else "launch template"
        message = f"the {title}'s {path[-1]} is not known: {value.why}"
        return Finding("unresolved", self._path(path), message, value.remedy).at(*self._place(value))

    def _left_out(self, value: Unresolved, path: tuple[str, ...]) -> Finding:
        section = next((f"{DEPLOYMENT[step]} in a deployment section" for step in path[-2:] if step in DEPLOYMENT), "")
        remedies = " or ".join(remedy for remedy in (value.remedy, section) if remedy)
        finding = Finding("left-out", self._path(path), f"left out: {value.why}", remedies, severity="info")
        return finding.at(*self._place(value))

    def _path(self, path: tuple[str, ...]) -> str:
        section = f"batch.{self._kind}" if self._shape is None else self._kind
        return f"{section}.{self._name}.{'.'.join(path)}"

    def _place(self, value: Unresolved) -> Place:
        return self._document.place(value.holes[0].where or self._where)

    def _decides(self, path: tuple[str, ...]) -> bool:
        """Whether a member decides; a policy's name has no word of its own."""
        members = {step for step in path if not isinstance(step, Key)}
        if self._shape is not None:
            return not OF_VOLUMES.isdisjoint(members)
        return not DECISIVE.isdisjoint(members) or path == (OBJECTS[self._kind].name_member,)


def _holds_decisive(shape: Any, seen: tuple[str, ...] = ()) -> bool:
    """Whether a shape has a decisive member somewhere in it."""
    if shape is None or shape.name in seen:
        return False
    if shape.type_name == "list":
        return _holds_decisive(shape.member, (*seen, shape.name))
    if shape.type_name != "structure" or shape.name in ("FirelensConfiguration", "EksContainerSecurityContext"):
        return False
    return any(
        member in DECISIVE or member in OF_VOLUMES or _holds_decisive(inner, (*seen, shape.name))
        for member, inner in shape.members.items()
    )


def _is_structure(shape: Any) -> bool:
    return shape is not None and shape.type_name == "structure"


def _is_indivisible(value: dict[str, Any], shape: Any) -> bool:
    # What overrides say of other types stays, also where the template of the rest is not known.
    return shape is not None and shape.name in INDIVISIBLE and "overrides" not in value


def _says_something_empty(shape: Any) -> bool:
    # That instances are managed is said by the provider, also where all that it has is left out.
    return shape is not None and shape.name == "ManagedInstancesProvider"


def _kept(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The members that are not left out."""
    return {member: content for member, content in members if content is not NO_VALUE}


def _together(values: Iterable[Any]) -> Unresolved | None:
    """All that is missing in some values; None if nothing is."""
    holes = [part for value in values if isinstance(value, Unresolved) for part in value.holes]
    return Unresolved(tuple(dict.fromkeys(holes))) if holes else None


def _referred(value: Unresolved) -> Unresolved:
    """The name in an ARN of which the account, say, is not known; anything else as it is.

    AWS Batch takes the name of a role or an instance profile where it takes its ARN, a path before it.
    """
    if not str(value.parts[0]).startswith("arn:"):
        return value
    for index in range(len(value.parts) - 1, -1, -1):
        part = value.parts[index]
        if isinstance(part, str) and "/" in part:
            _, role, path = part.partition(":role/")
            return Unresolved((path if role else part.rpartition("/")[2], *value.parts[index + 1 :]))
    return value


def scalar(value: Any, shape: Any) -> Any:
    """A scalar as CloudFormation hands it to the API; what can't be converted stays as it is.

    One of the allowed words goes by the API's spelling where only its case differs, which CloudFormation does not mind.
    """
    text = text_of(value)
    if text is None:
        return value
    if shape.type_name == "string":
        allowed = {each.lower(): each for each in getattr(shape, "enum", ())}
        return allowed.get(text.lower(), text)
    convert = _CONVERSIONS.get(shape.type_name)
    return value if convert is None else convert(value, text.strip())


def _whole(value: Any, text: str) -> Any:
    return int(text) if not isinstance(value, bool) and _WHOLE.fullmatch(text) else value


def _decimal(value: Any, text: str) -> Any:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(text):
        return value
    return int(text) if _WHOLE.fullmatch(text) else float(text)


def _truth(value: Any, text: str) -> Any:
    return _TRUTHS.get(text.lower(), value)


_CONVERSIONS: dict[str, Callable[[Any, str], Any]] = {
    "integer": _whole,
    "long": _whole,
    "float": _decimal,
    "double": _decimal,
    "boolean": _truth,
}
