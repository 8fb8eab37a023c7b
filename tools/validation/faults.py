"""Faults that are planted in the simulator, to see that the cases tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np

from batchsim.engine.processes import simulate_with
from batchsim.engine.queues.fifo import FifoQueue
from batchsim.results.cost import bill
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import Configuration
from batchsim.spec.workload import Workload
from batchsim.units import MINUTE
from tools.validation.case import QueueingCase

#: What the engine is given.
Inputs = tuple[Workload, Configuration, Assumptions]


@dataclass(frozen=True)
class Fault:
    """A fault: ``with fault.planted():`` the simulator has it.

    Attributes
    ----------
    told_by : tuple of str
        What cases that may tell have in their name or group; all may where there is none.
    inside : bool
        Whether it is planted inside the engine: not where that is compiled.
    """

    name: str
    planted: Callable[[], AbstractContextManager[object]]
    told_by: tuple[str, ...] = ()
    inside: bool = False


def suspects(fault: Fault, case: QueueingCase) -> bool:
    """Whether a case is looked at with a fault."""
    return not fault.told_by or any(word in case.name or word in case.group for word in fault.told_by)


def _given(change: Callable[[Inputs], Inputs]) -> Callable[[], AbstractContextManager[object]]:
    """The engine gets something other than what the scenario says; what is measured by stays as it was."""

    def simulate(processes: Any, *inputs: Any, **options: Any) -> Any:
        return inputs[0], simulate_with(processes, *change(inputs), **options)[1]

    return lambda: mock.patch("batchsim.experiments.simulated.simulate_with", simulate)


def _longer(inputs: Inputs) -> Inputs:
    workload, *rest = inputs

    def later(job: int, number: int) -> tuple[float, int]:
        runtime_s, exit_code = workload.later_attempt(job, number)
        return 1.1 * runtime_s, exit_code

    return replace(workload, runtime_s=1.1 * workload.runtime_s, later_attempt=later), *rest  # type: ignore[return-value]


def _one_fewer(inputs: Inputs) -> Inputs:
    workload, configuration, settings = inputs
    environments = tuple(
        replace(each, max_vcpus=each.max_vcpus - 1) if each.max_vcpus > 1 else each
        for each in configuration.environments
    )
    return workload, replace(configuration, environments=environments), settings


def _one_attempt(inputs: Inputs) -> Inputs:
    workload, *rest = inputs
    return replace(workload, groups=tuple(replace(group, attempts=1) for group in workload.groups)), *rest  # type: ignore[return-value]


def _reversed_priorities(inputs: Inputs) -> Inputs:
    workload, configuration, settings = inputs
    queues = tuple(replace(each, priority=-each.priority) for each in configuration.queues)
    return workload, replace(configuration, queues=queues), settings


def _independent(inputs: Inputs) -> Inputs:
    workload, *rest = inputs
    nothing = np.array([], np.int32)
    return (  # type: ignore[return-value]
        replace(
            workload,
            open_dependencies=np.zeros_like(workload.open_dependencies),
            dependents=nothing,
            dependents_start=np.zeros_like(workload.dependents_start),
        ),
        *rest,
    )


def _scheduler(**changes: Any) -> Callable[[Inputs], Inputs]:
    def change(inputs: Inputs) -> Inputs:
        workload, configuration, settings = inputs
        scheduler = settings.scheduler.model_copy(update=changes)
        return workload, configuration, settings.model_copy(update={"scheduler": scheduler})

    return change


def _booted(inputs: Inputs) -> Inputs:
    workload, configuration, settings = inputs
    at_once = Assumptions.model_validate({"preset": "ideal"}).ec2
    return workload, configuration, settings.model_copy(update={"ec2": at_once})


def _seldom_interrupted(inputs: Inputs) -> Inputs:
    workload, configuration, settings = inputs
    environments = tuple(
        replace(
            each,
            offerings=tuple(replace(o, interruptions_per_hour=0.5 * o.interruptions_per_hour) for o in each.offerings),
        )
        for each in configuration.environments
    )
    return workload, replace(configuration, environments=environments), settings


def _last_first() -> AbstractContextManager[object]:
    order = FifoQueue.order

    def last_first(queue: Any, now: float, started: list[int], failed: Any) -> Iterator[int]:
        return reversed(list(order(queue, now, started, failed)))

    return mock.patch.object(FifoQueue, "order", last_first)


def _whole_minutes() -> AbstractContextManager[object]:
    return mock.patch.object(bill, "billed_task_s", lambda seconds: np.ceil(np.asarray(seconds) / MINUTE) * MINUTE)


def _no_least() -> AbstractContextManager[object]:
    return mock.patch.object(bill, "billed_task_s", lambda seconds: np.ceil(np.asarray(seconds) - 1e-6))


@contextmanager
def _by_the_hour() -> Iterator[None]:
    with mock.patch.object(bill, "billed_instance_s", lambda seconds: np.ceil(np.asarray(seconds) / 3600) * 3600):
        yield


FAULTS = (
    Fault("run times are a tenth too long", _given(_longer)),
    Fault(
        "an environment has a vCPU less",
        _given(_one_fewer),
        ("M/M/2", "M/M/4", "M/M/10", "M/D/", "four servers", "different width"),
    ),
    Fault(
        "the job that came last is served first",
        _last_first,
        ("wait longer", "different width", "M/M/1, load 0.5"),
        inside=True,
    ),
    Fault("jobs behind the head overtake it", _given(_scheduler(overtake="fitting")), ("different width",)),
    Fault(
        "jobs start only every 20 s",
        _given(_scheduler(dispatch_interval=20.0)),
        ("M/M/1, load 0.3", "M/M/2, load 0.5", "M/D/1", "D/M/1", "Workflows", "Fargate"),
    ),
    Fault("the least urgent queue is served first", _given(_reversed_priorities), ("Priorities",)),
    Fault("failed attempts are not retried", _given(_one_attempt), ("Workflows and retries", "start over")),
    Fault("jobs do not wait for those that they depend on", _given(_independent), ("tandem", "fork")),
    Fault("instances are there at once", _given(_booted), ("EC2", "Spot")),
    Fault("interruptions are half as frequent", _given(_seldom_interrupted), ("Spot",)),
    Fault("tasks are paid by the minute", _whole_minutes, ("Fargate", "EC2")),
    Fault("tasks have no least time that is paid", _no_least, ("Fargate",)),
    Fault("instances are paid by the hour", _by_the_hour, ("Fargate", "EC2")),
)
