"""Placement: which instance takes a job.

vCPU, memory and GPU are taken together or not at all. AWS does not publish which placement strategy Batch asks of ECS;
``binpack`` on memory, then vCPU, is the default (an assumption, `scheduler.placement`), as ECS defines it: the
candidate with the least left that still holds the task (ECS API, *PlacementStrategy*).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sortedcontainers import SortedList

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


class Room:
    """Bins indexed by what they can still take.

    Bins with the same free vCPUs and GPUs form a level, ordered by free memory, so that looking for room costs one
    bisection per level and not one test per instance. A bin must be out of the room while its figures change.
    """

    def __init__(self, strategy: Literal["binpack", "spread"]) -> None:
        self._spread = strategy == "spread"
        self._levels: dict[tuple[float, int], SortedList] = {}
        self._bins: dict[int, Bin] = {}

    def add(self, room: Bin) -> None:
        """Offer a bin; one without a free vCPU can't take anything and is left out."""
        if room.vcpus <= 0:
            return
        level = self._levels.get((room.vcpus, room.gpus))
        if level is None:
            level = self._levels[room.vcpus, room.gpus] = SortedList()
        level.add((room.memory_mib, room.ordinal))
        self._bins[room.ordinal] = room

    def discard(self, room: Bin) -> None:
        """Withdraw a bin, if it is there."""
        if self._bins.pop(room.ordinal, None) is None:
            return
        level = self._levels[room.vcpus, room.gpus]
        level.remove((room.memory_mib, room.ordinal))
        if not level:
            del self._levels[room.vcpus, room.gpus]

    def find(self, shape: Shape) -> Bin | None:
        """The bin that takes a job of this shape next; ties go to the one launched first."""
        best: tuple[float, float, int, int] | None = None
        for (vcpus, gpus), level in self._levels.items():
            if vcpus < shape.vcpus or gpus < shape.gpus:
                continue
            if self._spread:
                memory = level[-1][0]
                if memory < shape.memory_mib:
                    continue
                ordinal = level[level.bisect_left((memory, -1))][1]
                candidate = (-memory, -vcpus, -gpus, ordinal)
            else:
                index = level.bisect_left((shape.memory_mib, -1))
                if index == len(level):
                    continue
                memory, ordinal = level[index]
                candidate = (memory, vcpus, gpus, ordinal)
            if best is None or candidate < best:
                best = candidate
        return None if best is None else self._bins[best[-1]]

    def take(self, shape: Shape) -> Bin | None:
        """Hold one job in the bin found for it, or return None."""
        room = self.find(shape)
        if room is not None:
            self.discard(room)
            room.take(shape)
            self.add(room)
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
