"""EC2 capacity that runs out: pools with so many vCPUs over time, and the account's vCPU quotas.

AWS publishes no pool's size, so none is assumed: pools and quotas are those of the scenario's ``environment.capacity``.
A launch that finds nothing puts its type, in all zones of the environment, into back-off for a while (an assumption);
what BEST_FIT, the other strategies and the queue's order of environments make of it are AWS's rules (API
``ComputeResource.allocationStrategy``; User Guide, *Compute environments*).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final, Literal

from batchsim.engine.agenda import Agenda
from batchsim.engine.changes import Changes
from batchsim.engine.event import Event
from batchsim.spec.assumptions import Assumptions, CapacityPool
from batchsim.spec.assumptions import CapacitySettings as Settings
from batchsim.spec.configuration import Offering
from batchsim.spec.ids import EnvironmentId


class CapacityLimit:
    """vCPUs that instances of some types, in some zones, have between them.

    Parameters
    ----------
    steps : sequence of (float, float)
        From when on how many vCPUs; before the first there is no limit.
    """

    def __init__(
        self, types: Sequence[str], zones: Sequence[str], option: str | None, steps: Sequence[tuple[float, float]]
    ) -> None:
        self._types = frozenset(types)
        self._zones = frozenset(zones)
        self._option = option
        self._at = [at for at, _ in steps]
        self._vcpus = [vcpus for _, vcpus in steps]
        self.used = 0.0

    @property
    def changes_at(self) -> list[float]:
        """When its size changes."""
        return self._at

    @classmethod
    def of(cls, settings: CapacityPool) -> CapacityLimit:
        """The pool that an entry of the settings describes."""
        steps = [(step.at, float(step.vcpus)) for step in settings.schedule]
        if settings.vcpus is not None:
            steps.insert(0, (0.0, float(settings.vcpus)))
        return cls(settings.instance_types, settings.zones, settings.purchase_option, steps)

    def covers(self, offering: Offering, option: str, zone: str) -> bool:
        """Whether an instance is one of the pool's."""
        name = offering.instance_type
        return (
            (not self._types or name in self._types or name.partition(".")[0] in self._types)
            and (not self._zones or zone in self._zones)
            and self._option in (None, option)
        )

    def free(self, now: float) -> float:
        """VCPUs left now; instances beyond a limit that fell stay."""
        step = bisect_right(self._at, now) - 1
        return self._vcpus[step] - self.used if step >= 0 else float("inf")


