"""A trace's jobs as one source of the workload: each has a queue and a definition, and all are checked together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np

from batchsim.arrays import Floats, Ints
from batchsim.errors import nearest
from batchsim.scenario.document.access import base_name
from batchsim.scenario.document.content import Readable
from batchsim.spec.configuration import Configuration, JobDefinition, RetryRule, Shape
from batchsim.spec.traces import FORMATS, Trace
from batchsim.spec.workload import JobGroup, group_of
from batchsim.units import MOST_SECONDS
from batchsim.workload.limits import beyond
from batchsim.workload.source import JobSource
from batchsim.workload.traces.common import FAILED_EXIT_CODE, MOST, MOST_FAULTS, Faults, TraceJobs
from batchsim.workload.traces.record import recorded_times, replayed_attempts

#: Thirty years: a log that begins later counts from 1970 and not from its own beginning.
LATEST_FIRST_S = 1e9


#: Gives the jobs of a trace, whose path is relative to a folder; a ScenarioError has the faults of the file.
TraceReader = Callable[[Trace, Path], TraceJobs]


def read_trace(trace: Trace, base: Path) -> TraceJobs:
    """The jobs of a trace as its file has them; see `TraceReader`."""
    path = base / trace.path
    return read_as(trace, path, str(path))


def read_as(trace: Trace, file: Readable, shown: str) -> TraceJobs:
    """The jobs in the content of a trace, told by a name.

    Raises
    ------
    ScenarioError
        With the faults of the file, each with its line.
    """
    faults = Faults(shown)
    reader: Callable[[Readable, Trace, Faults], TraceJobs] = import_module(
        f"batchsim.workload.traces.{FORMATS[trace.format].reader}"
    ).read
    jobs = reader(file, trace, faults)
    faults.raise_any()
    return jobs


def trace_source(trace: Trace, base: Path, configuration: Configuration, read: TraceReader = read_trace) -> JobSource:
    """The jobs of a trace as one source of the workload.

    Parameters
    ----------
    base : Path
        Folder that the trace's path is relative to.
    read : callable, optional
        Gives its jobs, where its file need not be read for it.

    Raises
    ------
    ScenarioError
        With the faults of the file, each with its line.
    """
    jobs = read(trace, base)
    faults = Faults(str(base / trace.path))
    _refuse_sizes(jobs, faults)
    _refuse_epochs(jobs, faults)
    _refuse_times(jobs, faults)
    _refuse_cycles(jobs, faults)
    said, group = _alike(jobs)
    kinds = list(_named_kinds(said, trace, configuration, faults))
    faults.raise_any()
    _refuse_queues(kinds, configuration, faults)
    faults.raise_any()
    definitions = {definition.name: definition for definition in configuration.definitions}
    shapes, shape = _shapes(jobs, [definitions[definition] for _, definition, _, _, _ in kinds], group)
    array_index = np.full(len(jobs.names), -1, np.int32) if jobs.array_index is None else jobs.array_index
    names, codes = _job_names(jobs, array_index)
    groups = [_group(trace.workflow, kind, definitions) for kind in kinds]
    attempts, untried = replayed_attempts(jobs, groups, group)
    recorded, doubted = recorded_times(jobs)
    runtime_s, exit_code = jobs.runtime_s.copy(), jobs.exit_code.copy()
    for row, tries in attempts.items():
        runtime_s[row], exit_code[row] = tries[0]
    return JobSource(
        submitted_at=jobs.submitted_at,
        group=group,
        shape=shape,
        job_name=codes,
        run=np.zeros(len(jobs.names), np.int32),
        array_index=array_index,
        runtime_s=runtime_s,
        exit_code=exit_code,
        groups=groups,
        shapes=shapes,
        job_names=names,
        edges=jobs.edges,
        parents=jobs.parents,
        think_s=jobs.think_s,
        attempts=attempts,
        recorded=recorded,
        skipped=jobs.skipped,
        notes={**jobs.notes, **untried, **doubted},
    )


#: What the jobs of one group have in common: queue, definition, share identifier, priority, whether they are final.
_Kind = tuple[str, str, str | None, int | None, bool]
_Said = tuple[str | None, str | None, str | None, int | None, bool]


def _alike(jobs: TraceJobs) -> tuple[list[_Said], Ints]:
    """What the trace says of the groups of its jobs, and the group of each job."""
    n = len(jobs.names)
    columns = (jobs.queues, jobs.definitions, jobs.share_identifiers, jobs.scheduling_priorities, jobs.final)
    if all(column is None for column in columns):
        return [(None, None, None, None, False)], np.zeros(n, np.int32)
    nothing: list[None] = [None] * n
    codes: dict[_Said, int] = {}
    rows = zip(
        jobs.queues or nothing,
        jobs.definitions or nothing,
        jobs.share_identifiers or nothing,
        nothing if jobs.scheduling_priorities is None else _priorities(jobs.scheduling_priorities),
        [False] * n if jobs.final is None else jobs.final.tolist(),
        strict=True,
    )
    group = np.fromiter((codes.setdefault(row, len(codes)) for row in rows), np.int32, n)
    return list(codes), group


def _priorities(column: Floats) -> list[int | None]:
    """Whole numbers; None where the trace says none."""
    return [None if math.isnan(priority) else int(priority) for priority in column.tolist()]


def _named_kinds(said: Sequence[_Said], trace: Trace, configuration: Configuration, faults: Faults) -> Iterator[_Kind]:
    """The groups with the queue and the definition of each, their own or that of the trace's entry."""
    queues = {queue.name for queue in configuration.queues}
    definitions = {definition.name for definition in configuration.definitions}
    for own_queue, own_definition, share, priority, final in said:
        if faults.full:
            return
        queue = _named(own_queue, trace.job_queue, "jobQueue", queues, faults)
        definition = _named(own_definition, trace.job_definition, "jobDefinition", definitions, faults)
        yield queue, definition, share, priority, final


