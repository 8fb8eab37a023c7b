"""Placement: which instance takes a job.

vCPU, memory and GPU are taken together or not at all. AWS does not publish which placement strategy Batch asks of ECS;
``binpack`` on memory, then vCPU, is the default (an assumption, `scheduler.placement`), as ECS defines it: the
candidate with the least left that still holds the task (ECS API, *PlacementStrategy*).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from batchsim.spec.configuration import Offering, Shape


class Node:
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

    def copy(self) -> Node:
        """Another bin with the same room."""
        made = Node(self.ordinal, Shape(self.vcpus, self.memory_mib, self.gpus), self.instance_type)
        made.held = self.held
        return made

    def holds(self, shape: Shape) -> bool:
        """Whether one more job of this shape fits."""
        return shape.vcpus <= self.vcpus and shape.memory_mib <= self.memory_mib and shape.gpus <= self.gpus

    def give(self, shape: Shape) -> None:
        """Let one job go."""
        self.held -= 1
        self.vcpus += shape.vcpus
        self.memory_mib += shape.memory_mib
        self.gpus += shape.gpus


def places(room: Node | Offering, shape: Shape) -> int:
    """How many jobs of a shape fit into free room, or into an empty instance."""
    fitting = min(int(room.vcpus // shape.vcpus), room.memory_mib // shape.memory_mib)
    return min(fitting, room.gpus // shape.gpus) if shape.gpus else fitting


#: A bin's place in its level: free memory, then the order of launch, in one integer that compares fast.
ORDINAL_BITS: Final = 32
ORDINAL: Final = (1 << ORDINAL_BITS) - 1


class FreeCapacity:
    """Bins indexed by what they can still take.

    Bins with the same free vCPUs and GPUs form a level, ordered by free memory, so that looking for room costs one
    bisection per level and not one test per instance. A bin must be out of the room while its figures change.

    Parameters
    ----------
    strategy : str
        Of the bins that hold a job, the one with the least left, or with the most.
    shapes : sequence of Shape
        What jobs ask for; everywhere else a shape is its place here.

    Attributes
    ----------
    hopeless : set of int
        Shapes that found no room; they are not looked for again until a bin comes that holds them.
    """

    def __init__(self, strategy: Literal["binpack", "spread"], shapes: Sequence[Shape]) -> None:
        self.hopeless: set[int] = set()
        self._shapes = shapes
        # The same as columns, which are looked at for every job.
        self._vcpus = [shape.vcpus for shape in shapes]
        self._memory_mib = [shape.memory_mib for shape in shapes]
        self._gpus = [shape.gpus for shape in shapes]
        self._spread = strategy == "spread"
        # Free vCPUs and GPUs of each level in ascending order, and the levels in the same order.
        self._keys: list[tuple[float, int]] = []
        self._levels: list[list[int]] = []
        self._bins: dict[int, Node] = {}

    def add(self, room: Node) -> bool:
        """Offer a bin, and say whether it is room for a shape that found none.

        One without a free vCPU can't take anything and is left out.
        """
        news = False
        if self.hopeless:
            vcpus, memory_mib, gpus = room.vcpus, room.memory_mib, room.gpus
            hopeful = [
                code
                for code in self.hopeless
                if self._vcpus[code] <= vcpus and self._memory_mib[code] <= memory_mib and self._gpus[code] <= gpus
            ]
            if hopeful:
                news = True
                self.hopeless.difference_update(hopeful)
        if room.vcpus > 0:
            self._put(room)
        return news

    def _put(self, room: Node) -> None:
        key = (room.vcpus, room.gpus)
        place = bisect_left(self._keys, key)
        entry = room.memory_mib << ORDINAL_BITS | room.ordinal
        if place == len(self._keys) or self._keys[place] != key:
            self._keys.insert(place, key)
            self._levels.insert(place, [entry])
        else:
            insort(self._levels[place], entry)
        self._bins[room.ordinal] = room

    def discard(self, room: Node) -> None:
        """Withdraw a bin, if it is there."""
        if self._bins.pop(room.ordinal, None) is None:
            return
        place = bisect_left(self._keys, (room.vcpus, room.gpus))
        level = self._levels[place]
        if len(level) > 1:
            del level[bisect_left(level, room.memory_mib << ORDINAL_BITS | room.ordinal)]
        else:
            del self._keys[place], self._levels[place]

    def _find(self, code: int) -> tuple[int, int]:
        """Level of the bin that takes a job next, and its place there; ties go to the one launched first."""
        keys, levels, gpus = self._keys, self._levels, self._gpus[code]
        asked_mib = self._memory_mib[code]
        asked = asked_mib << ORDINAL_BITS
        lowest = bisect_left(keys, (self._vcpus[code], gpus))
        found, at = -1, 0
        if self._spread:
            # The most memory, then the most vCPUs: the first level from above that has it.
            most_mib = -1
            for place in range(len(keys) - 1, lowest - 1, -1):
                level = levels[place]
                memory_mib = level[-1] >> ORDINAL_BITS
                if keys[place][1] >= gpus and memory_mib > most_mib and memory_mib >= asked_mib:
                    most_mib, found, at = memory_mib, place, bisect_left(level, memory_mib << ORDINAL_BITS)
        else:
            # The least memory, then the fewest vCPUs: the first level from below that has it.
            least_mib = -1
            for place in range(lowest, len(keys)):
                level = levels[place]
                if level[-1] >= asked and keys[place][1] >= gpus:
                    index = bisect_left(level, asked)
                    memory_mib = level[index] >> ORDINAL_BITS
                    if found < 0 or memory_mib < least_mib:
                        least_mib, found, at = memory_mib, place, index
        if found < 0:
            self.hopeless.add(code)
        return found, at

    def has(self, code: int) -> bool:
        """Whether a bin could take a job of this shape."""
        if code in self.hopeless:
            return False
        keys, levels, gpus = self._keys, self._levels, self._gpus[code]
        asked = self._memory_mib[code] << ORDINAL_BITS
        for place in range(bisect_left(keys, (self._vcpus[code], gpus)), len(keys)):
            if levels[place][-1] >= asked and keys[place][1] >= gpus:
                return True
        self.hopeless.add(code)
        return False

    def places(self, code: int) -> int:
        """How many jobs of this shape the bins could take, were it the only one."""
        if code in self.hopeless:
            return 0
        shape, asked = self._shapes[code], self._memory_mib[code] << ORDINAL_BITS
        lowest = bisect_left(self._keys, (self._vcpus[code], self._gpus[code]))
        return sum(
            places(self._bins[entry & ORDINAL], shape)
            for level in self._levels[lowest:]
            for entry in level[bisect_left(level, asked) :]
        )

    def fitting(self, codes: Iterable[int]) -> set[int]:
        """Which of many shapes a bin could take a job of; as `has`, at the cost of one look at the levels."""
        best: list[int] = []
        most_mib = -1
        for place in range(len(self._keys) - 1, -1, -1):
            if self._keys[place][1]:
                return set(filter(self.has, codes))  # GPUs are a dimension more
            most_mib = max(most_mib, self._levels[place][-1] >> ORDINAL_BITS)
            best.append(most_mib)
        # The most memory in any level from this one up, and after the last level none.
        best.reverse()
        best.append(-1)
        vcpus = [key[0] for key in self._keys]
        found = set()
        for code in codes:
            if best[bisect_left(vcpus, self._vcpus[code])] >= self._memory_mib[code] and not self._gpus[code]:
                found.add(code)
            else:
                self.hopeless.add(code)
        return found

    def take(self, code: int) -> Node | None:
        """Hold one job in the bin that takes it next, or return None."""
        if code in self.hopeless:
            return None
        place, index = self._find(code)
        if place < 0:
            return None
        level = self._levels[place]
        if len(level) > 1:
            entry = level.pop(index)
        else:
            entry = level[0]
            del self._keys[place], self._levels[place]
        room = self._bins[entry & ORDINAL]
        room.held += 1
        room.vcpus -= self._vcpus[code]
        room.memory_mib -= self._memory_mib[code]
        room.gpus -= self._gpus[code]
        if room.vcpus > 0:
            self._put(room)
        else:
            del self._bins[room.ordinal]
        return room

    def empty(self, instance_type: str) -> list[Node]:
        """Bins of a type that hold nothing, in the order of their launch."""
        return [room for room in self.bins() if not room.held and room.instance_type == instance_type]

    def gang(self, nodes: int, instance_types: Sequence[str]) -> list[Node] | None:
        """So many empty bins of one type, of the first of the types that has them; None where none has."""
        for instance_type in instance_types:
            found = self.empty(instance_type)
            if len(found) >= nodes:
                return found[:nodes]
        return None

    def bins(self) -> list[Node]:
        """The bins offered, in the order of their launch."""
        return [self._bins[ordinal] for ordinal in sorted(self._bins)]

    def copy(self, more: Iterable[Node]) -> FreeCapacity:
        """The same room and some bins more, to plan with: what is taken there is not taken here."""
        made = FreeCapacity("spread" if self._spread else "binpack", self._shapes)
        for room in (*self.bins(), *more):
            made.add(room.copy())
        return made
