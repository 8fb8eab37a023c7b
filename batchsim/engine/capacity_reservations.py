"""Capacity reservations while a run goes on: who is in which, what is left of them, when they begin and end.

An instance that is launched on demand runs in a reservation that matches it and has room (EC2 User Guide, *On-Demand
Capacity Reservations*: AWS Batch's instances are eligible), and an open reservation takes any matching instance that
runs: also one that was launched before it began, or when it was full. Which of several is taken first is not published;
here it is the one stated first, and the instance launched first.

What is reserved is beyond the pools of ``environment.capacity``: it is there when they are empty. The account's quota
counts On-Demand Capacity Reservations, used or not (same page, *Limitations*), and no Capacity Blocks (*Capacity Blocks
for ML*). When a reservation ends its instances go on as ordinary ones (*Cancel a Capacity Reservation*), while those of
a Capacity Block are terminated half an hour before it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.agenda import Agenda
from batchsim.engine.compute.instance import Instance
from batchsim.engine.event import Event
from batchsim.engine.recorder import Recorder
from batchsim.spec.configuration import ComputeEnvironment, Offering
from batchsim.spec.reservations import Reservation, is_group
from batchsim.spec.updates import NO_UPDATES, Updates


class ReservedCapacity:
    """One reservation.

    Attributes
    ----------
    index : int
        Its place in the configuration.
    free : int
        How many more instances it takes now; none before it begins and after it closes.
    inside : dict of int to Stay
        Who is in it, by number of the instance.
    """

    def __init__(self, index: int, spec: Reservation) -> None:
        self.index = index
        self.spec = spec
        self.free = 0
        self.is_active = False
        self.inside: dict[int, Stay] = {}


class Stay:
    """An instance that may run in reservations.

    Attributes
    ----------
    takes : sequence of ReservedCapacity
        Those that it may run in, as its environment was when it was launched.
    reservation : ReservedCapacity or None
        The one that it is in.
    row : int
        Of the record of that.
    """

    def __init__(self, instance: Instance, zone: str, owner: EnvironmentReservations) -> None:
        self.instance = instance
        self.zone = zone
        self.kind = (instance.instance_type, zone)
        self.owner = owner
        self.takes = owner.of_type(instance.offering)
        self.reservation: ReservedCapacity | None = None
        self.row = -1


class CapacityReservations:
    """All reservations of a run."""

    def __init__(
        self, specs: Sequence[Reservation], limits: CapacityLimits, recorder: Recorder, updates: Updates = NO_UPDATES
    ) -> None:
        self.all = [ReservedCapacity(index, spec) for index, spec in enumerate(specs)]
        self.limits = limits
        self._recorder = recorder
        # Who may be moved into one: by type and zone, then by number of the instance.
        self._outside: dict[tuple[str, str], dict[int, Stay]] = {}
        # Environments that may use reservations later, if they do not yet.
        self._updated = {
            each.name
            for each in updates.environments
            if specs or any(EnvironmentReservations(self, state.environment).is_confined for state in each.states)
        }

    def of(self, spec: ComputeEnvironment) -> EnvironmentReservations | None:
        """Those of an environment; None where it uses none, whatever is updated, and is launched without."""
        if not spec.launches_on_demand_instances:
            return None
        made = EnvironmentReservations(self, spec)
        made.may_be_confined = made.is_confined or spec.name in self._updated
        return made if made.may_be_confined or made.uses_any else None

    def follow(self, agenda: Agenda) -> None:
        """Have them begin and end; those that have begun are there at once."""
        for each in self.all:
            if each.spec.starts_at <= 0:
                self._begin(each, 0.0)
            else:
                agenda.at(each.spec.starts_at, self._begins, each, essential=False)
                self.limits.also_changes_at.append(each.spec.starts_at)
            if each.spec.closes_at < float("inf"):
                agenda.at(each.spec.closes_at, self._ends, each, essential=False)
                self.limits.also_changes_at.append(each.spec.closes_at)

    def _begins(self, event: Event) -> None:
        self._begin(event.subject, event.at)
        self.limits.changed(event.at)

    def _begin(self, reservation: ReservedCapacity, now: float) -> None:
        spec = reservation.spec
        reservation.is_active = True
        reservation.free = spec.instances
        if not spec.is_block:
            self.limits.reserve(spec.instances * spec.vcpus)
        self._fill(reservation, now)

    def _ends(self, event: Event) -> None:
        reservation: ReservedCapacity = event.subject
        spec = reservation.spec
        reservation.is_active = False
        reservation.free = 0
        if not spec.is_block:
            self.limits.reserve(-spec.instances * spec.vcpus)
        for stay in list(reservation.inside.values()):
            if spec.is_block:
                stay.owner.on_end(stay.instance, event.at)
            else:
                self._leave(stay, event.at)
                if not self.enter(stay, event.at):
                    stay.owner.count(stay, 1)
                    self.stay_outside(stay)
        self.limits.changed(event.at)

    # Instances

    def enter(self, stay: Stay, now: float) -> bool:
        """Have an instance run in the first reservation that takes it, if one does."""
        for reservation in stay.takes:
            if reservation.free > 0 and reservation.spec.zone == stay.zone:
                self._put(stay, reservation, now)
                return True
        return False

    def _put(self, stay: Stay, reservation: ReservedCapacity, now: float) -> None:
        number = stay.instance.number
        reservation.free -= 1
        reservation.inside[number] = stay
        stay.reservation = reservation
        stay.row = self._recorder.entered(number, reservation.index, now)

    def stay_outside(self, stay: Stay) -> None:
        """Note one that no reservation takes now."""
        self._outside.setdefault(stay.kind, {})[stay.instance.number] = stay

    def gone(self, stay: Stay, now: float) -> bool:
        """An instance is gone; whether it was in a reservation, whose place another one takes then."""
        reservation = stay.reservation
        if reservation is None:
            del self._outside[stay.kind][stay.instance.number]
            return False
        self._leave(stay, now)
        self._fill(reservation, now)
        return True

    def _leave(self, stay: Stay, now: float) -> None:
        reservation = stay.reservation
        if reservation is not None:
            del reservation.inside[stay.instance.number]
            reservation.free += reservation.is_active
            stay.reservation = None
            self._recorder.left(stay.row, now)

    def _fill(self, reservation: ReservedCapacity, now: float) -> None:
        """Have matching instances that run outside run in it: no Capacity Block takes one that was not launched so."""
        if reservation.spec.is_block:
            return
        outside = self._outside.get((reservation.spec.instance_type, reservation.spec.zone))
        while outside and reservation.free > 0:
            number = min(
                (each for each, stay in outside.items() if reservation in stay.takes),
                default=None,
            )
            if number is None:
                return
            stay = outside.pop(number)
            stay.owner.count(stay, -1)
            self._put(stay, reservation, now)


class EnvironmentReservations:
    """The reservations that the instances of one environment run in.

    Attributes
    ----------
    is_confined : bool
        Whether nothing is launched outside them.
    may_be_confined : bool
        Whether that is so now, or after some update.
    on_end : callable
        ``on_end(instance, now)`` terminates an instance whose Capacity Block ends.
    """

    def __init__(self, run: CapacityReservations, spec: ComputeEnvironment) -> None:
        self.on_end: Callable[[Instance, float], None]
        self.may_be_confined = False
        self._run = run
        self._stays: dict[int, Stay] = {}
        self.update(spec)

    def update(self, spec: ComputeEnvironment) -> None:
        """Be what another configuration says to instances that are launched from now on; the others stay as they are.

        What an instance may run in stands in its launch template, and an update replaces instances by others.
        """
        use, run = spec.reservation_use, self._run
        groups = {group for each in run.all for group in each.spec.groups}
        # A launch that targets what is no group fails where that has no room, or is not there.
        self.is_confined = use.preference != "none" and (
            use.preference == "only" or any(each not in groups and not is_group(each) for each in use.targets)
        )
        self._spec = spec
        self._by_type: dict[str, list[ReservedCapacity]] = {}
        for each in run.all:
            if each.spec.takes(use) and each.spec.zone in spec.zones:
                self._by_type.setdefault(each.spec.instance_type, []).append(each)

    @property
    def uses_any(self) -> bool:
        """Whether there is one of a type that the environment has."""
        return any(offering.instance_type in self._by_type for offering in self._spec.offerings)

    def of_type(self, offering: Offering) -> Sequence[ReservedCapacity]:
        """Those of an instance type."""
        return self._by_type.get(offering.instance_type, ())

    def free(self, offering: Offering) -> int:
        """How many instances of a type may be launched into them now."""
        return sum(each.free for each in self.of_type(offering))

    def zone_for(self, offering: Offering, turn: int) -> int | None:
        """The next zone in turn in which one has room for an instance of a type; None without.

        That a zone with reserved capacity is preferred is an assumption: AWS Batch says nothing of it.
        """
        with_room = {each.spec.zone for each in self.of_type(offering) if each.free > 0}
        if with_room:
            zones = self._spec.zones
            for step in range(len(zones)):
                zone = (turn + step) % len(zones)
                if zones[zone] in with_room:
                    return zone
        return None

    # Instances

    def launched(self, instance: Instance, now: float) -> None:
        """Note an instance that is launched: in a reservation, or of what capacity there is besides."""
        stay = self._stays[instance.number] = Stay(instance, self._spec.zones[instance.zone], self)
        if self._run.enter(stay, now):
            self._run.limits.note_change()
        else:
            self._run.stay_outside(stay)
            self._run.limits.launched(instance.offering, self._spec.account_option, stay.zone)

    def terminated(self, instance: Instance, now: float) -> None:
        """Note that it is gone."""
        stay = self._stays.pop(instance.number)
        if self._run.gone(stay, now):
            self._run.limits.changed(now)
        else:
            self._run.limits.terminated(instance.offering, self._spec.account_option, stay.zone, now)

    def count(self, stay: Stay, instances: int) -> None:
        """Count an instance that runs on outside reservations, or no longer does."""
        self._run.limits.count(stay.instance.offering, self._spec.account_option, stay.zone, instances)
