"""The result tables, made slice by slice, so that a million jobs need no more memory than a few thousand at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Floats, filled
from batchsim.columns import ATTEMPTS, INSTANCES, JOBS, Column
from batchsim.recording import AttemptColumns, InstanceColumns
from batchsim.results.arrow import coded, column, masked, schema
from batchsim.results.attempts import pick
from batchsim.results.cost.reservations import in_blocks
from batchsim.results.outcome import Outcome
from batchsim.results.row_texts import RowTexts, nothing
from batchsim.spec.configuration import ComputeEnvironment, Offering
from batchsim.units import HOUR

if TYPE_CHECKING:
    import pyarrow as pa

#: Column → what is in some rows of it.
Content = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """The tables of one run, each as slices of Arrow columns."""

    outcome: Outcome

    def jobs(self) -> Iterator[pa.RecordBatch]:
        """The table of jobs."""
        yield from _slices(JOBS, len(self.outcome.workload), self._jobs)

    def attempts(self) -> Iterator[pa.RecordBatch]:
        """The table of attempts, in the order in which they ended."""
        yield from _slices(ATTEMPTS, len(self.outcome.recording.attempts.job), self._attempts)

    def instances(self) -> Iterator[pa.RecordBatch]:
        """The table of instances in the order of their launch, then of Fargate tasks."""
        yield from _slices(INSTANCES, len(self.outcome.recording.instances.environment), self._instances)
        yield from _slices(INSTANCES, len(self.outcome.costs.tasks.attempt), self._tasks)

    @cached_property
    def _texts(self) -> RowTexts:
        return RowTexts(self.outcome)

    @cached_property
    def _types(self) -> _InstanceTypes:
        return _InstanceTypes(self.outcome.configuration.environments)

    def _jobs(self, rows: slice) -> Content:
        work, recording, attempts = self.outcome.workload, self.outcome.recording, self.outcome.recording.attempts
        last, texts = self.outcome.attempts_of_jobs.last[rows], self._texts
        hosts, nothing_said = texts.hosts(last), np.full(rows.stop - rows.start, np.nan)
        return {
            "job_id": texts.job_ids(rows),
            "job_name": coded(work.job_name[rows], work.job_names),
            "workflow": texts.of_group(rows, "workflow"),
            "workflow_run": work.run[rows],
            "array_index": masked(work.array_index[rows]),
            "job_queue": texts.of_group(rows, "job_queue"),
            "share_identifier": texts.of_group(rows, "share_identifier"),
            "job_definition": texts.of_group(rows, "job_definition"),
            "vcpus": texts.of_shape(rows, "vcpus"),
            "memory_mib": texts.of_shape(rows, "asked_memory_mib"),
            "gpus": texts.of_shape(rows, "gpus"),
            "submitted_at": work.submitted_at[rows],
            "runnable_at": recording.runnable_at[rows],
            "starting_at": pick(attempts.starting_at, last),
            "started_at": pick(attempts.started_at, last),
            "stopped_at": recording.stopped_at[rows],
            "status": texts.statuses(recording.status[rows]),
            "status_reason": texts.reasons(recording.reason[rows], hosts),
            "exit_code": masked(_of_last(attempts.exit_code, last)),
            "attempts": self.outcome.attempts_of_jobs.count[rows],
            "compute_environment": texts.environments(_of_last(attempts.environment, last)),
            "instance_id": texts.host_ids(hosts),
            "cost_usd": self.outcome.job_costs[rows],
            **{f"wait_{cause}_s": seconds for cause, seconds in self.outcome.waits.of(rows).items()},
            "recorded_started_at": nothing_said if work.recorded is None else work.recorded.started_at[rows],
            "recorded_stopped_at": nothing_said if work.recorded is None else work.recorded.stopped_at[rows],
        }

    def _attempts(self, rows: slice) -> Content:
        attempts, texts = self.outcome.recording.attempts, self._texts
        job, hosts = attempts.job[rows], texts.hosts(np.arange(rows.start, rows.stop))
        return {
            "job_id": texts.job_ids(job),
            "attempt": attempts.number[rows],
            "job_queue": texts.of_group(job, "job_queue"),
            "compute_environment": texts.environments(attempts.environment[rows]),
            "instance_id": texts.host_ids(hosts),
            "vcpus": texts.of_shape(job, "vcpus"),
            "memory_mib": texts.of_shape(job, "memory_mib"),
            "gpus": texts.of_shape(job, "gpus"),
            **_times(attempts, rows, "runnable_at", "starting_at", "started_at", "stopped_at"),
            "status": texts.statuses(attempts.status[rows]),
            "status_reason": texts.reasons(attempts.reason[rows], hosts),
            "reason": texts.container_reasons(rows),
            "exit_code": masked(attempts.exit_code[rows]),
            "cost_usd": self.outcome.costs.of_attempts(rows),
        }

    def _instances(self, rows: slice) -> Content:
        instances, cost, texts = self.outcome.recording.instances, self.outcome.costs, self._texts
        environment = instances.environment[rows]
        kind, requested_at = self._types.of(environment, instances.offering[rows]), instances.requested_at[rows]
        return {
            "instance_id": texts.host_ids(np.arange(rows.start, rows.stop)),
            "compute_environment": texts.environments(environment),
            "instance_type": coded(kind, [offering.instance_type for offering in self._types.offerings]),
            "availability_zone": self._types.zones(environment, instances.zone[rows]),
            "purchase_option": texts.purchase_options(environment),
            "vcpus": self._types.numbers(kind, "vcpus").astype(np.float64),
            "memory_mib": self._types.numbers(kind, "memory_mib"),
            "gpus": self._types.numbers(kind, "gpus"),
            **_times(instances, rows, "requested_at", "running_at", "registered_at", "terminated_at"),
            "termination_reason": texts.reasons(instances.reason[rows]),
            "jobs": self._jobs_of_instances[rows],
            "price_usd_per_hour": self._prices(rows, kind, requested_at),
            "cost_usd": cost.instance_total[rows],
            "idle_cost_usd": cost.instance["idle"][rows] + cost.instance["stranded"][rows],
            "capacity_reservation": coded(self._reservation_of_instances[rows], self._reservations),
        }

    def _prices(self, rows: slice, kind: NDArray[np.int64], requested_at: Floats) -> Floats:
        """What instances cost when they were requested: in Capacity Blocks by the block's price."""
        prices = self._types.prices(kind, requested_at)
        blocked, usd = in_blocks(self.outcome.configuration, self.outcome.recording)
        here = (blocked >= rows.start) & (blocked < rows.stop)
        if here.any():
            prices[blocked[here] - rows.start] = usd[here]
        return prices

    @cached_property
    def _reservations(self) -> list[str]:
        return [each.name for each in self.outcome.configuration.reservations]

    @cached_property
    def _reservation_of_instances(self) -> NDArray[np.int64]:
        """The last reservation that each instance ran in; below 0 for none."""
        recording = self.outcome.recording
        found = np.full(len(recording.instances.environment), -1, np.int64)
        stays = recording.reservations
        order = np.argsort(stays.since, kind="stable")
        found[stays.instance[order]] = stays.reservation[order]
        return found

    @cached_property
    def _jobs_of_instances(self) -> NDArray[np.int64]:
        """How many attempts each instance held."""
        recording = self.outcome.recording
        jobs = np.zeros(len(recording.instances.environment), np.int64)
        for first in range(0, len(recording.attempts.instance), SLICE):
            hosted = recording.attempts.instance[first : first + SLICE]
            np.add.at(jobs, hosted[hosted >= 0], 1)
        np.add.at(jobs, recording.nodes.instance, 1)
        return jobs

    def _tasks(self, rows: slice) -> Content:
        """Fargate tasks: each is one attempt."""
        tasks, attempts, texts = self.outcome.costs.tasks, self.outcome.recording.attempts, self._texts
        attempt = tasks.attempt[rows]
        job, environment, hosts = attempts.job[attempt], attempts.environment[attempt], texts.hosts(attempt)
        return {
            "instance_id": texts.host_ids(hosts),
            "compute_environment": texts.environments(environment),
            "instance_type": texts.task_sizes(job),
            "availability_zone": nothing(len(attempt)),
            "purchase_option": texts.purchase_options(environment),
            "vcpus": texts.of_shape(job, "vcpus"),
            "memory_mib": texts.of_shape(job, "memory_mib"),
            "gpus": np.zeros(len(attempt), int),
            "requested_at": attempts.starting_at[attempt],
            "running_at": attempts.pull_at[attempt],
            "registered_at": attempts.started_at[attempt],
            "terminated_at": filled(attempts.stopped_at[attempt], self.outcome.recording.ended_at),
            "termination_reason": texts.reasons(attempts.reason[attempt], hosts),
            "jobs": np.ones(len(attempt), int),
            "price_usd_per_hour": tasks.usd_per_s[rows] * HOUR,
            "cost_usd": self.outcome.costs.of_attempts(attempt),
            "idle_cost_usd": np.zeros(len(attempt)),
            "capacity_reservation": nothing(len(attempt)),
        }


