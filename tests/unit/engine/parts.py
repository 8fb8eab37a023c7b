"""Parts of the engine for its small cases, made of real parts: nothing here stands in for one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from batchsim.engine.agenda import Agenda
from batchsim.engine.clock import Clock
from batchsim.engine.job_table import JobTable
from batchsim.engine.queues.order import NOBODY, Order
from batchsim.engine.recorder import Recorder
from batchsim.engine.run_context import RunContext
from batchsim.engine.simulation import Simulation
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import ComputeEnvironment, JobQueue
from batchsim.spec.workload import Workload
from tests.worlds import IDEAL, configuration


def assumptions(**settings: Any) -> Assumptions:
    """The settings of a run; without any every delay is zero."""
    return Assumptions.model_validate({**IDEAL, **settings})


def context(workload: Workload, **settings: Any) -> RunContext:
    """What environments and queues are built from."""
    made = assumptions(**settings)
    return RunContext(workload, made, JobTable(workload, made.scheduler.admit), Recorder(), 1, 0)


def simulation(
    workload: Workload,
    *environments: ComputeEnvironment,
    queues: Sequence[JobQueue] = (),
    floor_s: float = 0.0,
    horizon_s: float = math.inf,
    **settings: Any,
) -> Simulation:
    """A run that was built and not started."""
    made = configuration(*environments, queues=queues)
    return Simulation(workload, made, assumptions(**settings), 1, 0, floor_s, horizon_s)


def agenda(environments: int = 0, clock: Clock | None = None, **scheduler: float) -> Agenda:
    """An agenda that holds no passes and takes in no arrivals; nothing settles but that the clock stops."""
    clock = clock or Clock()
    made = Agenda(clock, assumptions(scheduler=scheduler).scheduler, environments)
    made.on_arrivals = made.on_pass = made.on_scale_out = lambda now: None
    made.on_settled = lambda now: clock.stop()
    return made


def walk(order: Order, starts: Callable[[int], bool], now: float = 0.0, *, alike: bool = True) -> list[int]:
    """The jobs that are looked at, in their order; those that start are then the order's `started`."""
    looked_at = []
    job = order.first(now)
    while job != NOBODY:
        looked_at.append(job)
        job = order.next(starts(job), alike)
    return looked_at
