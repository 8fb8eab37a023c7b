"""The ledger of an environment's instances: what there is of them, and what they can still take.

Whatever changes an instance is written here and nowhere else. The ledger checks that its figures stay possible, and
counts its changes, so that answers that were worked out can be kept until the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from batchsim.engine.account_limits import CapacityLimits
from batchsim.engine.agenda import Agenda
from batchsim.engine.capacity_reservations import EnvironmentReservations
from batchsim.engine.changes import Changes
from batchsim.engine.compute.capacity_by_architecture import (
    CapacityByArchitecture,
    architectures_of,
    free_capacity,
)
from batchsim.engine.compute.free_capacity import Node
from batchsim.engine.compute.instance import Instance
from batchsim.engine.recorder import Recorder
from batchsim.errors import SimulationError
from batchsim.recording import instance_id
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from batchsim.spec.ids import EnvironmentId


class InstanceLedger:
    """The instances of one compute environment.

    Attributes
    ----------
    instances : dict of int to Instance
        All there are, by number, in the order of their launch.
    booting : dict of int to Instance
        Those that are not registered yet and will be, in the order of their launch.
    vcpus : int
        Of all instances, booting ones included.
    launches : int
        How many were launched, those that are gone included.
    changes : Changes
        Since when the environment's answers hold.
    """

    def __init__(
        self,
        index: EnvironmentId,
        spec: ComputeEnvironment,
        requests: Sequence[Shape],
        placement: Literal["binpack", "spread"],
        changes: Changes,
        limits: CapacityLimits,
        agenda: Agenda,
        recorder: Recorder,
        reservations: EnvironmentReservations | None = None,
    ) -> None:
        self.free = free_capacity(placement, requests, changes, spec)
        self.instances: dict[int, Instance] = {}
        self.booting: dict[int, Instance] = {}
        # The same by type: a question about thousands that boot is one about a few types.
        self._booting_by_type: dict[str, dict[int, Instance]] = {}
        self.vcpus = 0
        self.launches = 0
        self.changes = changes
        self._index = index
        self._spec = spec
        self._zones = spec.zones
        self._numbers = {offering.instance_type: number for number, offering in enumerate(spec.offerings)}
        self._limits = limits
        self._agenda = agenda
        self._recorder = recorder
        self._reservations = reservations

    def update(self, spec: ComputeEnvironment, recorded: Sequence[Offering]) -> None:
        """Be the ledger of an environment that is as another configuration says.

        Parameters
        ----------
        recorded : sequence of Offering
            All types that it has in some configuration, in the order in which recordings number them.
        """
        self._spec = spec
        if isinstance(self.free, CapacityByArchitecture):
            self.free.architectures.update(architectures_of(spec.offerings))
        self._zones = max(self._zones, spec.zones, key=len)  # zones are the first so many of a region
        self._numbers = {offering.instance_type: recorded.index(offering) for offering in spec.offerings}

    # Instances come and go

    def launch(self, offering: Offering, zone: int, now: float, running_at: float) -> Instance:
        """Note an instance that is requested now."""
        launch = self.launches
        self.launches += 1
        number = self._recorder.instance(self._index, self._numbers[offering.instance_type], zone, now, running_at)
        instance = Instance(number, offering, launch, zone, running_at)
        if self._reservations is None:
            self._limits.launched(offering, self._spec.account_option, self._spec.zones[zone])
        else:
            self._reservations.launched(instance, now)
        self.instances[number] = self.booting[number] = instance
        self._booting_by_type.setdefault(offering.instance_type, {})[number] = instance
        self.vcpus += offering.vcpus
        self.changes.everything_changed()
        return instance

    def register(self, instance: Instance, now: float) -> None:
        """An instance is ACTIVE from now on."""
        del self.booting[instance.number]
        del self._booting_by_type[instance.instance_type][instance.number]
        instance.active = True
        self._recorder.registered(instance.number, now)
        self.free.add(instance)
        self.changes.everything_changed()

    def withdraw(self, instance: Instance) -> None:
        """An instance takes no jobs any more, or won't register; what runs on it goes on."""
        instance.leaving = True
        instance.active = False
        self._boots_no_more(instance)
        self.free.discard(instance)
        self.changes.everything_changed()

    def remove(self, instance: Instance, now: float, reason: str, reclaimed: bool) -> None:
        """An instance is gone, and no job runs on it.

        Raises
        ------
        SimulationError
            If it is gone already, or holds a job.
        """
        if instance.attempts or self.instances.pop(instance.number, None) is None:
            raise SimulationError(
                "an instance goes that holds jobs, or is gone", now, instance=instance_id(instance.number)
            )
        instance.active = False
        self._boots_no_more(instance)
        self.free.discard(instance)
        self.vcpus -= instance.offering.vcpus
        if self.vcpus < 0:
            raise SimulationError(f"{self._spec.name} has {self.vcpus} vCPUs", now)
        self.changes.everything_changed()
        if self._reservations is None:
            zone = self._zones[instance.zone]
            self._limits.terminated(instance.offering, self._spec.account_option, zone, now)
        else:
            self._reservations.terminated(instance, now)
        self._recorder.terminated(instance.number, now, reason, reclaimed)

    def _boots_no_more(self, instance: Instance) -> None:
        if self.booting.pop(instance.number, None) is not None:
            del self._booting_by_type[instance.instance_type][instance.number]

    def announce(self, now: float) -> None:
        """Have the scheduler look at what waits: instances came or went, or may be launched where they could not."""
        self.changes.everything_changed()
        self._agenda.capacity_changed(self._index)
        if self.vcpus < self._spec.min_vcpus:
            self._agenda.scale_out_soon(now, bool(self.booting), essential=False)

    # Jobs

    def take_whole(self, nodes: Sequence[Node]) -> list[Instance]:
        """Hold one job on all of some empty instances: a node of it shares its instance with nobody."""
        instances = [self.instances[node.number] for node in nodes]
        for instance in instances:
            self.free.discard(instance)
            instance.held += 1
        return instances

    def give_whole(self, instance: Instance) -> None:
        """Let the node of a multi-node job go from its instance."""
        instance.held -= 1
        if instance.active:
            self.free.add(instance)

    # What there is

    def staying(self) -> list[Instance]:
        """Instances without a Spot notice, in the order of their launch."""
        return [instance for instance in self.instances.values() if not instance.leaving]

    def is_booting_for(self, asked: Shape) -> bool:
        """Whether an instance boots that will hold a job."""
        return any(alike.offering.runs(asked) and alike.holds(asked) for alike, _ in self._booting_alike())

    def booting_places(self, asked: Shape) -> int:
        """How many such jobs those that boot will hold, were it the only request."""
        return sum(count * alike.places(asked) for alike, count in self._booting_alike() if alike.offering.runs(asked))

    def _booting_alike(self) -> list[tuple[Instance, int]]:
        """Of each type one that boots, and how many do: they hold nothing yet, so all of a type hold the same."""
        return [(next(iter(some.values())), len(some)) for some in self._booting_by_type.values() if some]

    @property
    def in_motion(self) -> bool:
        """Whether instances are on their way, or going."""
        return bool(self.booting) or len(self.staying()) < len(self.instances)

    def is_minimum(self, instance: Instance) -> bool:
        """Whether there would be less than ``minvCpus`` without an instance."""
        return self.vcpus - instance.offering.vcpus < self._spec.min_vcpus
