"""The raw recording of a run: the engine writes it, `results` makes tables of it; neither knows the other.

Times are seconds since the scenario's start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Bytes, Floats, Ints


class Status(IntEnum):
    """States of a job, in AWS Batch's own order."""

    SUBMITTED = 0
    PENDING = 1
    RUNNABLE = 2
    STARTING = 3
    RUNNING = 4
    SUCCEEDED = 5
    FAILED = 6


class Cause(IntEnum):
    """Why a RUNNABLE job does not start, decided at every scheduling cycle for each shape of job in a queue.

    ``dependency`` and ``retry`` are known from the job's own times; these are decided by the engine
    (`engine/scheduling/wait_causes.py`). The last two are limits as well: of a consumable resource, and of what a
    share's reservation leaves.
    """

    BLOCKED = 0
    LIMIT = 1
    BOOT = 2
    CAPACITY = 3
    CONSUMABLE = 4
    RESERVATION = 5


#: By cause what a job waits for, and what would have to be different.
WAITS_FOR = {
    Cause.BLOCKED: ("behind another job, or for the scheduler's next look", "see what the head of the queue waits for"),
    Cause.LIMIT: (
        "for room under maxvCpus",
        "a larger maxvCpus, or a smaller minvCpus of what is kept, would give it some",
    ),
    Cause.BOOT: (
        "for instances that go before it can start on them",
        "fewer interruptions, or shorter boots, would let one live long enough",
    ),
    Cause.CAPACITY: (
        "for capacity that can't be had",
        "a larger pool, quota or reservation, another instance type or environment would give it some",
    ),
    Cause.CONSUMABLE: (
        "for a consumable resource",
        "a larger totalQuantity, or one that is REPLENISHABLE, would give it some",
    ),
    Cause.RESERVATION: ("for what its share may use", "a smaller computeReservation would let it start"),
}
#: The same where no compute environment could hold it, were it empty.
NOWHERE = (
    "for a compute environment that can hold it",
    "a larger instance type or maxvCpus, or an environment that is ENABLED, would be one",
)

#: What AWS says of an attempt whose container ended, or never began, by itself.
EXITED = "Essential container in task exited"


FAILED_TO_START = "Task failed to start"

#: Why the instances of a run are said to have ended that it leaves running.
STILL_THERE = "still there at the end of the run"


#: Observed wording of AWS for a Fargate Spot task that it takes back.
TASK_INTERRUPTED = "Your Spot Task was interrupted."


#: What there is a limit of, in the order of `Cause`.
LIMITS = {Cause.LIMIT: "maxvCpus", Cause.CONSUMABLE: "consumableResources", Cause.RESERVATION: "computeReservation"}


@dataclass(frozen=True)
class AttemptColumns:
    """One entry per attempt, in the order in which attempts ended; those cut off by the end of the run come last.

    ``status`` is a `Status`: SUCCEEDED, FAILED, or STARTING/RUNNING when the run ended first (``stopped_at`` is then
    NaN). ``pull_at`` is when the image pull begins, and with it a Fargate task's bill (on EC2 it is ``starting_at``).
    ``started_at`` is NaN when the attempt never reached RUNNING. ``exit_code`` is -1 without one. ``reason``
    indexes ``Recording.reasons``. ``instance`` indexes the instances, or is -1 on Fargate and UNMANAGED.
    """

    job: Ints
    number: Ints
    runnable_at: Floats
    starting_at: Floats
    pull_at: Floats
    started_at: Floats
    stopped_at: Floats
    status: Bytes
    reason: Ints
    exit_code: Ints
    environment: Ints
    instance: Ints


@dataclass(frozen=True)
class InstanceColumns:
    """One entry per EC2 instance in the order of launch requests (Fargate tasks are their attempts).

    ``offering`` indexes the environment's ``offerings``. ``running_at`` and ``registered_at`` are NaN if not reached;
    ``terminated_at`` is the end of the run for those alive then. ``reclaimed`` marks Spot interruptions by AWS.
    """

    environment: Ints
    offering: Ints
    zone: Ints
    requested_at: Floats
    running_at: Floats
    registered_at: Floats
    terminated_at: Floats
    reclaimed: NDArray[np.bool_]
    reason: Ints

    @property
    def paid_from(self) -> Floats:
        """When each was running, and so paid for; its end where it never was."""
        return np.where(np.isnan(self.running_at), self.terminated_at, self.running_at)

    @property
    def usable_from(self) -> Floats:
        """When each was registered; its end where it never was."""
        return np.where(np.isnan(self.registered_at), self.terminated_at, self.registered_at)


