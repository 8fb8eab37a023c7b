"""What all trace formats share: reading the file, telling its faults, and the table that becomes a `Part`."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import numpy as np

from batchsim.columns import Floats, Ints
from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario.configuration import Shape
from batchsim.scenario.model import Trace
from batchsim.scenario.reading import base_name
from batchsim.scenario.scenario import Scenario
from batchsim.workload.parts import Edges, Part, no_edges
from batchsim.workload.workflow import group_of

#: Faults told of one file; a file with more is not what it is said to be.
MOST_FAULTS = 20

#: No instance has so many vCPUs, MiB or GPUs.
MOST = 1e9

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
    from the number of jobs on are array parents.
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
    scheduling_priorities: Ints | None = None
    edges: Edges = field(default_factory=no_edges)
    parents: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


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
    """The file's content, unzipped where its name ends in ``.gz``."""
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, zlib.error) as error:
        faults.add(0, f"truncated or damaged: {error}", "a complete gzip file")
    except gzip.BadGzipFile as error:
        faults.add(0, str(error), "a gzip file")
    except OSError as error:
        faults.add(0, error.strerror or str(error))
    faults.raise_any()
    raise AssertionError


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
    pairs: dict[tuple[str, str, str | None, int | None], int] = {}
    alike = (jobs.queues, jobs.definitions, jobs.share_identifiers, jobs.scheduling_priorities)
    if all(column is None for column in alike):
        queue, definition = (
            _named(None, trace.job_queue, "jobQueue", known_queues, faults),
            _named(None, trace.job_definition, "jobDefinition", definitions, faults),
        )
        pairs[queue, definition, None, None] = 0
        group = np.zeros(n, np.int32)
    else:
        group = np.empty(n, np.int32)
        queues, named = jobs.queues or [None] * n, jobs.definitions or [None] * n
        shares = jobs.share_identifiers or [None] * n
        priorities = [None] * n if jobs.scheduling_priorities is None else jobs.scheduling_priorities.tolist()
        for row, (own_queue, own_definition) in enumerate(zip(queues, named, strict=True)):
            if faults.full:
                break
            pair = (
                _named(own_queue, trace.job_queue, "jobQueue", known_queues, faults),
                _named(own_definition, trace.job_definition, "jobDefinition", definitions, faults),
                shares[row],
                priorities[row],
            )
            group[row] = pairs.setdefault(pair, len(pairs))
    faults.raise_any()
    name = trace.workflow
    for queue, _, share, _ in pairs:
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
        group_of(name, queue, definitions[definition], _submitted(share, priority))
        for queue, definition, share, priority in pairs
    ]
    defaults = [definitions[definition].shape for _, definition, _, _ in pairs]
    vcpus = np.where(np.isnan(jobs.vcpus), np.array([shape.vcpus for shape in defaults])[group], jobs.vcpus)
    memory = np.where(
        np.isnan(jobs.memory_mib), np.array([float(shape.memory_mib) for shape in defaults])[group], jobs.memory_mib
    )
    gpus = np.where(np.isnan(jobs.gpus), np.array([float(shape.gpus) for shape in defaults])[group], jobs.gpus)
    unique, shape = np.unique(np.column_stack([vcpus, memory, gpus]), axis=0, return_inverse=True)
    names: dict[str, int] = {}
    array_index = np.full(n, -1, np.int32) if jobs.array_index is None else jobs.array_index
    codes = np.array([names.setdefault(job_name, len(names)) for job_name in _unique(jobs, array_index)], np.int32)
    return Part(
        submitted_at=jobs.submitted_at,
        group=group,
        shape=shape.reshape(-1).astype(np.int32),
        job_name=codes,
        run=np.zeros(n, np.int32),
        array_index=array_index,
        runtime_s=jobs.runtime_s,
        exit_code=jobs.exit_code,
        groups=groups,
        shapes=[Shape(float(cpu), int(mib), int(gpu)) for cpu, mib, gpu in unique],
        job_names=list(names),
        edges=jobs.edges,
        parents=jobs.parents,
        skipped=jobs.skipped,
    )


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
