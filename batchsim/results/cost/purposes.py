"""What was paid, and what for: every dollar has one purpose.

========  ================================================================================================
useful    attempts that succeeded (or were still running at the end), while they ran
rework    attempts that failed or were interrupted, while they ran
boot      instances from launch to registration; attempts while they pull their image and start
stranded  room on instances that nothing used while jobs waited for the environment, none of which fitted in
idle      room on instances that nothing used otherwise
minimum   billed beyond what was used: the first minute (of root volumes too), seconds rounded up
========  ================================================================================================

An attempt's share of its instance is ``(9 v + m) / (9 V + M)`` with vCPUs v of V and GiB m of M: AWS's own weights for
splitting an instance among its containers (Cost and Usage Report, *Split cost allocation data*, worked example, read
2026-11). On GPU instances 95 % goes by GPUs and 5 % by that rule (an assumption: AWS publishes no weight for Batch).
All of it is linear in time, so it is computed after the run from the recorded intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints, zeros_view
from batchsim.columns import PURPOSES
from batchsim.recording import Recording, Status
from batchsim.results.cost.bill import Bill
from batchsim.results.cost.recorded_prices import Recorded
from batchsim.results.cost.savings_plan import Coverage
from batchsim.spec.configuration import Configuration
from batchsim.spec.workload import Workload


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
    task_rate : ndarray, shape (attempts,)
        USD per second of Fargate tasks, public address included; 0 for other attempts.
    fixed_rate : ndarray, shape (instances,)
        USD per second while running, root volume and public address included, before a Savings Plan; without the
        compute where it was free or its price was recorded.
    eligible_rate : ndarray, shape (instances,)
        USD per second of what a Savings Plan may cover.
    eligible_task_rate : ndarray, shape (attempts,)
        The same of Fargate tasks.
    recorded : Recorded or None
        Instances whose price changed while they ran.
    plan : Coverage or None
        What a Savings Plan covers.
    """

    by_attempt: dict[str, Floats]
    failed: NDArray[np.bool_]
    instance: dict[str, Floats]
    instance_total: Floats
    task_rate: Floats
    fixed_rate: Floats
    eligible_rate: Floats
    eligible_task_rate: Floats
    recorded: Recorded | None = None
    plan: Coverage | None = None

    @property
    def unused_commitment(self) -> float:
        """What a Savings Plan committed and bought nothing."""
        return 0.0 if self.plan is None else self.plan.unused_usd

    @property
    def attempt_total(self) -> Floats:
        """What each attempt cost, all purposes."""
        return self.by_attempt["boot"] + self.by_attempt["run"] + self.by_attempt["minimum"]

    def attempt(self, purpose: str) -> Floats:
        """What attempts cost for a purpose."""
        if purpose in {"useful", "rework"}:
            return np.where(self.failed == (purpose == "rework"), self.by_attempt["run"], 0.0)
        return self.by_attempt.get(purpose, zeros_view(len(self.failed)))


def costs(workload: Workload, configuration: Configuration, recording: Recording) -> Costs:
    """Cost of everything that was run."""
    bill = Bill(workload, configuration, recording)
    bill.add_recorded_prices()
    bill.take_off_savings()
    bill.split_unused()
    return Costs(
        by_attempt=bill.by_attempt,
        failed=recording.attempts.status == Status.FAILED,
        instance=bill.instance,
        instance_total=bill.instance_total,
        task_rate=bill.task_rate,
        fixed_rate=bill.fixed_rate,
        eligible_rate=bill.eligible_rate,
        eligible_task_rate=bill.eligible_task_rate,
        recorded=bill.recorded,
        plan=bill.plan,
    )


def by_owner(
    configuration: Configuration,
    recording: Recording,
    cost: Costs,
    owner: Ints,
    owners: int,
    attached: list[list[int]],
) -> dict[str, Floats]:
    """Cost by owner (a queue, a workflow) and purpose: everything that was paid is somebody's.

    An owner bears what its attempts cost, and a part of what each environment cost beyond attempts: in proportion to
    what its attempts cost there; where none ran, those attached bear it alike.

    Parameters
    ----------
    owner : ndarray of int, shape (attempts,)
        Whose each attempt is.
    attached : list of list of int
        The owners attached to each environment.

    Returns
    -------
    dict of str to ndarray of float, shape (owners,)
    """
    borne = {purpose: np.zeros(owners) for purpose in PURPOSES}
    for purpose in borne:
        borne[purpose] += np.bincount(owner, weights=cost.attempt(purpose), minlength=owners)
    direct = cost.attempt_total
    for index in range(len(configuration.environments)):
        mine: NDArray[np.bool_] = recording.instances.environment == index
        if not mine.any():
            continue
        here = recording.attempts.environment == index
        weight: Floats = np.bincount(owner[here], weights=direct[here], minlength=owners).astype(np.float64)
        if weight.sum() <= 0:
            weight[attached[index] or range(owners)] = 1.0
        weight = weight / weight.sum()
        for purpose, column in cost.instance.items():
            borne[purpose] += weight * column[mine].sum()
    if cost.unused_commitment:
        together: Floats = np.bincount(owner, weights=direct, minlength=owners).astype(np.float64)
        shares = together / together.sum() if together.sum() > 0 else np.full(owners, 1.0 / max(owners, 1))
        borne["idle"] += shares * cost.unused_commitment
    return borne
