"""What an update sets, as AWS Batch's Update calls take it.

Four kinds of objects can be updated while jobs run. A call takes some of the members that the object was created with;
what it is given of ``computeResources`` is put beside what is there, any other member is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from batchsim.errors import Finding, nearest
from batchsim.scenario.batch import service_model
from batchsim.scenario.document.access import dig
from batchsim.scenario.document.document import Document, Where, name_of
from batchsim.scenario.document.overrides import NOWHERE as LEADS_NOWHERE
from batchsim.scenario.document.overrides import Nowhere, apply, place_of

#: The member that holds others which a call takes one by one.
RESOURCES: Final = "computeResources"
#: What the call of a consumable resource calls its total: an operation and a quantity.
TOTAL: Final = "totalQuantity"


class UpdateCall(NamedTuple):
    """One of AWS Batch's Update calls.

    Attributes
    ----------
    operation : str
        Its name.
    named_by : str
        The member that names the object.
    """

    operation: str
    named_by: str

    @property
    def shape(self) -> str:
        """The shape of its request."""
        return f"{self.operation}Request"

    def members(self, steps: Where = ()) -> tuple[str, ...]:
        """What it takes, or takes within a member."""
        if self.operation == "UpdateConsumableResource":
            return () if steps else (TOTAL,)
        taken = service_model.members_of(self.shape, steps)
        return tuple(each for each in taken if steps or each != self.named_by)


#: By list of the ``batch:`` section.
CALLS: Final = {
    "computeEnvironments": UpdateCall("UpdateComputeEnvironment", "computeEnvironment"),
    "jobQueues": UpdateCall("UpdateJobQueue", "jobQueue"),
    "consumableResources": UpdateCall("UpdateConsumableResource", "consumableResource"),
    "schedulingPolicies": UpdateCall("UpdateSchedulingPolicy", "arn"),
}

#: Members of ``computeResources`` that change how many instances there are, and none of those that are there (User
#: Guide, *Perform scaling updates*); all others replace instances (*Perform infrastructure updates*).
SCALING: Final = frozenset({"minvCpus", "maxvCpus", "desiredvCpus", "scalingPolicy"})
#: On Fargate, where there are no instances, these as well.
FARGATE_SCALING: Final = SCALING | {"securityGroupIds", "subnets"}


@dataclass(frozen=True, slots=True)
class MemberChange:
    """One value that an update sets.

    Attributes
    ----------
    kind, index : str, int
        Of the object: the list of the ``batch:`` section, and its place there.
    name : str
        The object's name.
    steps : tuple
        The member, from the object on.
    path : str
        Dotted, as overrides have it.
    where : tuple
        Where the update says it.
    """

    kind: str
    index: int
    name: str
    steps: Where
    path: str
    value: Any
    where: Where

    @property
    def call(self) -> UpdateCall:
        """The call that sets it."""
        return CALLS[self.kind]

    @property
    def object(self) -> tuple[str, int]:
        """Which object it changes."""
        return self.kind, self.index

    @property
    def what(self) -> str:
        """What is done, in one line."""
        steps = self.steps[1:] if self.steps[0] == RESOURCES else self.steps
        return f"{'.'.join(map(str, steps))} {shown(self.value)}"


def shown(value: Any) -> str:
    """A value as a line of text has it."""
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(each)}" for key, each in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def changes_of(
    given: Mapping[str, Any], where: Where, document: Document, findings: list[Finding]
) -> tuple[MemberChange, ...]:
    """What the paths of ``set:`` change; findings for those that no Update call takes.

    Parameters
    ----------
    where : tuple
        The place of ``set``.
    """
    found: list[MemberChange] = []
    for path, value in given.items():
        change = _change(path, value, (*where, path), document, findings)
        parts = () if change is None else _one_by_one(change)
        found += [each for each in parts if _is_taken(each, document, findings)]
    return tuple(found)


def _change(path: str, value: Any, where: Where, document: Document, findings: list[Finding]) -> MemberChange | None:
    """The object and the member that a path leads to."""
    place = place_of(document.values, path)
    if isinstance(place, Nowhere):
        near, excerpt = place.suggestion, place.excerpt
        findings.append(
            document.finding(where, "unknown-path", LEADS_NOWHERE, suggestion=near, excerpt=excerpt, key=True)
        )
        return None
    match place:
        case ("batch", str(kind), int(index), *steps) if kind in CALLS and steps:
            name = str(name_of(document.values["batch"][kind][index]))
            return MemberChange(kind, index, name, tuple(steps), path, value, where)
        case ("batch", str(kind), int(index)) if kind in CALLS:
            message = f"{CALLS[kind].operation} sets members of an object, not the object"
            expected = f"{path}.MEMBER"
        case _:
            message = "no Update call of AWS Batch sets it"
            expected = f"a member of an object in batch: {', '.join(CALLS)}"
    findings.append(document.finding(where, "update-call", message, expected=expected, key=True))
    return None


def _one_by_one(change: MemberChange) -> Iterator[MemberChange]:
    """The members of ``computeResources`` each by itself, where they are given together."""
    if change.steps == (RESOURCES,) and isinstance(change.value, dict):
        for member, value in change.value.items():
            steps, path = (RESOURCES, member), f"{change.path}.{member}"
            yield MemberChange(change.kind, change.index, change.name, steps, path, value, (*change.where, member))
    else:
        yield change


def _is_taken(change: MemberChange, document: Document, findings: list[Finding]) -> bool:
    """Whether the call takes the member, and the value has its shape."""
    call = change.call
    for depth, step in enumerate(change.steps):
        taken = call.members(change.steps[:depth])
        if taken and step not in taken:
            around = f" in {'.'.join(map(str, change.steps[:depth]))}" if depth else ""
            message, near = f"{call.operation} takes no {step}{around}", nearest(str(step), taken)
            # The form that is right is said where nothing is near.
            expected = "" if near else f"one of {', '.join(taken)}"
            source = f"AWS Batch API, {call.shape}"
            place, key = change.where, change.where[-1] in (change.path, step)
            findings.append(
                document.finding(
                    place, "update-call", message, expected=expected, suggestion=near, source=source, key=key
                )
            )
            return False
    before = len(findings)
    shape, steps = (
        ("CreateConsumableResourceRequest", (TOTAL,)) if change.steps == (TOTAL,) else (call.shape, change.steps)
    )
    findings += service_model.check_within(change.value, shape, steps, change.where, document)
    return len(findings) == before


def updated(document: Document, changes: Iterable[MemberChange]) -> Document:
    """A document after an update; what is found of a value that it set, is found where the update says it."""
    for change in changes:
        document = apply(document, [(change.path, change.value)], document.place(change.where))
    return document


def requests(document: Document, changes: Iterable[MemberChange]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The calls that make an update, by operation, with their requests; one for each object.

    Parameters
    ----------
    document : Document
        As it is after the update: a member is sent as a whole though the update sets a part of it.
    """
    made: dict[tuple[str, int], dict[str, Any]] = {}
    for change in changes:
        request = made.setdefault(change.object, {change.call.named_by: change.name})
        current = document.values["batch"][change.kind][change.index]
        member = str(change.steps[0])
        if member == TOTAL:
            request |= {"operation": "SET", "quantity": current[TOTAL]}
        elif member == RESOURCES and len(change.steps) > 1:
            part = str(change.steps[1])
            request.setdefault(RESOURCES, {})[part] = dig(current, RESOURCES, part)
        else:
            request[member] = current[member]
    for (kind, _), request in made.items():
        yield CALLS[kind].operation, request
