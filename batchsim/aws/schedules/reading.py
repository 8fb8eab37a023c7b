"""EventBridge Scheduler's schedules as ``updates:`` of a scenario, where they make such calls of AWS Batch.

What a schedule says is taken in the spelling of its API and of CloudFormation, which are the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any

from batchsim.aws.cloudformation_names import from_upper_camel, property_of
from batchsim.aws.objects import OBJECTS
from batchsim.aws.schedules.cron import UntranslatableError, from_scheduler
from batchsim.scenario.document.access import base_name, dig
from batchsim.units import parse_timezone

#: The partition may be known to AWS only.
_TARGET = re.compile(r"arn:[a-z-]*:scheduler:::aws-sdk:batch:(\w+)")
_AT = re.compile(r"\s*at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)\s*")
#: Calls by how universal targets spell them.
_CALLS = {kind.update[:1].lower() + kind.update[1:]: kind for kind in OBJECTS.values() if kind.update}


class OtherTargetError(ValueError):
    """A schedule that is not about AWS Batch's configuration."""


class UnreadError(ValueError):
    """A schedule that changes AWS Batch in a way, or at times, that no update can say.

    Attributes
    ----------
    expected : str
        What would be read.
    """

    def __init__(self, message: str, expected: str = "") -> None:
        super().__init__(message)
        self.expected = expected


def update_of(properties: Mapping[str, Any], known: Container[tuple[str, str]]) -> dict[str, Any]:
    """An entry of ``updates:``.

    Parameters
    ----------
    properties : mapping
        Of a schedule.
    known : container of (str, str)
        Lists and names of the objects of the configuration.

    Raises
    ------
    OtherTargetError
        If its target is no call that changes AWS Batch's configuration.
    UnreadError
        If no update can say the same.
    """
    target = dig(dict(properties), "Target", "Arn")
    match = _TARGET.fullmatch(target) if isinstance(target, str) else None
    if match is None:
        raise OtherTargetError("its target is not AWS Batch")
    if match[1] == "submitJob":
        raise OtherTargetError("it submits jobs, which arrivals: with cron: of a workflow says")
    if match[1] not in _CALLS:
        raise OtherTargetError(f"{match[1]} changes no part of the configuration that is simulated")
    if properties.get("State", "ENABLED") != "ENABLED":
        raise OtherTargetError("it is DISABLED")
    for member in ("StartDate", "EndDate"):
        if properties.get(member) is not None:
            raise UnreadError(f"it has a {member}", "a schedule without, or updates: written by hand")
    changes = _changes(_CALLS[match[1]].section, dig(dict(properties), "Target", "Input"), known)
    return {**_when(properties), "set": changes}


def _when(properties: Mapping[str, Any]) -> dict[str, Any]:
    expression = properties.get("ScheduleExpression")
    timezone = properties.get("ScheduleExpressionTimezone") or "UTC"
    if not isinstance(expression, str) or not isinstance(timezone, str):
        raise UnreadError("when it is due is not known")
    try:
        parse_timezone(timezone)
        if match := _AT.fullmatch(expression):
            return {"at": _instant(match[1], timezone)}
        if expression.strip().startswith("rate("):
            raise UnreadError(f"{expression} counts from when it was made", "cron(…) or at(…)")
        return {"cron": from_scheduler(expression), **({} if timezone == "UTC" else {"timezone": timezone})}
    except UntranslatableError as error:
        raise UnreadError(f"five fields of cron can't say {error}", error.expected) from None
    except ValueError as error:
        raise error if isinstance(error, UnreadError) else UnreadError(str(error)) from None


def _instant(text: str, timezone: str) -> str:
    """A time of a time zone as an instant."""
    from zoneinfo import ZoneInfo

    instant = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    return instant.isoformat().replace("+00:00", "Z")


def _changes(section: str, text: Any, known: Container[tuple[str, str]]) -> dict[str, Any]:
    """What a call sets: dotted path → value."""
    kind = OBJECTS[section]
    parameters = _parameters(text)
    for member in parameters:
        if member != property_of(member):
            expected = f"{property_of(member)}, as EventBridge Scheduler spells it"
            raise UnreadError(f"its Input has {member}", expected)
    request = from_upper_camel(parameters, f"{kind.update}Request")
    name = base_name(request.pop(kind.argument, ""))
    if (section, name) not in known:
        raise UnreadError(f"the {kind.title} {name or 'that it changes'} is not in the same configuration")
    if section == "consumableResources":
        request = _quantity(request)
    if section == "jobQueues":
        _by_name(request, known)
    nested = request.pop("computeResources", {})
    flat = {**request, **{f"computeResources.{member}": value for member, value in nested.items()}}
    if not flat:
        raise UnreadError("it changes nothing")
    return {f"batch.{section}.{name}.{path}": value for path, value in flat.items()}


def _parameters(text: Any) -> dict[str, Any]:
    """The parameters of a call: JSON in a text."""
    if not isinstance(text, str):
        raise UnreadError("its Input is not known")
    try:
        parameters = json.loads(text)
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise UnreadError("its Input is no JSON object")
    return parameters


def _quantity(request: Mapping[str, Any]) -> dict[str, Any]:
    if request.get("operation") != "SET":
        raise UnreadError(f"it adds to or removes from a quantity ({request.get('operation')})", "Operation SET")
    return {"totalQuantity": request.get("quantity")}


def _by_name(request: dict[str, Any], known: Container[tuple[str, str]]) -> None:
    """References of a queue's request by name, where the configuration has what is meant."""
    for entry in request.get("computeEnvironmentOrder") or ():
        name = base_name(entry.get("computeEnvironment"))
        if ("computeEnvironments", name) in known:
            entry["computeEnvironment"] = name
    policy = base_name(request.get("schedulingPolicyArn"))
    if ("schedulingPolicies", policy) in known:
        request["schedulingPolicyArn"] = policy


def together(updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Updates at the same times as one, where they set different paths."""
    joined: list[dict[str, Any]] = []
    for update in updates:
        when = {key: value for key, value in update.items() if key != "set"}
        same = next((each for each in joined if {k: v for k, v in each.items() if k != "set"} == when), None)
        if same is None or same["set"].keys() & update["set"].keys():
            joined.append({**update, "set": dict(update["set"])})
        else:
            same["set"].update(update["set"])
    return joined
