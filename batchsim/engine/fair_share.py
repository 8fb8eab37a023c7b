"""A fair-share queue: the share that has used least is served next.

AWS Batch User Guide, *Fair-share scheduling*, *Share identifiers*; API ``FairsharePolicy``. A share's use over the
window is weighed by its factor; the lowest is served. AWS does not publish how use fades: here a vCPU-second that is
``a`` seconds old counts ``1 - a / window`` (an assumption). Within a share the higher ``schedulingPriority`` comes
first, then the order of submission; a retried job goes to the front of its share.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from sortedcontainers import SortedList

from batchsim.engine.queue import Dispatch, JobQueue
from batchsim.scenario import configuration

if TYPE_CHECKING:
    from batchsim.engine.station import Station


class Usage:
    """vCPU-seconds over a window that ends now, recent ones weighing more.

    With the running vCPUs ``v`` as a step function of time, the use at ``t`` is the integral of
    ``v(s) * (1 - (t - s) / window)`` over the window. It is kept as the running integrals of ``v`` and ``v * s``.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._at = array("d", [0.0])
        self._vcpu_s = array("d", [0.0])
        self._moment = array("d", [0.0])
        self._vcpus = array("d", [0.0])

    @property
    def vcpus(self) -> float:
        """VCPUs in use now."""
        return self._vcpus[-1]

    def change(self, now: float, vcpus: float) -> None:
        """Use so many vCPUs more, or fewer, from now on."""
        if now != self._at[-1]:
            vcpu_s, moment = self._integrals(len(self._at) - 1, now)
            self._at.append(now)
            self._vcpu_s.append(vcpu_s)
            self._moment.append(moment)
            self._vcpus.append(self._vcpus[-1])
        self._vcpus[-1] += vcpus

    def _integrals(self, step: int, at: float) -> tuple[float, float]:
        since, vcpus = self._at[step], self._vcpus[step]
        return (
            self._vcpu_s[step] + vcpus * (at - since),
            self._moment[step] + vcpus * (at * at - since * since) / 2,
        )

    def at(self, now: float) -> float:
        """The use that counts now."""
        vcpu_s, moment = self._integrals(len(self._at) - 1, now)
        start = now - self._window_s
        if start > self._at[0]:
            before, moment_before = self._integrals(bisect_right(self._at, start) - 1, start)
            vcpu_s, moment = vcpu_s - before, moment - moment_before
        if vcpu_s <= 0:
            return 0.0
        return max(vcpu_s - (now * vcpu_s - moment) / self._window_s, 0.0)


class Share:
    """The waiting jobs of one share identifier, and what it has used."""

    def __init__(self, identifier: str, weight: float, window_s: float) -> None:
        self.identifier = identifier
        self.weight = weight
        self.usage = Usage(window_s)
        self.waiting = SortedList()
        self.unfinished = 0
        self.idle_since = 0.0

    def head(self) -> int:
        """The job that comes next."""
        return int(self.waiting[0][-1])


