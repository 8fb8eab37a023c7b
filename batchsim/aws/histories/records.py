"""What is known of jobs that ran, as plain values; instants are seconds since 1970, NaN where nothing says them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchsim.workload.traces.common import MOST


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """One attempt of a job.

    Attributes
    ----------
    started_at, stopped_at : float
        NaN where it never ran, or was still running.
    seen_at : float
        The last instant at which it is known to have been there, where it was still running.
    exit_code : int or None
        Of its essential containers the first that is not 0.
    status_reason, reason : str
        Why it ended, and what was said of its container.
    instance : str
        The container instance; empty where there is none.
    task : str
        The ECS task; empty where it is not said.
    succeeded : bool
        Whether it is the last attempt of a job that succeeded.
    start_assumed : bool
        Whether nothing says when it began: it is taken as begun at the submission, or after the attempt before it.
    """

    started_at: float
    stopped_at: float
    seen_at: float = math.nan
    exit_code: int | None = None
    status_reason: str = ""
    reason: str = ""
    instance: str = ""
    task: str = ""
    succeeded: bool = False
    start_assumed: bool = False

    @property
    def length_s(self) -> float:
        """How long it ran, or had run when it was last seen; NaN where it never ran."""
        return (self.seen_at if math.isnan(self.stopped_at) else self.stopped_at) - self.started_at


#: The least that a job can ask for, and what stands where it asked for less; ECS counts CPU units, 1024 a vCPU.
_LEAST = {"vcpus": (1 / 1024, math.nan), "memory_mib": (1, math.nan), "timeout_s": (1, math.nan), "gpus": (0, 0.0)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job asked for, beside its definition; NaN and None where it is not said, or can't have been asked."""

    vcpus: float = math.nan
    memory_mib: float = math.nan
    gpus: float = 0.0
    timeout_s: float = math.nan
    share_identifier: str = ""
    priority: float = math.nan
    retry: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """No job was given less than a unit, or more than any machine has."""
        for name, (least, nothing) in _LEAST.items():
            if not least <= getattr(self, name) <= MOST:
                object.__setattr__(self, name, nothing)


@dataclass(frozen=True, slots=True)
class RecordedJob:
    """A job: a single one, the child of an array, or the parent of one (then without attempts).

    Attributes
    ----------
    array, index : str, int
        The parent's id and which child it is; empty and -1 for other jobs.
    size : int
        Of the array of which it is the parent; 0 for other jobs.
    depends_on : tuple of (str, str)
        The jobs that it waits for, each with the type of the dependency; the id is empty in an array's SEQUENTIAL one.
    runnable, starting : tuple of float
        When it was RUNNABLE and STARTING, as events say it.
    """

    job_id: str
    name: str
    definition: str
    queue: str
    status: str
    created_at: float
    attempts: tuple[RecordedAttempt, ...] = ()
    asked: Asked = Asked()
    array: str = ""
    index: int = -1
    size: int = 0
    depends_on: tuple[tuple[str, str], ...] = ()
    runnable: tuple[float, ...] = ()
    starting: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedTask:
    """An ECS task, as describe-tasks has it.

    Attributes
    ----------
    task : str
        Its ARN.
    instance : str
        The container instance; empty on Fargate.
    image : str
        What its containers run: their images, joined where there are several.
    created_at, pull_started_at, pull_stopped_at, started_at : float
        Its image is pulled between the second and the third.
    """

    task: str
    instance: str
    image: str
    created_at: float
    pull_started_at: float
    pull_stopped_at: float
    started_at: float


@dataclass(frozen=True, slots=True)
class RecordedInstance:
    """A container instance, as describe-container-instances has it, or an instance of a run.

    Attributes
    ----------
    instance : str
        What attempts and tasks call it: its ARN.
    ec2_instance : str
        What Auto Scaling calls it: ``i-…``.
    instance_type, image, environment : str
        Empty where it is not said. The image is the machine's (AMI).
    purchase_option : str
        ``EC2`` or ``SPOT``; empty where it is not said.
    registered_at : float
        When its agent registered it.
    memory_mib : float
        What it registered for tasks.
    """

    instance: str
    ec2_instance: str
    instance_type: str = ""
    image: str = ""
    environment: str = ""
    purchase_option: str = ""
    registered_at: float = math.nan
    memory_mib: float = math.nan


@dataclass(frozen=True, slots=True)
class ScalingActivity:
    """A launch or a termination, as describe-scaling-activities has it.

    Attributes
    ----------
    activity : str
        Its id.
    ec2_instance : str
        ``i-…``.
    launches : bool
        Whether it launched the instance; else it terminated it.
    environment : str
        Empty where it is not said.
    begun_at, ended_at : float
        Of a launch from the request until the instance was in service.
    cause : str
        In Auto Scaling's words.
    """

    activity: str
    ec2_instance: str
    launches: bool
    environment: str
    begun_at: float
    ended_at: float
    cause: str


@dataclass(frozen=True)
class History:
    """The jobs of a history, in the order of their submission, and what they ran on.

    Attributes
    ----------
    notes : mapping
        What is odd about it, and what is left out, each with its count.
    events : int
        State change events; without them nothing says when a job was RUNNABLE and STARTING.
    region : str
        That of the ARNs; empty without any.
    tasks, instances, activities : tuple
        Of ECS and Auto Scaling, where they were given.
    """

    jobs: tuple[RecordedJob, ...]
    notes: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    region: str = ""
    tasks: tuple[RecordedTask, ...] = ()
    instances: tuple[RecordedInstance, ...] = ()
    activities: tuple[ScalingActivity, ...] = ()