class CapacityLimits:
    """All pools and quotas of a run."""

    def __init__(self, settings: Settings) -> None:
        self.backoff_s = settings.backoff
        self._pools = [CapacityLimit.of(pool) for pool in settings.pools]
        self._quotas: dict[str, CapacityLimit] = {
            option: CapacityLimit((), (), option, [(0.0, quota)])
            for option, quota in settings.account_vcpus.items()
            if option in {"EC2", "SPOT"}
        }
        self._pools += self._quotas.values()
        self._known: dict[tuple[str, str, str], tuple[CapacityLimit, ...]] = {}
        #: Called with the instant when capacity came back.
        self.listeners: list[Callable[[float], None]] = []
        #: When besides the steps of schedules there will be more or less of it.
        self.also_changes_at: list[float] = []
        #: The changes of all environments that launch instances: they know when there is less or more of it.
        self.changes: list[Changes] = []

    def follow(self, agenda: Agenda) -> None:
        """Have the changes happen that the schedules say."""
        for at in sorted({at for pool in self._pools for at in pool.changes_at if at > 0}):
            agenda.at(at, self._scheduled, essential=False)

    def _scheduled(self, event: Event) -> None:
        self.changed(event.at)

    def changed(self, now: float) -> None:
        """Tell that there is more or less of it."""
        self.note_change()
        for listener in self.listeners:
            listener(now)

    def note_change(self) -> None:
        """Note that there is more or less of it; nothing is done about it at once."""
        for changes in self.changes:
            changes.outlooks_changed()

    def changes_after(self, now: float) -> bool:
        """Whether a schedule has a step to come, or a reservation begins or ends."""
        return any(at > now for pool in self._pools for at in pool.changes_at) or any(
            at > now for at in self.also_changes_at
        )

    @property
    def unlimited(self) -> bool:
        """Whether nothing can run out."""
        return not self._pools

    def has(self, offering: Offering, option: str, zone: str, now: float) -> bool:
        """Whether an instance may be launched now."""
        return all(offering.vcpus <= pool.free(now) for pool in self._covering(offering, option, zone))

    def has_all(self, offering: Offering, option: str, zones: Sequence[str], now: float, instances: int) -> bool:
        """Whether so many instances may be launched now, in whichever zones."""
        taken: list[str] = []
        for _ in range(instances):
            zone = next((zone for zone in zones if self.has(offering, option, zone, now)), None)
            if zone is None:
                break
            self.count(offering, option, zone, 1)
            taken.append(zone)
        for zone in taken:
            self.count(offering, option, zone, -1)
        return len(taken) == instances

    def launchable(
        self, offerings: Sequence[Offering], option: str, zones: Sequence[Sequence[str]], now: float
    ) -> list[float]:
        """How many instances of each type may be launched now in its zones, one type and zone after the other."""
        found: list[float] = []
        taken: dict[CapacityLimit, float] = {}
        for offering, its_zones in zip(offerings, zones, strict=True):
            found.append(0)
            for zone in its_zones:
                pools = self._covering(offering, option, zone)
                free = min((pool.free(now) - taken.get(pool, 0.0) for pool in pools), default=math.inf)
                if free == math.inf:
                    found[-1] = free
                    break
                instances = max(int(free // offering.vcpus), 0)
                if instances:
                    found[-1] += instances
                    for pool in pools:
                        taken[pool] = taken.get(pool, 0.0) + instances * offering.vcpus
        return found

    def launched(self, offering: Offering, option: str, zone: str) -> None:
        """Note that an instance came."""
        self.count(offering, option, zone, 1)
        if self._pools:
            self.note_change()

    def terminated(self, offering: Offering, option: str, zone: str, now: float) -> None:
        """Note that an instance went."""
        self.count(offering, option, zone, -1)
        self.changed(now)

    def reserve(self, vcpus: int) -> None:
        """Count vCPUs that are reserved on demand against the account's quota, or no longer."""
        if (quota := self._quotas.get("EC2")) is not None:
            quota.used += vcpus

    def count(self, offering: Offering, option: str, zone: str, instances: int) -> None:
        """Count instances that come, or go."""
        for pool in self._covering(offering, option, zone):
            pool.used += instances * offering.vcpus

    def _covering(self, offering: Offering, option: str, zone: str) -> tuple[CapacityLimit, ...]:
        """The pools of which an instance would be one."""
        key = offering.instance_type, option, zone
        if key not in self._known:
            self._known[key] = tuple(pool for pool in self._pools if pool.covers(offering, option, zone))
        return self._known[key]


#: A token that is one rounding error short is there: otherwise a wake-up could find it never complete.
LEAST_TOKENS: Final = 1 - 1e-9


class FargateQuota:
    """What the account allows of a purchase option: a token bucket for task launches, and so many vCPUs at once."""

    def __init__(self, burst: int, per_second: float, vcpus: float = math.inf) -> None:
        self.vcpus_left = vcpus
        self.is_limited = vcpus < math.inf
        #: Whether the last launch took the last token; one may have come back since.
        self.took_last_token = False
        #: The environments that share it, by their place in the configuration; and their changes.
        self.environments: list[EnvironmentId] = []
        self.changes: list[Changes] = []
        self._burst = float(burst)
        self._per_second = per_second
        self._tokens = self._burst
        self._at = 0.0

    @classmethod
    def of(cls, settings: Assumptions, option: Literal["FARGATE", "FARGATE_SPOT"]) -> FargateQuota:
        """What the environment's settings say."""
        quota = settings.capacity.account_vcpus.get(option, math.inf)
        return cls(settings.fargate.launch_burst, settings.fargate.launches_per_second, quota)

    def available_at(self, now: float) -> float:
        """The first instant from `now` on at which a task may be launched."""
        tokens = self._tokens_at(now)
        return now if tokens >= LEAST_TOKENS else now + (1 - tokens) / self._per_second

    def _tokens_at(self, now: float) -> float:
        return min(self._burst, self._tokens + (now - self._at) * self._per_second)

    def take(self, vcpus: float, now: float) -> float:
        """Launch a task of so many vCPUs, which are left, as soon as a token is: one is used if that is now.

        Returns
        -------
        float
            `now`, or when a task may be launched.
        """
        tokens = self._tokens_at(now)
        if tokens < LEAST_TOKENS and (available_at := self.available_at(now)) > now:
            return available_at
        took_it_before = self.took_last_token
        self._tokens = tokens - 1
        self._at = now
        self.took_last_token = self._tokens < LEAST_TOKENS
        self.vcpus_left -= vcpus
        if self.is_limited or took_it_before or self.took_last_token:
            self.changed()
        return now

    def give(self, vcpus: float) -> None:
        """Take back the vCPUs of a task, where there is a quota of them."""
        self.vcpus_left += vcpus
        self.changed()

    def changed(self) -> None:
        """Answers of all environments that share it may be others."""
        for changes in self.changes:
            changes.everything_changed()
