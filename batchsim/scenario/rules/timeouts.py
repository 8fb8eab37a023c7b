"""Rules about timeouts, and runtimes that don't suit where jobs run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.access import dig, whole
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.references import (
    FARGATE,
    attached,
    containers,
    is_fargate,
    is_spot,
    kinds_of,
    retrying,
    submissions,
)
from batchsim.scenario.rules.registry import rule
from batchsim.spec.distributions import Distribution, as_distribution
from batchsim.units import DAY, HOUR, format_duration

#: Fargate promises nothing to what runs longer.
FARGATE_DAYS = 14
#: The longest that a container on Fargate has after SIGTERM.
FARGATE_STOP_S = 120


@rule("timeout", "A timeout is 60 s or more", "AWS Batch API, JobTimeout", number="V-29")
def timeout(context: Context) -> Iterator[Finding]:
    """Of definitions and jobs."""
    for where, thing in retrying(context):
        value = whole(dig(thing, "timeout", "attemptDurationSeconds"))
        if value is not None and value < 60:
            yield context.finding(
                (*where, "timeout", "attemptDurationSeconds"), f"{value} s is too short", expected="60 or more"
            )


@rule(
    "container-timeout",
    "startTimeout and stopTimeout are 2 s or more, and 120 s at most on Fargate",
    "AWS Batch API, TaskContainerProperties",
)
def container_timeout(context: Context) -> Iterator[Finding]:
    """Of the containers of a task; ``containerProperties`` has neither."""
    for where, definition in context.items("jobDefinitions"):
        most = FARGATE_STOP_S if is_fargate(definition) else math.inf
        for place, container in containers(definition, where):
            for member in ("startTimeout", "stopTimeout"):
                value = whole(container.get(member))
                if value is not None and not 2 <= value <= most:
                    expected = "2 or more" if most == math.inf else f"2 to {most}"
                    yield context.finding((*place, member), f"{value} s is out of range", expected=expected)


def runtime_of(job: dict[str, Any]) -> Distribution | None:
    """A job's runtime; None where it has none that can be read."""
    try:
        runtime: Distribution = as_distribution(job["runtime"])
    except (KeyError, ValueError):
        return None
    return runtime


@rule(
    "short-timeout",
    "A timeout leaves 95 % of the runs time to end",
    "AWS Batch User Guide, Job timeouts",
    severity="warning",
    stage="review",
    number="V-29",
)
def short_timeout(context: Context) -> Iterator[Finding]:
    """What a timeout ends is never retried."""
    for job in submissions(context, traces=False):
        runtime, (place, value) = runtime_of(job.job), job.member("timeout")
        limit = whole(dig(value, "attemptDurationSeconds"))
        if runtime is None or limit is None:
            continue
        late = runtime.quantile_s(0.95)
        if limit < late:
            yield context.finding(
                (*place, "attemptDurationSeconds"),
                f"{limit} s is less than the 95 % quantile of {job.job_name}'s runtime, {format_duration(late)}: "
                "more than one run in twenty is ended, and not retried",
                expected=f"{math.ceil(late)} or more",
            )


@rule(
    "long-on-fargate",
    "Nothing runs on Fargate for more than 14 days",
    "AWS Batch API, SubmitJobRequest.timeout",
    severity="warning",
    stage="review",
    number="V-29",
)
def long_on_fargate(context: Context) -> Iterator[Finding]:
    """After that AWS may end it."""
    for job in submissions(context, traces=False):
        runtime = runtime_of(job.job)
        if runtime is not None and set(kinds_of(context, job.queue)) & set(FARGATE):
            late = runtime.quantile_s(0.95)
            if late > FARGATE_DAYS * DAY:
                message = f"runs of {format_duration(late)} (95 % quantile) may be ended on Fargate after 14 days"
                yield context.finding((*job.where, "runtime"), message)


@rule(
    "long-on-spot",
    "Jobs of more than an hour do not rely on Spot alone",
    "AWS Batch User Guide, Best practices",
    severity="warning",
    stage="review",
    number="V-27",
)
def long_on_spot(context: Context) -> Iterator[Finding]:
    """An interruption throws away all that was computed, unless the job keeps checkpoints."""
    for job in submissions(context, traces=False):
        runtime, spot = runtime_of(job.job), [is_spot(each) for _, each in attached(context, job.queue)]
        if runtime is not None and spot and all(spot) and runtime.quantile_s(0.5) > HOUR:
            typical = format_duration(runtime.quantile_s(0.5))
            message = f"half of its runs take more than {typical}, on nothing but Spot: each interruption starts anew"
            yield context.finding((*job.where, "runtime"), message, expected="on-demand, or checkpoints")
