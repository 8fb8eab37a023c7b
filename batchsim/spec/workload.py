"""The workload as one columnar table of jobs: what is submitted when, what it asks for, how long it will run.

A row is a job that runs: a single job or one child of an array. The parent of an array holds no resources and has no
row; it is a *node* of the dependency graph, numbered after the rows, that is complete when all its children are
(AWS Batch User Guide, *Array jobs*).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.spec.configuration import JobDefinition, RetryRule, Shape


@dataclass(frozen=True, slots=True)
class JobGroup:
    """What all jobs of one entry of a workflow, or of one trace, queue and definition, have in common.

    Attributes
    ----------
    stop_timeout_s : float
        How long after SIGTERM containers are killed that have not ended.
    failure_reason : str
        The reason that attempts with an exit code other than 0 have.
    fails_to_start : bool
        Whether such attempts never run.
    """

    workflow: str
    job_queue: str
    job_definition: str
    attempts: int = 1
    evaluate_on_exit: tuple[RetryRule, ...] = ()
    timeout_s: float | None = None
    stop_timeout_s: float = 30.0
    architecture: str = "X86_64"
    image: str = ""
    image_size_mib: float = 0.0
    ephemeral_storage_gib: int = 20
    public_ip: bool = False
    share_identifier: str | None = None
    scheduling_priority: int = 0
    consumables: tuple[tuple[str, int], ...] = ()
    failure_reason: str = ""
    fails_to_start: bool = False


def group_of(
    definition: JobDefinition,
    workflow: str,
    job_queue: str,
    *,
    share_identifier: str | None = None,
    scheduling_priority: int | None = None,
) -> JobGroup:
    """The jobs of a definition in one queue and share; without a priority of their own they have the definition's."""
    return JobGroup(
        workflow=workflow,
        job_queue=job_queue,
        job_definition=definition.name,
        attempts=definition.attempts,
        evaluate_on_exit=definition.evaluate_on_exit,
        timeout_s=None if definition.timeout_s is None else float(definition.timeout_s),
        stop_timeout_s=definition.stop_timeout_s,
        architecture=definition.architecture,
        image=definition.image,
        image_size_mib=definition.image_size_mib,
        ephemeral_storage_gib=definition.ephemeral_storage_gib,
        public_ip=definition.public_ip,
        share_identifier=share_identifier,
        scheduling_priority=definition.scheduling_priority if scheduling_priority is None else scheduling_priority,
        consumables=definition.consumables,
    )


@dataclass(frozen=True)
class RecordedTimes:
    """When jobs ran by their record, in seconds since the scenario's start; it bears on nothing in the simulation.

    Attributes
    ----------
    started_at : ndarray of float, shape (n,)
        RUNNING of the first attempt that ran; NaN where the record does not say.
    stopped_at : ndarray of float, shape (n,)
        The end of the last attempt; NaN where the record does not say.
    """

    started_at: Floats
    stopped_at: Floats

    def taken(self, rows: Ints) -> RecordedTimes:
        """Those of some rows, in another order."""
        return RecordedTimes(self.started_at[rows], self.stopped_at[rows])


#: Run time and exit code of attempts of one job, in their order.
Attempts = tuple[tuple[float, int], ...]


#: The columns of a workload that are made once for each row, the instants of submission aside.
_COLUMNS = ("group", "shape", "job_name", "run", "array_index", "runtime_s", "exit_code")


@dataclass(frozen=True)
class Workload:
    """A columnar table of `n` jobs in the order of their submission.

    Attributes
    ----------
    submitted_at : ndarray of float, shape (n,)
        Seconds since the scenario's start, not decreasing; equal instants keep the order of definition.
    group, shape, job_name : ndarray of int, shape (n,)
        Indices into `groups`, `shapes` and `job_names`.
    run : ndarray of int, shape (n,)
        Number of the workflow's arrival, from 0.
    array_index : ndarray of int, shape (n,)
        Index of an array child; -1 for a single job.
    runtime_s : ndarray of float, shape (n,)
        Run time of the first attempt, if nothing cuts it short.
    exit_code : ndarray of int, shape (n,)
        Exit code of the first attempt when it has run that long.
    nodes : int
        Rows plus array parents; nodes ``n`` to ``nodes - 1`` are array parents.
    open_dependencies : ndarray of int, shape (nodes,)
        How many nodes each node waits for.
    dependents, dependents_start : ndarray of int, shapes (edges,) and (nodes + 1,)
        Nodes that wait for node i: ``dependents[dependents_start[i]:dependents_start[i + 1]]``, ascending.
    think_s : ndarray of float, shape (n,), or None
        Seconds from the end of what a job follows to when it can run; it follows whatever became of that (Standard
        Workload Format, fields 17 and 18). -1 for AWS Batch's own dependencies, which must succeed; None where all are.
    skipped : dict of str to int
        Jobs of traces that were left out, by reason.
    notes : dict of str to int
        Records of traces that were kept and doubted, or taken otherwise than they were, by reason.
    later_attempt : callable
        ``later_attempt(job, number)`` gives run time and exit code of attempt `number` (2 and up).
    recorded : RecordedTimes or None
        What traces say of when their jobs ran; None where none does.
    reserved : int
        So many rows, the last, are of runs that arrive only when they are submitted while the simulation runs; their
        instant is infinite.
    """

    submitted_at: Floats
    group: Ints
    shape: Ints
    job_name: Ints
    run: Ints
    array_index: Ints
    runtime_s: Floats
    exit_code: Ints
    nodes: int
    open_dependencies: Ints
    dependents: Ints
    dependents_start: NDArray[np.int64]
    groups: tuple[JobGroup, ...]
    shapes: tuple[Shape, ...]
    job_names: tuple[str, ...]
    later_attempt: Callable[[int, int], tuple[float, int]]
    think_s: Floats | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    recorded: RecordedTimes | None = None
    reserved: int = 0

    def __len__(self) -> int:
        return len(self.submitted_at)

    def taken(self, rows: Ints, submitted_at: Floats) -> Workload:
        """Some of the rows in another order, submitted at other instants; none is reserved.

        All nodes that a row that is taken waits for, or that wait for it, are parents or taken as well.
        """
        parents = np.arange(self.nodes - len(self))
        place = np.full(self.nodes, -1, np.int64)
        place[rows] = np.arange(len(rows))
        place[len(self) :] = len(rows) + parents
        edges = np.stack([np.repeat(np.arange(self.nodes), np.diff(self.dependents_start)), self.dependents])
        edges = place[edges][:, (place[edges] >= 0).all(axis=0)]
        edges = edges[:, np.lexsort((edges[1], edges[0]))]
        nodes = len(rows) + len(parents)
        return replace(
            self,
            submitted_at=submitted_at,
            **{name: getattr(self, name)[rows] for name in _COLUMNS},
            think_s=None if self.think_s is None else self.think_s[rows],
            recorded=None if self.recorded is None else self.recorded.taken(rows),
            nodes=nodes,
            open_dependencies=np.bincount(edges[1], minlength=nodes).astype(np.int32),
            dependents=edges[1].astype(np.int32),
            dependents_start=np.searchsorted(edges[0], np.arange(nodes + 1)),
            later_attempt=lambda job, number: self.later_attempt(int(rows[job]), number),
            reserved=0,
        )
