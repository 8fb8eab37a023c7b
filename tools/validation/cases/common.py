"""What the cases have in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from batchsim.scenario.scenario import Scenario
from tools.validation.scenarios import (
    Mapping,
    job,
    scenario,
    unmanaged,
    workflow,
)

#: Mean run time of a job where nothing else is said.
MEAN = 60.0
QUEUE_TIME = "mean queue time, s"
TURNAROUND = "mean turnaround, s"


def single(runtime: Any, arrivals: Mapping, servers: int, **members: Any) -> Callable[[float], Scenario]:
    """One stream of jobs before some servers."""
    return lambda duration: scenario(
        duration, workflow(arrivals, job(runtime, **members)), environments=[unmanaged(servers)]
    )


def warm_up(servers: int, load: float) -> int:
    """Jobs in five relaxation times of M/M/c (Morse 1955), and the filling of the servers."""
    return math.ceil(5 * load * servers / (servers * (1 - math.sqrt(load)) ** 2)) + 10 * servers
