"""Rules about workflows, their jobs, and whether anything can ever hold them."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import base_name, dig, entries, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

SUBMIT = "AWS Batch API, SubmitJobRequest"
#: So many jobs may be waited for (API SubmitJobRequest.dependsOn).
MOST_DEPENDENCIES = 20


@rule("reference", "A job names a queue and a definition that exist", SUBMIT, number="V-35")
def references(context: Context) -> Iterator[Finding]:
    """Of workflows and traces."""
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            yield from _references(context, where, job)
    for where, trace in context.traces():
        yield from _references(context, where, trace)
        queues = trace.get("queues")
        for key, name in queues.items() if isinstance(queues, dict) else ():
            if isinstance(name, str) and base_name(name) not in context.queues:
                yield context.unknown((*where, "queues", key), "job queue", base_name(name), context.queues)


def _references(context: Context, where: Where, thing: dict[str, Any]) -> Iterator[Finding]:
    queue, definition = thing.get("jobQueue"), thing.get("jobDefinition")
    if isinstance(queue, str) and base_name(queue) not in context.queues:
        yield context.unknown((*where, "jobQueue"), "job queue", base_name(queue), context.queues)
    if isinstance(definition, str) and base_name(definition) not in context.definitions:
        yield context.unknown((*where, "jobDefinition"), "job definition", base_name(definition), context.definitions)


@rule("array", "An array has 2 to 10,000 children", "AWS Batch API, ArrayProperties", number="V-35")
def arrays(context: Context) -> Iterator[Finding]:
    """The size of arrays."""
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            size = whole(dig(job, "arrayProperties", "size"))
            if size is not None and not 2 <= size <= 10_000:
                yield context.finding(
                    (*where, "arrayProperties", "size"), f"{size} is out of range", expected="2 to 10000"
                )


@rule("duplicate-job", "Jobs of a workflow and workflows have names of their own", "batchsim, README.md", number="V-35")
def duplicate_jobs(context: Context) -> Iterator[Finding]:
    """`dependsOn` and results go by name."""
    workflows = set()
    for where, workflow, jobs in context.workflows:
        name = workflow.get("workflow")
        if isinstance(name, str):
            if name in workflows:
                yield context.finding((*where, "workflow"), f"the workflow {name!r} comes twice")
            workflows.add(name)
        seen = set()
        for place, job in jobs:
            job_name = job.get("jobName")
            if isinstance(job_name, str) and job_name in seen:
                yield context.finding((*place, "jobName"), f"the job {job_name!r} comes twice in the workflow")
            seen.add(job_name if isinstance(job_name, str) else None)


@rule(
    "dependency",
    "Dependencies name jobs of the workflow, suit arrays, and have no cycle",
    "AWS Batch User Guide, Job dependencies, Array jobs",
    number="V-35",
)
def dependencies(context: Context) -> Iterator[Finding]:
    """`dependsOn`, entry by entry, then as a graph."""
    for _, workflow, jobs in context.workflows:
        by_name = {job["jobName"]: (place, job) for place, job in jobs if isinstance(job.get("jobName"), str)}
        for place, job in jobs:
            listed = entries(job, "dependsOn")
            if len(listed) > MOST_DEPENDENCIES:
                message, expected = f"{len(listed)} dependencies are too many", f"{MOST_DEPENDENCIES} at most"
                yield context.finding((*place, "dependsOn"), message, expected=expected)
            for index, entry in enumerate(listed):
                yield from _entry(context, (*place, "dependsOn", index), job, entry, by_name)
        cycle = _cycle(_needs(jobs, by_name))
        if cycle:
            place = by_name[cycle[0]][0]
            message = f"{' → '.join(cycle)} wait for each other in the workflow {workflow.get('workflow')!r}"
            yield context.finding((*place, "dependsOn"), message)


def _needed(job: dict[str, Any], known: Container[str]) -> list[str]:
    """The jobs of the workflow that a job waits for."""
    named = (dig(entry, "jobName") for entry in entries(job, "dependsOn"))
    return [name for name in named if isinstance(name, str) and name in known]


def _needs(
    jobs: list[tuple[Where, dict[str, Any]]], by_name: dict[str, tuple[Where, dict[str, Any]]]
) -> dict[str, list[str]]:
    """The names that the jobs of each name wait for."""
    needs: dict[str, list[str]] = {name: [] for name in by_name}
    for _, job in jobs:
        if isinstance(job.get("jobName"), str):
            needs[job["jobName"]] += _needed(job, by_name)
    return needs


def _entry(
    context: Context, place: Where, job: dict[str, Any], entry: Any, by_name: dict[str, tuple[Where, dict[str, Any]]]
) -> Iterator[Finding]:
    if not isinstance(entry, dict):
        return
    needed = entry.get("jobName")
    if "jobId" in entry:
        message = "a scenario knows no job ids"
        yield context.finding((*place, "jobId"), message, expected="jobName of a job of this workflow")
    if isinstance(needed, str) and needed not in by_name:
        yield context.unknown((*place, "jobName"), "job of this workflow named", needed, by_name)
    elif needed is None:
        yield from _nameless(context, place, job, entry)
    elif entry.get("type") == "N_TO_N" and isinstance(needed, str):
        yield from _child_by_child(context, place, job, by_name[needed][1])


def _nameless(context: Context, place: Where, job: dict[str, Any], entry: dict[str, Any]) -> Iterator[Finding]:
    """An array may wait for itself, child by child; anything else waits for a job."""
    if entry.get("type") == "SEQUENTIAL":
        if dig(job, "arrayProperties", "size") is None:
            yield context.finding(place, "SEQUENTIAL without a job is for arrays: child by child")
    elif "jobId" not in entry:
        yield context.finding(place, "the job that is waited for is missing", expected="jobName")


def _child_by_child(context: Context, place: Where, job: dict[str, Any], needed: dict[str, Any]) -> Iterator[Finding]:
    size, other = (dig(each, "arrayProperties", "size") for each in (job, needed))
    if size is None or other is None:
        yield context.finding(place, "N_TO_N is between two arrays")
    elif size != other:
        message = f"N_TO_N needs arrays of one size; {job.get('jobName')} has {size}, {needed['jobName']} has {other}"
        yield context.finding(place, message)


def _cycle(needs: dict[str, list[str]]) -> list[str]:
    """A cycle of names, first and last the same; empty when there is none."""
    state: dict[str, int] = {}
    for start in needs:
        if start in state:
            continue
        path = [start]
        trail = [iter(needs[start])]
        state[start] = 1
        while trail:
            following = next(trail[-1], None)
            if following is None:
                state[path.pop()] = 2
                trail.pop()
            elif state.get(following) == 1:
                return [*path[path.index(following) :], following]
            elif following not in state:
                state[following] = 1
                path.append(following)
                trail.append(iter(needs.get(following, ())))
    return []
