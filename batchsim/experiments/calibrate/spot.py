"""How often AWS took instances and Fargate tasks back, and how often several at once."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from batchsim.aws.histories.records import RecordedAttempt, RecordedJob
from batchsim.experiments.calibrate.attempts import HOST_TERMINATED, TASK_INTERRUPTED
from batchsim.statistics.rates import EventRate, clustered_rate, rate
from batchsim.units import HOUR

#: Interruptions within this time are one event's, as the default of `environment.spot.together` has them.
TOGETHER_S = 180.0

#: Of fewer interruptions no share is written.
_LEAST_FOR_SHARE = 10

_INSTANCE_ID = re.compile(r"\bi-[0-9a-f]+\b")


@dataclass(frozen=True, slots=True)
class InstanceLife:
    """What is known of an instance beside its jobs.

    Attributes
    ----------
    option : str
        ``EC2`` or ``SPOT``; empty where it is not known.
    running_at, ended_at : float
        NaN where they are not known.
    interrupted : bool
        Whether Spot took it back.
    """

    option: str
    running_at: float
    ended_at: float
    interrupted: bool


@dataclass(frozen=True)
class SpotLearned:
    """What was learnt of interruptions.

    Attributes
    ----------
    of : str
        ``EC2`` or ``Fargate``.
    per_hour : EventRate
        Of an instance or a task.
    together : float
        The share that came within three minutes of another; NaN without interruptions, and of Fargate.
    written : mapping
        Members of a scenario's ``environment.spot``; empty where nothing is.
    why : str
        What it is of, and why nothing is written.
    """

    of: str
    per_hour: EventRate
    together: float
    written: dict[str, Any]
    why: str


def learn_spot(
    jobs: Sequence[RecordedJob],
    environments: Mapping[str, frozenset[str]] | None,
    lives: Mapping[str, InstanceLife] = MappingProxyType({}),
) -> Iterator[SpotLearned]:
    """Interruptions on EC2 and on Fargate, of as much time as there was.

    Parameters
    ----------
    environments : mapping, optional
        The types of the compute environments that each queue has, such as ``SPOT``; None where that is not known. Where
        some queues have nothing but Spot capacity, rates are theirs.
    lives : mapping, optional
        Instances of which more is known than that their jobs ran there.
    """
    if ec2 := _on_spot(jobs, environments, lives):
        yield from _of_instances(ec2, environments, lives)
    fargate = [(job, each) for job in jobs for each in job.attempts if _is_fargate(job, each, environments)]
    if fargate := _purest(fargate, "FARGATE_SPOT", environments):
        yield from _of_tasks(fargate, environments)


_Ran = list[tuple[RecordedJob, RecordedAttempt]]


def _on_spot(
    jobs: Sequence[RecordedJob], environments: Mapping[str, frozenset[str]] | None, lives: Mapping[str, InstanceLife]
) -> _Ran:
    """What ran on Spot instances; where of no instance it is known that it was one, what may have."""
    ran = [
        (job, each)
        for job in jobs
        for each in job.attempts
        if _is_ec2(job, each, environments) and _option(each, lives) != "EC2"
    ]
    sure = [(job, each) for job, each in ran if _option(each, lives) == "SPOT"]
    return sure or _purest(ran, "SPOT", environments)


def _purest(ran: _Ran, kind: str, environments: Mapping[str, frozenset[str]] | None) -> _Ran:
    """What ran for queues that have environments of this kind alone; all of it where there are none."""
    return [
        (job, each) for job, each in ran if environments and environments.get(job.queue, frozenset()) == {kind}
    ] or ran


def _is_ec2(job: RecordedJob, attempt: RecordedAttempt, environments: Mapping[str, frozenset[str]] | None) -> bool:
    on_spot = environments is None or "SPOT" in environments.get(job.queue, ())
    return on_spot and (bool(attempt.instance) or attempt.status_reason.startswith(HOST_TERMINATED))


def _is_fargate(job: RecordedJob, attempt: RecordedAttempt, environments: Mapping[str, frozenset[str]] | None) -> bool:
    if attempt.status_reason.startswith(TASK_INTERRUPTED):
        return True
    return environments is not None and "FARGATE_SPOT" in environments.get(job.queue, ()) and not attempt.instance


def _option(attempt: RecordedAttempt, lives: Mapping[str, InstanceLife]) -> str:
    life = lives.get(attempt.instance)
    return "" if life is None else life.option


def _only(ran: _Ran, kind: str, environments: Mapping[str, frozenset[str]] | None) -> str:
    """Why the time is not all of one kind; empty where it is."""
    if not ran:
        return ""
    if environments is None:
        return f"which of it was {kind} only a configuration tells (--config): a lower bound of its rate"
    mixed = sorted({job.queue for job, _ in ran if environments.get(job.queue, frozenset()) != {kind}})
    if not mixed:
        return ""
    return f"{', '.join(mixed)} may run on other environments than {kind} too: a lower bound of its rate"


def _of_instances(
    ran: _Ran, environments: Mapping[str, frozenset[str]] | None, known: Mapping[str, InstanceLife]
) -> Iterator[SpotLearned]:
    lives, lost = _seen_by_jobs(ran)
    whole = _lengthened(lives, lost, known)
    hours = _hours(lives)
    if not hours > 0:
        return
    groups = _groups(lost.values())
    found = clustered_rate(groups, hours)
    together = sum(size for size in groups if size > 1) / len(lost) if lost else math.nan
    mixed = _only([(job, each) for job, each in ran if _option(each, known) != "SPOT"], "SPOT", environments)
    written = _to_write(found, len(lost), together) if lost and not mixed else {}
    seen = (
        f"{len(lives)} instances, {whole} from launch to end, the others from their first job to their last one's end"
    )
    why = f"in {len(groups)} events; {seen}; {mixed or _said(found)}"
    yield SpotLearned("EC2", found, together, written, why)


def _hours(lives: Mapping[str, Sequence[float]]) -> float:
    """The hours of instances, each from the first to the last that is known of it."""
    return math.fsum(max(times) - min(times) for times in lives.values() if times) / HOUR


def _to_write(found: EventRate, interruptions: int, together: float) -> dict[str, Any]:
    """Members of ``environment.spot``; the share that came together only of enough interruptions."""
    written: dict[str, Any] = {"interruptions": {"ratePerHour": float(f"{found.mean:.4g}")}}
    if interruptions >= _LEAST_FOR_SHARE:
        written["together"] = round(together, 3)
    return written


def _seen_by_jobs(ran: _Ran) -> tuple[dict[str, list[float]], dict[str, float]]:
    """When something ran on each instance, and when each one that was lost stopped its jobs."""
    lives: dict[str, list[float]] = defaultdict(list)
    lost: dict[str, float] = {}
    for _, attempt in ran:
        end = attempt.started_at + attempt.length_s
        if attempt.instance:
            lives[attempt.instance] += [each for each in (attempt.started_at, end) if not math.isnan(each)]
        if attempt.status_reason.startswith(HOST_TERMINATED):
            told = _INSTANCE_ID.search(attempt.status_reason)
            lost.setdefault(attempt.instance or (told[0] if told else ""), attempt.stopped_at)
    return lives, lost


def _lengthened(lives: dict[str, list[float]], lost: dict[str, float], known: Mapping[str, InstanceLife]) -> int:
    """Add when instances ran beyond their jobs, and which were lost without any; of how many both ends are known."""
    whole = 0
    for instance, times in lives.items():
        life = known.get(instance)
        if life is None:
            continue
        ends = [each for each in (life.running_at, life.ended_at) if not math.isnan(each)]
        times += ends
        whole += len(ends) == 2
        if life.interrupted:
            lost.setdefault(instance, life.ended_at)
    return whole


def _of_tasks(ran: _Ran, environments: Mapping[str, frozenset[str]] | None) -> Iterator[SpotLearned]:
    hours = math.fsum(each.length_s for _, each in ran if each.length_s > 0) / HOUR
    if not hours > 0:
        return
    found = rate(sum(each.status_reason.startswith(TASK_INTERRUPTED) for _, each in ran), hours)
    mixed = _only(ran, "FARGATE_SPOT", environments)
    written = {"fargateRatePerHour": float(f"{found.mean:.4g}")} if found.events and not mixed else {}
    yield SpotLearned("Fargate", found, math.nan, written, f"{len(ran)} tasks while they ran; {mixed or _said(found)}")


def _said(found: EventRate) -> str:
    return "written" if found.events else "none was interrupted: the default stays, and what is stated is a bound"


def _groups(instants: Iterable[float]) -> list[int]:
    """How many interruptions each event took: those that are three minutes or less apart are one's."""
    told = list(instants)
    known = [instant for instant in told if not math.isnan(instant)]
    undated = len(told) - len(known)
    sizes: list[int] = []
    before = -math.inf
    for instant in sorted(known):
        if instant - before <= TOGETHER_S:
            sizes[-1] += 1
        else:
            sizes.append(1)
        before = instant
    return sizes + [1] * undated
