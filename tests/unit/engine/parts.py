"""Parts of the engine for its small cases, made of real parts: nothing here stands in for one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from batchsim.engine.agenda import Agenda
from batchsim.engine.clock import Clock
from batchsim.engine.job_table import JobTable
from batchsim.engine.queues.fifo import FifoQueue
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


class Walk(NamedTuple):
    """The jobs of a queue that were looked at, in their order, and those of them that start."""

    looked_at: list[int]
    started: list[int]


def walk(queue: FifoQueue, starts: Callable[[int], bool], now: float = 0.0, *, alike: bool = True) -> Walk:
    """Go through a queue's order; `alike` says that what one job found no room for, others alike find none for."""
    gone, failed, left = Walk([], []), set(), queue.depth
    for job in queue.order(now, gone.started, failed):
        gone.looked_at.append(job)
        if starts(job):
            gone.started.append(job)
            continue
        if alike:
            failed.add(queue._table.request[job])
        left -= 1
        if not left:
            break
    return gone
