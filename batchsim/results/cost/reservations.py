"""What capacity reservations cost beyond the instances in them: what is reserved and not used.

An On-Demand Capacity Reservation costs the on-demand rate by the second; while an instance runs in it, the instance is
paid for and the reservation is not (EC2 User Guide, *Capacity Reservation pricing and billing*). Savings Plans cover
both alike (same page, *Billing discounts*).

A Capacity Block is paid in advance for its whole time, whatever runs in it, and no Savings Plan covers it (*Capacity
Blocks pricing and billing*). Here its price is spread evenly over its instances and its time: an instance in it costs
that rate while it runs, the rest is unused; what of it lies behind the end of the run is paid all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from batchsim.arrays import Floats, Ints
from batchsim.recording import Recording
from batchsim.results.cost.rates import Rate
from batchsim.results.cost.savings_plan import PlanUse
from batchsim.results.step_functions import Curve, integral, product, steps
from batchsim.results.window import Window
from batchsim.spec.configuration import Configuration
from batchsim.spec.reservations import Reservation
from batchsim.units import HOUR


@dataclass(frozen=True)
class ReservedUse:
    """What a run makes of one reservation.

    Attributes
    ----------
    spec : Reservation
        The reservation.
    begun, ended : float
        From when until when it was there in the run.
    used : (ndarray, ndarray)
        How many instances ran in it, and were paid for, over time.
    window : Window
        Of what figures are.
    plan : PlanUse or None
        A Savings Plan that covers it.
    """

    spec: Reservation
    begun: float
    ended: float
    used: Curve
    window: Window
    plan: PlanUse | None = None

    @cached_property
    def unused(self) -> Curve:
        """How many instances were reserved and did not run, over time."""
        if self.ended <= self.begun:
            return np.array([self.begun]), np.zeros(1)
        at, used = self.used
        inside = (at > self.begun) & (at < self.ended)
        first = _level(self.used, self.begun)
        at = np.concatenate([[self.begun], at[inside], [self.ended]])
        level = self.spec.instances - np.concatenate([[first], used[inside]])
        return at, np.append(level, 0.0)

    @property
    def rates(self) -> tuple[Rate, ...]:
        """What the unused part is paid at: the price, and what a Savings Plan takes off."""
        price = np.array([self.spec.usd_per_hour / HOUR])
        rates = (Rate(price, self.unused),)
        if self.plan is None or self.spec.is_block:
            return rates
        return (*rates, Rate(-price, product(*self.unused, self.plan.at, self.plan.discount)))

    @property
    def after_usd(self) -> float:
        """What of a Capacity Block's price is for time behind the end of the run."""
        if not self.spec.is_block or not self.window.is_whole:
            return 0.0
        left_s = self.spec.ends_at - max(self.spec.starts_at, self.ended)
        return self.spec.instances * self.spec.usd_per_hour * left_s / HOUR

    @property
    def unused_usd(self) -> float:
        """What was paid in the window for what was reserved and not used."""
        start, stop = (self.window.clipped(np.array([at])) for at in (self.begun, self.ended))
        return float(sum(rate.between(start, stop)[0] for rate in self.rates)) + self.after_usd

    @property
    def used_s(self) -> float:
        """For how many instance-seconds in the window it was used."""
        return self._seconds(self.used)

    @property
    def reserved_s(self) -> float:
        """For how many instance-seconds in the window it was there."""
        return self.used_s + self._seconds(self.unused)

    def _seconds(self, curve: Curve) -> float:
        start, stop = self.window.clipped(np.array([self.begun, self.ended]))
        until, since = integral(*curve, np.array([stop, start]))
        return float(until - since)


def reserved_use(configuration: Configuration, recording: Recording, window: Window) -> tuple[ReservedUse, ...]:
    """What a run makes of its reservations, in their order."""
    stays, instances = recording.reservations, recording.instances
    found = []
    for index, spec in enumerate(configuration.reservations):
        rows = np.flatnonzero(stays.reservation == index)
        host = stays.instance[rows]
        since = np.maximum(stays.since[rows], instances.paid_from[host])
        until = np.minimum(stays.until[rows], instances.terminated_at[host])
        begun, ended = (min(max(at, 0.0), recording.ended_at) for at in (spec.starts_at, spec.ends_at))
        found.append(ReservedUse(spec, begun, ended, steps(since, until), window))
    return tuple(found)


def in_blocks(configuration: Configuration, recording: Recording) -> tuple[Ints, Floats]:
    """The instances that ran in Capacity Blocks, and what they cost there in USD per hour: they are in no other."""
    stays = recording.reservations
    is_block = np.array([each.is_block for each in configuration.reservations], bool)
    price = np.array([each.usd_per_hour for each in configuration.reservations])
    rows = np.flatnonzero(is_block[stays.reservation]) if len(is_block) else np.empty(0, np.int64)
    return stays.instance[rows], price[stays.reservation[rows]]


def eligible(uses: tuple[ReservedUse, ...]) -> tuple[Floats, Floats, Floats]:
    """What a Savings Plan may cover of it: from when until when, and its on-demand price in USD per second."""
    parts = [
        (at[:-1], at[1:], level[:-1] * each.spec.usd_per_hour / HOUR)
        for each in uses
        if not each.spec.is_block
        for at, level in [each.unused]
    ]
    none = np.empty(0)
    start, stop, usd = zip(*parts, strict=True) if parts else ((none,), (none,), (none,))
    return np.concatenate(start), np.concatenate(stop), np.concatenate(usd)


def _level(curve: Curve, at: float) -> float:
    place = int(np.searchsorted(curve[0], at, side="right")) - 1
    return float(curve[1][place]) if place >= 0 else 0.0
