"""What shares have used lately: vCPU-seconds over a window that ends now, recent ones weighing more.

AWS does not publish how use fades: here a vCPU-second that is ``a`` seconds old counts ``1 - a / window`` (an
assumption). With the running vCPUs ``v`` of a share as a step function of time, its use at ``t`` is the integral of
``v(s) * (1 - (t - s) / window)`` over the window. Use lags behind what runs; who goes by it alone starts too much of
one share, then too much of another. So vCPUs that run may count for some seconds more, from their start to their end.

So use grows by ``v(t)`` and fades by ``A(t) / window`` per second, where ``A``, the integral of ``v`` over the window,
grows by ``v(t) - v(t - window)``. While neither of these two changes, use is a parabola: one for each share.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

import numpy as np

from batchsim.arrays import SLICE, Floats

INFINITE: Final = float("inf")


class ShareUsage:
    """The use of so many shares, each multiplied by its weight.

    Parameters
    ----------
    running_s : float
        For how many seconds a running vCPU counts besides what it has used.
    """

    def __init__(self, weights: list[float], window_s: float, running_s: float = 0.0) -> None:
        self._window_s = window_s
        self._running_s = running_s
        self._weights = weights
        # By share: since when its parabola holds, the use and A then, v, and v a window ago.
        self._states = [(0.0, 0.0, 0.0, 0.0, 0.0)] * len(weights)
        # The same parabolas, weighed: since when, and their three coefficients; and as columns, but for those named.
        self._curves = [(0.0, 0.0, 0.0, 0.0)] * len(weights)
        self._columns: Floats = np.zeros((4, len(weights)))
        self._changed: set[int] = set()
        # Changes within the window: when they leave it, whose they were, and v from then on. Those before `_next` left.
        self._leaves_at, self._leaves_share, self._leaves_running = array("d"), array("i"), array("d")
        self._next = 0
        self._upcoming = INFINITE  # when the next one leaves
        self._last_leaves = [0.0] * len(weights)

    def change(self, share: int, now: float, vcpus: float) -> None:
        """Use so many vCPUs more, or fewer, from now on."""
        if now >= self._upcoming:
            self._leave(now)
        _, _, _, running, ago = self._states[share]
        running += vcpus
        self._go_on(share, now, running, ago)
        leaves = now + self._window_s
        if leaves == self._last_leaves[share] and self._leaves_share[-1] == share:
            self._leaves_running[-1] = running  # one change of an instant
            return
        self._last_leaves[share] = leaves
        self._upcoming = min(self._upcoming, leaves)
        self._leaves_at.append(leaves)
        self._leaves_share.append(share)
        self._leaves_running.append(running)

    def _leave(self, now: float) -> None:
        while self._next < len(self._leaves_at) and self._leaves_at[self._next] <= now:
            place = self._next
            at, share, ago = self._leaves_at[place], self._leaves_share[place], self._leaves_running[place]
            self._next = place + 1
            running = self._states[share][3]
            if at == self._last_leaves[share]:
                # The same vCPUs for a whole window: exact from here, whatever was rounded before.
                self._states[share] = (at, running * self._window_s / 2, running * self._window_s, running, running)
            self._go_on(share, at, running, ago)
        if self._next > SLICE:
            for column in (self._leaves_at, self._leaves_share, self._leaves_running):
                del column[: self._next]
            self._next = 0
        self._upcoming = self._leaves_at[self._next] if self._next < len(self._leaves_at) else INFINITE

    def _go_on(self, share: int, at: float, running: float, ago: float) -> None:
        """Another parabola from here on."""
        window_s, weight = self._window_s, self._weights[share]
        since, use, area, before, before_ago = self._states[share]
        elapsed, growth = at - since, before - before_ago
        use += elapsed * (before - area / window_s - elapsed * growth / (2 * window_s))
        area += elapsed * growth
        self._states[share] = (at, use, area, running, ago)
        slope, bend = weight * (running - area / window_s), weight * (ago - running) / (2 * window_s)
        self._curves[share] = (at, weight * (use + running * self._running_s), slope, bend)
        self._changed.add(share)

    def of(self, shares: Iterable[int], now: float) -> dict[int, float]:
        """The weighed use of some shares that counts now."""
        if now >= self._upcoming:
            self._leave(now)
        used = {}
        for share in shares:
            since, use, slope, bend = self._curves[share]
            elapsed = now - since
            used[share] = max(use + elapsed * (slope + elapsed * bend), 0.0)
        return used

    def at(self, now: float) -> Floats:
        """The weighed use of each share that counts now."""
        if now >= self._upcoming:
            self._leave(now)
        for share in self._changed:
            self._columns[:, share] = self._curves[share]
        self._changed.clear()
        since, use, slope, bend = self._columns
        elapsed = now - since
        used: Floats = np.maximum(use + elapsed * (slope + elapsed * bend), 0.0)
        return used
