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
from batchsim.scenario.document.access import base_name, dig
from batchsim.scenario.document.document import Where
from batchsim.scenario.document.overrides import Nowhere, apply, place_of
from batchsim.units import format_duration, parse_duration, parse_instant

#: Of names of schedules and groups (API CreateSchedule, CreateScheduleGroup).
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 512
_ENVIRONMENT = OBJECTS["computeEnvironments"].reference
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
    """What becomes of the ``updates:`` of a configuration."""
    findings: list[Finding] = []
    found: list[Schedule] = []
    for index, update in enumerate(configuration.document.values.get("updates") or ()):
        if update.get("set"):
            found += _schedules(configuration, index, update, {each.name for each in found}, findings)
    return Schedules(_name(configuration.name), tuple(found), configuration.scheduler_role, tuple(findings))


def scheduled_values(configuration: Deployable) -> dict[tuple[str, str], list[tuple[tuple[str, ...], Any]]]:
    """What schedules set: the path within its object's request and the value, by list and name of the object."""
    values = configuration.document.values
    found: dict[tuple[str, str], list[tuple[tuple[str, ...], Any]]] = {}
    for update in values.get("updates") or ():
        for path, value in (update.get("set") or {}).items():
            place = place_of(values, path)
            if not isinstance(place, Nowhere):
                _batch, kind, number, *steps = place
                name = str(values["batch"][kind][number][OBJECTS[str(kind)].name_member])
                found.setdefault((str(kind), name), []).append((tuple(map(str, steps)), value))
    return found


def _schedules(
    configuration: Deployable, index: int, update: Mapping[str, Any], taken: set[str], findings: list[Finding]
) -> Iterator[Schedule]:
    """A schedule for each object that an update changes."""
    try:
        when = _cron(update) if update.get("cron") else _instant(configuration, update)
    except UntranslatableError as error:
        where = ("updates", index, "cron")
        message = f"EventBridge Scheduler can't say {error}"
        findings.append(configuration.document.finding(where, "not-in-scheduler", message, expected=error.expected))
        return
    expression, timezone, more = when
    for kind, name, request in _requests(configuration, index, update["set"], findings):
        called = _free(f"{index + 1}-{name}", taken)
        taken.add(called)
        remark = f"Update {index + 1} of the scenario {configuration.name}{more}"[:LONGEST_DESCRIPTION]
        yield Schedule(called, expression, timezone, kind, name, request, remark)


def _cron(update: Mapping[str, Any]) -> tuple[str, str, str]:
    return to_scheduler(update["cron"]), update.get("timezone") or "UTC", ""


def _instant(configuration: Deployable, update: Mapping[str, Any]) -> tuple[str, str, str]:
    """An instant to the second, in UTC."""
    at, remark = update["at"], ""
    if isinstance(at, str) and re.match(r"\s*\d{4}-", at):
        instant = parse_instant(at)
    else:
        seconds = parse_duration(at)
        instant = parse_instant(configuration.start) + timedelta(seconds=seconds)
        remark = f", {format_duration(seconds)} after its start, {configuration.start}"
    instant = (instant + timedelta(milliseconds=500)).astimezone(UTC)
    return f"at({instant:%Y-%m-%dT%H:%M:%S})", "UTC", remark


def _requests(
    configuration: Deployable, index: int, changes: Mapping[str, Any], findings: list[Finding]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The list, the name and the request of each object that is changed, in the order of the changes."""
    document = configuration.document
    after = apply(document, changes.items(), document.place(("updates", index))).values
    requests: dict[tuple[str, int], dict[str, Any]] = {}
    for path in changes:
        place = place_of(after, path)
        assert not isinstance(place, Nowhere)  # noqa: S101 (the section is checked)
        _batch, kind, number, *steps = place
        request = requests.setdefault((str(kind), int(number)), {})
        member, within = _whole_member(steps)
        if _is_changed_elsewhere(document.values, index, place[: 3 + len(within)], place):
            message = f"{path} and another update change parts of {member}, which AWS takes as a whole"
            expected = f"{member} as a whole in both"
            findings.append(
                document.finding(("updates", index, "set", path), "not-in-scheduler", message, expected=expected)
            )
        _put(request, within, dig(after["batch"][kind][int(number)], *map(str, within)))
    for (kind, number), request in requests.items():
        name = str(after["batch"][kind][number][OBJECTS[kind].name_member])
        yield (
            kind,
            name,
            {OBJECTS[kind].argument: Reference(kind, name, name), **as_called(kind, request, configuration)},
        )


def _whole_member(steps: list[Any]) -> tuple[str, list[Any]]:
    """The member that a call takes as a whole, and the steps to it: those of compute resources can be changed alone."""
    within = steps[:2] if steps[0] == "computeResources" else steps[:1]
    return str(within[-1]), within


def _is_changed_elsewhere(values: Mapping[str, Any], index: int, whole: Where, place: Where) -> bool:
    """Whether another update changes another part of what a call takes as a whole."""
    for other, update in enumerate(values.get("updates") or ()):
        for path in (update.get("set") or {}) if other != index else ():
            found = place_of(values, path)
            if isinstance(found, Nowhere) or found == place or len(place) == len(whole):
                continue
            if found[: len(whole)] == whole:
                return True
    return False


def _put(request: dict[str, Any], steps: list[Any], value: Any) -> None:
    for step in steps[:-1]:
        request = request.setdefault(str(step), {})
    request[str(steps[-1])] = value


def as_called(kind: str, request: dict[str, Any], configuration: Deployable) -> dict[str, Any]:
    """A request as the call wants it, where that differs from the object's own members."""
    if kind == "consumableResources" and "totalQuantity" in request:
        rest = {member: value for member, value in request.items() if member != "totalQuantity"}
        return {**rest, "operation": "SET", "quantity": request["totalQuantity"]}
    if kind != "jobQueues":
        return request
    made = dict(request)
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