@dataclass(frozen=True)
class NodeColumns:
    """Instances of multi-node jobs beyond their main node's: entry of `AttemptColumns`, number of the instance."""

    attempt: Ints
    instance: Ints


@dataclass(frozen=True)
class CauseColumns:
    """Why a queue's waiting jobs wait: a step function per queue and shape.

    From ``at[i]`` on, jobs of shape ``shape[i]`` (-1: all shapes not named since) in queue ``queue[i]`` wait for
    `Cause` ``cause[i]``. Entries are in time order; a -1 entry resets all shapes of the queue. Before the first entry
    the cause is BLOCKED.

    Where several limits hold the jobs of a shape, there is an entry for each, from the job outwards, counted by
    ``place[i]`` from 0. ``beyond[i]`` of these jobs would start without the limits of the entries before. ``vcpus[i]``
    is what would start without this limit and those before it, of all that waits in the queue; of what wants
    consumable resources, where these are one of the limits.
    """

    at: Floats
    queue: Ints
    shape: Ints
    cause: Bytes
    place: Bytes
    beyond: Ints
    vcpus: Floats


@dataclass(frozen=True)
class StrandedColumns:
    """When an environment's unused room is of no use to anything waiting: a step function per environment.

    From ``at[i]`` on, unused room of environment ``environment[i]`` is stranded (1: jobs wait that could use the
    environment and none fits in what is free) or idle (0). Before the first entry it is idle.
    """

    at: Floats
    environment: Ints
    stranded: Bytes


@dataclass(frozen=True)
class ReservationColumns:
    """Which instances ran in which capacity reservation, from when until when.

    ``instance`` indexes the instances, ``reservation`` the configuration's reservations. An instance has an entry for
    each that it was in; from its launch request on, before it is paid for.
    """

    instance: Ints
    reservation: Ints
    since: Floats
    until: Floats


def _in_none() -> ReservationColumns:
    return ReservationColumns(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Recording:
    """What one run of the engine leaves behind.

    ``runnable_at`` and ``stopped_at`` have one entry per job row of the workload (NaN: never); ``status`` is the state
    at the end, ``reason`` indexes ``reasons``. Texts in ``reasons`` may hold ``{instance}``, which stands for the id of
    the attempt's instance. ``updates`` are those that came due, ``limits`` what they changed, in time order.
    """

    ended_at: float
    runnable_at: Floats
    stopped_at: Floats
    status: Bytes
    reason: Ints
    reasons: tuple[str, ...]
    attempts: AttemptColumns
    instances: InstanceColumns
    causes: CauseColumns
    stranded: StrandedColumns
    nodes: NodeColumns
    reservations: ReservationColumns = field(default_factory=_in_none)
    updates: tuple[AppliedUpdate, ...] = ()
    limits: tuple[LimitChange, ...] = ()


@dataclass(frozen=True, slots=True)
class AppliedUpdate:
    """A scheduled update that came due.

    Attributes
    ----------
    number : int
        Its place among the entries.
    refused : str
        Why AWS would not have taken it; empty where it was applied.
    jobs : int
        How many jobs it cancelled or terminated.
    """

    at: float
    number: int
    refused: str = ""
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class LimitChange:
    """What a compute environment may have from an instant on."""

    at: float
    environment: int
    max_vcpus: int
    min_vcpus: int
    enabled: bool


def instance_id(ordinal: int) -> str:
    """An EC2 instance id by the order of launch, in AWS's format."""
    return f"i-{ordinal:017x}"


def task_id(attempt: int) -> str:
    """A Fargate task id by the order of attempts, in AWS's format."""
    return f"{attempt:032x}"