class FairShareQueue(JobQueue):
    """A queue with a fair-share policy.

    Use counts second by second, so that jobs started in one cycle would not count in it: each started vCPU counts as
    `ahead_s` seconds of use at once (an assumption), which lets shares with equal use take turns.

    Parameters
    ----------
    share_of, priority_of : callable
        The share identifier and the scheduling priority of a job.
    now : callable
        The simulated time.
    vcpus_of : callable
        The vCPUs of a shape.
    wants : callable
        Whether a job asks for consumable resources.
    """

    def __init__(
        self,
        index: int,
        spec: configuration.JobQueue,
        stations: tuple[Station, ...],
        jobs: int,
        shape_of: Callable[[int], int],
        *,
        policy: configuration.FairShare,
        max_vcpus: float,
        share_of: Callable[[int], str],
        priority_of: Callable[[int], int],
        vcpus_of: Callable[[int], float],
        wants: Callable[[int], bool],
        now: Callable[[], float],
        ahead_s: float,
    ) -> None:
        super().__init__(index, spec, stations, jobs, shape_of)
        self._policy = policy
        self._max_vcpus = max_vcpus
        self._share_of = share_of
        self._priority_of = priority_of
        self._vcpus_of = vcpus_of
        self._wants = wants
        self._now = now
        self._ahead_s = ahead_s
        self._shares: dict[str, Share] = {}
        self._in_use = 0.0

    def _share(self, job: int) -> Share:
        identifier = self._share_of(job)
        share = self._shares.get(identifier)
        if share is None:
            share = Share(identifier, self._policy.weight(identifier), self._policy.window_s)
            self._shares[identifier] = share
        return share

    # What happens to its jobs

    def submitted(self, job: int) -> None:
        """A share is active from its first job on."""
        self._share(job).unfinished += 1

    def finished(self, job: int) -> None:
        """A share stays active until its last job has been over for a window."""
        share = self._share(job)
        share.unfinished -= 1
        share.idle_since = self._now()

    def stopped(self, job: int) -> None:
        """An attempt ended."""
        vcpus = self._vcpus_of(self._shape_of(job))
        self._share(job).usage.change(self._now(), -vcpus)
        self._in_use -= vcpus

    def add(self, job: int, *, retried: bool) -> None:
        """Put a job in its share."""
        self._share(job).waiting.add((not retried, -self._priority_of(job), job))
        self._remember(self._shape_of(job))

    # The order

    def _allowed(self) -> float:
        """VCPUs that active shares may use: ``computeReservation`` keeps the rest for those that are not.

        API ``FairsharePolicy.computeReservation``: ``(reservation / 100) ** active`` of the maximum is kept.
        """
        if not self._policy.compute_reservation:
            return float("inf")
        since = self._now() - self._policy.window_s
        active = sum(share.unfinished > 0 or share.idle_since > since for share in self._shares.values())
        return float(self._max_vcpus * (1 - (self._policy.compute_reservation / 100) ** max(active, 1)))

    def holds_back(self, shape: int) -> bool:
        """Whether the reservation keeps a job of this shape from starting."""
        return self._in_use + self._vcpus_of(shape) > self._allowed()

    def _ranked(self) -> list[tuple[float, int, str]]:
        """Shares with waiting jobs as a heap: weighed use, the head's row, the identifier."""
        now = self._now()
        heap = [
            (share.weight * share.usage.at(now), share.head(), share.identifier)
            for share in self._shares.values()
            if share.waiting
        ]
        heapify(heap)
        return heap

    def head(self) -> int:
        """The next job of the share to be served first."""
        return self._ranked()[0][1]

    def plan(self, assign: Callable[[int], bool]) -> None:
        """Offer jobs in the order in which they would be started now; as in `drain`, a share may be passed over."""
        heap = self._ranked()
        position: dict[str, int] = {}
        left = self._allowed() - self._in_use
        while heap:
            score, job, identifier = heappop(heap)
            share = self._shares[identifier]
            vcpus = self._vcpus_of(self._shape_of(job))
            if vcpus > left or not assign(job):
                continue
            left -= vcpus
            position[identifier] = taken = position.get(identifier, 0) + 1
            if taken < len(share.waiting):
                ahead = score + share.weight * vcpus * self._ahead_s
                heappush(heap, (ahead, int(share.waiting[taken][-1]), identifier))

    def drain(self, dispatch: Dispatch) -> None:
        """Start jobs share by share; a share whose next job can't be started is passed over in this cycle."""
        heap = self._ranked()
        now, allowed = self._now(), self._allowed()
        failed: set[int] = set()
        while heap and not failed.issuperset(self.shapes):
            score, job, identifier = heappop(heap)
            shape = self._shape_of(job)
            vcpus = self._vcpus_of(shape)
            if shape in failed or self._in_use + vcpus > allowed:
                continue
            if not dispatch(job, shape):
                # A job that lacks a consumable resource says nothing of others of its shape.
                if not self._wants(job):
                    failed.add(shape)
                continue
            share = self._shares[identifier]
            del share.waiting[0]
            self._forget(shape)
            self._in_use += vcpus
            share.usage.change(now, vcpus)
            if share.waiting:
                heappush(heap, (score + share.weight * vcpus * self._ahead_s, share.head(), identifier))

    def remove_head(self) -> None:
        """Take the head out: it is cancelled."""
        job = self.head()
        del self._share(job).waiting[0]
        self._forget(self._shape_of(job))
