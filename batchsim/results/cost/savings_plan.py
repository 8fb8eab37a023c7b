"""A Compute Savings Plan: a commitment in dollars an hour, paid always, that covers eligible use first.

Eligible are EC2 on demand and the vCPUs and memory of Fargate on demand; Spot is not, and neither are volumes, storage
of tasks and public addresses (Savings Plans User Guide; Savings Plans pricing page; EC2 User Guide, *Spot Instances*).
Hour by hour the commitment buys use at its discounted rate; what is beyond it costs the on-demand price, and what is
not used of it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from batchsim.arrays import Floats
from batchsim.results.cost.rates import Rate
from batchsim.results.step_functions import integral, steps
from batchsim.results.window import Window
from batchsim.spec.configuration import SavingsPlan
from batchsim.units import HOUR


@dataclass(frozen=True)
class PlanUse:
    """What a run makes of a plan.

    Attributes
    ----------
    at, discount : ndarray of float
        From ``at[i]`` on eligible use is cheaper by the share ``discount[i]``.
    unused_usd_per_s : ndarray of float
        From ``at[i]`` on so much is committed and buys nothing.
    unused_usd : float
        That, in all.
    """

    at: Floats
    discount: Floats
    unused_usd_per_s: Floats
    unused_usd: float

    @property
    def unused(self) -> tuple[Floats, Floats]:
        """What is committed and buys nothing, as a step function of USD per second."""
        return self.at, self.unused_usd_per_s

    def within(self, window: Window) -> PlanUse:
        """The same, of what is unused that within a window alone."""
        if window.is_whole:
            return self
        until, since = integral(self.at, self.unused_usd_per_s, np.array([window.end, window.start]))
        return replace(self, unused_usd=float(until - since))

    def savings(self, eligible_usd_per_s: Floats) -> Rate:
        """What the plan takes off the price of eligible use, as a rate."""
        return Rate(-eligible_usd_per_s, (self.at, self.discount))


def plan_use(plan: SavingsPlan, start: Floats, stop: Floats, usd_per_s: Floats, ended_at: float) -> PlanUse:
    """What a plan covers of eligible use, given by intervals and their on-demand price.

    The last hour counts as far as the run goes.
    """
    last = max(ended_at, float(stop.max(initial=0.0)))
    edges = np.append(np.arange(0.0, last, HOUR), last) if last > 0 else np.array([0.0, 0.0])
    at, level = steps(start, stop, usd_per_s)
    used = np.diff(integral(at, level, edges))
    committed = plan.usd_per_hour * np.diff(np.minimum(edges, ended_at)) / HOUR
    price = 1.0 - plan.discount
    covered = np.minimum(used, committed / price) if price > 0 else np.where(committed > 0, used, 0.0)
    discount = np.divide(covered * plan.discount, used, out=np.zeros(len(used)), where=used > 0)
    unused = committed - covered * price
    # Use may be billed past the end of the run, by a minimum; nothing is committed there.
    lasts = np.diff(np.minimum(edges, ended_at))
    per_s = np.divide(np.maximum(unused, 0.0), lasts, out=np.zeros(len(unused)), where=lasts > 0)
    return PlanUse(edges[:-1], discount, per_s, max(float(np.sum(unused)), 0.0))
