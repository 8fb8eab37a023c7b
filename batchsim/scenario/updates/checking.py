"""What is found of scheduled updates: of each entry, of its instants, and of what a document is after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from batchsim.catalog.catalog import Catalog
from batchsim.errors import Finding, nearest
from batchsim.scenario import rules
from batchsim.scenario.batch.update_calls import FARGATE_SCALING, RESOURCES, SCALING, MemberChange, changes_of
from batchsim.scenario.document.access import dig
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import Stage
from batchsim.scenario.sections.models import Frame
from batchsim.scenario.sections.updates import update_entries
from batchsim.scenario.updates.timeline import ReadUpdate, Timeline, UpdateStep
from batchsim.spec.allocation_strategies import DEFAULT_STRATEGY
from batchsim.spec.updates import JobAction
from batchsim.units import format_instant, parse_instant

#: Rules on what is DISABLED: an update that disables something means it.
MEANT: Final = frozenset({"disabled-queue", "disabled-environment", "created-disabled"})
#: So many states of a document are looked at.
MOST_CHECKED: Final = 60

UPDATING: Final = "AWS Batch User Guide, Perform infrastructure updates"


def read_updates(document: Document, findings: list[Finding]) -> tuple[ReadUpdate, ...]:
    """The entries of ``updates:`` without faults; findings for the others."""
    read = []
    for index, entry in update_entries(document, findings):
        before = len(findings)
        where = ("updates", index, "set")
        changes = changes_of(entry.set or {}, where, document, findings)
        update = ReadUpdate(index, entry, changes)
        if update.action is not None:
            findings += _unknown_jobs(document, update)
        if len(findings) == before:
            read.append(update)
    return tuple(read)


def _unknown_jobs(document: Document, update: ReadUpdate) -> Iterator[Finding]:
    """Names of jobs that the workload does not have; of a trace they are known when it is read."""
    action: JobAction | None = update.action
    if action is None:
        return
    given = {"jobQueue": action.job_queue, "jobName": action.job_name, "workflow": action.workflow}
    member = "cancel" if action.call == "CancelJob" else "terminate"
    for key, names in _known_names(Context(document)).items():
        name = given[key]
        if name and name not in names:
            message, near = f"there is no {key} {name!r}", nearest(name, names)
            yield document.finding(("updates", update.index, member, key), "update-jobs", message, suggestion=near)


def _known_names(context: Context) -> dict[str, list[str]]:
    """What may be named, by the key that it is named by; without those by which anything may be named."""
    if any(context.traces()):
        return {"jobQueue": list(context.queues)}
    return {
        "jobQueue": list(context.queues),
        "jobName": [str(job.get("jobName")) for _, _, jobs in context.workflows for _, job in jobs],
        "workflow": [str(entry.get("workflow")) for _, entry, _ in context.workflows],
    }


def check_updates(
    document: Document,
    updates: Sequence[ReadUpdate],
    frame: Frame,
    stages: Sequence[Stage],
    catalog: Catalog,
    known: Iterable[Finding],
) -> Iterator[Finding]:
    """Findings about what updates do, and when.

    Parameters
    ----------
    known : iterable of Finding
        What is found in the document as it is written: what an update leaves so is not told again.
    """
    if not updates:
        return
    start = parse_instant(frame.start)
    yield from _outside(document, updates, frame, start)
    timeline = Timeline(document, updates, start, frame.duration, frame.horizon)
    told = {(finding.code, finding.path, finding.message) for finding in known}
    checked = {0}
    for step in timeline.steps:
        for finding in _refused(step):
            yield _placed(document, step, start, finding)
        if step.after in checked or len(checked) > MOST_CHECKED:
            continue
        checked.add(step.after)
        for finding in rules.check_all(step.document, stages, catalog=catalog):
            key = finding.code, finding.path, finding.message
            if key not in told and finding.code not in MEANT:
                told.add(key)
                yield _placed(document, step, start, finding)


def _placed(document: Document, step: UpdateStep, start: datetime, finding: Finding) -> Finding:
    """A finding about what a document is after an update, at the update's place and by its name."""
    name = step.update.entry.name or f"updates.{step.update.index}"
    at = format_instant(start + timedelta(seconds=step.at))
    message = f"after the update {name} at {at}: {finding.message}"
    places = {document.place(change.where) for change in step.update.changes}
    if (finding.file, finding.line, finding.column) not in places:
        finding = finding.at(*document.place(("updates", step.update.index)))
    return replace(finding, message=message)


