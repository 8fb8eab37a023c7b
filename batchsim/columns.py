"""The result tables' columns, and the raw recording from which they are made.

The engine writes a `Recording`; `results` turns it into the tables described here. Neither knows the other: they meet
in this module. Times are seconds since the scenario's start, money is US dollars, memory is MiB.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.int8]

#: Rows that are looked at together, and of a row group in the files: a million need no more memory than these.
SLICE = 65_536


def nothing(n: int) -> Floats:
    """So many zeros that take no memory, and can't be written to."""
    return np.broadcast_to(np.float64(0.0), n)


class Column(NamedTuple):
    """One column of a result table."""

    name: str
    dtype: str  # an Arrow type's name; "text" is a dictionary-encoded string
    unit: str
    meaning: str


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
    (`engine/causes.py`). The last two are limits as well: of a consumable resource, and of what a share's reservation
    leaves.
    """

    BLOCKED = 0
    LIMIT = 1
    BOOT = 2
    CAPACITY = 3
    CONSUMABLE = 4
    RESERVATION = 5


#: What AWS says of an attempt whose container ended, or never began, by itself.
EXITED = "Essential container in task exited"
FAILED_TO_START = "Task failed to start"
#: Observed wording of AWS for a Fargate Spot task that it takes back.
TASK_INTERRUPTED = "Your Spot Task was interrupted."
#: What there is a limit of, in the order of `Cause`.
LIMITS = {Cause.LIMIT: "maxvCpus", Cause.CONSUMABLE: "consumableResources", Cause.RESERVATION: "computeReservation"}
WAIT_CAUSES = ("dependency", "limit", "boot", "capacity", "blocked", "retry")
PURPOSES = ("useful", "rework", "boot", "idle", "stranded", "minimum")
PURCHASE_OPTIONS = ("EC2", "SPOT", "FARGATE", "FARGATE_SPOT")

JOBS = (
    Column("job_id", "string", "", "workflow/run/jobName[:array index], unique in the run"),
    Column("job_name", "text", "", "SubmitJob's jobName"),
    Column("workflow", "text", "", "workflow or trace that submitted the job"),
    Column("workflow_run", "int32", "", "arrival of that workflow, from 0"),
    Column("array_index", "int32", "", "index of an array child, null for a single job"),
    Column("job_queue", "text", "", "job queue"),
    Column("share_identifier", "text", "", "fair-share identifier, null without one"),
    Column("job_definition", "text", "", "job definition"),
    Column("vcpus", "float64", "vCPU", "vCPUs requested"),
    Column("memory_mib", "int64", "MiB", "memory requested"),
    Column("gpus", "int32", "", "GPUs requested"),
    Column("submitted_at", "float64", "s", "SubmitJob"),
    Column("runnable_at", "float64", "s", "first time RUNNABLE, null if never"),
    Column("starting_at", "float64", "s", "STARTING of the last attempt, null without one"),
    Column("started_at", "float64", "s", "RUNNING of the last attempt, null if it never ran"),
    Column("stopped_at", "float64", "s", "final state reached, null if unfinished"),
    Column("status", "text", "", "state at the end of the run"),
    Column("status_reason", "text", "", "why, in AWS's words where they are known"),
    Column("exit_code", "int32", "", "exit code of the last attempt, null without one"),
    Column("attempts", "int32", "", "attempts begun"),
    Column("compute_environment", "text", "", "environment of the last attempt"),
    Column("instance_id", "text", "", "instance or Fargate task of the last attempt"),
    Column("cost_usd", "float64", "USD", "the job's share of what its attempts ran on"),
    Column("wait_dependency_s", "float64", "s", "waited for other jobs"),
    Column(
        "wait_limit_s",
        "float64",
        "s",
        "waited because maxvCpus (or unmanagedvCpus), a consumable resource or a reservation was used up",
    ),
    Column("wait_boot_s", "float64", "s", "waited for capacity to be decided on, launched and registered"),
    Column("wait_capacity_s", "float64", "s", "waited for capacity that could not be had"),
    Column("wait_blocked_s", "float64", "s", "waited behind another job, or for the scheduler's next look"),
    Column(
        "wait_retry_s",
        "float64",
        "s",
        "from the first attempt's STARTING to the last's, or to the end where a retry never started",
    ),
)

ATTEMPTS = (
    Column("job_id", "string", "", "the job"),
    Column("attempt", "int32", "", "attempt number, from 1"),
    Column("job_queue", "text", "", "job queue"),
    Column("compute_environment", "text", "", "compute environment"),
    Column("instance_id", "text", "", "instance or Fargate task"),
    Column("vcpus", "float64", "vCPU", "vCPUs held"),
    Column("memory_mib", "int64", "MiB", "memory held"),
    Column("gpus", "int32", "", "GPUs held"),
    Column("runnable_at", "float64", "s", "RUNNABLE for this attempt"),
    Column("starting_at", "float64", "s", "STARTING: placed, image pull begins"),
    Column("started_at", "float64", "s", "RUNNING, null if the attempt ended before"),
    Column("stopped_at", "float64", "s", "ended, null if the run ended first"),
    Column("status", "text", "", "SUCCEEDED, FAILED, or the state at the end of the run"),
    Column("status_reason", "text", "", "why it ended"),
    Column("reason", "text", "", "what was said of its container, null without a word"),
    Column("exit_code", "int32", "", "exit code, null without one"),
    Column("cost_usd", "float64", "USD", "the attempt's share of what it ran on"),
)

INSTANCES = (
    Column("instance_id", "text", "", "instance or Fargate task"),
    Column("compute_environment", "text", "", "compute environment"),
    Column("instance_type", "text", "", "EC2 type; Fargate size as vCPU x MiB"),
    Column("availability_zone", "text", "", "availability zone"),
    Column("purchase_option", "text", "", "EC2, SPOT, FARGATE or FARGATE_SPOT"),
    Column("vcpus", "float64", "vCPU", "vCPUs"),
    Column("memory_mib", "int64", "MiB", "memory that jobs can use"),
    Column("gpus", "int32", "", "GPUs"),
    Column("requested_at", "float64", "s", "launch requested"),
    Column("running_at", "float64", "s", "running: billing begins (Fargate: image pull begins)"),
    Column("registered_at", "float64", "s", "ACTIVE in the cluster, null if never"),
    Column("terminated_at", "float64", "s", "terminated, or the end of the run"),
    Column("termination_reason", "text", "", "why"),
    Column("jobs", "int32", "", "attempts it held"),
    Column(
        "price_usd_per_hour",
        "float64",
        "USD/h",
        "price when it was requested, without root volume and address",
    ),
    Column("cost_usd", "float64", "USD", "billed, with root volume or ephemeral storage, and public address"),
    Column("idle_cost_usd", "float64", "USD", "of that, paid while nothing used it (idle and stranded)"),
)

TIMELINE = (
    Column("at", "float64", "s", "instant from which the value holds"),
    Column("measure", "text", "", "jobs, vcpus or usd_per_hour"),
    Column("name", "text", "", "job queue (jobs) or compute environment (vcpus, usd_per_hour)"),
    Column(
        "state", "text", "", "job state; running, stranded, idle, booting or limit for vcpus; empty for usd_per_hour"
    ),
    Column("value", "float64", "", "jobs, vCPUs or US dollars per hour"),
)


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
class Recording:
    """What one run of the engine leaves behind.

    ``runnable_at`` and ``stopped_at`` have one entry per job row of the workload (NaN: never); ``status`` is the state
    at the end, ``reason`` indexes ``reasons``. Texts in ``reasons`` may hold ``{instance}``, which stands for the id of
    the attempt's instance.
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


def instance_id(ordinal: int) -> str:
    """An EC2 instance id by the order of launch, in AWS's format."""
    return f"i-{ordinal:017x}"


def task_id(attempt: int) -> str:
    """A Fargate task id by the order of attempts, in AWS's format."""
    return f"{attempt:032x}"
