"""What one job detail (API ``JobDetail``) says of a job that ran: when, how long, what it asked for, how it ended.

In all of DescribeJobs' shapes: one container (``container``), several in one ECS task (``ecsProperties``), a pod of EKS
(``eksProperties``). Multi-node jobs are not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from batchsim.recording import TASK_INTERRUPTED
from batchsim.scenario.document.access import base_name, dig, entries, figure, requirement
from batchsim.spec.workload import Attempts
from batchsim.units import MIB_PER_GIB, parse_instant
from batchsim.workload.traces.common import FAILED_EXIT_CODE

MS_PER_S = 1000.0

#: Why no row is made of a job that is on its way.
NOT_ENDED = "not ended yet"

#: States that a job leaves again (API JobStatus).
_ON_THE_WAY = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")

#: How the status reasons of attempts begin whose instance or Fargate Spot task was taken away (User Guide, *Automated
#: job retries*; ECS, *Fargate Spot termination notices*).
_RECLAIMED = ("Host EC2", TASK_INTERRUPTED.rstrip("."))

#: What a job waits for: (jobId, type); in an array's SEQUENTIAL dependency on itself the jobId is empty.
Needs = tuple[tuple[str, str], ...]

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kKMGT]i?|m)?\s*")
#: Bytes of a suffix of Kubernetes' quantities.
_BYTES = {"": 1.0, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_BYTES |= {"Ki": 1024.0, "Mi": 1024.0**2, "Gi": 1024.0**2 * MIB_PER_GIB, "Ti": 1024.0**2 * MIB_PER_GIB**2}


@dataclass(frozen=True, slots=True)
class DescribedJob:
    """One job that ran, as AWS Batch remembers it; NaN stands for what it does not say.

    Attributes
    ----------
    array, index : str, int
        The jobId of the array that it is a child of, and which; empty and -1 for other jobs.
    created_at_ms, started_at_ms, stopped_at_ms : float
        Milliseconds since 1970: of the job, of the first attempt that ran, of the last one.
    runtime_s : float
        Of the last attempt that ran.
    exit_code : int
        Of that attempt: of its essential containers the first that is not 0; 1 for a failed job that has none; 0 for
        one whose host was taken away.
    earlier : tuple
        Run time and exit code of the attempts before it that failed, but for those whose host was taken away.
    reclaimed : int
        Attempts before it whose host was taken away.
    unstarted : int
        Attempts that never ran.
    cut_short : bool
        Whether the last attempt's host was taken away.
    """

    job_id: str
    name: str
    array: str
    index: int
    created_at_ms: float
    started_at_ms: float
    stopped_at_ms: float
    runtime_s: float
    exit_code: int
    vcpus: float
    memory_mib: float
    gpus: float
    job_queue: str
    job_definition: str
    depends_on: Needs
    share_identifier: str
    scheduling_priority: float
    on_eks: bool = False
    earlier: Attempts = ()
    reclaimed: int = 0
    unstarted: int = 0
    cut_short: bool = False


def array_size(job: Mapping[str, Any]) -> int:
    """How many children the parent of an array has; 0 for other jobs."""
    return int(figure(dig(job, "arrayProperties", "size")) or 0) if _child_index(job) is None else 0


def is_array(job: Mapping[str, Any]) -> bool:
    """Whether it is the parent of an array, which holds no resources."""
    return array_size(job) > 0


def _child_index(job: Mapping[str, Any]) -> int | None:
    """Which child of an array it is; None for other jobs."""
    index = figure(dig(job, "arrayProperties", "index"))
    return None if index is None else int(index)


def why_skipped(job: Mapping[str, Any]) -> str:
    """Why no row is made of a job; empty where one is."""
    if isinstance(job.get("nodeProperties"), dict) or "#" in str(job.get("jobId")):
        return "multi-node job"
    if is_array(job):
        return "parent of an array"
    if _status(job) in _ON_THE_WAY:
        return NOT_ENDED
    times = _ran(job)
    if times is None:
        return "no run time"
    return "stopped before it started" if times[1] < times[0] else ""


def needs(job: Mapping[str, Any]) -> Needs:
    """What a job or an array waits for."""
    listed = [entry for entry in entries(job, "dependsOn") if isinstance(entry, dict)]
    return tuple((str(entry.get("jobId") or ""), str(entry.get("type") or "")) for entry in listed)


def instant_ms(value: Any) -> float | None:
    """Milliseconds since 1970 of a timestamp: a number of them, or ISO 8601; None for anything else."""
    if isinstance(value, str):
        try:
            return parse_instant(value).timestamp() * MS_PER_S
        except ValueError:
            pass
    return figure(value)


def described_job(job: Mapping[str, Any]) -> DescribedJob:
    """What a job detail says of a job that ran and was created."""
    times, created = _ran(job), instant_ms(job.get("createdAt"))
    attempts = _attempts(job)
    ran = [attempt for attempt in attempts if _times(attempt)]
    before = [attempt for attempt in ran[:-1] if _lasted_s(attempt) >= 0]
    earlier = tuple(_failure(attempt, job) for attempt in before if not _is_reclaimed(attempt))
    cut_short = _is_cut_short(job, ran)
    assert times is not None and created is not None  # noqa: S101, PT018 (for the type checker)
    job_id = str(job["jobId"])
    array, index = _place_in_array(job, job_id)
    vcpus, memory, gpus = _asked(job)
    return DescribedJob(
        job_id=job_id,
        name=_text(job, "jobName") or job_id,
        array=array,
        index=index,
        created_at_ms=created,
        started_at_ms=_first_start(job, ran, times),
        stopped_at_ms=times[1],
        runtime_s=(times[1] - times[0]) / MS_PER_S,
        exit_code=0 if cut_short else _exit_code(job),
        vcpus=_said(vcpus),
        memory_mib=_said(memory),
        gpus=max(gpus, 0.0),
        job_queue=base_name(_text(job, "jobQueue")),
        job_definition=base_name(_text(job, "jobDefinition")),
        depends_on=needs(job),
        share_identifier=_text(job, "shareIdentifier"),
        scheduling_priority=_number(job, "schedulingPriority"),
        on_eks=isinstance(job.get("eksProperties"), dict),
        earlier=earlier,
        reclaimed=len(before) - len(earlier),
        # The last attempt that ran is not among them; where attempts are without times, the job's own are of the last.
        unstarted=max(len(attempts) - 1 - len(before), 0),
        cut_short=cut_short,
    )


def _place_in_array(job: Mapping[str, Any], job_id: str) -> tuple[str, int]:
    """The array that a job is a child of, and which; empty and -1 for other jobs."""
    index = _child_index(job)
    return ("", -1) if index is None else (job_id.rpartition(":")[0], index)


def _said(value: float) -> float:
    """A figure; NaN for 0, which is what AWS prints where nothing is said."""
    return value if value > 0 else math.nan


def _number(job: Mapping[str, Any], member: str) -> float:
    """A member as a figure; NaN where it is missing or none."""
    number = figure(job.get(member))
    return math.nan if number is None else number


def _text(job: Mapping[str, Any], member: str) -> str:
    """A member as a text; empty where it is missing or null."""
    return str(job.get(member) or "")


def _status(job: Mapping[str, Any]) -> str:
    return _text(job, "status").upper()


def _attempts(job: Mapping[str, Any]) -> list[Any]:
    return entries(job, "attempts") or entries(job, "eksAttempts")


def _times(value: Any) -> tuple[float, float] | None:
    """From when to when something ran; AWS says 0 of what never did."""
    started, stopped = instant_ms(dig(value, "startedAt")), instant_ms(dig(value, "stoppedAt"))
    return (started, stopped) if started and stopped else None


def _last_run(job: Mapping[str, Any]) -> Any:
    """The last attempt that ran: one that failed to start has no start."""
    return next((attempt for attempt in reversed(_attempts(job)) if _times(attempt)), None)


def _ran(job: Mapping[str, Any]) -> tuple[float, float] | None:
    attempt = _last_run(job)
    if attempt is not None:
        return _times(attempt)
    # Where attempts are dated and none of them ran, the job's own times are of no run.
    dated = any(dig(attempt, "stoppedAt") or dig(attempt, "startedAt") for attempt in _attempts(job))
    return None if dated else _times(dict(job))


def _first_start(job: Mapping[str, Any], ran: list[Any], times: tuple[float, float]) -> float:
    """When the first attempt began; NaN where the job had several of which the times are not said."""
    if ran:
        return min(begun for begun, _ in filter(None, map(_times, ran)))
    return times[0] if len(_attempts(job)) < 2 else math.nan


def _is_reclaimed(attempt: Any) -> bool:
    """Whether an attempt ended because its instance or task was taken away, as its status reason says."""
    return str(dig(attempt, "statusReason") or "").startswith(_RECLAIMED)


def _is_cut_short(job: Mapping[str, Any], ran: list[Any]) -> bool:
    """Whether a job failed since the host of its last attempt was taken away."""
    return _status(job) == "FAILED" and _is_reclaimed(ran[-1] if ran else job)


def _failure(attempt: Any, job: Mapping[str, Any]) -> tuple[float, int]:
    """Run time and exit code of an attempt that another followed."""
    code = next(filter(None, _codes_of(attempt, job)), 0)
    return _lasted_s(attempt), int(code) if 1 <= code <= 255 else FAILED_EXIT_CODE


def _lasted_s(attempt: Any) -> float:
    """How long an attempt ran; NaN for one that never did."""
    started, stopped = _times(attempt) or (math.nan, math.nan)
    return (stopped - started) / MS_PER_S


def _asked(job: Mapping[str, Any]) -> tuple[float, float, float]:
    """VCPUs, MiB and GPUs: of one container, or of all that run together; NaN where none says it, 0 GPUs."""
    pod = dig(job, "eksProperties", "podProperties")
    if isinstance(pod, dict):
        vcpus, memory, gpus = (_of_pod(pod, resource) for resource in ("cpu", "memory", "nvidia.com/gpu"))
        return vcpus, memory / _BYTES["Mi"], 0.0 if math.isnan(gpus) else gpus
    containers: list[Any] = list(_containers(job)) or [job.get("container")]
    # The containers of a task run together (ECS task definitions, task size).
    vcpus, memory, gpus = (
        _sum(requirement(container, kind) for container in containers) for kind in ("VCPU", "MEMORY", "GPU")
    )
    return vcpus, memory, 0.0 if math.isnan(gpus) else gpus


def _sum(figures: Iterable[float | None]) -> float:
    said = [each for each in figures if each is not None]
    return sum(said) if said else math.nan


def _containers(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The containers of an ECS task of several."""
    for task in entries(job, "ecsProperties", "taskProperties"):
        yield from (each for each in entries(task, "containers") if isinstance(each, dict))


