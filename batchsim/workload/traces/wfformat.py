"""WfFormat of WfCommons (1.0 to 1.6): an executed workflow with its tasks, parents and run times.

From 1.5 on tasks stand twice, in ``workflow.specification.tasks`` with the ids of their parents and in
``workflow.execution.tasks`` with their run times. Up to 1.4 they stand once, in ``workflow.tasks`` (1.0 to 1.2:
``jobs``), and parents are *names*; up to 1.3 the run time is ``runtime`` and memory is in KB (WfFormat's schemas of
each version, and its migration tool, which takes a KB as 1000 bytes).

Cores and memory count where they were recorded as requests of a task (``coreCount``, ``cores``, ``memoryInBytes``); the
job definition's are taken elsewhere. All tasks are submitted together; each waits for its parents. A task may have more
parents than SubmitJob's 20 dependencies: the workflow engine that ran it held it back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from batchsim.scenario.document.access import dig, entries, figure
from batchsim.scenario.document.content import Readable, decoded, documents
from batchsim.spec.traces import Trace
from batchsim.workload.traces.common import Faults, TraceJobs, read_bytes

BYTES_PER_MIB = 1024**2
#: Of the versions before 1.4.
_BYTES_PER_KB = 1000


def job_name(task: str) -> str:
    """A task's id as AWS Batch would take it for a job's name."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", task)[:128]
    return name if re.match(r"[A-Za-z0-9]", name) else f"t{name}"[:128]


@dataclass(frozen=True)
class _Task:
    """A task of any version; None where it does not say it."""

    name: str
    parents: tuple[str, ...]
    children: tuple[str, ...]
    runtime_s: float | None
    cores: float | None
    memory_bytes: float | None


def read(path: Readable, trace: Trace, faults: Faults) -> TraceJobs:  # noqa: ARG001 (one signature for all formats)
    """Read a WfFormat file."""
    content = documents(decoded(read_bytes(path, faults), faults.file, "trace"), faults.file, "trace")
    if len(content) > 1:
        faults.add(0, f"{len(content)} JSON documents in one file", "a workflow a file, each a trace of its own")
        faults.raise_any()
    tasks = _tasks(content[0], faults)
    faults.raise_any()
    place = {task.name: row for row, task in enumerate(tasks)}
    if len(place) < len(tasks):
        faults.add(0, "tasks share an id", "an id of its own for each")
        faults.raise_any()
    edges = _edges(tasks, place, faults)
    faults.raise_any()
    n = len(tasks)
    return TraceJobs(
        names=[job_name(task.name) for task in tasks],
        submitted_at=np.zeros(n),
        runtime_s=np.array([task.runtime_s for task in tasks], float),
        vcpus=np.array([_vcpus(task.cores) for task in tasks], float),
        memory_mib=np.array([_mib(task.memory_bytes) for task in tasks], float),
        gpus=np.full(n, np.nan),
        exit_code=np.zeros(n, np.int32),
        edges=np.array(list(edges), np.int64).reshape(-1, 2),
    )


def _edges(tasks: Sequence[_Task], place: Mapping[str, int], faults: Faults) -> dict[tuple[int, int], None]:
    """Tasks that are needed and those that wait for them, each pair once; some files have it on one side alone."""
    edges: dict[tuple[int, int], None] = {}
    for row, task in enumerate(tasks):
        if task.runtime_s is None or task.runtime_s < 0:
            faults.add(0, f"the task {task.name!r} has no run time of 0 s or more")
        for parent in task.parents:
            if parent not in place:
                faults.add(0, f"the task {task.name!r} waits for {parent!r}, which is not there")
            else:
                edges[place[parent], row] = None
        for child in task.children:
            if child not in place:
                faults.add(0, f"the task {task.name!r} has the child {child!r}, which is not there")
            else:
                edges[row, place[child]] = None
        if faults.full:
            break
    return edges


def _vcpus(cores: float | None) -> float:
    return math.ceil(cores) if cores and cores > 0 else math.nan


def _mib(size: float | None) -> float:
    return max(math.ceil(size / BYTES_PER_MIB), 4) if size and size > 0 else math.nan


def _tasks(content: Any, faults: Faults) -> list[_Task]:
    """The tasks of any version."""
    version = str(dig(content, "schemaVersion") or "")
    if _major(version) > 1:
        faults.add(0, f"schemaVersion {version[:20]}", "WfFormat 1.0 to 1.6")
        return []
    specified = entries(content, "workflow", "specification", "tasks")
    executed = dig(content, "workflow", "execution", "tasks")
    if specified and isinstance(executed, list):
        return _executed(specified, executed)
    flat = next((tasks for name in ("tasks", "jobs") if isinstance(tasks := dig(content, "workflow", name), list)), [])
    if flat:
        return _flat(flat)
    if specified:
        faults.add(0, "the workflow is described and was not executed: there are no run times", "workflow.execution")
    else:
        shown = f" (schemaVersion {version})" if version else ""
        expected = "WfFormat: workflow.specification.tasks and workflow.execution.tasks, or workflow.tasks (up to 1.4)"
        faults.add(0, f"no tasks of a workflow in it{shown}", expected)
    return []


def _major(version: str) -> int:
    number = re.match(r"\d+", version)
    return int(number[0]) if number else 0


def _executed(specified: list[Any], executed: list[Any]) -> list[_Task]:
    """The tasks of a version from 1.5 on: what was specified, each with its execution."""
    ran = {str(dig(task, "id")): task for task in executed}
    return [_task(str(dig(task, "id")), task, ran.get(str(dig(task, "id"))), {}) for task in specified]


def _flat(tasks: list[Any]) -> list[_Task]:
    """The tasks of a version up to 1.4: they go by their names, and by their ids where parents do."""
    names = [str(dig(task, "name")) for task in tasks]
    by_id = {str(dig(task, "id")): name for task, name in zip(tasks, names, strict=True) if dig(task, "id") is not None}
    by_id |= {name: name for name in names}
    return [_task(name, task, task, by_id) for name, task in zip(names, tasks, strict=True)]


def _task(name: str, task: Any, ran: Any, known_as: Mapping[str, str]) -> _Task:
    """A task and its execution, in the members of any version.

    Parameters
    ----------
    known_as : mapping
        The name of a task that others call by something else.
    """

    def first(*members: str) -> float | None:
        return next((found for member in members if (found := figure(dig(ran, member))) is not None), None)

    parents, children = (
        tuple(known_as.get(str(each), str(each)) for each in entries(task, member))
        for member in ("parents", "children")
    )
    memory, kilobytes = first("memoryInBytes"), first("memory")
    if memory is None and kilobytes is not None:
        memory = kilobytes * _BYTES_PER_KB
    return _Task(name, parents, children, first("runtimeInSeconds", "runtime"), first("coreCount", "cores"), memory)
