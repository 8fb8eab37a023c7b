"""The result tables, made slice by slice, so that a million jobs need no more memory than a few thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE
from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, Column
from batchsim.recording import EXITED, FAILED_TO_START, Status, instance_id, task_id
from batchsim.results.arrow import NOBODY, coded, column, joined, masked, named, numbers, schema
from batchsim.results.attempts import pick
from batchsim.results.outcome import Outcome
from batchsim.units import HOUR

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Tables:
    """The tables of one run, each as slices of Arrow columns."""

    outcome: Outcome

    def jobs(self) -> Iterator[pa.RecordBatch]:
        """The table of jobs."""
        yield from self._slices(JOBS, len(self.outcome.workload), self._jobs)

    def attempts(self) -> Iterator[pa.RecordBatch]:
        """The table of attempts, in the order in which they ended."""
        yield from self._slices(ATTEMPTS, len(self.outcome.recording.attempts.job), self._attempts)

    def instances(self) -> Iterator[pa.RecordBatch]:
        """The table of instances in the order of their launch, then of Fargate tasks."""
        yield from self._slices(INSTANCES, len(self.outcome.recording.instances.environment), self._instances)
        yield from self._slices(INSTANCES, len(self.outcome.costs.tasks.attempt), self._tasks)

    def _slices(self, columns: Sequence[Column], n: int, build: Any) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        wanted = schema(columns)
        for start in range(0, n, SLICE):
            content = build(np.arange(start, min(start + SLICE, n)))
            yield pa.RecordBatch.from_arrays(
                [column(content[spec.name], field.type) for spec, field in zip(columns, wanted, strict=True)],
                schema=wanted,
            )

    def _job_ids(self, job: np.ndarray) -> pa.Array:
        from pyarrow import compute

        work = self.outcome.workload
        workflow = self._group_texts(job, "workflow").dictionary_decode()
        name = coded(work.job_name[job], work.job_names).dictionary_decode()
        single = joined(workflow, numbers(work.run[job]).cast("string"), name, "/")
        index = work.array_index[job]
        if not (index >= 0).any():
            return single
        child = joined(single, numbers(index).cast("string"), ":")
        return compute.if_else(numbers((index >= 0).astype(np.int8)).cast("bool"), child, single)

    def _hosts(self, attempt: np.ndarray) -> NDArray[np.int64]:
        """Instances of attempts by their number, tasks by one below 0; NOBODY for no attempt, or for processors."""
        attempts = self.outcome.recording.attempts
        known = np.flatnonzero(attempt >= 0)
        index = attempt[known]
        on_fargate = np.array(
            [environment.fargate is not None for environment in self.outcome.configuration.environments]
        )
        hosts = np.full(len(attempt), NOBODY)
        hosts[known] = np.where(
            attempts.instance[index] >= 0,
            attempts.instance[index],
            np.where(on_fargate[attempts.environment[index]], -1 - index, NOBODY),
        )
        return hosts

    def _reasons(self, codes: np.ndarray, hosts: NDArray[np.int64] | None = None) -> pa.DictionaryArray:
        texts = list(self.outcome.recording.reasons)
        keys = np.where(np.array([not text for text in texts])[codes], NOBODY, codes)
        if hosts is not None:
            place: dict[str, int] = {}
            for row in np.flatnonzero(np.array(["{instance}" in text for text in texts])[codes]).tolist():
                host = int(hosts[row])
                text = texts[codes[row]].replace("{instance}", _host_id(host) if host != NOBODY else "")
                keys[row] = place.setdefault(text, len(texts) + len(place))
            texts += place
        return named(keys, texts.__getitem__)

    def _container_reasons(self, rows: np.ndarray) -> pa.DictionaryArray:
        """What the workload says of containers that failed by themselves."""
        attempts, work = self.outcome.recording.attempts, self.outcome.workload
        own = np.array([text in {EXITED, FAILED_TO_START} for text in self.outcome.recording.reasons])
        failed = (attempts.status[rows] == Status.FAILED) & own[attempts.reason[rows]]
        group = np.where(failed, work.group[attempts.job[rows]], -1)
        return coded(group, [group.failure_reason or None for group in work.groups])

    def _group_texts(self, job: np.ndarray, member: str) -> Any:
        return coded(
            self.outcome.workload.group[job], [getattr(group, member) for group in self.outcome.workload.groups]
        )

    def _shape(self, job: np.ndarray, member: str) -> np.ndarray:
        return np.asarray(
            np.array([getattr(shape, member) for shape in self.outcome.workload.shapes])[
                self.outcome.workload.shape[job]
            ]
        )

    def _environment(self, index: np.ndarray) -> Any:
        return coded(index, [environment.name for environment in self.outcome.configuration.environments])

    def _jobs(self, rows: np.ndarray) -> dict[str, Any]:
        work, recording, attempts = self.outcome.workload, self.outcome.recording, self.outcome.recording.attempts
        last = self.outcome.attempts_of_jobs.last[rows]
        has = last >= 0
        safe = np.where(has, last, 0)
        hosts = self._hosts(last)
        ran = np.flatnonzero(has)
        exit_code = np.full(len(rows), -1)
        environment = np.full(len(rows), -1)
        exit_code[ran], environment[ran] = attempts.exit_code[safe[ran]], attempts.environment[safe[ran]]
        return {
            "job_id": self._job_ids(rows),
            "job_name": coded(work.job_name[rows], work.job_names),
            "workflow": self._group_texts(rows, "workflow"),
            "workflow_run": work.run[rows],
            "array_index": masked(work.array_index[rows]),
            "job_queue": self._group_texts(rows, "job_queue"),
            "share_identifier": self._group_texts(rows, "share_identifier"),
            "job_definition": self._group_texts(rows, "job_definition"),
            "vcpus": self._shape(rows, "vcpus"),
            "memory_mib": self._shape(rows, "asked_memory_mib"),
            "gpus": self._shape(rows, "gpus"),
            "submitted_at": work.submitted_at[rows],
            "runnable_at": recording.runnable_at[rows],
            "starting_at": pick(attempts.starting_at, last),
            "started_at": pick(attempts.started_at, last),
            "stopped_at": recording.stopped_at[rows],
            "status": coded(recording.status[rows], [status.name for status in Status]),
            "status_reason": self._reasons(recording.reason[rows], hosts),
            "exit_code": masked(exit_code),
            "attempts": self.outcome.attempts_of_jobs.count[rows],
            "compute_environment": self._environment(environment),
            "instance_id": named(hosts, _host_id),
            "cost_usd": self.outcome.job_costs[rows],
            **{f"wait_{cause}_s": column for cause, column in self.outcome.waits.of(rows).items()},
        }

    def _attempts(self, rows: np.ndarray) -> dict[str, Any]:
        attempts = self.outcome.recording.attempts
        job, hosts = attempts.job[rows], self._hosts(rows)
        return {
            "job_id": self._job_ids(job),
            "attempt": attempts.number[rows],
            "job_queue": self._group_texts(job, "job_queue"),
            "compute_environment": self._environment(attempts.environment[rows]),
            "instance_id": named(hosts, _host_id),
            "vcpus": self._shape(job, "vcpus"),
            "memory_mib": self._shape(job, "memory_mib"),
            "gpus": self._shape(job, "gpus"),
            **{
                name: getattr(attempts, name)[rows]
                for name in ("runnable_at", "starting_at", "started_at", "stopped_at")
            },
            "status": coded(attempts.status[rows], [status.name for status in Status]),
            "status_reason": self._reasons(attempts.reason[rows], hosts),
            "reason": self._container_reasons(rows),
            "exit_code": masked(attempts.exit_code[rows]),
            "cost_usd": self.outcome.costs.attempt_total[rows],
        }

    def _instances(self, rows: np.ndarray) -> dict[str, Any]:
        instances, cost = self.outcome.recording.instances, self.outcome.costs
        offerings = [
            (environment, environment.offerings[offering])
            for environment, offering in (
                (self.outcome.configuration.environments[e], o)
                for e, o in zip(instances.environment[rows].tolist(), instances.offering[rows].tolist(), strict=True)
            )
        ]
        hosted = self.outcome.recording.attempts.instance
        jobs = np.bincount(hosted[hosted >= 0], minlength=len(instances.environment))
        jobs += np.bincount(self.outcome.recording.nodes.instance, minlength=len(jobs))
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
            "termination_reason": self._reasons(instances.reason[rows]),
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

    def _tasks(self, rows: np.ndarray) -> dict[str, Any]:
        """Fargate tasks: each is one attempt."""
        tasks = self.outcome.costs.tasks
        attempt = tasks.attempt[rows]
        attempts, end = self.outcome.recording.attempts, self.outcome.recording.ended_at
        job = attempts.job[attempt]
        hosts = self._hosts(attempt)
        names = [environment.purchase_option for environment in self.outcome.configuration.environments]
        vcpus, memory = self._shape(job, "vcpus"), self._shape(job, "memory_mib")
        return {
            "instance_id": named(hosts, _host_id),
            "compute_environment": self._environment(attempts.environment[attempt]),
            "instance_type": [f"{v:g} x {m}" for v, m in zip(vcpus.tolist(), memory.tolist(), strict=True)],
            "availability_zone": coded(np.full(len(attempt), -1), ()),
            "purchase_option": coded(attempts.environment[attempt], names),
            "vcpus": vcpus,
            "memory_mib": memory,
            "gpus": np.zeros(len(attempt), int),
            "requested_at": attempts.starting_at[attempt],
            "running_at": attempts.pull_at[attempt],
            "registered_at": attempts.started_at[attempt],
            "terminated_at": np.where(np.isnan(attempts.stopped_at[attempt]), end, attempts.stopped_at[attempt]),
            "termination_reason": self._reasons(attempts.reason[attempt], hosts),
            "jobs": np.ones(len(attempt), int),
            "price_usd_per_hour": tasks.usd_per_s[rows] * HOUR,
            "cost_usd": self.outcome.costs.attempt_total[attempt],
            "idle_cost_usd": np.zeros(len(attempt)),
        }


def _host_id(host: int) -> str:
    return instance_id(host) if host >= 0 else task_id(-1 - host)