class _InstanceTypes:
    """The instance types of all environments, each by a number of its own."""

    def __init__(self, environments: Sequence[ComputeEnvironment]) -> None:
        self.offerings: list[Offering] = [offering for each in environments for offering in each.offerings]
        self._first = np.cumsum([0, *(len(environment.offerings) for environment in environments)])
        self._zones = [zone for environment in environments for zone in environment.zones]
        self._first_zone = np.cumsum([0, *(len(environment.zones) for environment in environments)])

    def of(self, environment: NDArray[Any], offering: NDArray[Any]) -> NDArray[np.int64]:
        """The number of an environment's offering."""
        kind: NDArray[np.int64] = self._first[environment] + offering
        return kind

    def zones(self, environment: NDArray[Any], zone: NDArray[Any]) -> pa.DictionaryArray:
        """Names of zones."""
        return coded(self._first_zone[environment] + zone, self._zones)

    def numbers(self, kind: NDArray[np.int64], member: str) -> NDArray[Any]:
        """A number of types."""
        known: NDArray[Any] = np.array([getattr(offering, member) for offering in self.offerings])
        return known[kind]

    def prices(self, kind: NDArray[np.int64], at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prices of types at some instants."""
        prices = self.numbers(kind, "price_usd_per_hour")
        changing = np.array([bool(offering.price_steps) for offering in self.offerings], bool)[kind]
        for row in np.flatnonzero(changing).tolist():
            prices[row] = self.offerings[kind[row]].priced_at(float(at[row])).price_usd_per_hour
        return prices


def _slices(columns: Sequence[Column], n: int, build: Callable[[slice], Content]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    wanted = schema(columns)
    for start in range(0, n, SLICE):
        content = build(slice(start, min(start + SLICE, n)))
        yield pa.RecordBatch.from_arrays(
            [column(content[spec.name], field.type) for spec, field in zip(columns, wanted, strict=True)],
            schema=wanted,
        )


def _times(columns: AttemptColumns | InstanceColumns, rows: slice, *names: str) -> Content:
    return {name: getattr(columns, name)[rows] for name in names}


def _of_last(codes: NDArray[Any], last: NDArray[Any]) -> NDArray[Any]:
    """A code of each job's last attempt; -1 without one."""
    if not len(codes):
        return np.full(len(last), -1)
    none = last < 0
    return np.where(none, -1, codes[last]) if none.any() else codes[last]