def _named(own: str | None, given: str | None, member: str, known: set[str], faults: Faults) -> str:
    """The queue or definition of a job: its own, else that of the trace's entry in the scenario."""
    name = own if own is not None else given
    if name is None:
        message = f"the trace names no {member}"
        if not any(finding.message == message for finding in faults.findings):
            faults.add(0, message, f"{member} in the trace's entry of the scenario")
        return ""
    name = base_name(name)
    if name not in known:
        message = f"the trace names the {member} {name!r}, which the scenario does not have"
        if not any(finding.message == message for finding in faults.findings):
            near = nearest(name, sorted(known))
            faults.add(0, message, f"{near or 'a known one'}, or {member} in the trace's entry")
    return name


def _group(workflow: str, kind: _Kind, definitions: Mapping[str, JobDefinition]) -> JobGroup:
    """The group; of final jobs attempts that end by themselves are not retried, interrupted ones still are."""
    queue, definition, share, priority, final = kind
    group = group_of(definitions[definition], workflow, queue, share_identifier=share, scheduling_priority=priority)
    if not final:
        return group
    ended = RetryRule(action="EXIT", on_exit_code=str(FAILED_EXIT_CODE))
    return replace(group, evaluate_on_exit=(ended, *group.evaluate_on_exit))


def _shapes(jobs: TraceJobs, definitions: Sequence[JobDefinition], group: Ints) -> tuple[list[Shape], Ints]:
    """The different sizes, ascending, and that of each job; what the trace leaves open is the definition's.

    Parameters
    ----------
    definitions : sequence of JobDefinition
        Of each group.
    """

    def filled(column: Floats, defaults: Sequence[float]) -> Floats:
        return np.where(np.isnan(column), np.array(defaults, np.float64)[group], column)

    architectures = sorted({each.shape.architecture for each in definitions})
    columns = (
        filled(jobs.vcpus, [each.shape.vcpus for each in definitions]),
        filled(jobs.memory_mib, [each.shape.memory_mib for each in definitions]),
        filled(jobs.gpus, [each.shape.gpus for each in definitions]),
        np.array([architectures.index(each.shape.architecture) for each in definitions], np.float64)[group],
    )
    key = np.zeros(len(group), np.int64)
    for column in columns:
        values, code = np.unique(column, return_inverse=True)
        key = np.unique(key * len(values) + code, return_inverse=True)[1]
    _, first, shape = np.unique(key, return_index=True, return_inverse=True)
    sizes = zip(*(column[first].tolist() for column in columns), strict=True)
    return [
        Shape(cpu, int(mib), int(gpu), architecture=architectures[int(number)]) for cpu, mib, gpu, number in sizes
    ], shape.astype(np.int32)


def _job_names(jobs: TraceJobs, array_index: Ints) -> tuple[list[str], Ints]:
    """The different names, and that of each job."""
    if len(set(jobs.names)) == len(jobs.names):
        return jobs.names, np.arange(len(jobs.names), dtype=np.int32)
    names: dict[str, int] = {}
    codes = [names.setdefault(name, len(names)) for name in _unique(jobs, array_index)]
    return list(names), np.array(codes, np.int32)


