"""Requests of the AWS CLI and boto3, and what they print of what exists, as requests.

A description says more than the request that makes the same object: what AWS made of it, and empty lists for whatever
was not given. Those go; what is left would make the object again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.aws.importers import other_files
from batchsim.aws.importers.found_requests import FoundRequest, FoundSchedule, SourceRequests, left_out, ordered
from batchsim.aws.launch_templates import imported
from batchsim.aws.objects import OBJECTS
from batchsim.errors import Finding
from batchsim.scenario.batch.launch_templates import SECTION, canonical
from batchsim.scenario.batch.service_model import request_shape
from batchsim.scenario.document.document import Document, Where

#: Members of descriptions that no request has.
ONLY_DESCRIBED = {
    "computeEnvironments": frozenset({
        "computeEnvironmentArn", "ecsClusterArn", "status", "statusReason", "updatePolicy",
        "containerOrchestrationType", "uuid",
    }),
    "jobQueues": frozenset({"jobQueueArn", "status", "statusReason"}),
    "jobDefinitions": frozenset({"jobDefinitionArn", "revision", "status", "containerOrchestrationType"}),
    "schedulingPolicies": frozenset({"arn"}),
    "consumableResources": frozenset({"consumableResourceArn", "inUseQuantity", "availableQuantity", "createdAt"}),
}  # fmt: skip

#: What can be imported, as people call it.
ACCEPTED = (
    "a CloudFormation template; a create-compute-environment, create-job-queue, register-job-definition, "
    "create-scheduling-policy or create-consumable-resource request; what a describe-… command prints of "
    "these, and of launch templates; a plan or a state of Terraform as `terraform show -json` prints it; or a list"
)

_GONE = ("DELETING", "DELETED")


def convert(document: Document) -> SourceRequests:
    """The requests in a document; descriptions become requests."""
    reader = _Reader(document)
    requests = tuple(reader.read(document.values, ()))
    return SourceRequests(requests, tuple(reader.findings), schedules=tuple(reader.schedules))


class _Reader:
    """Goes through a document."""

    def __init__(self, document: Document) -> None:
        self.findings: list[Finding] = []
        self.schedules: list[FoundSchedule] = []
        self._document = document

    def _finding(self, where: Where, code: str, message: str, **more: Any) -> None:
        self.findings.append(self._document.finding(where, code, message, **more))

    def read(self, value: Any, where: Where) -> Iterator[FoundRequest]:
        """The requests in a request, a description, or a list of any of them."""
        if isinstance(value, list) and value:
            for index, item in enumerate(value):
                yield from self.read(item, (*where, index))
        elif isinstance(value, dict):
            yield from self._read_mapping(value, where)
        else:
            self._refuse(where)

    def _read_mapping(self, value: dict[str, Any], where: Where) -> Iterator[FoundRequest]:
        lists = [kind for kind in OBJECTS if isinstance(value.get(kind), list)]
        kind, templates = _kind(value), _launch_templates(value)
        yield from self._versions(templates, where)
        if lists:
            if value.get("nextToken"):
                message = "there are more pages than this one"
                self._finding((*where, "nextToken"), "more-pages", message, severity="warning")
            for each in lists:
                yield from self._listed(each, value[each], (*where, each))
        elif templates:
            return
        elif kind is not None:
            yield from self._listed(kind, [value], where, single=True)
        elif isinstance(value.get("jobs"), list):
            message = "this is describe-jobs output"
            self._finding((*where, "jobs"), "describe-jobs", f"{message}: use `batchsim import jobs`")
        elif "ScheduleExpression" in value:  # of create-schedule, or what get-schedule prints
            name = str(value.get("Name", ""))
            self.schedules.append(FoundSchedule(name, value, self._document.place(where)))
        else:
            self._refuse(where, other_files.mapping(value))

    def _versions(self, templates: list[dict[str, Any]], where: Where) -> Iterator[FoundRequest]:
        """The launch templates that have a name or an id, each version for itself."""
        for entry in templates:
            name = entry.get("launchTemplateName") or entry.get("launchTemplateId")
            if isinstance(name, str):
                number = entry.get("versionNumber", 1)
                yield FoundRequest(SECTION, f"{name}:{number}", entry, self._document.place(where))

    def _refuse(self, where: Where, known: tuple[str, str] | None = None) -> None:
        """Say that there is nothing to import; `known` is what it is instead, and what to do about it."""
        message, expected = "nothing of AWS Batch that can be imported", ACCEPTED
        if known is not None:
            message, expected = f"this is {known[0]}, which is not read", known[1]
        self._finding(where, "not-a-configuration", message, expected=expected)

    def _listed(self, kind: str, values: list[Any], where: Where, *, single: bool = False) -> Iterator[FoundRequest]:
        gone: dict[str, int] = {}
        inactive: dict[str, int] = {}
        for index, value in enumerate(values):
            place = where if single else (*where, index)
            member = OBJECTS[kind].name_member
            name = value.get(member) if isinstance(value, dict) else None
            if not isinstance(name, str) or not name:
                self._finding(place, "missing-key", f"{member} is missing", expected=_named(kind, value))
            elif value.get("status") in _GONE:
                gone[kind] = gone.get(kind, 0) + 1
            elif value.get("status") == "INACTIVE":
                inactive[kind] = inactive.get(kind, 0) + 1
            else:
                yield self._found(kind, name, value, place)
        spot = self._document.place(where)
        self.findings += left_out(gone, "being deleted", spot)
        self.findings += left_out(inactive, "INACTIVE", spot)

    def _found(self, kind: str, name: str, value: dict[str, Any], where: Where) -> FoundRequest:
        described = not ONLY_DESCRIBED[kind].isdisjoint(value)
        request = self._request(kind, name, value, where) if described else value
        revision = value.get("revision")
        return FoundRequest(
            kind,
            name,
            ordered(request, request_shape(kind)),
            self._document.place(where),
            revision if described and isinstance(revision, int) else 0,
        )

    def _request(self, kind: str, name: str, value: dict[str, Any], where: Where) -> dict[str, Any]:
        """What would make again what is described."""
        members = request_shape(kind).members
        for member in value:
            if member not in members and member not in ONLY_DESCRIBED[kind]:
                message = f"left out: {member} is no member of a request for the {OBJECTS[kind].title} {name}"
                self._finding((*where, member), "left-out", message, severity="info", key=True)
        request = {member: content for member, content in value.items() if member in members}
        resources = request.get("computeResources")
        if isinstance(resources, dict):
            # AWS Batch's own variable: what it wants at this moment.
            request["computeResources"] = {key: each for key, each in resources.items() if key != "desiredvCpus"}
        filled: dict[str, Any] = _filled(request)
        return filled


def _launch_templates(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The launch templates in a CreateLaunchTemplate request, a description of versions, or a scenario's section."""
    listed = next((value[key] for key in ("LaunchTemplateVersions", SECTION) if isinstance(value.get(key), list)), None)
    entries = [value] if listed is None and "launchTemplateData" in canonical(value) else listed or []
    return [imported(entry) for entry in entries if isinstance(entry, dict)]


def _filled(value: Any) -> Any:
    """A value without the empty lists and mappings in it."""
    if isinstance(value, dict):
        filled = {key: _filled(content) for key, content in value.items()}
        return {key: content for key, content in filled.items() if content not in ({}, [])}
    return [_filled(item) for item in value] if isinstance(value, list) else value


def _kind(value: dict[str, Any]) -> str | None:
    """The list that a single request or description belongs to."""
    for section, kind in OBJECTS.items():
        if kind.name_member != "name" and kind.name_member in value:
            return section
    arn = value.get("arn")
    policy = isinstance(arn, str) and ":scheduling-policy/" in arn
    return "schedulingPolicies" if policy or "fairsharePolicy" in value or "quotaSharePolicy" in value else None


def _named(kind: str, value: Any) -> str:
    if kind == "schedulingPolicies" and isinstance(value, dict) and "arn" in value:
        return "what describe-scheduling-policies prints: list-scheduling-policies gives ARNs only"
    return f"the name of a {OBJECTS[kind].title}"
