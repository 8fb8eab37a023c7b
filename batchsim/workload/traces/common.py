"""What all trace formats share: reading the file, telling its faults, and the table that becomes a `Part`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario.document.access import base_name
from batchsim.scenario.document.content import read_content
from batchsim.scenario.scenario import Scenario
from batchsim.scenario.sections.models import Trace
from batchsim.spec.configuration import RetryRule, Shape
from batchsim.spec.workload import JobGroup
from batchsim.workload.source import Edges, Part, no_edges
from batchsim.workload.workflow import group_of

#: Faults told of one file; a file with more is not what it is said to be.
MOST_FAULTS = 20

#: No instance has so many vCPUs, MiB or GPUs.
MOST = 1e9

#: Thirty years: a log that begins later counts from 1970 and not from its own beginning.
LATEST_FIRST_S = 1e9

#: The exit code of jobs of which a trace says that they failed and not how.
FAILED_EXIT_CODE = 1

#: Format → module with ``read(path, trace, faults) -> Jobs``.
FORMATS = {
    "swf": "swf",
    "wfformat": "wfformat",
    "describe-jobs": "describe_jobs",
    "csv": "tabular",
    "parquet": "tabular",
}


@dataclass
class Jobs:
    """The jobs of a trace, in its order; NaN stands for what the trace does not say.

    ``names`` holds a name per job, ``queues`` and ``definitions`` too where the trace names them. Nodes of ``edges``
    from the number of jobs on are array parents. ``think_s`` is that of `Part`. Jobs that are ``final`` are not retried
    for their exit code: the record says how they ended in the end. ``notes`` are records that are kept and doubted, or
    taken otherwise than they were, counted by reason.
    """

    names: list[str]
    submitted_at: Floats
    runtime_s: Floats
    vcpus: Floats
    memory_mib: Floats
    gpus: Floats
    exit_code: Ints
    array_index: Ints | None = None
    queues: list[str | None] | None = None
    definitions: list[str | None] | None = None
    share_identifiers: list[str | None] | None = None
    scheduling_priorities: Floats | None = None
    final: NDArray[np.bool_] | None = None
    think_s: Floats | None = None
    edges: Edges = field(default_factory=no_edges)
    parents: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)


class Faults:
    """Faults of one file, told all at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def add(self, line: int, message: str, expected: str = "") -> None:
        """Note a fault; line 0 stands for the whole file."""
        self.findings.append(Finding("trace", "", message, expected, file=self.file, line=line))

    @property
    def full(self) -> bool:
        """Whether enough have been found."""
        return len(self.findings) >= MOST_FAULTS

    def raise_any(self) -> None:
        """Raise what was found.

        Raises
        ------
        ScenarioError
            If there is anything.
        """
        if self.findings:
            raise ScenarioError(self.findings[:MOST_FAULTS])


def read_bytes(path: Path, faults: Faults) -> bytes:
    """The file's content, unpacked where it is gzip's."""
    return read_content(path, faults.file, "trace")


def trace_part(trace: Trace, scenario: Scenario) -> Part:
    """The jobs of a trace as part of the workload.

    Raises
    ------
    ScenarioError
        With the faults of the file, each with its line.
    """
    path = scenario.base / trace.path
    faults = Faults(str(path))
    reader: Callable[[Path, Trace, Faults], Jobs] = import_module(
        f"batchsim.workload.traces.{FORMATS[trace.format]}"
    ).read
    jobs = reader(path, trace, faults)
    faults.raise_any()
    _refuse_sizes(jobs, faults)
    _refuse_epochs(jobs, faults)
    _refuse_cycles(jobs, faults)
    part = _part(jobs, trace, scenario, faults)
    faults.raise_any()
    return part


def _part(jobs: Jobs, trace: Trace, scenario: Scenario, faults: Faults) -> Part:
    n = len(jobs.names)
    known_queues = {queue.name for queue in scenario.configuration.queues}
    disabled = {queue.name for queue in scenario.configuration.queues if not queue.enabled}
    fair = {queue.name for queue in scenario.configuration.queues if queue.fair_share is not None}
    definitions = {definition.name: definition for definition in scenario.configuration.definitions}
    said, group = _alike(jobs)
    pairs: list[_Alike] = []
    for own_queue, own_definition, share, priority, final in said:
        if faults.full:
            break
        queue = _named(own_queue, trace.job_queue, "jobQueue", known_queues, faults)
        definition = _named(own_definition, trace.job_definition, "jobDefinition", definitions, faults)
        pairs.append((queue, definition, share, priority, final))
    faults.raise_any()
    name = trace.workflow
    for queue, _, share, _, _ in pairs:
        if queue in disabled:
            # API JQState: new jobs can't be added to it.
            faults.add(
                0,
                f"the queue {queue} is DISABLED and refuses jobs, and jobs of the trace go to it",
                "a queue that is ENABLED",
            )
        # AWS refuses both (API SubmitJobRequest.shareIdentifier).
        if (queue in fair) != (share is not None):
            missing = f"the queue {queue} has a fair-share policy, and jobs of the trace no share_identifier"
            faults.add(
                0, missing if queue in fair else f"the queue {queue} takes no share_identifier: it has no policy"
            )
    faults.raise_any()
    groups = [
        _group(group_of(name, queue, definitions[definition], _submitted(share, priority)), final)
        for queue, definition, share, priority, final in pairs
    ]
    defaults = [definitions[definition].shape for _, definition, _, _, _ in pairs]
    vcpus = np.where(np.isnan(jobs.vcpus), np.array([shape.vcpus for shape in defaults])[group], jobs.vcpus)
    memory = np.where(
        np.isnan(jobs.memory_mib), np.array([float(shape.memory_mib) for shape in defaults])[group], jobs.memory_mib
    )
    gpus = np.where(np.isnan(jobs.gpus), np.array([float(shape.gpus) for shape in defaults])[group], jobs.gpus)
    shapes, shape = _shapes(vcpus, memory, gpus)
    array_index = np.full(n, -1, np.int32) if jobs.array_index is None else jobs.array_index
    names, codes = _job_names(jobs, array_index)
    return Part(
        submitted_at=jobs.submitted_at,
        group=group,
        shape=shape,
        job_name=codes,
        run=np.zeros(n, np.int32),
        array_index=array_index,
        runtime_s=jobs.runtime_s,
        exit_code=jobs.exit_code,
        groups=groups,
        shapes=shapes,
        job_names=names,
        edges=jobs.edges,
        parents=jobs.parents,
        think_s=jobs.think_s,
        skipped=jobs.skipped,
        notes=jobs.notes,
    )


