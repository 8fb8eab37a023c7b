"""Facts that every table and figure is derived from: attempts by job, codes of queues and workflows, ends."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import Floats, Ints, Recording
from batchsim.scenario.configuration import Configuration
from batchsim.workload.table import Workload


class Facts:
    """One run: the configuration, the workload and what the engine recorded, joined.

    Everything is computed when first asked for and kept. ``-1`` stands for *none* in integer columns, NaN in times.
    """

    def __init__(self, configuration: Configuration, workload: Workload, recording: Recording) -> None:
        self.configuration = configuration
        self.workload = workload
        self.recording = recording
        self.ended_at = recording.ended_at
        self.queues = tuple(queue.name for queue in configuration.queues)
        self.environments = tuple(environment.name for environment in configuration.environments)
        self.workflows = tuple(dict.fromkeys(group.workflow for group in workload.groups))
        self.definitions = tuple(dict.fromkeys(group.job_definition for group in workload.groups))
        self._queue_of_group = codes([group.job_queue for group in workload.groups], self.queues)
        self._workflow_of_group = codes([group.workflow for group in workload.groups], self.workflows)

    # Jobs

    @property
    def queue(self) -> Ints:
        """Queue of every job."""
        return take(self._queue_of_group, self.workload.group)

    @property
    def workflow(self) -> Ints:
        """Workflow of every job."""
        return take(self._workflow_of_group, self.workload.group)

    @cached_property
    def first_attempt(self) -> Ints:
        """Row of every job's first attempt."""
        first = np.full(len(self.workload), -1, np.int32)
        rows = np.flatnonzero(self.recording.attempts.number == 1).astype(np.int32)
        first[self.recording.attempts.job[rows]] = rows
        return first

    @cached_property
    def last_attempt(self) -> Ints:
        """Row of every job's last attempt: attempts of a job are recorded in the order of their numbers."""
        last = np.full(len(self.workload), -1, np.int32)
        np.maximum.at(last, self.recording.attempts.job, np.arange(len(self.recording.attempts.job), dtype=np.int32))
        return last

    @property
    def attempts_begun(self) -> Ints:
        """How many attempts every job has begun."""
        return np.bincount(self.recording.attempts.job, minlength=len(self.workload)).astype(np.int32)

    @cached_property
    def first_starting_at(self) -> Floats:
        """When every job's first attempt was STARTING."""
        return take_or_nan(self.recording.attempts.starting_at, self.first_attempt)

    @property
    def last_starting_at(self) -> Floats:
        """When every job's last attempt was STARTING."""
        return take_or_nan(self.recording.attempts.starting_at, self.last_attempt)

    @property
    def has_dependencies(self) -> NDArray[np.bool_]:
        """Whether every job was submitted with dependencies."""
        return self.workload.open_dependencies[: len(self.workload)] > 0

    # Attempts

    @cached_property
    def attempt_end(self) -> Floats:
        """When every attempt ended, or the run did."""
        stopped_at = self.recording.attempts.stopped_at
        return np.where(np.isnan(stopped_at), self.ended_at, stopped_at)

    @cached_property
    def attempt_running(self) -> Floats:
        """When every attempt was RUNNING; where it never was, its end."""
        started_at = self.recording.attempts.started_at
        return np.where(np.isnan(started_at), self.attempt_end, started_at)

    @property
    def attempt_shape(self) -> Ints:
        """Shape of every attempt's job."""
        return take(self.workload.shape, self.recording.attempts.job)

    @cached_property
    def attempt_queue(self) -> Ints:
        """Queue of every attempt's job."""
        return take(self.queue, self.recording.attempts.job)

    @cached_property
    def attempt_vcpus(self) -> Floats:
        """The vCPUs every attempt held."""
        return take(self.shape_vcpus, self.attempt_shape)

    @cached_property
    def attempt_memory_mib(self) -> Floats:
        """The memory every attempt held."""
        return take(self.shape_memory_mib, self.attempt_shape)

    @cached_property
    def interrupted(self) -> NDArray[np.bool_]:
        """Whether every attempt was ended by a Spot interruption: of its instance, or of its Fargate Spot task."""
        attempts, instances = self.recording.attempts, self.recording.instances
        cut = np.zeros(len(attempts.job), np.bool_)
        hosted = np.flatnonzero((attempts.instance >= 0) & (attempts.exit_code < 0))
        hosts = attempts.instance[hosted]
        cut[hosted] = instances.reclaimed[hosts] & (attempts.stopped_at[hosted] == instances.terminated_at[hosts])
        spot_task = np.array([e.purchase_option == "FARGATE_SPOT" for e in self.configuration.environments], np.bool_)
        told = np.array(["interrupted" in reason for reason in self.recording.reasons], np.bool_)
        if len(cut):
            cut |= spot_task[attempts.environment] & told[attempts.reason]
        return cut

    # Shapes and instances

    @cached_property
    def shape_vcpus(self) -> Floats:
        """The vCPUs of every shape."""
        return np.array([shape.vcpus for shape in self.workload.shapes], np.float64)

    @cached_property
    def shape_memory_mib(self) -> Floats:
        """The memory of every shape."""
        return np.array([shape.memory_mib for shape in self.workload.shapes], np.float64)

    @cached_property
    def shape_gpus(self) -> Floats:
        """The GPUs of every shape."""
        return np.array([shape.gpus for shape in self.workload.shapes], np.float64)

    @cached_property
    def offering_start(self) -> Ints:
        """Where every environment's offerings begin in a list of all environments' offerings."""
        counts = [len(environment.offerings) for environment in self.configuration.environments]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)

    @cached_property
    def instance_offering(self) -> Ints:
        """Place of every instance's offering in a list of all environments' offerings."""
        instances = self.recording.instances
        return (take(self.offering_start, instances.environment) + instances.offering).astype(np.int32)

    def of_instance(self, member: str) -> Floats:
        """A figure of every instance's offering."""
        values = [getattr(o, member) for environment in self.configuration.environments for o in environment.offerings]
        return take(np.array(values, np.float64), self.instance_offering)


def codes(names: list[str], known: tuple[str, ...]) -> Ints:
    """The place of each name among the known ones."""
    place = {name: index for index, name in enumerate(known)}
    return np.array([place[name] for name in names], np.int32)


def take(values: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """``values[places]``, also of nothing from nothing."""
    return values[places] if len(places) else values[:0]


def take_or_nan(values: Floats, places: Ints) -> Floats:
    """``values[places]``, NaN where the place is -1."""
    if not len(values):
        return np.full(len(places), np.nan)
    return np.where(places >= 0, values[np.maximum(places, 0)], np.nan)