def _refuse_sizes(jobs: TraceJobs, faults: Faults) -> None:
    """A fault for each job that asks for nothing, or for more than anything has."""
    for name, column, least in (
        ("vcpus", jobs.vcpus, 0.0),
        ("memory", jobs.memory_mib, 0.0),
        ("gpus", jobs.gpus, -1.0),
    ):
        for row in np.flatnonzero((column <= least) | (column > MOST)):
            if faults.full:
                return
            faults.add(0, f"the job {jobs.names[row]!r} asks for {name} {column[row]:g}", "what an instance can hold")


def _refuse_epochs(jobs: TraceJobs, faults: Faults) -> None:
    """A fault if the first job is submitted decades after the scenario's start: the log counts from 1970."""
    first = float(jobs.submitted_at.min()) if len(jobs.submitted_at) else 0.0
    if first >= LATEST_FIRST_S:
        unit = "seconds" if first < LATEST_FIRST_S * 100 else "milliseconds or less"
        message = f"the first job is submitted at {first:.0f}: {unit} since 1970, by its size"
        faults.add(0, message, "seconds since the scenario's start")


def _refuse_times(jobs: TraceJobs, faults: Faults) -> None:
    """A fault for each job that is submitted, runs or thinks for longer than any run may last."""
    if faults.findings:
        return
    earlier = [(row, time) for row, attempts in jobs.earlier.items() for time, _ in attempts]
    columns = [("is submitted at", jobs.submitted_at), ("runs for", jobs.runtime_s)]
    columns += [] if jobs.think_s is None else [("thinks for", jobs.think_s)]
    found = [(told, row, column[row]) for told, column in columns for row in beyond(column)[:MOST_FAULTS].tolist()]
    found += [("runs before for", row, time) for row, time in earlier if not time <= MOST_SECONDS]
    for told, row, time in found[:MOST_FAULTS]:
        faults.add(0, f"the job {jobs.names[row]!r} {told} {time:.6g} s", f"{MOST_SECONDS:.0f} s, a century, at most")


def _refuse_cycles(jobs: TraceJobs, faults: Faults) -> None:
    """A fault if jobs wait for each other in a circle (Kahn 1962)."""
    if not len(jobs.edges):
        return
    nodes = len(jobs.names) + jobs.parents
    waiting = np.bincount(jobs.edges[:, 1], minlength=nodes)
    order = np.argsort(jobs.edges[:, 0], kind="stable")
    following = jobs.edges[order, 1]
    starts = np.searchsorted(jobs.edges[order, 0], np.arange(nodes + 1))
    ready = np.flatnonzero(waiting == 0).tolist()
    while ready:
        node = ready.pop()
        for dependent in following[starts[node] : starts[node + 1]].tolist():
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                ready.append(dependent)
    stuck = np.flatnonzero(waiting[: len(jobs.names)] > 0)
    if len(stuck):
        names = ", ".join(dict.fromkeys(jobs.names[row] for row in stuck[:5].tolist()))
        faults.add(0, f"jobs wait for each other: {names}{', …' if len(stuck) > 5 else ''}", "no cycle")


def _unique(jobs: TraceJobs, array_index: Ints) -> Iterator[str]:
    """Names that tell jobs apart: one that comes again gets a number, children of one array share theirs."""
    seen: dict[str, int] = {}
    latest: dict[str, str] = {}
    for name, index in zip(jobs.names, array_index, strict=True):
        if index <= 0:
            seen[name] = seen.get(name, 0) + 1
            latest[name] = name if seen[name] == 1 else f"{name}-{seen[name]}"
        yield latest[name]


def _refuse_queues(kinds: Sequence[_Kind], configuration: Configuration, faults: Faults) -> None:
    """A fault for each queue that refuses jobs, or wants a share identifier that they lack, or takes none."""
    queues = {queue.name: queue for queue in configuration.queues}
    for name, _, share, _, _ in kinds:
        if not queues[name].enabled:
            # API JQState: new jobs can't be added to it.
            message = f"the queue {name} is DISABLED and refuses jobs, and jobs of the trace go to it"
            faults.add(0, message, "a queue that is ENABLED")
        # AWS refuses both (API SubmitJobRequest.shareIdentifier).
        if queues[name].fair_share is not None and share is None:
            faults.add(0, f"the queue {name} has a fair-share policy, and jobs of the trace no share_identifier")
        elif queues[name].fair_share is None and share is not None:
            faults.add(0, f"the queue {name} takes no share_identifier: it has no policy")
