"""One attempt of a job."""

from __future__ import annotations

from typing import Final

from batchsim.engine.event import Callbacks, Event
from batchsim.spec.ids import EnvironmentId

#: Observed wording of AWS Batch; see the reference's section on status reasons.
TIMED_OUT = "Job attempt duration exceeded timeout"
HOST_TERMINATED = "Host EC2 (instance {instance}) terminated."
DEPENDENCY_FAILED = "Dependent Job failed"
#: What a container that is killed exits with: 128 + SIGKILL.
KILLED: Final = 137
NO_EXIT_CODE: Final = -1


class Attempt(Event):
    """One attempt of a job, from STARTING to its end, and the event that its end is.

    Attributes
    ----------
    environment : int
        Its place in the configuration.
    instance : int
        Number of the EC2 instance, -1 where there is none.
    nodes : tuple of int
        Instances of a multi-node job beyond the main node's.
    status : int
        SUCCEEDED or FAILED when it has ended, or the state that the end of the run found it in.
    stopped_at : float
        When it ended; `at` is when it would, if nothing ended it before.
    """

    __slots__ = (
        "environment",
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
        "status",
        "stopped_at",
        "timed_out",
    )

    def __init__(
        self,
        at: float,
        callbacks: Callbacks,
        job: int,
        number: int,
        environment: EnvironmentId,
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
        self._ok = True
        self.at = at
        self.callbacks = callbacks
        self.action = None
        self.subject = None
        self.essential = True
        self.job = job
        self.number = number
        self.environment = environment
        self.instance = instance
        self.nodes = nodes
        self.runnable_at = runnable_at
        self.starting_at = starting_at
        self.pull_at = pull_at
        self.started_at = started_at
        self.exit_code = exit_code
        self.reason = reason
        self.timed_out = timed_out
        self.status = 0
        self.stopped_at = 0.0
