"""One attempt of a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from batchsim.engine.clock import Alarm
from batchsim.engine.compute_environment import SimulatedEnvironment

#: Observed wording of AWS Batch; see the reference's section on status reasons.
TIMED_OUT = "Job attempt duration exceeded timeout"


HOST_TERMINATED = "Host EC2 (instance {instance}) terminated."


DEPENDENCY_FAILED = "Dependent Job failed"


#: What a container that is killed exits with: 128 + SIGKILL.
KILLED: Final = 137


NO_EXIT_CODE: Final = -1


class Attempt(Alarm):
    """One attempt of a job, from STARTING to its end, and the alarm that tells it.

    Attributes
    ----------
    instance : int
        Number of the EC2 instance, -1 where there is none.
    nodes : tuple of int
        Instances of a multi-node job beyond the main node's.
    """

    __slots__ = (
        "exit_code",
        "instance",
        "job",
        "nodes",
        "number",
        "pull_at",
        "reason",
        "runnable_at",
        "started_at",
        "starting_at",
        "station",
        "timed_out",
    )

    def __init__(
        self,
        action: Callable[[Alarm], None],
        job: int,
        number: int,
        station: SimulatedEnvironment,
        instance: int,
        nodes: tuple[int, ...],
        runnable_at: float,
        starting_at: float,
        pull_at: float,
        started_at: float,
        exit_code: int,
        reason: int,
        timed_out: bool,
    ) -> None:
        self.action = action
        self.subject = None
        self.essential = True
        self.job = job
        self.number = number
        self.station = station
        self.instance = instance
        self.nodes = nodes
        self.runnable_at = runnable_at
        self.starting_at = starting_at
        self.pull_at = pull_at
        self.started_at = started_at
        self.exit_code = exit_code
        self.reason = reason
        self.timed_out = timed_out
