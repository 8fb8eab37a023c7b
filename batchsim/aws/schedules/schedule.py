"""The ``updates:`` of a scenario as schedules, each of which makes one call of AWS Batch.

A schedule has a *universal target*: the name of the call in an ARN,
``arn:aws:scheduler:::aws-sdk:batch:updateJobQueue``, and its parameters as JSON (EventBridge Scheduler User Guide,
*Using universal targets*). Jobs are cancelled and terminated one by one, by an id that no schedule can know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from batchsim.aws.deployment.deployable import Deployable
from batchsim.aws.objects import OBJECTS
from batchsim.aws.schedules.cron import UntranslatableError, to_scheduler
from batchsim.errors import Finding
from batchsim.scenario.batch.update_calls import CALLS, RESOURCES, MemberChange, changes_of, requests, updated
from batchsim.scenario.document.access import base_name
from batchsim.units import format_duration, parse_duration, parse_instant

#: Of names of schedules and groups (API CreateSchedule, CreateScheduleGroup).
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 512
_ENVIRONMENT = OBJECTS["computeEnvironments"].reference
#: The list of each operation.
_KINDS = {call.operation: kind for kind, call in CALLS.items()}
_NOT_IN_NAMES = re.compile(r"[^0-9a-zA-Z_.-]+")


@dataclass(frozen=True)
class Reference:
    """An object of the same configuration, which each format refers to in its own way.

    Attributes
    ----------
    kind, name : str
        Its list in the ``batch:`` section, and its name.
    given : str
        How the scenario refers to it: by its name, or by an ARN.
    """

    kind: str
    name: str
    given: str


@dataclass(frozen=True)
class Schedule:
    """One schedule.

    Attributes
    ----------
    name : str
        Unique in its group.
    expression, timezone : str
        When: ``at(…)`` or ``cron(…)``, and the time zone that it is in.
    kind, about : str
        The list of the ``batch:`` section and the name of the object that is changed.
    request : dict
        Of the call, in the spelling of AWS Batch; objects of the configuration are `Reference`.
    remark : str
        What a person wants to know of it.
    """

    name: str
    expression: str
    timezone: str
    kind: str
    about: str
    request: dict[str, Any]
    remark: str

    @property
    def instant(self) -> datetime | None:
        """When it is due, where that is once."""
        match = re.fullmatch(r"at\((.*)\)", self.expression)
        return datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None

    @property
    def operation(self) -> str:
        """The operation of AWS Batch: ``UpdateJobQueue``."""
        return OBJECTS[self.kind].update

    @property
    def action(self) -> str:
        """The operation as universal targets call it: ``updateJobQueue``."""
        return self.operation[:1].lower() + self.operation[1:]


@dataclass(frozen=True)
class Schedules:
    """All schedules of a configuration.

    Attributes
    ----------
    group : str
        The group that they are in, for their own.
    role : str or None
        ARN of the role that Scheduler takes to make the calls, where the scenario names one.
    findings : tuple of Finding
        What no schedule can say.
    """

    group: str
    schedules: tuple[Schedule, ...]
    role: str | None
    findings: tuple[Finding, ...]


def schedules_of(configuration: Deployable) -> Schedules:
    """What becomes of the ``updates:`` of a configuration, which are known to be right."""
    findings: list[Finding] = []
    found: list[Schedule] = []
    for entry in entries(configuration):
        found += _schedules(configuration, entry, {each.name for each in found}, findings)
    return Schedules(_name(configuration.name), tuple(found), configuration.scheduler_role, tuple(findings))


@dataclass(frozen=True)
class Entry:
    """An entry of ``updates:`` that sets something, as it is written, and what it sets."""

    index: int
    update: Mapping[str, Any]
    changes: tuple[MemberChange, ...]

    @property
    def name(self) -> str:
        """Its name, or its number, from 1."""
        return str(self.update.get("name") or self.index + 1)


def entries(configuration: Deployable) -> list[Entry]:
    """The entries that set something, in their order."""
    document = configuration.document
    return [
        Entry(index, update, tuple(changes_of(update["set"], ("updates", index, "set"), document, [])))
        for index, update in enumerate(document.values.get("updates") or ())
        if update.get("set")
    ]


def scheduled_values(configuration: Deployable) -> dict[tuple[str, str], list[tuple[tuple[str, ...], Any]]]:
    """What schedules set: the path within its object's request and the value, by list and name of the object."""
    found: dict[tuple[str, str], list[tuple[tuple[str, ...], Any]]] = {}
    for entry in entries(configuration):
        for change in entry.changes:
            steps = tuple(map(str, change.steps))
            found.setdefault((change.kind, change.name), []).append((steps, change.value))
    return found


