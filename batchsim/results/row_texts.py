"""Texts of rows: ids of jobs and hosts, reasons, and the names that groups, shapes and environments have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from batchsim.recording import EXITED, FAILED_TO_START, Status, instance_id, task_id
from batchsim.results.arrow import NOBODY, coded, hexadecimal, joined, named, numbers
from batchsim.results.outcome import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of a table: a stretch of them, or some by their numbers.
Rows = slice | NDArray[Any]


@dataclass(frozen=True)
class RowTexts:
    """What rows of one run's tables are called."""

    outcome: Outcome

    def job_ids(self, jobs: Rows) -> pa.Array:
        """Ids: ``workflow/run/jobName``, of an array child with its index."""
        from pyarrow import compute

        work = self.outcome.workload
        workflow = self.of_group(jobs, "workflow").dictionary_decode()
        name = coded(work.job_name[jobs], work.job_names).dictionary_decode()
        single = joined(workflow, numbers(work.run[jobs]).cast("string"), name, "/")
        index = work.array_index[jobs]
        if not (index >= 0).any():
            return single
        child = joined(single, numbers(index).cast("string"), ":")
        return compute.if_else(numbers((index >= 0).astype(np.int8)).cast("bool"), child, single)

    def hosts(self, attempts: NDArray[Any]) -> NDArray[np.int64]:
        """Instances of attempts by their number, tasks by one below 0; NOBODY for no attempt, or for processors."""
        recorded = self.outcome.recording.attempts
        known = np.flatnonzero(attempts >= 0)
        index = attempts[known]
        instance: NDArray[np.int64] = recorded.instance[index].astype(np.int64)
        without = np.flatnonzero(instance < 0)
        if len(without):
            other = index[without]
            on_fargate = self._on_fargate[recorded.environment[other]]
            instance[without] = np.where(on_fargate, -1 - other.astype(np.int64), NOBODY)
        if len(known) == len(attempts):
            return instance
        hosts = np.full(len(attempts), NOBODY)
        hosts[known] = instance
        return hosts

    def host_ids(self, hosts: NDArray[np.int64]) -> pa.DictionaryArray:
        """Ids of instances and tasks."""
        import pyarrow as pa

        encoded = numbers(hosts, hosts != NOBODY).dictionary_encode()
        known = np.frombuffer(encoded.dictionary.buffers()[1], np.int64, len(encoded.dictionary))
        if (known >= 0).all():
            return pa.DictionaryArray.from_arrays(encoded.indices, hexadecimal("i-0", known))
        if (known < 0).all():
            return pa.DictionaryArray.from_arrays(encoded.indices, hexadecimal("0" * 16, -1 - known))
        return named(hosts, _host_id)

    def reasons(self, codes: NDArray[Any], hosts: NDArray[np.int64] | None = None) -> pa.DictionaryArray:
        """Reasons by their number; those that name the instance with that of each row."""
        texts = self.outcome.recording.reasons
        names_instance = self._names_instance[codes] if hosts is not None else np.zeros(0, bool)
        if hosts is None or not names_instance.any():
            return coded(codes, [text or None for text in texts])
        found = list(texts)
        place: dict[str, int] = {}
        keys = codes.astype(np.int64)
        for row in np.flatnonzero(names_instance).tolist():
            host = int(hosts[row])
            text = texts[codes[row]].replace("{instance}", _host_id(host) if host != NOBODY else "")
            keys[row] = place.setdefault(text, len(texts) + len(place))
        found += place
        keys[np.array([not text for text in texts])[codes]] = NOBODY
        return named(keys, found.__getitem__)

    def container_reasons(self, attempts: slice) -> pa.DictionaryArray:
        """What the workload says of containers that failed by themselves."""
        recorded, work = self.outcome.recording.attempts, self.outcome.workload
        own = np.array([text in {EXITED, FAILED_TO_START} for text in self.outcome.recording.reasons])
        group = np.full(len(recorded.job[attempts]), -1, np.int32)
        failed = np.flatnonzero((recorded.status[attempts] == Status.FAILED) & own[recorded.reason[attempts]])
        group[failed] = work.group[recorded.job[attempts][failed]]
        return coded(group, [group.failure_reason or None for group in work.groups])

    def of_group(self, jobs: Rows, member: str) -> pa.DictionaryArray:
        """A member of jobs' groups."""
        work = self.outcome.workload
        return coded(work.group[jobs], [getattr(group, member) for group in work.groups])

    def of_shape(self, jobs: Rows, member: str) -> NDArray[Any]:
        """A number of jobs' shapes."""
        work = self.outcome.workload
        known: NDArray[Any] = np.array([getattr(shape, member) for shape in work.shapes])
        return known[work.shape[jobs]]

    def task_sizes(self, jobs: NDArray[Any]) -> pa.DictionaryArray:
        """Sizes of Fargate tasks, in the place of an instance type."""
        work = self.outcome.workload
        return coded(work.shape[jobs], [f"{shape.vcpus:g} x {shape.memory_mib}" for shape in work.shapes])

    def environments(self, index: NDArray[Any]) -> pa.DictionaryArray:
        """Names of compute environments; none below 0."""
        return coded(index, [environment.name for environment in self.outcome.configuration.environments])

    def purchase_options(self, index: NDArray[Any]) -> pa.DictionaryArray:
        """Purchase options of compute environments."""
        return coded(index, [environment.purchase_option for environment in self.outcome.configuration.environments])

    def statuses(self, codes: NDArray[Any]) -> pa.DictionaryArray:
        """Names of states."""
        return coded(codes, [status.name for status in Status])

    @cached_property
    def _on_fargate(self) -> NDArray[np.bool_]:
        return np.array([environment.fargate is not None for environment in self.outcome.configuration.environments])

    @cached_property
    def _names_instance(self) -> NDArray[np.bool_]:
        return np.array(["{instance}" in text for text in self.outcome.recording.reasons])


def nothing(n: int) -> pa.DictionaryArray:
    """A text column without values."""
    no_text: Sequence[str | None] = ()
    return coded(np.full(n, -1), no_text)


def _host_id(host: int) -> str:
    return instance_id(host) if host >= 0 else task_id(-1 - host)
