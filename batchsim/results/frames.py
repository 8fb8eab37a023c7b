"""The result tables, made slice by slice, so that a million jobs need no more memory than a few thousand at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, Column, Floats, Recording, Status, instance_id, task_id
from batchsim.results.attempts import JobAttempts, job_attempts, pick
from batchsim.results.cost import Costs, costs
from batchsim.results.wait import waits
from batchsim.scenario.configuration import Configuration
from batchsim.units import HOUR
from batchsim.workload.table import Workload

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of a slice, and of a row group in the files.
SLICE = 65_536

#: Stands for null among numbers that have a name.
NOBODY = np.int64(np.iinfo(np.int64).min)


def schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of a table, its units and meanings as metadata."""
    import pyarrow as pa

    types = {
        "text": pa.dictionary(pa.int32(), pa.string()),
        "string": pa.string(),
        "float64": pa.float64(),
        "int64": pa.int64(),
        "int32": pa.int32(),
    }
    return pa.schema(
        [
            pa.field(column.name, types[column.dtype], metadata={"unit": column.unit, "meaning": column.meaning})
            for column in columns
        ]
    )


@dataclass(frozen=True)
class Tables:
    """What the tables of one run are made from."""

    workload: Workload
    configuration: Configuration
    recording: Recording

    @cached_property
    def attempts_of_jobs(self) -> JobAttempts:
        """First and last attempts."""
        return job_attempts(self.recording)

    @cached_property
    def queue_of_group(self) -> list[int]:
        """Queue of each group of jobs, by place in the configuration."""
        place = {queue.name: index for index, queue in enumerate(self.configuration.queues)}
        return [place[group.job_queue] for group in self.workload.groups]

    @cached_property
    def waits(self) -> dict[str, Floats]:
        """Seconds waited by cause, per job."""
        return waits(self.workload, self.recording, self.attempts_of_jobs, self.queue_of_group)

    @cached_property
    def costs(self) -> Costs:
        """Costs by attempt and instance."""
        return costs(self.workload, self.configuration, self.recording)

    @cached_property
    def job_costs(self) -> Floats:
        """US dollars per job: the sum of its attempts."""
        attempts = self.recording.attempts
        totals = np.bincount(attempts.job, weights=self.costs.attempt_total, minlength=len(self.workload))
        return totals.astype(np.float64)

    def jobs(self) -> Iterator[pa.RecordBatch]:
        """The table of jobs."""
        yield from self._slices(JOBS, len(self.workload), self._jobs)

    def attempts(self) -> Iterator[pa.RecordBatch]:
        """The table of attempts, in the order in which they ended."""
        yield from self._slices(ATTEMPTS, len(self.recording.attempts.job), self._attempts)

    def instances(self) -> Iterator[pa.RecordBatch]:
        """The table of instances in the order of their launch, then of Fargate tasks."""
        yield from self._slices(INSTANCES, len(self.recording.instances.environment), self._instances)
        tasks = np.flatnonzero(self.costs.task_rate > 0)
        yield from self._slices(INSTANCES, len(tasks), lambda rows: self._tasks(tasks[rows]))

    def _slices(self, columns: Sequence[Column], n: int, build: Any) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        wanted = schema(columns)
        for start in range(0, n, SLICE):
            content = build(np.arange(start, min(start + SLICE, n)))
            yield pa.RecordBatch.from_arrays(
                [_array(content[column.name], field.type) for column, field in zip(columns, wanted, strict=True)],
                schema=wanted,
            )

    def _job_ids(self, job: np.ndarray) -> pa.Array:
        import pyarrow as pa
        from pyarrow import compute

        work = self.workload
        workflow = compute.dictionary_decode(self._group_texts(job, "workflow"))
        name = compute.dictionary_decode(_coded(work.job_name[job], work.job_names))
        run, index = (pa.array(column[job]).cast(pa.string()) for column in (work.run, work.array_index))
        single = compute.binary_join_element_wise(workflow, run, name, "/")
        if not (work.array_index[job] >= 0).any():
            return single
        child = compute.binary_join_element_wise(single, index, ":")
        return compute.if_else(pa.array(work.array_index[job] >= 0), child, single)

    def _hosts(self, attempt: np.ndarray) -> pa.DictionaryArray:
        """Ids of the instances or tasks of attempts; null for no attempt, or processors without instances."""
        attempts = self.recording.attempts
        known = np.flatnonzero(attempt >= 0)
        index = attempt[known]
        on_fargate = np.array([environment.fargate is not None for environment in self.configuration.environments])
        # An instance's own number, and what is below 0 for tasks.
        codes = np.full(len(attempt), NOBODY)
        codes[known] = np.where(
            attempts.instance[index] >= 0,
            attempts.instance[index],
            np.where(on_fargate[attempts.environment[index]], -1 - index, NOBODY),
        )
        return _named(codes, lambda code: instance_id(code) if code >= 0 else task_id(-1 - code))

    def _reasons(self, codes: np.ndarray, hosts: pa.DictionaryArray | None) -> pa.DictionaryArray:
        texts = self.recording.reasons
        names = [""] if hosts is None else ["", *hosts.dictionary.to_pylist()]
        host = np.zeros(len(codes), np.int64)
        if hosts is not None:
            host += 1 + hosts.indices.fill_null(-1).to_numpy()
        of_host = np.array(["{instance}" in text for text in texts])
        pairs = codes * np.int64(len(names)) + np.where(of_host[codes], host, 0)
        silent = np.array([not text for text in texts])

        def text(pair: int) -> str:
            code, name = divmod(pair, len(names))
            return texts[code].replace("{instance}", names[name])

        return _named(np.where(silent[codes], NOBODY, pairs), text)

    def _group_texts(self, job: np.ndarray, member: str) -> Any:
        return _coded(self.workload.group[job], [getattr(group, member) for group in self.workload.groups])

    def _shape(self, job: np.ndarray, member: str) -> np.ndarray:
        return np.asarray(
            np.array([getattr(shape, member) for shape in self.workload.shapes])[self.workload.shape[job]]
        )

    def _environment(self, index: np.ndarray) -> Any:
        return _coded(index, [environment.name for environment in self.configuration.environments])

    def _jobs(self, rows: np.ndarray) -> dict[str, Any]:
        work, recording, attempts = self.workload, self.recording, self.recording.attempts
        last = self.attempts_of_jobs.last[rows]
        has = last >= 0
        safe = np.where(has, last, 0)
        hosts = self._hosts(last)
        ran = np.flatnonzero(has)
        exit_code = np.full(len(rows), -1)
        environment = np.full(len(rows), -1)
        exit_code[ran], environment[ran] = attempts.exit_code[safe[ran]], attempts.environment[safe[ran]]
        return {
            "job_id": self._job_ids(rows),
            "job_name": _coded(work.job_name[rows], work.job_names),
            "workflow": self._group_texts(rows, "workflow"),
            "workflow_run": work.run[rows],
            "array_index": _masked(work.array_index[rows]),
            "job_queue": self._group_texts(rows, "job_queue"),
            "share_identifier": self._group_texts(rows, "share_identifier"),
            "job_definition": self._group_texts(rows, "job_definition"),
            "vcpus": self._shape(rows, "vcpus"),
            "memory_mib": self._shape(rows, "memory_mib"),
            "gpus": self._shape(rows, "gpus"),
            "submitted_at": work.submitted_at[rows],
            "runnable_at": recording.runnable_at[rows],
            "starting_at": pick(attempts.starting_at, last),
            "started_at": pick(attempts.started_at, last),
            "stopped_at": recording.stopped_at[rows],
            "status": _coded(recording.status[rows], [status.name for status in Status]),
            "status_reason": self._reasons(recording.reason[rows], hosts),
            "exit_code": _masked(exit_code),
            "attempts": self.attempts_of_jobs.count[rows],
            "compute_environment": self._environment(environment),
            "instance_id": hosts,
            "cost_usd": self.job_costs[rows],
            **{f"wait_{cause}_s": column[rows] for cause, column in self.waits.items()},
        }

    def _attempts(self, rows: np.ndarray) -> dict[str, Any]:
        attempts = self.recording.attempts
        job, hosts = attempts.job[rows], self._hosts(rows)
        return {
            "job_id": self._job_ids(job),
            "attempt": attempts.number[rows],
            "job_queue": self._group_texts(job, "job_queue"),
            "compute_environment": self._environment(attempts.environment[rows]),
            "instance_id": hosts,
            "vcpus": self._shape(job, "vcpus"),
            "memory_mib": self._shape(job, "memory_mib"),
            "gpus": self._shape(job, "gpus"),
            **{
                name: getattr(attempts, name)[rows]
                for name in ("runnable_at", "starting_at", "started_at", "stopped_at")
            },
            "status": _coded(attempts.status[rows], [status.name for status in Status]),
            "status_reason": self._reasons(attempts.reason[rows], hosts),
            "exit_code": _masked(attempts.exit_code[rows]),
            "cost_usd": self.costs.attempt_total[rows],
        }

    def _instances(self, rows: np.ndarray) -> dict[str, Any]:
        instances, cost = self.recording.instances, self.costs
        offerings = [
            (environment, environment.offerings[offering])
            for environment, offering in (
                (self.configuration.environments[e], o)
                for e, o in zip(instances.environment[rows].tolist(), instances.offering[rows].tolist(), strict=True)
            )
        ]
        hosted = self.recording.attempts.instance
        jobs = np.bincount(hosted[hosted >= 0], minlength=len(instances.environment))
        jobs += np.bincount(self.recording.nodes.instance, minlength=len(jobs))
        return {
            "instance_id": [instance_id(row) for row in rows.tolist()],
            "compute_environment": self._environment(instances.environment[rows]),
            "instance_type": [offering.instance_type for _, offering in offerings],
            "availability_zone": [
                environment.zones[zone]
                for (environment, _), zone in zip(offerings, instances.zone[rows].tolist(), strict=True)
            ],
            "purchase_option": [environment.purchase_option for environment, _ in offerings],
            "vcpus": np.array([float(offering.vcpus) for _, offering in offerings]),
            "memory_mib": np.array([offering.memory_mib for _, offering in offerings]),
            "gpus": np.array([offering.gpus for _, offering in offerings]),
            **{
                name: getattr(instances, name)[rows]
                for name in ("requested_at", "running_at", "registered_at", "terminated_at")
            },
            "termination_reason": self._reasons(instances.reason[rows], None),
            "jobs": jobs[rows],
            "price_usd_per_hour": np.array(
                [
                    offering.priced_at(at).price_usd_per_hour
                    for (_, offering), at in zip(offerings, instances.requested_at[rows].tolist(), strict=True)
                ]
            ),
            "cost_usd": cost.instance_total[rows],
            "idle_cost_usd": (cost.instance["idle"] + cost.instance["stranded"])[rows],
        }

    def _tasks(self, attempt: np.ndarray) -> dict[str, Any]:
        """Fargate tasks: each is one attempt."""
        attempts, end = self.recording.attempts, self.recording.ended_at
        job = attempts.job[attempt]
        hosts = self._hosts(attempt)
        names = [environment.purchase_option for environment in self.configuration.environments]
        vcpus, memory = self._shape(job, "vcpus"), self._shape(job, "memory_mib")
        return {
            "instance_id": hosts,
            "compute_environment": self._environment(attempts.environment[attempt]),
            "instance_type": [f"{v:g} x {m}" for v, m in zip(vcpus.tolist(), memory.tolist(), strict=True)],
            "availability_zone": [None] * len(attempt),
            "purchase_option": _coded(attempts.environment[attempt], names),
            "vcpus": vcpus,
            "memory_mib": memory,
            "gpus": np.zeros(len(attempt), int),
            "requested_at": attempts.starting_at[attempt],
            "running_at": attempts.pull_at[attempt],
            "registered_at": attempts.started_at[attempt],
            "terminated_at": np.where(np.isnan(attempts.stopped_at[attempt]), end, attempts.stopped_at[attempt]),
            "termination_reason": self._reasons(attempts.reason[attempt], hosts),
            "jobs": np.ones(len(attempt), int),
            "price_usd_per_hour": self.costs.task_rate[attempt] * HOUR,
            "cost_usd": self.costs.attempt_total[attempt],
            "idle_cost_usd": np.zeros(len(attempt)),
        }


def _named(codes: NDArray[np.int64], name: Callable[[int], str]) -> pa.DictionaryArray:
    """A dictionary column of the names of numbers, each asked for once."""
    import pyarrow as pa

    encoded = pa.array(codes, mask=codes == NOBODY).dictionary_encode()
    names = pa.array([name(code) for code in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, names)


def _coded(codes: np.ndarray, texts: Sequence[str | None]) -> Any:
    """A dictionary column; a code below 0 or a text of None is null."""
    import pyarrow as pa

    unique = list(dict.fromkeys(text for text in texts if text is not None))
    place = {text: index for index, text in enumerate(unique)}
    table = np.array([-1 if text is None else place[text] for text in texts] + [-1], np.int32)
    compact = table[np.where(codes < 0, len(texts), codes)]
    return pa.DictionaryArray.from_arrays(
        pa.array(compact, pa.int32(), mask=compact < 0), pa.array(unique, pa.string())
    )


def _masked(values: np.ndarray) -> Any:
    """Integers; below 0 is null."""
    import pyarrow as pa

    return pa.array(values.astype(np.int32), pa.int32(), mask=values < 0)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if isinstance(values, pa.Array):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return pa.array(values, pa.float64(), mask=np.isnan(values)).cast(kind)
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, kind)
