"""Spot interruptions: which instance gets its notice when, and what becomes of it.

Three things end a Spot instance: a hazard (the Spot Instance Advisor's, or a stated rate), of which one share comes as
events that take most of a pool (`batchsim.engine.compute.spot_pools`) and for the other each instance has a lifetime of
its own; a recorded market that has fewer instances than before; and a price that passes the bid (EC2 User Guide, *Spot
Instance interruptions*).
"""

from __future__ import annotations

from collections.abc import Callable

from batchsim.engine.agenda import Agenda
from batchsim.engine.attempt import HOST_TERMINATED, NO_EXIT_CODE, Attempt
from batchsim.engine.compute.instance import Instance
from batchsim.engine.compute.ledger import InstanceLedger
from batchsim.engine.compute.recorded_market import RecordedMarket
from batchsim.engine.compute.spot_pools import MOST_OF_A_POOL, WITHIN_S, SpotPools
from batchsim.engine.event import Event
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.run_context import RunContext
from batchsim.recording import instance_id
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.streams import Draws
from batchsim.units import HOUR


class Interruptions:
    """The Spot interruptions of one compute environment.

    Parameters
    ----------
    market : RecordedMarket or None
        Where one is recorded, hazards do not count.
    pools : SpotPools or None
        Those whose instances are reclaimed together.
    lost : callable
        ``lost(attempt, now)`` is told of each attempt that is lost with its instance.
    """

    def __init__(
        self,
        spec: ComputeEnvironment,
        context: RunContext,
        agenda: Agenda,
        ledger: InstanceLedger,
        lifecycle: JobLifecycle,
        market: RecordedMarket | None,
        pools: SpotPools | None,
        lost: Callable[[Attempt, float], None],
    ) -> None:
        self._agenda = agenda
        self._ledger = ledger
        self._lifecycle = lifecycle
        self._market = market
        self._notice_s: float = context.settings.spot.notice
        self._alone = 1.0 - context.settings.spot.together  # of a hazard, the share of each instance for itself
        self.reclaimed_by(pools)
        self._lost = lost
        self._lifetime = context.draws("interruption", spec.name)  # by the number of the launch

    def follow(self, bid_steps: list[float]) -> None:
        """Have the market's changes happen, and those of prices that pass the bid, or no longer do."""
        self.follow_bids(bid_steps)
        if self._market is not None:
            self._steps = self._market.steps()
            next(self._steps)
            self._next_step(0.0)

    def reclaimed_by(self, pools: SpotPools | None) -> None:
        """Have instances reclaimed with most of their pool."""
        if pools is not None:
            pools.on_event = self._pool_event

    def follow_bids(self, bid_steps: list[float]) -> None:
        """Have it looked at when prices pass the bid, or no longer do."""
        for at in bid_steps:
            self._agenda.at(at, self._bid_passed, essential=False)

    # A hazard

    def launched(self, instance: Instance, running_at: float) -> None:
        """Draw how long an instance lives, where its type has a hazard of each instance for itself."""
        hazard = instance.offering.interruptions_per_hour * self._alone
        if hazard > 0 and self._market is None:
            reclaim_at = running_at + self._lifetime[instance.launch] / hazard * HOUR
            notice_at = max(reclaim_at - self._notice_s, running_at)
            instance.reclaim_event = self._agenda.at(notice_at, self._noticed, instance, essential=False)

    def _pool_event(self, instances: list[Instance], taken: Draws, at: float) -> None:
        """Most instances of a pool get their notice, unless they had one before, or will have one sooner.

        What decides whether an instance is taken also says when: given that it is, one is as likely as another. As a
        lifetime does, a notice ends an instance `notice` later; one that runs from within this time on gets it at once.
        """
        for instance in instances:
            drawn = taken[instance.launch]
            if instance.leaving or drawn >= MOST_OF_A_POOL:
                continue
            notice_at = at + drawn / MOST_OF_A_POOL * WITHIN_S
            if instance.running_at <= notice_at + self._notice_s:
                self._notice_by(instance, max(notice_at, instance.running_at))

    def _notice_by(self, instance: Instance, at: float) -> None:
        if instance.reclaim_event is not None:
            if instance.reclaim_event.at <= at:
                return
            self._agenda.cancel(instance.reclaim_event)
        instance.reclaim_event = self._agenda.at(at, self._noticed, instance, essential=False)

    def _noticed(self, event: Event) -> None:
        self._notice(event.subject, event.at)

    # A recorded market

    def _next_step(self, now: float) -> None:
        at, available = next(self._steps)
        self._agenda.at(max(at - self._notice_s, now), self._warned, available, essential=False)
        self._agenda.at(at, self._stepped, available, essential=False)

    def _warned(self, event: Event) -> None:
        """The market will have fewer instances than are here: those launched last get their notice."""
        for instance in self._ledger.staying()[event.subject :]:
            self._notice(instance, event.at)

    def _stepped(self, event: Event) -> None:
        """The market has fewer, or more; what came after the warning goes without one."""
        instances = self._ledger.instances.values()
        staying = [instance for instance in instances if not instance.leaving]
        leaving = [instance for instance in instances if instance.leaving]
        for instance in (*staying, *leaving)[event.subject :]:
            self._take_away(instance, event.at)
        self._ledger.announce(event.at)
        self._next_step(event.at)

    # A bid

    def _bid_passed(self, event: Event) -> None:
        """Instances that cost too much get their notice, others may be launched again."""
        for instance in self._ledger.staying():
            if instance.offering.is_above_bid(event.at):
                if instance.reclaim_event is not None:
                    self._agenda.cancel(instance.reclaim_event)
                self._notice(instance, event.at)
        self._ledger.announce(event.at)

    # Notice and end

    def _notice(self, instance: Instance, now: float) -> None:
        """The two-minute notice: no new jobs; what runs may end in time (User Guide is silent; an assumption)."""
        self._ledger.withdraw(instance)
        essential = bool(instance.attempts) or not self._ledger.is_minimum(instance)
        instance.reclaim_event = self._agenda.at(now + self._notice_s, self._reclaimed, instance, essential=essential)
        self._ledger.announce(now)

    def _reclaimed(self, event: Event) -> None:
        self._take_away(event.subject, event.at)

    def block_ended(self, instance: Instance, now: float) -> None:
        """Terminate an instance whose Capacity Block ends, with what runs on it.

        EC2 User Guide, *Capacity Blocks for ML*. That all go at that moment, without notice to jobs, is an assumption.
        """
        self._take_away(instance, now, "Capacity Block ended", reclaimed=False)

    def _take_away(
        self, instance: Instance, now: float, reason: str = "Spot interruption", *, reclaimed: bool = True
    ) -> None:
        status_reason = HOST_TERMINATED.format(instance=instance_id(instance.number))
        attempts = list(instance.attempts.values())
        instance.attempts.clear()
        self.remove(instance, now, reason, reclaimed=reclaimed)
        for attempt in attempts:
            self._lost(attempt, now)
            self._lifecycle.interrupt(attempt, status_reason, NO_EXIT_CODE, now)
        self._ledger.announce(now)

    def remove(self, instance: Instance, now: float, reason: str, *, reclaimed: bool = False) -> None:
        """End an instance, and what was to happen to it."""
        self._ledger.remove(instance, now, reason, reclaimed)
        for event in (instance.idle_event, instance.reclaim_event):
            if event is not None:
                self._agenda.cancel(event)
