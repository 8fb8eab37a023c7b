"""One source of jobs as columns, before all sources are merged into one table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.spec.configuration import Shape
from batchsim.spec.workload import Attempts, JobGroup, RecordedTimes

#: Edges of the dependency graph: rows of (needed node, waiting node).
Edges = NDArray[np.int64]


def no_edges() -> Edges:
    """Nothing waits for anything."""
    return np.empty((0, 2), np.int64)


def pairs(needed: NDArray[np.int64] | int, waiting: NDArray[np.int64] | int) -> Edges:
    """Edges from each needed node to the waiting one beside it; one node stands for as many as it takes."""
    return np.stack(np.broadcast_arrays(np.asarray(needed), np.asarray(waiting)), axis=-1).reshape(-1, 2)


@dataclass
class JobSource:
    """The jobs of one workflow or one trace.

    Nodes of `edges` are rows of this source; those from ``len(submitted_at)`` on are the parents of its arrays.
    `think_s` is that of `Workload`; None where all dependencies are AWS Batch's. `attempts` are all attempts of rows
    whose attempts differ by their record; others repeat the first. `recorded` is that of `Workload`.
    """

    submitted_at: Floats
    group: Ints
    shape: Ints
    job_name: Ints
    run: Ints
    array_index: Ints
    runtime_s: Floats
    exit_code: Ints
    groups: list[JobGroup]
    shapes: list[Shape]
    job_names: list[str]
    edges: Edges = field(default_factory=no_edges)
    parents: int = 0
    think_s: Floats | None = None
    attempts: dict[int, Attempts] = field(default_factory=dict)
    recorded: RecordedTimes | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.submitted_at)


def replay(part: JobSource, arrivals: Floats) -> JobSource:
    """The source submitted at each arrival: its times shifted, its runs numbered, its dependencies kept apart."""
    if len(arrivals) == 1 and arrivals[0] == 0:
        return part
    n, runs = len(part), len(arrivals)
    number = np.repeat(np.arange(runs, dtype=np.int32), n)
    return JobSource(
        submitted_at=np.tile(part.submitted_at, runs) + np.repeat(arrivals, n),
        group=np.tile(part.group, runs),
        shape=np.tile(part.shape, runs),
        job_name=np.tile(part.job_name, runs),
        run=number,
        array_index=np.tile(part.array_index, runs),
        runtime_s=np.tile(part.runtime_s, runs),
        exit_code=np.tile(part.exit_code, runs),
        groups=part.groups,
        shapes=part.shapes,
        job_names=part.job_names,
        edges=repeat_edges(part.edges, n, part.parents, runs),
        parents=part.parents * runs,
        think_s=None if part.think_s is None else np.tile(part.think_s, runs),
        attempts={row + n * run: tries for run in range(runs) for row, tries in part.attempts.items()},
        recorded=None if part.recorded is None else _shifted(part.recorded, arrivals),
        skipped={reason: count * runs for reason, count in part.skipped.items()},
        notes={reason: count * runs for reason, count in part.notes.items()},
    )


def _shifted(recorded: RecordedTimes, arrivals: Floats) -> RecordedTimes:
    """The record as it would be of each arrival."""
    later = np.repeat(arrivals, len(recorded.started_at))
    return RecordedTimes(
        np.tile(recorded.started_at, len(arrivals)) + later, np.tile(recorded.stopped_at, len(arrivals)) + later
    )


def repeat_edges(edges: Edges, rows: int, parents: int, runs: int) -> Edges:
    """Edges of one run, for all runs: rows follow each other run by run, then parents run by run."""
    if not len(edges) or not runs:
        return no_edges()
    run = np.arange(runs)[:, None, None]
    repeated = np.where(edges < rows, edges + run * rows, edges - rows + runs * rows + run * parents)
    return np.asarray(repeated.reshape(-1, 2), np.int64)