def _schedules(configuration: Deployable, entry: Entry, taken: set[str], findings: list[Finding]) -> Iterator[Schedule]:
    """A schedule for each object that an update changes."""
    document = configuration.document
    try:
        expression, timezone, more = _cron(entry) if entry.update.get("cron") else _instant(configuration, entry)
    except UntranslatableError as error:
        where = ("updates", entry.index, "cron")
        message = f"EventBridge Scheduler can't say {error}"
        findings.append(document.finding(where, "not-in-scheduler", message, expected=error.expected))
        return
    findings += _torn(configuration, entry)
    remark = f"Update {entry.name} of the scenario {configuration.name}{more}"[:LONGEST_DESCRIPTION]
    for operation, request in requests(updated(document, entry.changes), entry.changes):
        kind = _KINDS[operation]
        name = request[OBJECTS[kind].argument]
        called = _free(f"{entry.name}-{name}", taken)
        taken.add(called)
        named = {**as_called(kind, request, configuration), OBJECTS[kind].argument: Reference(kind, name, name)}
        yield Schedule(called, expression, timezone, kind, name, named, remark)


def _torn(configuration: Deployable, entry: Entry) -> Iterator[Finding]:
    """What is sent as a whole, of which another update changes another part: it would be taken back."""
    others = [change for other in entries(configuration) if other.index != entry.index for change in other.changes]
    for change in entry.changes:
        if any(_changes_another_part(other, change) for other in others):
            whole = _sent_whole(change)[-1]
            message = f"{change.path} and another update change parts of {whole}, which AWS takes as a whole"
            expected = f"{whole} as a whole in both"
            yield configuration.document.finding(change.where, "not-in-scheduler", message, expected=expected)


def _sent_whole(change: MemberChange) -> tuple[str | int, ...]:
    """The steps to the member that a call has to say as a whole to change a part of it."""
    return change.steps[: 2 if change.steps[0] == RESOURCES else 1]


def _changes_another_part(other: MemberChange, change: MemberChange) -> bool:
    """Whether two changes are of different parts of what is sent as a whole."""
    if other.object != change.object or _sent_whole(other) != _sent_whole(change):
        return False
    common = min(len(other.steps), len(change.steps))
    return other.steps[:common] != change.steps[:common]


def _cron(entry: Entry) -> tuple[str, str, str]:
    return to_scheduler(entry.update["cron"]), entry.update.get("timezone") or "UTC", ""


def _instant(configuration: Deployable, entry: Entry) -> tuple[str, str, str]:
    """An instant to the second, in UTC."""
    at, remark = entry.update["at"], ""
    if isinstance(at, str) and re.match(r"\s*\d{4}-", at):
        instant = parse_instant(at)
    else:
        seconds = parse_duration(at)
        instant = parse_instant(configuration.start) + timedelta(seconds=seconds)
        remark = f", {format_duration(seconds)} after its start, {configuration.start}"
    instant = (instant + timedelta(milliseconds=500)).astimezone(UTC)
    return f"at({instant:%Y-%m-%dT%H:%M:%S})", "UTC", remark


def as_called(kind: str, request: Mapping[str, Any], configuration: Deployable) -> dict[str, Any]:
    """A request of a queue whose environments and policy are references where the configuration has them."""
    made = dict(request)
    if kind != "jobQueues":
        return made
    if "computeEnvironmentOrder" in made:
        made["computeEnvironmentOrder"] = [
            {**entry, _ENVIRONMENT: referred("computeEnvironments", entry[_ENVIRONMENT], configuration)}
            for entry in made["computeEnvironmentOrder"]
        ]
    if "schedulingPolicyArn" in made:
        made["schedulingPolicyArn"] = referred("schedulingPolicies", made["schedulingPolicyArn"], configuration)
    return made


def referred(kind: str, named: str, configuration: Deployable) -> Reference | str:
    """What goes by a name or an ARN, as a reference where the configuration has it."""
    name = base_name(named)
    return Reference(kind, name, named) if name in configuration.named(kind) else named


def _name(text: str) -> str:
    """A text as the name of a schedule or a group."""
    return _NOT_IN_NAMES.sub("-", text)[:LONGEST_NAME]


def _free(text: str, taken: set[str]) -> str:
    """A name that is not taken."""
    name, number = _name(text), 2
    while name in taken:
        end = f"-{number}"
        name, number = _name(text)[: LONGEST_NAME - len(end)] + end, number + 1
    return name
