"""Workflows: a DAG of jobs and arrays, submitted whole at each arrival.

AWS Batch User Guide, *Array jobs*, *Job dependencies*. An array's parent is a node of the dependency graph that its
children complete, so that a job that waits for ten thousand children costs one edge and not ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.spec.distributions import Delay
from batchsim.spec.sampling import sampler
from batchsim.spec.workflows import Failure, ResolvedWorkflow
from batchsim.streams import Draws, Sampler
from batchsim.workload.limits import refuse_drawn
from batchsim.workload.source import Edges, JobSource, no_edges, pairs, repeat_edges


@dataclass
class AttemptDraws:
    """Run time and exit code of a job's attempts, each addressed by the job's place in its source and the attempt.

    Places count run by run: the run's number times the size of the array, plus the array index.
    """

    runtime: Delay
    failure: Failure | None
    seed: int
    replication: int
    workflow: str
    job_name: str

    def columns(self, n: int) -> tuple[Floats, NDArray[np.int32]]:
        """First attempts of places 0 … n-1."""
        runtime_s = self._draws("runtime", sampler(self.runtime), 1).column(n)
        exit_code = np.zeros(n, np.int32)
        if self.failure is not None:
            failed = self._draws("failure", _uniform, 1).column(n) < self.failure.probability
            exit_code[failed] = self.failure.exit_code
            if self.failure.after is not None:
                after = self._draws("failure-after", sampler(self.failure.after), 1).column(n)
                runtime_s = np.where(failed, np.minimum(after, runtime_s), runtime_s)
        return runtime_s, exit_code

    def one(self, place: int, attempt: int) -> tuple[float, int]:
        """One later attempt of one job."""
        runtime_s = self._draws("runtime", sampler(self.runtime), attempt)[place]
        if self.failure is None or self._draws("failure", _uniform, attempt)[place] >= self.failure.probability:
            return runtime_s, 0
        if self.failure.after is not None:
            after = self._draws("failure-after", sampler(self.failure.after), attempt)[place]
            runtime_s = min(runtime_s, after)
        return runtime_s, self.failure.exit_code

    def __post_init__(self) -> None:
        self._known: dict[tuple[str, int], Draws] = {}

    def _draws(self, name: str, draw: Sampler, attempt: int) -> Draws:
        if (name, attempt) not in self._known:
            address = self.seed, self.replication, name, self.workflow, self.job_name, attempt
            self._known[name, attempt] = Draws(draw, *address)
        return self._known[name, attempt]


def _uniform(generator: np.random.Generator, n: int) -> Floats:
    return generator.random(n)


def workflow_source(
    workflow: ResolvedWorkflow, arrivals: Floats, seed: int, replication: int
) -> tuple[JobSource, list[AttemptDraws]]:
    """All jobs of a workflow at all its arrivals, and where the attempts of each entry are drawn from."""
    runs = len(arrivals)
    sizes = [job.rows for job in workflow.jobs]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rows = int(starts[-1])
    entry = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    index = np.arange(rows) - starts[entry]
    single = np.array([job.array_size == 0 for job in workflow.jobs])
    runtime_s = np.empty((runs, rows))
    exit_code = np.empty((runs, rows), np.int32)
    draws = []
    for number, job in enumerate(workflow.jobs):
        drawn = AttemptDraws(job.runtime, job.failure, seed, replication, workflow.name, job.name)
        draws.append(drawn)
        columns = slice(int(starts[number]), int(starts[number + 1]))
        times, codes = drawn.columns(runs * sizes[number])
        refuse_drawn(times, "a run time", f"workload.{workflow.name}.jobs.{job.name}.runtime")
        runtime_s[:, columns] = times.reshape(runs, sizes[number])
        exit_code[:, columns] = codes.reshape(runs, sizes[number])
    edges, parents = _edges(workflow, starts, rows)
    part = JobSource(
        submitted_at=np.repeat(arrivals, rows),
        group=np.tile(entry, runs),
        shape=np.tile(entry, runs),
        job_name=np.tile(entry, runs),
        run=np.repeat(np.arange(runs, dtype=np.int32), rows),
        array_index=np.tile(np.where(single[entry], -1, index).astype(np.int32), runs),
        runtime_s=runtime_s.ravel(),
        exit_code=exit_code.ravel(),
        groups=[job.group for job in workflow.jobs],
        shapes=[job.shape for job in workflow.jobs],
        job_names=[job.name for job in workflow.jobs],
        edges=repeat_edges(edges, rows, parents, runs),
        parents=parents * runs,
    )
    return part, draws


def _edges(workflow: ResolvedWorkflow, starts: NDArray[np.int64], rows: int) -> tuple[Edges, int]:
    """The edges of one run, and how many array parents it has."""
    arrays = [number for number, job in enumerate(workflow.jobs) if job.array_size]
    parent = {number: rows + order for order, number in enumerate(arrays)}
    children = [np.arange(first, last) for first, last in pairwise(starts.tolist())]

    def pieces() -> Iterator[Edges]:
        for number in arrays:
            yield pairs(children[number], parent[number])
        for job, waiting in zip(workflow.jobs, children, strict=True):
            for dependency in job.depends_on:
                needed = dependency.needed
                if needed is None:
                    yield pairs(waiting[:-1], waiting[1:])  # SEQUENTIAL: child by child
                elif dependency.child_by_child:
                    yield pairs(children[needed], waiting)
                else:
                    yield pairs(parent.get(needed, int(starts[needed])), waiting)

    return np.concatenate([no_edges(), *pieces()]), len(arrays)