def _of_pod(pod: Any, resource: str) -> float:
    """What a pod asks for: all containers together, or one that runs before them (Kubernetes, *Init containers*)."""
    together = _sum(_requested(each, resource) for each in entries(pod, "containers"))
    before = [_requested(each, resource) for each in entries(pod, "initContainers")]
    return max([together, *(each for each in before if each is not None)], key=lambda each: (each == each, each))


def _requested(container: Any, resource: str) -> float | None:
    """What a container of a pod requests; its limit where it requests nothing (Kubernetes' default)."""
    resources = dig(container, "resources")
    for kind in ("requests", "limits"):
        value = dig(resources, kind)
        match = _QUANTITY.fullmatch(str(value.get(resource))) if isinstance(value, dict) else None
        if match:
            return float(match[1]) * _BYTES[match[2] or ""]
    return None


def _exit_code(job: Mapping[str, Any]) -> int:
    """0 for a job that succeeded; else what its container exited with, and 1 where that is not known or is 0."""
    status = _status(job)
    if status == "SUCCEEDED":
        return 0
    code = next(filter(None, _exit_codes(job)), 0)
    if code == 0:
        return int(status == "FAILED")
    return int(code) if 0 <= code <= 255 else 1


def _exit_codes(job: Mapping[str, Any]) -> Iterator[float | None]:
    """Of the containers whose end ends the job: those of the attempt that is read, then the job's own."""
    for value in (_last_run(job), job):
        yield from _codes_of(value, job)


def _codes_of(value: Any, job: Mapping[str, Any]) -> Iterator[float | None]:
    """Exit codes of an attempt's, or the job's own, essential containers."""
    essential = {str(each.get("name")): each.get("essential") is not False for each in _containers(job)}
    yield figure(dig(value, "container", "exitCode"))
    for task in (*entries(value, "taskProperties"), *entries(value, "ecsProperties", "taskProperties")):
        for container in entries(task, "containers"):
            if essential.get(str(dig(container, "name")), True):
                yield figure(dig(container, "exitCode"))
    for pod in (value, dig(value, "eksProperties", "podProperties")):
        yield from (figure(dig(container, "exitCode")) for container in entries(pod, "containers"))
