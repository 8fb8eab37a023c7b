"""Placement: which instance takes a job.

vCPU, memory and GPU are taken together or not at all. AWS does not publish which placement strategy Batch asks of ECS;
``binpack`` on memory, then vCPU, is the default (an assumption, `scheduler.placement`), as ECS defines it: the
candidate with the least left that still holds the task (ECS API, *PlacementStrategy*).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Literal

from batchsim.scenario.configuration import Shape


class Bin:
    """Free room on one instance, real or planned.

    Attributes
    ----------
    ordinal : int
        Order of launch.
    instance_type : str
        Its type.
    held : int
        How many jobs it holds.
    """

    __slots__ = ("gpus", "held", "instance_type", "memory_mib", "ordinal", "vcpus")

    def __init__(self, ordinal: int, room: Shape, instance_type: str = "") -> None:
        self.ordinal = ordinal
        self.instance_type = instance_type
        self.vcpus = room.vcpus
        self.memory_mib = room.memory_mib
        self.gpus = room.gpus
        self.held = 0

    def holds(self, shape: Shape) -> bool:
        """Whether one more job of this shape fits."""
        return shape.vcpus <= self.vcpus and shape.memory_mib <= self.memory_mib and shape.gpus <= self.gpus

    def take(self, shape: Shape) -> None:
        """Hold one job."""
        self.held += 1
        self.vcpus -= shape.vcpus
        self.memory_mib -= shape.memory_mib
        self.gpus -= shape.gpus

    def give(self, shape: Shape) -> None:
        """Let one job go."""
        self.held -= 1
        self.vcpus += shape.vcpus
        self.memory_mib += shape.memory_mib
        self.gpus += shape.gpus


#: A bin's place in its level: free memory, then the order of launch, in one integer that compares fast.
ORDINAL_BITS = 40
ORDINAL = (1 << ORDINAL_BITS) - 1


class Room:
    """Bins indexed by what they can still take.

    Bins with the same free vCPUs and GPUs form a level, ordered by free memory, so that looking for room costs one
    bisection per level and not one test per instance. A bin must be out of the room while its figures change. A shape
    that found no room is not looked for again until a bin comes that holds it.
    """

    def __init__(self, strategy: Literal["binpack", "spread"]) -> None:
        self._spread = strategy == "spread"
        # Free vCPUs and GPUs of each level in ascending order, and the levels in the same order.
        self._keys: list[tuple[float, int]] = []
        self._levels: list[list[int]] = []
        self._bins: dict[int, Bin] = {}
        self._hopeless: set[Shape] = set()

    def add(self, room: Bin) -> None:
        """Offer a bin; one without a free vCPU can't take anything and is left out."""
        if self._hopeless:
            self._hopeless = {shape for shape in self._hopeless if not room.holds(shape)}
        self._put(room)

    def _put(self, room: Bin) -> None:
        if room.vcpus <= 0:
            return
        key = (room.vcpus, room.gpus)
        place = bisect_left(self._keys, key)
        if place == len(self._keys) or self._keys[place] != key:
            self._keys.insert(place, key)
            self._levels.insert(place, [])
        insort(self._levels[place], room.memory_mib << ORDINAL_BITS | room.ordinal)
        self._bins[room.ordinal] = room

    def discard(self, room: Bin) -> None:
        """Withdraw a bin, if it is there."""
        if self._bins.pop(room.ordinal, None) is None:
            return
        place = bisect_left(self._keys, (room.vcpus, room.gpus))
        level = self._levels[place]
        del level[bisect_left(level, room.memory_mib << ORDINAL_BITS | room.ordinal)]
        if not level:
            del self._keys[place], self._levels[place]

    def find(self, shape: Shape) -> Bin | None:
        """The bin that takes a job of this shape next; ties go to the one launched first."""
        if shape in self._hopeless:
            return None
        keys, levels, gpus = self._keys, self._levels, shape.gpus
        asked = shape.memory_mib << ORDINAL_BITS
        lowest = bisect_left(keys, (shape.vcpus, gpus))
        found = -1
        if self._spread:
            # The most memory, then the most vCPUs: the first level from above that has it.
            for place in range(len(keys) - 1, lowest - 1, -1):
                most = levels[place][-1] >> ORDINAL_BITS
                if keys[place][1] >= gpus and most > found >> ORDINAL_BITS and most >= shape.memory_mib:
                    found = levels[place][bisect_left(levels[place], most << ORDINAL_BITS)]
        else:
            # The least memory, then the fewest vCPUs: the first level from below that has it.
            least = -1
            for place in range(lowest, len(keys)):
                level = levels[place]
                if level[-1] >= asked and keys[place][1] >= gpus:
                    candidate = level[bisect_left(level, asked)]
                    if found < 0 or candidate >> ORDINAL_BITS < least:
                        found, least = candidate, candidate >> ORDINAL_BITS
        if found < 0:
            self._hopeless.add(shape)
            return None
        return self._bins[found & ORDINAL]

    def has(self, shape: Shape) -> bool:
        """Whether a bin could take a job of this shape."""
        if shape in self._hopeless:
            return False
        keys, levels, gpus = self._keys, self._levels, shape.gpus
        asked = shape.memory_mib << ORDINAL_BITS
        for place in range(bisect_left(keys, (shape.vcpus, gpus)), len(keys)):
            if levels[place][-1] >= asked and keys[place][1] >= gpus:
                return True
        self._hopeless.add(shape)
        return False

    def take(self, shape: Shape) -> Bin | None:
        """Hold one job in the bin found for it, or return None."""
        room = self.find(shape)
        if room is not None:
            self.discard(room)
            room.take(shape)
            self._put(room)
        return room

    def empty(self, instance_type: str) -> list[Bin]:
        """Bins of a type that hold nothing, in the order of their launch."""
        return [room for room in self.bins() if not room.held and room.instance_type == instance_type]

    def gang(self, nodes: int, instance_types: Sequence[str]) -> list[Bin] | None:
        """So many empty bins of one type, of the first of the types that has them; None where none has."""
        for instance_type in instance_types:
            found = self.empty(instance_type)
            if len(found) >= nodes:
                return found[:nodes]
        return None

    def bins(self) -> list[Bin]:
        """The bins offered, in the order of their launch."""
        return [self._bins[ordinal] for ordinal in sorted(self._bins)]
