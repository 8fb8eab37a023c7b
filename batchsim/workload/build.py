"""All sources of a scenario's workload, merged into one table in the order of submission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

import numpy as np

from batchsim.arrays import Floats, Ints
from batchsim.errors import ScenarioError
from batchsim.spec.configuration import Configuration
from batchsim.spec.memory_margin import at_the_edge
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.traces import Trace
from batchsim.spec.workload import Attempts, RecordedTimes, Workload
from batchsim.workload.arrivals import instants
from batchsim.workload.limits import JobCount
from batchsim.workload.source import JobSource, replay
from batchsim.workload.traces import TraceReader, read_trace, trace_source
from batchsim.workload.workflow import AttemptDraws, workflow_source

T = TypeVar("T")


@dataclass(frozen=True)
class LaterAttempts:
    """Run time and exit code of second and later attempts.

    A workflow's jobs draw anew for each attempt; a trace's jobs repeat what was recorded: where attempts were recorded
    one by one, those, and after them the last again.
    """

    group: Ints
    run: Ints
    array_index: Ints
    runtime_s: Floats
    exit_code: Ints
    sources: tuple[tuple[AttemptDraws, int] | None, ...]
    recorded: Mapping[int, Attempts]

    def __call__(self, job: int, number: int) -> tuple[float, int]:
        """Attempt `number` of a job."""
        source = self.sources[int(self.group[job])]
        if source is None:
            if job in self.recorded:
                attempts = self.recorded[job]
                return attempts[min(number, len(attempts)) - 1]
            return float(self.runtime_s[job]), int(self.exit_code[job])
        draws, size = source
        return draws.one(int(self.run[job]) * size + max(int(self.array_index[job]), 0), number)


def build_workload(
    scenario: ResolvedScenario,
    *,
    seed: int | None = None,
    replication: int = 0,
    reserved: int = 0,
    read: TraceReader = read_trace,
) -> Workload:
    """The jobs of a scenario.

    Parameters
    ----------
    seed : int, optional
        Instead of the scenario's own.
    reserved : int
        How many runs more each workflow has, which arrive only when they are submitted; they are the last rows.
    read : callable, optional
        Gives the jobs of a trace, where its file need not be read for it.

    Raises
    ------
    ScenarioError
        If a trace can't be read; if there are more arrivals, jobs, or seconds than a run can have.
    """
    seed = scenario.seed if seed is None else seed
    parts, sources = _sources(scenario, seed, replication, reserved, read)
    workload = _within_margins(_merge(parts, sources), scenario.configuration)
    return replace(workload, reserved=int(np.isinf(workload.submitted_at).sum())) if reserved else workload


def _sources(
    scenario: ResolvedScenario, seed: int, replication: int, reserved: int, read: TraceReader
) -> tuple[list[JobSource], list[tuple[AttemptDraws, int] | None]]:
    """The jobs of each workflow and trace, and where each of their groups draws its attempts from."""
    parts: list[JobSource] = []
    count = JobCount()
    sources: list[tuple[AttemptDraws, int] | None] = []
    planned = []
    for number, (source, name) in enumerate(zip(scenario.sources, _addresses(scenario), strict=True)):
        with _placed(scenario, number):
            arrivals = instants(
                source.arrivals,
                start=scenario.start,
                duration_s=scenario.duration_s,
                seed=seed,
                replication=replication,
                name=name,
            )
            planned.append(arrivals)
            # All workflows are counted before the jobs of one are made; how many a trace has is known when it is read.
            if not isinstance(source, Trace):
                jobs = sum(job.rows for job in source.jobs)
                count.add((len(arrivals) + reserved) * jobs, f"workload.{source.name}")
    for number, (source, arrivals) in enumerate(zip(scenario.sources, planned, strict=True)):
        with _placed(scenario, number):
            if isinstance(source, Trace):
                part = trace_source(source, scenario.base, scenario.configuration, read)
                count.add(len(part) * len(arrivals), "workload")
                part = replay(part, arrivals)
                sources += [None] * len(part.groups)
            else:
                runs = np.concatenate([arrivals, np.full(reserved, np.inf)])
                part, draws = workflow_source(source, runs, seed, replication)
                sources += [(drawn, job.rows) for drawn, job in zip(draws, source.jobs, strict=True)]
            parts.append(part)
    return parts, sources


def _addresses(scenario: ResolvedScenario) -> Iterator[str]:
    """Whose the random arrivals of each source are: a workflow's by its name, a trace's by its path.

    Several traces of one file are numbered from the second on: they would all arrive at the same instants.
    """
    traces: Counter[str] = Counter()
    for source in scenario.sources:
        if isinstance(source, Trace):
            traces[source.path] += 1
            yield source.path if traces[source.path] == 1 else f"{source.path} {traces[source.path]}"
        else:
            yield source.name


@contextmanager
def _placed(scenario: ResolvedScenario, number: int) -> Iterator[None]:
    """Findings about a source that have no place of their own have that of its entry."""
    try:
        yield
    except ScenarioError as error:
        raise ScenarioError(scenario.placed(error.findings, ("workload", number))) from None


def _merge(parts: Sequence[JobSource], sources: Sequence[tuple[AttemptDraws, int] | None]) -> Workload:
    shapes, shape = _together((part.shapes, part.shape) for part in parts)
    job_names, job_name = _together((part.job_names, part.job_name) for part in parts)
    submitted_at = np.concatenate([part.submitted_at for part in parts])
    n = len(submitted_at)
    order = np.argsort(submitted_at, kind="stable")
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    nodes = n + sum(part.parents for part in parts)
    edges = _renumber(parts, place, n)
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]

    def column(name: str, dtype: type[np.generic] = np.int32) -> np.ndarray:
        return _ordered((getattr(part, name) for part in parts), order, dtype)

    group = _groups(parts, order)
    run, array_index, exit_code = column("run"), column("array_index"), column("exit_code")
    runtime_s = column("runtime_s", np.float64)
    open_dependencies, dependents_start = _degrees(edges, nodes)
    attempts = _attempts(parts, place)
    return Workload(
        submitted_at=submitted_at[order],
        group=group,
        shape=_ordered(shape, order, np.int32),
        job_name=_ordered(job_name, order, np.int32),
        run=run,
        array_index=array_index,
        runtime_s=runtime_s,
        exit_code=exit_code,
        nodes=nodes,
        open_dependencies=open_dependencies,
        dependents=edges[:, 1].astype(np.int32),
        dependents_start=dependents_start,
        groups=tuple(group for part in parts for group in part.groups),
        shapes=tuple(shapes),
        job_names=tuple(job_names),
        later_attempt=LaterAttempts(group, run, array_index, runtime_s, exit_code, tuple(sources), attempts),
        think_s=_think_s(parts, order),
        recorded=_recorded(parts, order),
        skipped=_counted(part.skipped for part in parts),
        notes=_counted(part.notes for part in parts),
    )


def _together(parts: Iterable[tuple[Sequence[T], Ints]]) -> tuple[dict[T, int], list[Ints]]:
    """What several parts have, each once with its code, and their columns in these codes."""
    codes: dict[T, int] = {}
    columns = []
    for values, column in parts:
        own = np.array([codes.setdefault(value, len(codes)) for value in values], np.int32)
        columns.append(own[column])
    return codes, columns


def _ordered(pieces: Iterable[np.ndarray], order: np.ndarray, dtype: type[np.generic]) -> np.ndarray:
    """A column of several parts in one order; many hold one value throughout, which takes no memory."""
    column = np.concatenate(list(pieces)).astype(dtype, copy=False)
    return np.broadcast_to(column[0], len(column)) if len(column) and (column == column[0]).all() else column[order]


def _groups(parts: Sequence[JobSource], order: np.ndarray) -> np.ndarray:
    """The group of each job, those of all parts numbered one part after the other."""
    first_groups = accumulate((len(part.groups) for part in parts), initial=0)
    return _ordered((part.group + first for part, first in zip(parts, first_groups, strict=False)), order, np.int32)


def _attempts(parts: Sequence[JobSource], place: np.ndarray) -> dict[int, Attempts]:
    """The attempts of jobs whose attempts differ, by their row in the merged table."""
    first_rows = accumulate(map(len, parts), initial=0)
    return {
        int(place[first + row]): tries
        for part, first in zip(parts, first_rows, strict=False)
        for row, tries in part.attempts.items()
    }


def _think_s(parts: Sequence[JobSource], order: np.ndarray) -> Floats | None:
    """Think times, -1 where dependencies are AWS Batch's; None where all are."""
    if all(part.think_s is None for part in parts):
        return None
    pieces = (np.full(len(part), -1.0) if part.think_s is None else part.think_s for part in parts)
    return _ordered(pieces, order, np.float64)


