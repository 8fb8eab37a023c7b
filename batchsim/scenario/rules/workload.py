"""Rules about workflows, their jobs, and whether anything can ever hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import base_name, dig, whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

SUBMIT = "AWS Batch API, SubmitJobRequest"


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
        needs: dict[str, list[str]] = {}
        for place, job in jobs:
            entries = job.get("dependsOn")
            if not isinstance(entries, list):
                continue
            if len(entries) > 20:
                yield context.finding(
                    (*place, "dependsOn"), f"{len(entries)} dependencies are too many", expected="20 at most"
                )
            for index, entry in enumerate(entries):
                yield from _entry(context, (*place, "dependsOn", index), job, entry, by_name)
                needed = dig(entry, "jobName")
                if isinstance(needed, str) and needed in by_name and isinstance(job.get("jobName"), str):
                    needs.setdefault(job["jobName"], []).append(needed)
        cycle = _cycle(needs)
        if cycle:
            place = by_name[cycle[0]][0]
            message = f"{' → '.join(cycle)} wait for each other in the workflow {workflow.get('workflow')!r}"
            yield context.finding((*place, "dependsOn"), message)


def _entry(
    context: Context, place: Where, job: dict[str, Any], entry: Any, by_name: dict[str, tuple[Where, dict[str, Any]]]
) -> Iterator[Finding]:
    if not isinstance(entry, dict):
        return
    needed, kind = entry.get("jobName"), entry.get("type")
    size = dig(job, "arrayProperties", "size")
    if "jobId" in entry:
        yield context.finding(
            (*place, "jobId"), "a scenario knows no job ids", expected="jobName of a job of this workflow"
        )
    if isinstance(needed, str) and needed not in by_name:
        yield context.unknown((*place, "jobName"), "job of this workflow named", needed, by_name)
        return
    if needed is None:
        if kind == "SEQUENTIAL" and size is None:
            yield context.finding(place, "SEQUENTIAL without a job is for arrays: child by child")
        elif kind != "SEQUENTIAL" and "jobId" not in entry:
            yield context.finding(place, "the job that is waited for is missing", expected="jobName")
    elif kind == "N_TO_N" and isinstance(needed, str):
        other = dig(by_name[needed][1], "arrayProperties", "size")
        if size is None or other is None:
            yield context.finding(place, "N_TO_N is between two arrays")
        elif size != other:
            yield context.finding(
                place, f"N_TO_N needs arrays of one size; {job.get('jobName')} has {size}, {needed} has {other}"
            )


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
