"""Consumable resources: locked while a job runs, or used up.

AWS Batch User Guide, *Resource-aware scheduling*: a job's resources are locked when it enters STARTING and unlocked
when it ends; NON_REPLENISHABLE ones are not given back. An attempt that is retried gives its resources back and takes
them again (an assumption).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from batchsim.spec.configuration import Consumable

#: Names and quantities.
Wanted = tuple[tuple[str, int], ...]


class ConsumableResources:
    """What is left of each resource."""

    def __init__(self, consumables: Sequence[Consumable]) -> None:
        self._total = {consumable.name: consumable.total for consumable in consumables}
        self._left = {consumable.name: consumable.total for consumable in consumables}
        self._replenishable = {consumable.name for consumable in consumables if consumable.replenishable}

    def copy(self) -> ConsumableResources:
        """What is left, to plan with."""
        other = ConsumableResources(())
        other._left = dict(self._left)
        other._replenishable = self._replenishable
        return other

    def available(self, wanted: Wanted) -> bool:
        """Whether all of it is there."""
        return all(self._left[name] >= quantity for name, quantity in wanted)

    def serves(self, wanted: Wanted) -> float:
        """For how many jobs that want so much there is enough; infinite for those that want nothing."""
        return min((max(self._left[name], 0) // quantity for name, quantity in wanted if quantity), default=math.inf)

    def total(self, name: str) -> int:
        """How many there are now."""
        return self._total[name]

    def update(self, name: str, total: int) -> None:
        """Have another total; what is in use, or used up, stays so, though that be more than there is."""
        self._left[name] += total - self._total[name]
        self._total[name] = total

    def acquire(self, wanted: Wanted) -> None:
        """Lock it, or use it up."""
        for name, quantity in wanted:
            self._left[name] -= quantity

    def release(self, wanted: Wanted) -> bool:
        """Unlock what is replenishable; say whether there was any."""
        back = [(name, quantity) for name, quantity in wanted if name in self._replenishable]
        for name, quantity in back:
            self._left[name] += quantity
        return bool(back)