def _outside(document: Document, updates: Sequence[ReadUpdate], frame: Frame, start: datetime) -> Iterator[Finding]:
    """Updates that never happen, or only where the run lasts beyond its duration."""
    end, by = frame.horizon, "horizon: it never happens"
    if frame.horizon is None:
        end, by = frame.duration, "duration: it happens only if jobs still run then"
    for update in updates:
        member = "cron" if update.entry.at is None else "at"
        where, plain = ("updates", update.index, member), update.resolved(start)
        first = next(iter(islice(plain.occurrences(start), 1)), None)
        if plain.at is not None and plain.at < 0:
            yield _outside_run(document, where, "it is before the scenario's start: it never happens")
        elif first is None:
            yield _outside_run(document, where, "it never comes due")
        elif end is not None and first >= end:
            what = "its first time" if plain.at is None else "it"
            yield _outside_run(document, where, f"{what} is after the scenario's {by}")


def _outside_run(document: Document, where: Where, message: str) -> Finding:
    return document.finding(where, "update-outside-run", message, severity="warning")


def _refused(step: UpdateStep) -> Iterator[Finding]:
    """What AWS refuses of an update, given what the object was before."""
    changed: dict[tuple[str, int], list[MemberChange]] = {}
    for change in step.update.changes:
        changed.setdefault(change.object, []).append(change)
    for (kind, index), changes in changed.items():
        before, after = (each.values["batch"][kind][index] for each in (step.document_before, step.document))
        if kind == "computeEnvironments":
            yield from _refused_environment(step, before, after, changes)
        elif kind == "jobQueues":
            yield from _refused_queue(step, before, changes)


def replaces_instances(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether an update of an environment replaces its instances: a member changes that is none of scaling.

    User Guide, *Perform infrastructure updates*.
    """
    old, new = before.get(RESOURCES) or {}, after.get(RESOURCES) or {}
    scaling = FARGATE_SCALING if str(new.get("type", "")).startswith("FARGATE") else SCALING
    return any(old.get(key) != new.get(key) for key in {*old, *new} - scaling)


def _refused_environment(
    step: UpdateStep, before: dict[str, Any], after: dict[str, Any], changes: Sequence[MemberChange]
) -> Iterator[Finding]:
    old, new = dig(before, RESOURCES, "type"), dig(after, RESOURCES, "type")
    if old != new:
        yield _refused_type(step, str(old), str(new), changes)
    elif old in ("EC2", "SPOT") and replaces_instances(before, after):
        strategy = dig(before, RESOURCES, "allocationStrategy") or DEFAULT_STRATEGY
        if strategy == DEFAULT_STRATEGY:
            replacing = next(
                each for each in changes if each.steps[0] == RESOURCES and str(each.steps[1]) not in SCALING
            )
            message = f"AWS replaces no instances of an environment whose allocationStrategy is {DEFAULT_STRATEGY}"
            expected = "another strategy from the beginning, or minvCpus, maxvCpus, desiredvCpus and state alone"
            yield step.document.finding(replacing.where, "update-refused", message, expected=expected, source=UPDATING)


def _refused_type(step: UpdateStep, old: str, new: str, changes: Sequence[MemberChange]) -> Finding:
    change = next(each for each in changes if each.steps[:2] == (RESOURCES, "type"))
    if {old, new} in ({"EC2", "SPOT"}, {"FARGATE", "FARGATE_SPOT"}):
        message = "a change of type is not simulated: what is on demand and what is Spot is told by environment"
        source = ""
    else:
        message = f"the type can't be changed from {old} to {new}"
        source = "AWS Batch API, ComputeResourceUpdate.type"
    expected = "an environment of each type, and their state set"
    return step.document.finding(change.where, "update-refused", message, expected=expected, source=source)


def _refused_queue(step: UpdateStep, before: dict[str, Any], changes: Sequence[MemberChange]) -> Iterator[Finding]:
    """A queue keeps to first in, first out, or to fair share (API CreateJobQueueRequest.schedulingPolicyArn)."""
    for change in changes:
        if change.steps == ("schedulingPolicyArn",) and not before.get("schedulingPolicyArn"):
            message = "a queue without a scheduling policy can't be given one"
            source = "AWS Batch API, CreateJobQueueRequest.schedulingPolicyArn"
            yield step.document.finding(change.where, "update-refused", message, source=source)
