"""Attempts on their hosts: side by side where they overlap, and when a host holds none.

A host is an instance; the Fargate tasks of an environment have one together, as has what runs on the processors of an
UNMANAGED one.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import filled
from batchsim.recording import Recording

Nanoseconds = NDArray[np.int64]


def nanoseconds(seconds: NDArray[np.float64]) -> Nanoseconds:
    """Instants as a trace counts them."""
    rounded: Nanoseconds = np.rint(np.asarray(seconds, float) * 1e9).astype(np.int64)
    return rounded


@dataclass(frozen=True)
class Tenants:
    """Attempts on hosts, host by host, each in the order of time; of a multi-node job one entry for each instance.

    Attributes
    ----------
    attempt, host : ndarray of int
        A host of 0 or more is an instance; -1 - e is environment e.
    beside : ndarray of bool
        Whether the instance is another than that of a multi-node job's main node.
    start, stop : ndarray of int
        Nanoseconds; the end of the run for what had not ended.
    """

    attempt: NDArray[np.int64]
    host: NDArray[np.int64]
    beside: NDArray[np.bool_]
    start: Nanoseconds
    stop: Nanoseconds

    def taken(self, rows: NDArray[np.bool_]) -> Tenants:
        """Some of them."""
        return Tenants(self.attempt[rows], self.host[rows], self.beside[rows], self.start[rows], self.stop[rows])

    def slots(self) -> NDArray[np.int64]:
        """A slot of the host for each, from 0: the first that is free, so that no two overlap in one."""
        found = np.zeros(len(self.host), np.int64)
        host, used = None, 0
        free: list[int] = []
        busy: list[tuple[int, int]] = []
        for row, (on, start, stop) in enumerate(zip(*self._lists(), strict=True)):
            if on != host:
                host, used, free, busy = on, 0, [], []
            while busy and busy[0][0] <= start:
                heappush(free, heappop(busy)[1])
            if free:
                slot = heappop(free)
            else:
                slot, used = used, used + 1
            heappush(busy, (stop, slot))
            found[row] = slot
        return found

    def gaps(self, usable_from: Nanoseconds, terminated_at: Nanoseconds) -> tuple[NDArray[np.int64], ...]:
        """When instances held nothing while they could: instance, from when, until when.

        Parameters
        ----------
        usable_from, terminated_at : ndarray of int
            Of all instances.
        """
        held_until = usable_from.tolist()
        found = []
        for on, start, stop in zip(*self._lists(), strict=True):
            if on >= 0:
                if start > held_until[on]:
                    found.append((on, held_until[on], start))
                held_until[on] = max(held_until[on], stop)
        ends = zip(held_until, terminated_at.tolist(), strict=True)
        found += [(on, start, stop) for on, (start, stop) in enumerate(ends) if start < stop]
        instance, start_, stop_ = np.array(found, np.int64).reshape(-1, 3).T
        return instance, start_, stop_

    def _lists(self) -> tuple[list[int], list[int], list[int]]:
        return self.host.tolist(), self.start.tolist(), self.stop.tolist()


def tenants(recording: Recording) -> Tenants:
    """All attempts on their hosts."""
    attempts, nodes = recording.attempts, recording.nodes
    attempt = np.concatenate([np.arange(len(attempts.job)), nodes.attempt]).astype(np.int64)
    instance = np.concatenate([attempts.instance, nodes.instance]).astype(np.int64)
    host = np.where(instance >= 0, instance, -1 - attempts.environment[attempt].astype(np.int64))
    beside = np.arange(len(attempt)) >= len(attempts.job)
    start = nanoseconds(attempts.starting_at)[attempt]
    stop = nanoseconds(filled(attempts.stopped_at, recording.ended_at))[attempt]
    # Of what begins together the job that was submitted first has the first slot.
    order = np.lexsort((attempts.job[attempt], start, host))
    return Tenants(attempt[order], host[order], beside[order], start[order], stop[order])