def _recorded(parts: Sequence[JobSource], order: np.ndarray) -> RecordedTimes | None:
    """When jobs ran by their record, NaN for jobs without one; None where no job has one."""
    if all(part.recorded is None for part in parts):
        return None

    def column(name: str) -> Floats:
        pieces = (
            np.full(len(part), np.nan) if part.recorded is None else getattr(part.recorded, name) for part in parts
        )
        return _ordered(pieces, order, np.float64)

    return RecordedTimes(column("started_at"), column("stopped_at"))


def _counted(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts of several parts together."""
    together: dict[str, int] = {}
    for reasons in counts:
        for reason, count in reasons.items():
            together[reason] = together.get(reason, 0) + count
    return together


def _within_margins(workload: Workload, configuration: Configuration) -> Workload:
    """The jobs as they are placed: less is asked for by those that fit only within the margin of a type's memory."""
    shapes, column = list(workload.shapes), workload.shape
    for queue in configuration.queues:
        attached = configuration.attached(queue)
        for index, shape in enumerate(workload.shapes):
            edge = at_the_edge(shape, attached)
            if edge is not None:
                here = np.array([group.job_queue == queue.name for group in workload.groups])[workload.group]
                column = np.where(here & (workload.shape == index), len(shapes), column).astype(np.int32)
                shapes.append(edge[0])
    return workload if column is workload.shape else replace(workload, shape=column, shapes=tuple(shapes))


def _degrees(edges: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """How many nodes each node waits for, and where in the sorted edges those begin that wait for it."""
    if not len(edges):
        return np.broadcast_to(np.int32(0), nodes), np.broadcast_to(np.int64(0), nodes + 1)
    waiting = np.bincount(edges[:, 1], minlength=nodes).astype(np.int32)
    return waiting, np.searchsorted(edges[:, 0], np.arange(nodes + 1))


def _renumber(parts: Sequence[JobSource], place: np.ndarray, n: int) -> np.ndarray:
    """Edges of all parts with nodes of the merged table: rows by their new place, then parents part by part."""
    pieces = [np.empty((0, 2), np.int64)]
    first_row, first_parent = 0, n
    for part in parts:
        rows = len(part)
        if len(part.edges):
            row = place[np.minimum(part.edges, rows - 1) + first_row]
            pieces.append(np.where(part.edges < rows, row, part.edges - rows + first_parent))
        first_row += rows
        first_parent += part.parents
    return np.concatenate(pieces)
