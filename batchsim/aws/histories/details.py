"""One job detail (API ``JobDetail``) as a record: every attempt, not the last one alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from batchsim.aws.histories.records import Asked, RecordedAttempt, RecordedJob
from batchsim.scenario.document.access import base_name, dig, entries, figure, requirement
from batchsim.workload.traces.job_details import MS_PER_S, instant_ms, needs


def instant(value: Any) -> float:
    """Seconds since 1970; NaN for what is no instant, and for the 0 that AWS says of what never was."""
    milliseconds = instant_ms(value)
    return milliseconds / MS_PER_S if milliseconds else math.nan


def is_multi_node(detail: Mapping[str, Any]) -> bool:
    """Whether it is a multi-node job or a node of one; events say ``numNodes: 0`` of other jobs."""
    return bool(figure(dig(detail, "nodeProperties", "numNodes"))) or "#" in str(detail.get("jobId"))


def recorded_job(detail: Mapping[str, Any], last_s: float) -> tuple[RecordedJob, int]:
    """A job, and how many of its attempts are left out since they stopped before they started.

    Parameters
    ----------
    last_s : float
        When it was described, at least: what runs had run until then.
    """
    job_id, index = str(detail["jobId"]), figure(dig(detail, "arrayProperties", "index"))
    told = list(_attempts(detail, last_s))
    attempts = tuple(attempt for attempt in told if not attempt.length_s < 0)
    job = RecordedJob(
        job_id=job_id,
        name=str(detail.get("jobName") or job_id),
        definition=base_name(detail.get("jobDefinition") or ""),
        queue=base_name(detail.get("jobQueue") or ""),
        status=_status(detail),
        created_at=instant(detail.get("createdAt")),
        attempts=attempts,
        asked=_asked(detail),
        array="" if index is None else job_id.rpartition(":")[0],
        index=-1 if index is None else int(index),
        size=int(figure(dig(detail, "arrayProperties", "size")) or 0) if index is None else 0,
        depends_on=needs(detail),
    )
    return job, len(told) - len(attempts)


def _status(detail: Mapping[str, Any]) -> str:
    return str(detail.get("status") or "").upper()


def _attempts(detail: Mapping[str, Any], last_s: float) -> Iterator[RecordedAttempt]:
    """The attempts, the last one from the job's own members where it is not listed."""
    status = _status(detail)
    listed = _listed(detail)
    for attempt in listed[:-1]:
        yield _attempt(attempt, {}, last_s, succeeded=False)
    for attempt in listed[-1:]:
        yield _attempt(attempt, detail, last_s, succeeded=status == "SUCCEEDED", goes_on=status == "RUNNING")
    started = instant(detail.get("startedAt"))
    if math.isnan(started):
        return
    if status == "RUNNING" and not _is_listed(listed, started):
        yield RecordedAttempt(started, math.nan, max(last_s, started), instance=_instance(detail), task=_task(detail))
    elif not listed and status in ("SUCCEEDED", "FAILED"):
        yield _attempt(detail, {}, last_s, succeeded=status == "SUCCEEDED")


def _listed(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    attempts = entries(detail, "attempts") or entries(detail, "eksAttempts")
    return [each for each in attempts if isinstance(each, dict)]


def _is_listed(listed: list[dict[str, Any]], started: float) -> bool:
    return any(instant(each.get("startedAt")) == started for each in listed)


def _attempt(
    value: Mapping[str, Any], detail: Mapping[str, Any], last_s: float, *, succeeded: bool, goes_on: bool = False
) -> RecordedAttempt:
    """An attempt; what it does not say itself is in the job's detail, where that is given."""
    started, stopped = instant(value.get("startedAt")), instant(value.get("stoppedAt"))
    if math.isnan(stopped) and not math.isnan(started):
        stopped = instant(detail.get("stoppedAt"))
    return RecordedAttempt(
        started_at=started,
        stopped_at=stopped,
        # Of what ended nobody knows when, it is not known how long it was there.
        seen_at=max(last_s, started) if math.isnan(stopped) and goes_on else math.nan,
        exit_code=_exit_code([*_exit_codes(value), *_exit_codes(detail)]),
        status_reason=_first_said((value, detail), "statusReason"),
        reason=_first_said((value, detail), "container", "reason"),
        instance=_instance(value) or _instance(detail),
        task=_task(value) or _task(detail),
        succeeded=succeeded,
    )


def _instance(value: Mapping[str, Any]) -> str:
    return _said_of_task(value, "containerInstanceArn")


def _task(value: Mapping[str, Any]) -> str:
    return _said_of_task(value, "taskArn")


def _said_of_task(value: Mapping[str, Any], name: str) -> str:
    return _first_said([value.get("container"), *entries(value, "taskProperties")], name)


def _first_said(values: Iterable[Any], *steps: str) -> str:
    """What stands under nested keys in the first of some values that says it; empty where none does."""
    return next((str(said) for each in values if (said := dig(each, *steps))), "")


def _exit_code(codes: list[float]) -> int | None:
    """The first one of a failure, else 0; None where there is none."""
    if not codes:
        return None
    return int(next(filter(None, codes), 0))


def _exit_codes(value: Mapping[str, Any]) -> list[float]:
    """What the containers of an attempt exited with."""
    containers = [value.get("container"), *entries(value, "containers")]
    for task in entries(value, "taskProperties"):
        containers += entries(task, "containers")
    codes = (figure(dig(container, "exitCode")) for container in containers)
    return [code for code in codes if code is not None]


def _asked(detail: Mapping[str, Any]) -> Asked:
    """What a job asked for: of one container, or of all that run together in a task."""
    containers = _containers(detail)
    vcpus, memory, gpus = (_sum(containers, kind) for kind in ("VCPU", "MEMORY", "GPU"))
    priority, timeout = figure(detail.get("schedulingPriority")), dig(detail, "timeout", "attemptDurationSeconds")
    retry = detail.get("retryStrategy")
    return Asked(
        vcpus=vcpus,
        memory_mib=memory,
        gpus=0.0 if math.isnan(gpus) else gpus,
        timeout_s=figure(timeout) or math.nan,
        share_identifier=str(detail.get("shareIdentifier") or ""),
        priority=math.nan if priority is None else priority,
        retry=retry if isinstance(retry, dict) and retry else None,
    )


def _containers(detail: Mapping[str, Any]) -> list[Any]:
    tasks = entries(detail, "ecsProperties", "taskProperties")
    return [container for task in tasks for container in entries(task, "containers")] or [detail.get("container")]


def _sum(containers: list[Any], kind: str) -> float:
    """Of a resource what all containers ask for; NaN where none asks."""
    figures = [each for container in containers if (each := requirement(container, kind))]
    return sum(figures) if figures else math.nan
