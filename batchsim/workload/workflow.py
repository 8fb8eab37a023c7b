"""Workflows: a DAG of jobs and arrays, submitted whole at each arrival.

AWS Batch User Guide, *Array jobs*, *Job dependencies*. An array's parent is a node of the dependency graph that its
children complete, so that a job that waits for ten thousand children costs one edge and not ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.batch.resource_requests import consumables_requested, requested
from batchsim.scenario.document.access import base_name
from batchsim.scenario.resolve import retry_rules
from batchsim.scenario.sections.models import Failure, Workflow, WorkflowJob
from batchsim.spec.configuration import JobDefinition
from batchsim.spec.distributions import Delay
from batchsim.spec.sampling import sampler
from batchsim.spec.workload import JobGroup
from batchsim.streams import Draws, Sampler
from batchsim.workload.source import Edges, Part, no_edges, repeat_edges

#: More than memory is planned for.
MOST_JOBS = 50_000_000


def group_of(
    workflow: str,
    queue: str,
    definition: JobDefinition,
    submit: Mapping[str, object],
    failure: Failure | None = None,
) -> JobGroup:
    """What the jobs of one entry share; SubmitJob's members override the definition's."""
    attempts, rules = definition.attempts, definition.evaluate_on_exit
    strategy, timeout = submit.get("retryStrategy"), submit.get("timeout")
    if isinstance(strategy, dict):
        attempts, rules = retry_rules(strategy)
    timeout_s = definition.timeout_s
    if isinstance(timeout, dict) and "attemptDurationSeconds" in timeout:
        timeout_s = timeout["attemptDurationSeconds"]
    priority = submit.get("schedulingPriorityOverride")
    return JobGroup(
        workflow=workflow,
        job_queue=queue,
        job_definition=definition.name,
        attempts=attempts,
        evaluate_on_exit=rules,
        timeout_s=None if timeout_s is None else float(timeout_s),
        stop_timeout_s=definition.stop_timeout_s,
        architecture=definition.architecture,
        image=definition.image,
        image_size_mib=definition.image_size_mib,
        ephemeral_storage_gib=definition.ephemeral_storage_gib,
        public_ip=definition.public_ip,
        share_identifier=share if isinstance(share := submit.get("shareIdentifier"), str) else None,
        scheduling_priority=priority if isinstance(priority, int) else definition.scheduling_priority,
        consumables=consumables_requested(definition.request, submit) if submit else definition.consumables,
        failure_reason=failure.reason if failure else "",
        fails_to_start=bool(failure and failure.to_start),
    )


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


def size_of(job: WorkflowJob) -> int:
    """How many rows one submission of a job makes; 0 stands for a single job."""
    array = job.submit.get("arrayProperties") or {}
    return int(array.get("size", 0))


def workflow_part(
    workflow: Workflow, arrivals: Floats, definitions: Mapping[str, JobDefinition], seed: int, replication: int
) -> tuple[Part, list[AttemptDraws]]:
    """All jobs of a workflow at all its arrivals, and where the attempts of each entry are drawn from."""
    runs = len(arrivals)
    sizes = [max(size_of(job), 1) for job in workflow.jobs]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rows = int(starts[-1])
    if runs * rows > MOST_JOBS:
        message = f"{runs * rows:,} jobs are more than {MOST_JOBS:,}"
        raise ScenarioError(
            [Finding("too-large", f"workload.{workflow.workflow}", message, "fewer arrivals or children")]
        )
    entry = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    index = np.arange(rows) - starts[entry]
    single = np.array([size_of(job) == 0 for job in workflow.jobs])
    runtime_s = np.empty((runs, rows))
    exit_code = np.empty((runs, rows), np.int32)
    groups, shapes, draws = [], [], []
    for number, job in enumerate(workflow.jobs):
        definition = definitions[base_name(job.submit["jobDefinition"])]
        queue = base_name(job.submit["jobQueue"])
        groups.append(group_of(workflow.workflow, queue, definition, job.submit, job.failure))
        shapes.append(requested(definition.request, job.submit))
        drawn = AttemptDraws(job.runtime, job.failure, seed, replication, workflow.workflow, job.submit["jobName"])
        draws.append(drawn)
        columns = slice(int(starts[number]), int(starts[number + 1]))
        times, codes = drawn.columns(runs * sizes[number])
        runtime_s[:, columns] = times.reshape(runs, sizes[number])
        exit_code[:, columns] = codes.reshape(runs, sizes[number])
    edges, parents = _edges(workflow, starts, rows)
    part = Part(
        submitted_at=np.repeat(arrivals, rows),
        group=np.tile(entry, runs),
        shape=np.tile(entry, runs),
        job_name=np.tile(entry, runs),
        run=np.repeat(np.arange(runs, dtype=np.int32), rows),
        array_index=np.tile(np.where(single[entry], -1, index).astype(np.int32), runs),
        runtime_s=runtime_s.ravel(),
        exit_code=exit_code.ravel(),
        groups=groups,
        shapes=shapes,
        job_names=[job.submit["jobName"] for job in workflow.jobs],
        edges=repeat_edges(edges, rows, parents, runs),
        parents=parents * runs,
    )
    return part, draws


def _edges(workflow: Workflow, starts: NDArray[np.int64], rows: int) -> tuple[Edges, int]:
    """The edges of one run, and how many array parents it has."""
    place = {job.submit["jobName"]: number for number, job in enumerate(workflow.jobs)}
    arrays = [number for number, job in enumerate(workflow.jobs) if size_of(job)]
    parent = {number: rows + order for order, number in enumerate(arrays)}

    def all_rows(number: int) -> NDArray[np.int64]:
        return np.arange(starts[number], starts[number + 1])

    def pieces() -> Iterator[Edges]:
        for number in arrays:
            yield _pairs(all_rows(number), parent[number])
        for number, job in enumerate(workflow.jobs):
            for dependency in job.submit.get("dependsOn") or ():
                needed = dependency.get("jobName")
                mine = all_rows(number)
                if needed is None:
                    yield _pairs(mine[:-1], mine[1:])  # SEQUENTIAL: child by child
                elif dependency.get("type") == "N_TO_N":
                    yield _pairs(all_rows(place[needed]), mine)
                else:
                    other = place[needed]
                    yield _pairs(parent.get(other, int(starts[other])), mine)

    collected = list(pieces())
    return (np.concatenate(collected) if collected else no_edges()), len(arrays)


def _pairs(needed: NDArray[np.int64] | int, waiting: NDArray[np.int64] | int) -> Edges:
    return np.stack(np.broadcast_arrays(np.asarray(needed), np.asarray(waiting)), axis=-1).reshape(-1, 2)
