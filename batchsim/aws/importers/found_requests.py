"""What was found, from whatever source: requests with their places, put together to a ``batch:`` section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from batchsim.aws.objects import OBJECTS
from batchsim.errors import Finding
from batchsim.scenario.batch.service_model import REQUESTS, request_shape
from batchsim.scenario.document.document import Place


@dataclass(frozen=True)
class FoundRequest:
    """One request.

    Attributes
    ----------
    kind : str
        Its list in the ``batch:`` section.
    revision : int
        Of a job definition that was described; 0 for anything else.
    place : tuple
        File, line and column.
    """

    kind: str
    name: str
    request: dict[str, Any]
    place: Place
    revision: int = 0

    @property
    def path(self) -> str:
        """Where it stands in a scenario."""
        return f"batch.{self.kind}.{self.name}"


@dataclass(frozen=True)
class FoundSchedule:
    """One schedule of EventBridge Scheduler.

    Attributes
    ----------
    name : str
        What the source calls it.
    properties : dict
        As its API and CloudFormation spell them.
    place : tuple
        File, line and column.
    """

    name: str
    properties: dict[str, Any]
    place: Place


@dataclass(frozen=True)
class SourceRequests:
    """What one source holds.

    Attributes
    ----------
    schedules : tuple of FoundSchedule
        Whatever they call.
    findings : tuple of Finding
        Of every severity.
    parameters : tuple of str, optional
        The names of its parameters; None when it is no template.
    """

    requests: tuple[FoundRequest, ...]
    findings: tuple[Finding, ...]
    parameters: tuple[str, ...] | None = None
    schedules: tuple[FoundSchedule, ...] = ()


def merged(found: Iterable[FoundRequest]) -> tuple[dict[str, list[dict[str, Any]]], list[Finding]]:
    """The ``batch:`` section of several requests, in the order in which they came, and what was found.

    Of a job definition's revisions the newest is taken; any other name that comes twice is a fault. What refers to
    another object of the section by its ARN refers to it by its name afterwards.
    """
    taken, findings = _once(found)
    names = {member: {name for each, name in taken if each == kind} for member, kind in REFERENCES.items()}
    batch: dict[str, list[dict[str, Any]]] = {}
    for kind in REQUESTS:
        requests = [each.request for each in taken.values() if each.kind == kind]
        if requests:
            batch[kind] = [_by_name(request, request_shape(kind), names) for request in requests]
    return batch, findings


def _once(found: Iterable[FoundRequest]) -> tuple[dict[tuple[str, str], FoundRequest], list[Finding]]:
    """One request for each name of a kind, and findings about the others."""
    findings: list[Finding] = []
    taken: dict[tuple[str, str], FoundRequest] = {}
    older = 0
    for each in found:
        first = taken.setdefault((each.kind, each.name), each)
        if first is each:
            continue
        if each.revision != first.revision and 0 not in (each.revision, first.revision):
            older += 1
            taken[each.kind, each.name] = max(first, each, key=lambda request: request.revision)
        else:
            findings.append(_duplicate(first, each))
    if older:
        message = f"left out: {older} older {'revision' if older == 1 else 'revisions'} of job definitions"
        findings.append(Finding("left-out", "batch.jobDefinitions", message, severity="info"))
    return taken, findings


def _duplicate(first: FoundRequest, second: FoundRequest) -> Finding:
    before = ":".join(str(part) for part in first.place[:2] if part)
    message = f"there are two of this name, the first in {before or 'the same source'}"
    return Finding("duplicate-name", second.path, message, "each name once").at(*second.place)


#: Members that name another object → the list that it is in.
REFERENCES = {kind.reference: section for section, kind in OBJECTS.items() if kind.reference}


def _by_name(value: Any, shape: Any, names: Mapping[str, set[str]]) -> Any:
    """A value whose references by ARN are by name where the section has what is meant."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            member: _by_name(_named(content, names.get(member, set())), shape.members.get(member), names)
            for member, content in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_by_name(item, shape.member, names) for item in value]
    return value


def _named(value: Any, names: set[str]) -> Any:
    if not isinstance(value, str) or not value.startswith("arn:"):
        return value
    name = value.rpartition("/")[2]
    return name if name in names else value


def ordered(value: Any, shape: Any) -> Any:
    """A request with its members in the order of its shape; unknown ones last."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        members = dict.fromkeys([*(member for member in shape.members if member in value), *value])
        return {member: ordered(value[member], shape.members.get(member)) for member in members}
    if shape.type_name == "list" and isinstance(value, list):
        return [ordered(item, shape.member) for item in value]
    return value


def left_out(counts: Mapping[str, int], why: str, place: Place) -> Iterator[Finding]:
    """Notes about what was left out, by its list."""
    for kind, count in counts.items():
        what = OBJECTS[kind].title if count == 1 else kind
        message = f"left out: {count} {what if count == 1 else 'of them'} {why}"
        yield Finding("left-out", f"batch.{kind}", message, severity="info").at(*place)
