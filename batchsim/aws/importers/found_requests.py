"""What was found, from whatever source: requests with their places, put together to a ``batch:`` section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
class SourceRequests:
    """What one source holds.

    Attributes
    ----------
    findings : tuple of Finding
        Of every severity.
    parameters : tuple of str, optional
        The names of its parameters; None when it is no template.
    """

    things: tuple[FoundRequest, ...]
    findings: tuple[Finding, ...]
    parameters: tuple[str, ...] | None = None


def merged(things: Iterable[FoundRequest]) -> tuple[dict[str, list[dict[str, Any]]], list[Finding]]:
    """The ``batch:`` section of several things, in the order in which they came, and what was found.

    Of a job definition's revisions the newest is taken; anything else that comes twice is a fault. What refers to
    another thing of the section by its ARN refers to it by its name afterwards.
    """
    findings: list[Finding] = []
    taken: dict[tuple[str, str], FoundRequest] = {}
    older = 0
    for thing in things:
        first = taken.setdefault((thing.kind, thing.name), thing)
        if first is thing:
            continue
        if thing.revision != first.revision and 0 not in (thing.revision, first.revision):
            older += 1
            taken[thing.kind, thing.name] = max(first, thing, key=lambda each: each.revision)
            continue
        before = ":".join(str(part) for part in first.place[:2] if part)
        message = f"there are two of this name, the first in {before or 'the same source'}"
        findings.append(Finding("duplicate-name", thing.path, message, "each thing once").at(*thing.place))
    if older:
        message = f"left out: {older} older {'revision' if older == 1 else 'revisions'} of job definitions"
        findings.append(Finding("left-out", "batch.jobDefinitions", message, severity="info"))
    names = {member: {name for each, name in taken if each == kind} for member, kind in REFERENCES.items()}
    batch: dict[str, list[dict[str, Any]]] = {}
    for kind in REQUESTS:
        requests = [thing.request for thing in taken.values() if thing.kind == kind]
        if requests:
            batch[kind] = [_renamed(request, request_shape(kind), names) for request in requests]
    return batch, findings


#: Members that name another object → the list that it is in.
REFERENCES = {kind.reference: section for section, kind in OBJECTS.items() if kind.reference}


def _renamed(value: Any, shape: Any, names: dict[str, set[str]]) -> Any:
    if shape.type_name == "structure" and isinstance(value, dict):
        renamed = {}
        for member, content in value.items():
            inner = shape.members.get(member)
            if member in names and isinstance(content, str) and content.startswith("arn:"):
                name = content.rpartition("/")[2]
                content = name if name in names[member] else content
            renamed[member] = content if inner is None else _renamed(content, inner, names)
        return renamed
    if shape.type_name == "list" and isinstance(value, list):
        return [_renamed(item, shape.member, names) for item in value]
    return value


def ordered(value: Any, shape: Any) -> Any:
    """A request with its members in the order of its shape; unknown ones last."""
    if shape is not None and shape.type_name == "structure" and isinstance(value, dict):
        members = [member for member in shape.members if member in value]
        members += [member for member in value if member not in shape.members]
        return {member: ordered(value[member], shape.members.get(member)) for member in members}
    if shape is not None and shape.type_name == "list" and isinstance(value, list):
        return [ordered(item, shape.member) for item in value]
    return value


def left_out(counts: dict[str, int], why: str, place: Place) -> Iterator[Finding]:
    """Notes about things that were left out, by their list."""
    for kind, count in counts.items():
        what = OBJECTS[kind].title if count == 1 else kind
        message = f"left out: {count} {what if count == 1 else 'of them'} {why}"
        yield Finding("left-out", f"batch.{kind}", message, severity="info").at(*place)
