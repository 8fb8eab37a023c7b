"""Schedules that were found, as the ``updates:`` of what was found with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchsim.aws.importers.found_requests import FoundSchedule
from batchsim.aws.importers.template_values import Unresolved
from batchsim.aws.objects import OBJECTS
from batchsim.aws.schedules.reading import OtherTargetError, UnreadError, together, update_of
from batchsim.errors import Finding

#: Terraform's resource type of a schedule.
TERRAFORM = "aws_scheduler_schedule"


def updates_of(
    schedules: Iterable[FoundSchedule], batch: Mapping[str, list[dict[str, Any]]]
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The ``updates:`` section, and what of the schedules is not in it.

    What changes AWS Batch and can't be said is a warning: it is missing in what is simulated.
    """
    known = {(kind, str(each.get(OBJECTS[kind].name_member))) for kind, requests in batch.items() for each in requests}
    updates: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for schedule in schedules:
        path = f"updates.{schedule.name}"
        try:
            updates.append(update_of(schedule.properties, known))
        except OtherTargetError as error:
            message = f"left out: the schedule {schedule.name}: {error}"
            findings.append(Finding("left-out", path, message, severity="info").at(*schedule.place))
        except UnreadError as error:
            message = f"the schedule {schedule.name} is not read: {error}"
            finding = Finding("schedule-unread", path, message, error.expected, severity="warning")
            findings.append(finding.at(*schedule.place))
    return together(updates), findings


def of_terraform(values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of an ``aws_scheduler_schedule`` in the spelling of Scheduler's API."""
    target = _target(values.get("target"))
    arn = target.get("arn")
    if isinstance(arn, Unresolved):  # the partition, mostly
        arn = "".join(part for part in arn.parts if isinstance(part, str))
    given = {
        "ScheduleExpression": values.get("schedule_expression"),
        "ScheduleExpressionTimezone": values.get("schedule_expression_timezone"),
        "State": values.get("state") or "ENABLED",
        "StartDate": values.get("start_date") or None,
        "EndDate": values.get("end_date") or None,
        "Target": {"Arn": arn, "Input": target.get("input")},
    }
    return {key: filled(value) for key, value in given.items()}


def _target(block: Any) -> dict[str, Any]:
    """The attributes of the block ``target``, which stands in a list where Terraform prints it."""
    target = next(iter(block), None) if isinstance(block, list) else block
    return target if isinstance(target, dict) else {}


def filled(value: Any) -> Any:
    """A value whose texts have 0 where an account's number is not known; None where more is missing."""
    if isinstance(value, Unresolved):
        return _with_zeros(value)
    if isinstance(value, dict):
        return {key: filled(each) for key, each in value.items()}
    return [filled(each) for each in value] if isinstance(value, list) else value


def _with_zeros(value: Unresolved) -> str | None:
    """The text around numbers that are not known, 0 for each; None where more is missing."""
    is_text = any(isinstance(part, str) for part in value.parts)
    if not is_text or not all(each.digits for each in value.holes):
        return None
    return "".join(part if isinstance(part, str) else "0" for part in value.parts)
