"""What was paid, and what for: every dollar has one purpose.

========  ================================================================================================
useful    attempts that succeeded (or were still running at the end), while they ran
rework    attempts that failed or were interrupted, while they ran
boot      instances from launch to registration; attempts while they pull their image and start
stranded  room on instances that nothing used while jobs waited for the environment, none of which fitted in
idle      room on instances that nothing used otherwise; what is reserved or committed, and not used
minimum   billed beyond what was used: the first minute (of root volumes too), seconds rounded up
========  ================================================================================================

All of it is linear in time, so it is computed after the run from the recorded intervals (`results/cost/bill.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, zeros_view
from batchsim.results.cost.fargate_rates import Tasks
from batchsim.results.cost.rates import Rate
from batchsim.results.cost.reservations import ReservedUse
from batchsim.results.cost.savings_plan import PlanUse


@dataclass(frozen=True)
class Costs:
    """Costs in US dollars, by attempt and by instance.

    Attributes
    ----------
    by_attempt : dict of str to ndarray, shape (attempts,)
        What attempts cost: boot, run, minimum.
    failed : ndarray of bool, shape (attempts,)
        Attempts whose run was rework.
    instance : dict of str to ndarray, shape (instances,)
        Purpose → what instances cost beyond their attempts: boot, idle, stranded, minimum.
    instance_total : ndarray, shape (instances,)
        What each instance was billed, its attempts included.
    tasks : Tasks
        Attempts that are Fargate tasks.
    rates : tuple of Rate
        What instances cost while running, root volume and public address included; the first is fixed, then recorded
        prices, then what a Savings Plan takes off.
    task_rates : tuple of Rate
        The same of tasks, in their order.
    beside_usd_per_s : ndarray, shape (instances,)
        Root volume and public address, paid from an instance's launch on.
    plan : PlanUse or None
        What becomes of a Savings Plan.
    management_fees : float
        What ECS takes, of all that, for managing instances.
    reservations : tuple of ReservedUse
        What becomes of capacity reservations.
    """

    by_attempt: dict[str, Floats]
    failed: NDArray[np.bool_]
    instance: dict[str, Floats]
    instance_total: Floats
    tasks: Tasks
    rates: tuple[Rate, ...]
    task_rates: tuple[Rate, ...]
    beside_usd_per_s: Floats
    plan: PlanUse | None = None
    management_fees: float = 0.0
    reservations: tuple[ReservedUse, ...] = ()

    @property
    def unused_commitment(self) -> float:
        """What a Savings Plan committed and bought nothing."""
        return 0.0 if self.plan is None else self.plan.unused_usd

    @property
    def unused_reservations(self) -> float:
        """What was paid for capacity that was reserved and not used."""
        return math.fsum(each.unused_usd for each in self.reservations)

    @property
    def beside(self) -> float:
        """What was paid for nothing, and is of no compute environment."""
        return self.unused_commitment + self.unused_reservations

    @property
    def total(self) -> float:
        """The bill."""
        return float(self.instance_total.sum() + self.task_total.sum()) + self.beside

    @property
    def task_total(self) -> Floats:
        """What each task was billed."""
        return self.of_attempts(self.tasks.attempt)

    def of_attempts(self, rows: slice | NDArray[np.int64]) -> Floats:
        """What some attempts cost, all purposes."""
        boot, run, minimum = (column[rows] for column in self.by_attempt.values())
        return boot + run + minimum

    def attempt(self, purpose: str) -> Floats:
        """What attempts cost for a purpose."""
        if purpose in {"useful", "rework"}:
            return np.where(self.failed == (purpose == "rework"), self.by_attempt["run"], 0.0)
        return self.by_attempt.get(purpose, zeros_view(len(self.failed)))
