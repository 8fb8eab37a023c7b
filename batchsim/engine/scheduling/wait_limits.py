"""Which limits jobs wait for where several hold them, and which part of the wait is whose.

A second of waiting belongs to the limit whose removal alone would end it. From the job outwards the limits are the
share's ``computeReservation``, the consumable resources, ``maxvCpus``, and capacity that can be had: account quotas,
pools, a recorded market. Without an inner limit as many jobs would start as those outside of it have room for. Their
wait is that limit's, and so is the time by which those behind them would wait shorter (see
`results/waits/limits.py`); what is left belongs to the next limit outwards. So where two are used up at once, and
without either one there would still be no room, the outer one is the cause. Fargate's launch rate, which comes back by
itself, is it only where nothing else holds a job.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from batchsim.recording import Cause
from batchsim.spec.ids import ShapeId

#: Limits from the job outwards.
OUTWARDS: Final = (Cause.RESERVATION, Cause.CONSUMABLE, Cause.LIMIT, Cause.CAPACITY)
#: What holds the jobs of a shape, from the job outwards; how many of them would start without it and those before it.
Bounds = Sequence[tuple[Cause, float]]
#: By `Cause`, what it alone holds.
SINGLE: Final[tuple[Bounds, ...]] = tuple(((cause, math.inf),) for cause in Cause)


class Reason(NamedTuple):
    """For what jobs of a shape wait.

    Attributes
    ----------
    jobs : float
        How many would start without this limit and those inside of it.
    vcpus : float
        What would start of the queue without them; 0 where nothing else holds these jobs.
    """

    cause: Cause
    jobs: float
    vcpus: float = 0.0


#: From the job outwards.
Reasons = tuple[Reason, ...]
#: By `Cause`.
ALONE: Final[tuple[Reasons, ...]] = tuple((Reason(cause, math.inf),) for cause in Cause)


def started(bounds: Bounds, limit: Cause) -> float:
    """How many jobs would start without a limit and those inside of it.

    Examples
    --------
    >>> [started([(Cause.CONSUMABLE, 2), (Cause.LIMIT, 5)], limit) for limit in OUTWARDS]
    [0, 2, 5, 5]
    """
    inner = OUTWARDS[: OUTWARDS.index(limit) + 1]
    return max((jobs for cause, jobs in bounds if cause in inner), default=0)


def reasons_of(
    bounds: Mapping[ShapeId, Bounds], vcpus: Sequence[float], waiting: Mapping[ShapeId, int]
) -> dict[ShapeId, Reasons]:
    """Add what would start of all that moves at the pace of a shape, and leave out limits that hold nothing of it.

    Jobs move at the pace of their queue; those that lack a consumable resource, at the pace of all such jobs of it.

    Parameters
    ----------
    vcpus : sequence of float
        By shape, what a job asks for.
    waiting : mapping of int to int
        How many jobs of each shape wait.
    """
    if max(map(len, bounds.values())) == 1:
        return {request: ALONE[those[0][0]] for request, those in bounds.items()}
    lacking = {request for request, those in bounds.items() if any(cause is Cause.CONSUMABLE for cause, _ in those)}
    started_vcpus: dict[bool, dict[Cause, float]] = {True: {}, False: {}}
    for limit in OUTWARDS:
        more = {
            request: vcpus[request] * min(started(those, limit), waiting[request]) for request, those in bounds.items()
        }
        started_vcpus[False][limit] = sum(more.values())
        started_vcpus[True][limit] = sum(more[request] for request in lacking)
    return {request: _kept(those, started_vcpus[request in lacking]) for request, those in bounds.items()}


def _kept(bounds: Bounds, vcpus: Mapping[Cause, float]) -> Reasons:
    """The limits without which more would start than without those inside of them, and the last."""
    kept: list[Reason] = []
    jobs_before = vcpus_before = 0.0
    for cause, jobs in bounds[:-1]:
        if jobs > jobs_before or vcpus[cause] > vcpus_before:
            jobs_before, vcpus_before = max(jobs, jobs_before), vcpus[cause]
            kept.append(Reason(cause, jobs_before, vcpus_before))
    last = bounds[-1][0]
    return (*kept, Reason(last, math.inf)) if kept else ALONE[last]
