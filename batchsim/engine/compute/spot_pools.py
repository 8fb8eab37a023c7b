"""Spot pools whose instances are reclaimed together, and that are out of capacity for a while afterwards.

A pool is an instance type in an availability zone. Of a type's hazard per instance-hour the share ``spot.together``
comes as events of its pools: each takes of the pool's instances that run most, within minutes, and for the length of an
outage no more can be launched there. Events come at ``together * hazard / MOST_OF_A_POOL`` an hour, so that the rate
per instance-hour is the hazard, whatever the share. The evidence is in `docs/defaults.md`.

The events of a pool belong to the pool: they depend on seed, replication, type and zone, and on nothing that is
launched. Each has a *strength*, and an environment sees those below its own rate of events, as points of a Poisson
process in the plane of time and strength (Lewis and Shedler, *Simulation of nonhomogeneous Poisson processes by
thinning*, 1979): a higher rate has the same events and more. So environments that share a pool lose instances at the
same moments, and variants of a scenario see the same storms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from batchsim.engine.agenda import Agenda
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.event import Event
from batchsim.engine.run_context import RunContext
from batchsim.spec.configuration import ComputeEnvironment, Offering
from batchsim.spec.sampling import sampler
from batchsim.streams import Draws, stream
from batchsim.units import HOUR

#: The share of a pool's instances that an event takes, each for itself.
MOST_OF_A_POOL: Final = 0.9
#: Their notices are spread over so many seconds.
WITHIN_S: Final = 180.0
#: Strengths, in events an hour, are drawn by bands: up to the lowest, and each of the others up to so many times more.
LOWEST: Final = 2.0**-8
BAND: Final = 8.0
#: So many events are drawn at a time.
AT_ONCE: Final = 32
#: Three hundred years: an event after it is as good as none, and is not looked for further.
NEVER_S: Final = 1e10


class StrengthBand:
    """Events of a pool whose strength is in one band, those below a rate.

    Attributes
    ----------
    at : float
        When the next one is.
    outage_s : float
        How long the pool is out of capacity after it.
    """

    def __init__(self, context: RunContext, pool: str, number: int, low: float, high: float, rate: float) -> None:
        self._context = context
        self._name = f"{pool}\x1f{number}"
        self._gap_s = HOUR / (high - low)
        self._kept = (rate - low) / (high - low)
        self._drawn: list[tuple[float, float, float]] = []
        self._index = -1  # of the next event among all of the band
        self.at = 0.0
        self.outage_s = 0.0
        self.pass_one()

    def pass_one(self) -> None:
        """Go on to the next event that is below the rate."""
        while True:
            self._index += 1
            if self._index % AT_ONCE == 0:
                self._draw()
            gap, strength, self.outage_s = self._drawn[self._index % AT_ONCE]
            self.at += gap * self._gap_s
            if strength < self._kept or self.at > NEVER_S:
                return

    def _draw(self) -> None:
        context = self._context
        generator = stream(context.seed, context.replication, "pool-event", self._name, self._index)
        gaps, strengths = generator.exponential(1.0, AT_ONCE).tolist(), generator.random(AT_ONCE).tolist()
        outages = sampler(context.settings.spot.outage)(generator, AT_ONCE).tolist()
        self._drawn = list(zip(gaps, strengths, outages, strict=True))

    def taken(self, environment: str) -> Draws:
        """By the number of the launch in an environment, what decides whether the next event takes the instance."""
        return self._context.draws("pool-event-taken", f"{environment}\x1f{self._name}", self._index)


class SpotPool:
    """One instance type in one zone, as one environment sees it.

    Parameters
    ----------
    rate : float
        Its events an hour.

    Attributes
    ----------
    closed_until : float
        Until when it is out of capacity, as of the last event; an event during an outage lengthens nothing, as outages
        were measured from their beginning to their end.
    next : StrengthBand
        That of the next event.
    asked : bool
        Whether something was to be launched since its last change.
    followed : bool
        Whether its next change is on the agenda.
    """

    def __init__(self, context: RunContext, instance_type: str, zone: int, zone_name: str, rate: float) -> None:
        self.instance_type = instance_type
        self.zone = zone
        self.closed_until = 0.0
        self.asked = False
        self.followed = False
        name = f"{instance_type}\x1f{zone_name}"
        self._bands: list[StrengthBand] = []
        low, high = 0.0, LOWEST
        while low < rate:
            self._bands.append(StrengthBand(context, name, len(self._bands), low, high, rate))
            low, high = high, high * BAND
        self.next = self._soonest()

    def _soonest(self) -> StrengthBand:
        soonest = self._bands[0]
        for band in self._bands:
            if band.at < soonest.at:
                soonest = band
        return soonest

    def pass_one(self) -> None:
        """The next event has happened."""
        band = self.next
        if band.at >= self.closed_until:
            self.closed_until = band.at + band.outage_s
        band.pass_one()
        self.next = self._soonest()

    def next_change_at(self, now: float) -> float:
        """When the next event is, or its outage ends."""
        at = self.next.at
        return self.closed_until if now < self.closed_until < at else at


class SpotPools:
    """The pools of one environment.

    A pool is followed, by one event of the agenda at a time, while it has instances or something is to be launched
    there: what happened meanwhile is made up for when it is asked for again.

    Attributes
    ----------
    on_event : callable
        ``on_event(instances, taken, at)`` is told of an event: the instances that are there, and what decides which of
        them it takes (see `StrengthBand.taken`).
    """

    def __init__(self, spec: ComputeEnvironment, context: RunContext, agenda: Agenda, ledger: InstanceLedger) -> None:
        self._spec = spec
        self._context = context
        self._agenda = agenda
        self._ledger = ledger
        self._together: float = context.settings.spot.together
        self._pools: dict[str, list[SpotPool | None]] = {}
        self.on_event: Callable[[list[Instance], Draws, float], None]

    @staticmethod
    def of(spec: ComputeEnvironment, context: RunContext, agenda: Agenda, ledger: InstanceLedger) -> SpotPools | None:
        """The pools of an environment; None where nothing is reclaimed together by a hazard."""
        hazardous = any(offering.interruptions_per_hour > 0 for offering in spec.offerings)
        if not hazardous or spec.spot_trace is not None or context.settings.spot.together <= 0:
            return None
        return SpotPools(spec, context, agenda, ledger)

    def is_open(self, offering: Offering, zone: int, now: float) -> bool:
        """Whether an instance may be launched in a zone now, as far as outages go."""
        if offering.interruptions_per_hour <= 0:
            return True
        pools = self._pools.get(offering.instance_type)
        if pools is None:
            pools = self._pools[offering.instance_type] = [None] * len(self._spec.zones)
        pool = pools[zone]
        if pool is None:
            rate = self._together * offering.interruptions_per_hour / MOST_OF_A_POOL
            name = self._spec.zones[zone]
            pool = pools[zone] = SpotPool(self._context, offering.instance_type, zone, name, rate)
        pool.asked = True
        if not pool.followed:
            while pool.next.at <= now:
                pool.pass_one()
            self._follow(pool, now)
        return now >= pool.closed_until

    def open_zones(self, offering: Offering, now: float) -> list[str]:
        """The zones in which an instance may be launched now, as far as outages go."""
        return [name for zone, name in enumerate(self._spec.zones) if self.is_open(offering, zone, now)]

    def reopens(self, offering: Offering, now: float) -> Iterator[int]:
        """The zones in which an outage of a type is to end."""
        for zone, pool in enumerate(self._pools.get(offering.instance_type, ())):
            if pool is not None and pool.closed_until > now:
                yield zone

    def _follow(self, pool: SpotPool, now: float) -> None:
        pool.followed = True
        self._agenda.at(pool.next_change_at(now), self._changed, pool, essential=False)

    def _changed(self, event: Event) -> None:
        """A pool has an event, or its outage ends."""
        pool: SpotPool = event.subject
        now = event.at
        instances = [
            instance
            for instance in self._ledger.instances.values()
            if instance.zone == pool.zone and instance.instance_type == pool.instance_type
        ]
        while pool.next.at <= now:
            self.on_event(instances, pool.next.taken(self._spec.name), now)
            pool.pass_one()
        pool.followed = pool.asked or bool(instances)
        pool.asked = False
        if pool.followed:
            self._follow(pool, now)
        self._ledger.announce(now)