#: What the jobs of one group have in common: queue, definition, share identifier, priority, whether they are final.
_Alike = tuple[str, str, str | None, int | None, bool]
_Said = tuple[str | None, str | None, str | None, int | None, bool]


def _alike(jobs: Jobs) -> tuple[list[_Said], Ints]:
    """What the trace says of the groups of its jobs, and the group of each job."""
    n = len(jobs.names)
    columns = (jobs.queues, jobs.definitions, jobs.share_identifiers, jobs.scheduling_priorities, jobs.final)
    if all(column is None for column in columns):
        return [(None, None, None, None, False)], np.zeros(n, np.int32)
    nothing: list[None] = [None] * n
    priorities = [] if jobs.scheduling_priorities is None else jobs.scheduling_priorities.tolist()
    codes: dict[_Said, int] = {}
    rows = zip(
        jobs.queues or nothing,
        jobs.definitions or nothing,
        jobs.share_identifiers or nothing,
        [None if math.isnan(priority) else int(priority) for priority in priorities] or nothing,
        [False] * n if jobs.final is None else jobs.final.tolist(),
        strict=True,
    )
    group = np.fromiter((codes.setdefault(row, len(codes)) for row in rows), np.int32, n)
    return list(codes), group


def _group(group: JobGroup, final: bool) -> JobGroup:
    """The group; of final jobs attempts that end by themselves are not retried, interrupted ones still are."""
    if not final:
        return group
    ended = RetryRule(action="EXIT", on_exit_code=str(FAILED_EXIT_CODE))
    return replace(group, evaluate_on_exit=(ended, *group.evaluate_on_exit))


def _shapes(vcpus: Floats, memory: Floats, gpus: Floats) -> tuple[list[Shape], Ints]:
    """The different sizes, ascending, and that of each job."""
    key = np.zeros(len(vcpus), np.int64)
    for column in (vcpus, memory, gpus):
        values, code = np.unique(column, return_inverse=True)
        key = np.unique(key * len(values) + code, return_inverse=True)[1]
    _, first, shape = np.unique(key, return_index=True, return_inverse=True)
    sizes = zip(vcpus[first].tolist(), memory[first].tolist(), gpus[first].tolist(), strict=True)
    return [Shape(cpu, int(mib), int(gpu)) for cpu, mib, gpu in sizes], shape.astype(np.int32)


def _job_names(jobs: Jobs, array_index: Ints) -> tuple[list[str], Ints]:
    """The different names, and that of each job."""
    if len(set(jobs.names)) == len(jobs.names):
        return jobs.names, np.arange(len(jobs.names), dtype=np.int32)
    names: dict[str, int] = {}
    codes = [names.setdefault(name, len(names)) for name in _unique(jobs, array_index)]
    return list(names), np.array(codes, np.int32)


def _submitted(share: str | None, priority: int | None) -> dict[str, object]:
    """What SubmitJob would have said of a job."""
    return {
        **({} if share is None else {"shareIdentifier": share}),
        **({} if priority is None else {"schedulingPriorityOverride": priority}),
    }


def _refuse_sizes(jobs: Jobs, faults: Faults) -> None:
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


def _refuse_epochs(jobs: Jobs, faults: Faults) -> None:
    """A fault if the first job is submitted decades after the scenario's start: the log counts from 1970."""
    first = float(jobs.submitted_at.min()) if len(jobs.submitted_at) else 0.0
    if first >= LATEST_FIRST_S:
        unit = "seconds" if first < LATEST_FIRST_S * 100 else "milliseconds or less"
        message = f"the first job is submitted at {first:.0f}: {unit} since 1970, by its size"
        faults.add(0, message, "seconds since the scenario's start")


def _refuse_cycles(jobs: Jobs, faults: Faults) -> None:
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


def _unique(jobs: Jobs, array_index: Ints) -> Iterator[str]:
    """Names that tell jobs apart: one that comes again gets a number, children of one array share theirs."""
    seen: dict[str, int] = {}
    latest: dict[str, str] = {}
    for name, index in zip(jobs.names, array_index, strict=True):
        if index <= 0:
            seen[name] = seen.get(name, 0) + 1
            latest[name] = name if seen[name] == 1 else f"{name}-{seen[name]}"
        yield latest[name]


def _named(own: str | None, given: str | None, member: str, known: object, faults: Faults) -> str:
    """The queue or definition of a job: its own, else that of the trace's entry in the scenario."""
    assert isinstance(known, (set, dict))  # noqa: S101 (for the type checker)
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
