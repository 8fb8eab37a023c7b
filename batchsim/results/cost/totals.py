"""What was paid in all: by purpose and purchase option, by compute environment, by owner (a queue, a workflow)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Floats, Ints
from batchsim.columns import PURCHASE_OPTIONS, PURPOSES
from batchsim.results.outcome import Outcome
from batchsim.statistics.sums import added_by

#: Few numbers by environment, whose exact sum is what each cost.
Sums = list[list[float]]


@dataclass(frozen=True)
class CostTotals:
    """Exactly rounded sums of a run's costs."""

    outcome: Outcome

    def by_purpose(self, environment: int) -> dict[str, float]:
        """What an environment cost, by purpose."""
        of_attempts, of_instances = self._of_attempts, self._of_instances
        return {
            purpose: math.fsum(of_attempts[purpose][environment] + of_instances[purpose][environment])
            for purpose in PURPOSES
        }

    def of_environment(self, environment: int) -> float:
        """The bill of an environment."""
        return math.fsum(self._billed_instances[environment] + self._billed_tasks[environment])

    def by_purpose_in_all(self) -> dict[str, float]:
        """What everything cost, by purpose; what is committed or reserved and not used is idle."""
        purposes = {
            purpose: _in_all(self._of_attempts[purpose]) + _in_all(self._of_instances[purpose]) for purpose in PURPOSES
        }
        purposes["idle"] += self.outcome.costs.beside
        return purposes

    def by_purchase_option(self) -> dict[str, float]:
        """What everything cost, by purchase option; what is committed or reserved and not used is of on-demand EC2."""
        options = dict.fromkeys(PURCHASE_OPTIONS, 0.0)
        for index, environment in enumerate(self.outcome.configuration.environments):
            if environment.purchase_option in options:
                billed = math.fsum(self._billed_instances[index]) + math.fsum(self._billed_tasks[index])
                options[environment.purchase_option] += billed
        options["EC2"] += self.outcome.costs.beside
        return options

    def by_owner(self, owner_of_group: Ints, owners: int, attached: list[list[int]]) -> dict[str, Floats]:
        """Cost by owner (a queue, a workflow) and purpose: everything that was paid is somebody's.

        An owner bears what its attempts cost, and a part of what each environment cost beyond attempts: in proportion
        to what its attempts cost there; where none ran, those attached bear it alike.

        Parameters
        ----------
        owner_of_group : ndarray of int, shape (groups,)
            Whose the jobs of each group are.
        attached : list of list of int
            The owners attached to each environment.

        Returns
        -------
        dict of str to ndarray of float, shape (owners,)
        """
        borne, there, together = self._direct(owner_of_group, owners)
        for environment, beyond in self._beyond_attempts.items():
            direct = there[environment * owners : (environment + 1) * owners]
            if direct.sum() <= 0:
                direct[attached[environment] or range(owners)] = 1.0
            weight = direct / direct.sum()
            for purpose, usd in beyond.items():
                borne[purpose] += weight * usd
        unused = self.outcome.costs.beside
        if unused:
            shares = together / together.sum() if together.sum() > 0 else np.full(owners, 1.0 / max(owners, 1))
            borne["idle"] += shares * unused
        return borne

    def _direct(self, owner_of_group: Ints, owners: int) -> tuple[dict[str, Floats], Floats, Floats]:
        """What attempts cost: by purpose and owner, by environment and owner, and by owner."""
        cost, work, attempts = self.outcome.costs, self.outcome.workload, self.outcome.recording.attempts
        ran, boot, minimum, together = np.zeros(2 * owners), np.zeros(owners), np.zeros(owners), np.zeros(owners)
        there = np.zeros(self._environments * owners)
        for rows in self._slices():
            owner = owner_of_group[work.group[attempts.job[rows]]].astype(np.int64)
            usd = cost.of_attempts(rows)
            np.add.at(ran, cost.failed[rows] * owners + owner, cost.by_attempt["run"][rows])
            np.add.at(boot, owner, cost.by_attempt["boot"][rows])
            if self._has_tasks:
                np.add.at(minimum, owner, cost.by_attempt["minimum"][rows])
            np.add.at(there, attempts.environment[rows] * owners + owner, usd)
            np.add.at(together, owner, usd)
        nothing = {purpose: np.zeros(owners) for purpose in PURPOSES}
        ran_for = {"useful": ran[:owners], "rework": ran[owners:]}
        return {**nothing, **ran_for, "boot": boot, "minimum": minimum}, there, together

    @property
    def _environments(self) -> int:
        return len(self.outcome.configuration.environments)

    @property
    def _has_tasks(self) -> bool:
        return len(self.outcome.costs.tasks.attempt) > 0

    def _slices(self) -> Iterator[slice]:
        """Of attempts: none where nothing costs anything."""
        costs, attempts = self.outcome.costs, self.outcome.recording.attempts
        paid = self._has_tasks or len(costs.instance_total) > 0
        for first in range(0, len(attempts.job) if paid else 0, SLICE):
            yield slice(first, first + SLICE)

    @cached_property
    def _of_attempts(self) -> dict[str, Sums]:
        """What attempts cost by purpose and environment."""
        cost, environment = self.outcome.costs, self.outcome.recording.attempts.environment
        sums: dict[str, Sums] = {purpose: [[] for _ in range(self._environments)] for purpose in PURPOSES}

        def add(purposes: tuple[str, ...], owner: NDArray[np.signedinteger], usd: Floats) -> None:
            found = added_by(owner, usd, len(purposes) * self._environments)
            for number, more in enumerate(found):
                which, index = divmod(number, self._environments)
                sums[purposes[which]][index].extend(more)

        for rows in self._slices():
            add(
                ("useful", "rework"),
                cost.failed[rows] * self._environments + environment[rows],
                cost.by_attempt["run"][rows],
            )
            add(("boot",), environment[rows], cost.by_attempt["boot"][rows])
            if self._has_tasks:
                add(("minimum",), environment[rows], cost.by_attempt["minimum"][rows])
        return sums

    @cached_property
    def _of_instances(self) -> dict[str, Sums]:
        """What instances cost beyond attempts, by purpose and environment."""
        known = {purpose: self._by_environment(column) for purpose, column in self.outcome.costs.instance.items()}
        return {purpose: known.get(purpose) or [[] for _ in range(self._environments)] for purpose in PURPOSES}

    @cached_property
    def _beyond_attempts(self) -> dict[int, dict[str, float]]:
        """What environments with instances cost beyond attempts, by purpose."""
        environment = self.outcome.recording.instances.environment
        return {
            index: {
                purpose: column[environment == index].sum() for purpose, column in self.outcome.costs.instance.items()
            }
            for index in np.unique(environment).tolist()
        }

    @cached_property
    def _billed_instances(self) -> Sums:
        return self._by_environment(self.outcome.costs.instance_total)

    @cached_property
    def _billed_tasks(self) -> Sums:
        costs, environment = self.outcome.costs, self.outcome.recording.attempts.environment
        return added_by(environment[costs.tasks.attempt], costs.task_total, self._environments)

    def _by_environment(self, of_instances: Floats) -> Sums:
        return added_by(self.outcome.recording.instances.environment, of_instances, self._environments)


def _in_all(sums: Sums) -> float:
    return math.fsum(each for of_environment in sums for each in of_environment)
