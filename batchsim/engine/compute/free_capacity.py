"""Placement: which instance takes a job.

vCPU, memory and GPU are taken together or not at all. AWS does not publish which placement strategy Batch asks of ECS;
``binpack`` on memory, then vCPU, is the default (an assumption, `scheduler.placement`), as ECS defines it: the
candidate with the least left that still holds the task (ECS API, *PlacementStrategy*).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Literal

from batchsim.engine.changes import Changes
from batchsim.errors import SimulationError
from batchsim.recording import instance_id
from batchsim.spec.configuration import Offering, Shape
from batchsim.spec.ids import ShapeId


class Node:
    """Free capacity of one instance, real or planned: a bin of bin packing.

    Attributes
    ----------
    number : int
        Order of launch.
    instance_type : str
        Its type.
    held : int
        How many jobs it holds.
    """

    __slots__ = ("gpus", "held", "instance_type", "memory_mib", "number", "vcpus")

    def __init__(
        self, number: int, vcpus: float, memory_mib: int, gpus: int = 0, instance_type: str = "", held: int = 0
    ) -> None:
        self.number = number
        self.instance_type = instance_type
        self.vcpus = vcpus
        self.memory_mib = memory_mib
        self.gpus = gpus
        self.held = held

    def copy(self) -> Node:
        """Another node with the same free capacity."""
        return Node(self.number, self.vcpus, self.memory_mib, self.gpus, self.instance_type, self.held)

    def holds(self, asked: Shape) -> bool:
        """Whether one more such job fits."""
        return asked.vcpus <= self.vcpus and asked.memory_mib <= self.memory_mib and asked.gpus <= self.gpus

    def places(self, asked: Shape) -> int:
        """How many such jobs fit."""
        return places(self.vcpus, self.memory_mib, self.gpus, asked)


def places(vcpus: float, memory_mib: int, gpus: int, asked: Shape) -> int:
    """How many jobs that ask for so much fit into free capacity."""
    fitting = min(int(vcpus // asked.vcpus), memory_mib // asked.memory_mib)
    return min(fitting, gpus // asked.gpus) if asked.gpus else fitting


def places_on(offering: Offering, asked: Shape) -> int:
    """How many jobs that ask for so much an empty instance of a type takes."""
    return places(offering.vcpus, offering.memory_mib, offering.gpus, asked)


#: A node's place in its level: free memory, then the order of launch, in one integer that compares fast.
NUMBER_BITS: Final = 32
NUMBER: Final = (1 << NUMBER_BITS) - 1
#: More GPUs than an instance has: a level's key is its vCPUs, then its GPUs, in one number.
GPU_RANGE: Final = 4096
#: From so many requests on they are looked for together.
MANY: Final = 8
#: More memory than an instance has.
MOST: Final = 1 << 62


class FreeCapacity:
    """Nodes indexed by what they can still take.

    Nodes with the same free vCPUs and GPUs form a level, ordered by free memory, so that looking for room costs one
    bisection per level and not one test per instance. Only what stands in the index can take a job.

    Parameters
    ----------
    strategy : str
        Of the nodes that hold a job, the one with the least left, or with the most.
    requests : sequence of Shape
        What jobs ask for; everywhere else a request is its place here.
    changes : Changes
        Where what is taken and given is counted.

    Attributes
    ----------
    no_fit : set of int
        Requests that found no room; they are not looked for again until a node has room for them.
    """

    def __init__(self, strategy: Literal["binpack", "spread"], requests: Sequence[Shape], changes: Changes) -> None:
        self.no_fit: set[ShapeId] = set()
        self._changes = changes
        self._requests = requests
        # The same as columns, which are looked at for every job.
        self._vcpus: list[float] = [asked.vcpus for asked in requests]
        self._memory_mib = [asked.memory_mib for asked in requests]
        self._gpus = [asked.gpus for asked in requests]
        self._any_gpus = any(self._gpus)
        # What compares with a level's key, and with its entries: the least that could hold a job.
        self._least_key = [self._key(asked.vcpus, asked.gpus) for asked in requests]
        self._least_entry = [asked.memory_mib << NUMBER_BITS for asked in requests]
        self._spread = strategy == "spread"
        # Of each level the key in ascending order, its free GPUs, and the entries in the same order.
        self._keys: list[float] = []
        self._free_gpus: list[int] = []
        self._levels: list[list[int]] = []
        self._nodes: dict[int, Node] = {}

    # The index

    def _key(self, vcpus: float, gpus: int) -> float:
        """The key of a level, or of the lowest that could hold so much; without GPUs asked for they are no matter."""
        return vcpus * GPU_RANGE + gpus if self._any_gpus else vcpus

    def _put(self, node: Node) -> None:
        keys = self._keys
        key = node.vcpus * GPU_RANGE + node.gpus if self._any_gpus else node.vcpus
        place = bisect_left(keys, key)
        entry = node.memory_mib << NUMBER_BITS | node.number
        if place == len(keys) or keys[place] != key:
            keys.insert(place, key)
            self._free_gpus.insert(place, node.gpus)
            self._levels.insert(place, [entry])
        else:
            insort(self._levels[place], entry)

    def _remove(self, node: Node) -> None:
        place = bisect_left(self._keys, node.vcpus * GPU_RANGE + node.gpus if self._any_gpus else node.vcpus)
        level = self._levels[place]
        if len(level) > 1:
            del level[bisect_left(level, node.memory_mib << NUMBER_BITS | node.number)]
        else:
            self._remove_level(place)

    def _remove_level(self, place: int) -> None:
        del self._keys[place], self._free_gpus[place], self._levels[place]

    def add(self, node: Node) -> None:
        """Offer a node; one without a free vCPU can't take anything and stands by."""
        self._nodes[node.number] = node
        if self.no_fit and self._finds_room(node):
            self._changes.generation += 1
        if node.vcpus > 0:
            self._put(node)

    def _finds_room(self, node: Node) -> bool:
        """Whether a request that found no room has some on this node: it is looked for again."""
        vcpus, memory, gpus = node.vcpus, node.memory_mib, node.gpus
        found = False
        for request in list(self.no_fit):
            if self._vcpus[request] <= vcpus and self._memory_mib[request] <= memory and self._gpus[request] <= gpus:
                self.no_fit.remove(request)
                found = True
        return found

    def discard(self, node: Node) -> None:
        """Withdraw a node, if it is offered."""
        if self._nodes.pop(node.number, None) is not None and node.vcpus > 0:
            self._remove(node)

    # Taking and giving

    def take(self, request: ShapeId, now: float) -> Node | None:
        """Hold one job on the node that takes it next, or return None."""
        if request in self.no_fit:
            return None
        found, index = self._most_left(request) if self._spread else self._best_fit(request)
        if found < 0:
            self.no_fit.add(request)
            return None
        level = self._levels[found]
        if len(level) > 1:
            entry = level.pop(index)
        else:
            entry = level[0]
            self._remove_level(found)
        node = self._nodes[entry & NUMBER]
        node.held += 1
        node.vcpus -= self._vcpus[request]
        node.memory_mib -= self._memory_mib[request]
        node.gpus -= self._gpus[request]
        if node.memory_mib < 0 or node.vcpus < 0 or node.gpus < 0:
            raise SimulationError("an instance holds more than it has", now, instance=instance_id(node.number))
        if node.vcpus > 0:
            self._put(node)
        self._changes.generation += 1
        if not self._keys or self._keys[-1] < self._least_key[request]:
            self.no_fit.add(request)  # the next such job is not looked for
        return node

    def give(self, node: Node, request: ShapeId, now: float) -> None:
        """Let one job go from a node, offered or not."""
        offered = node.number in self._nodes
        if offered and node.vcpus > 0:
            self._remove(node)
        node.held -= 1
        node.vcpus += self._vcpus[request]
        node.memory_mib += self._memory_mib[request]
        node.gpus += self._gpus[request]
        if node.held < 0:
            raise SimulationError(
                "an instance lets go of what it does not hold", now, instance=instance_id(node.number)
            )
        if offered:
            if self.no_fit and self._finds_room(node):
                self._changes.generation += 1
            self._put(node)

    def _best_fit(self, request: ShapeId) -> tuple[int, int]:
        """Level of the node with the least memory that holds a job, then the fewest vCPUs, and its place there.

        Ties go to the one launched first.
        """
        keys, levels, gpus, asked = self._keys, self._levels, self._gpus[request], self._least_entry[request]
        found, at, least = -1, 0, MOST
        for place in range(bisect_left(keys, self._least_key[request]), len(keys)):
            level = levels[place]
            index, entry = 0, level[0]
            if entry < asked:
                if level[-1] < asked:
                    continue
                index = bisect_left(level, asked)
                entry = level[index]
            if entry < least and (not gpus or self._free_gpus[place] >= gpus):
                # Less memory than the least so far, not only an earlier launch.
                least, found, at = entry >> NUMBER_BITS << NUMBER_BITS, place, index
        return found, at

    def _most_left(self, request: ShapeId) -> tuple[int, int]:
        """Level of the node with the most memory that holds a job, then the most vCPUs, and its place there."""
        keys, levels, gpus, most = self._keys, self._levels, self._gpus[request], self._memory_mib[request] - 1
        found, at = -1, 0
        lowest = bisect_left(keys, self._least_key[request])
        for place in range(len(keys) - 1, lowest - 1, -1):
            level = levels[place]
            memory_mib = level[-1] >> NUMBER_BITS
            if memory_mib > most and self._free_gpus[place] >= gpus:
                most, found, at = memory_mib, place, bisect_left(level, memory_mib << NUMBER_BITS)
        return found, at

    # Questions

    def has(self, request: ShapeId) -> bool:
        """Whether a node could take such a job."""
        if request in self.no_fit:
            return False
        keys, levels, gpus, asked = self._keys, self._levels, self._gpus[request], self._least_entry[request]
        for place in range(bisect_left(keys, self._least_key[request]), len(keys)):
            if levels[place][-1] >= asked and (not gpus or self._free_gpus[place] >= gpus):
                return True
        self.no_fit.add(request)
        return False

    def places(self, request: ShapeId) -> int:
        """How many such jobs the nodes could take, were it the only request."""
        if request in self.no_fit:
            return 0
        asked, memory = self._requests[request], self._least_entry[request]
        lowest = bisect_left(self._keys, self._least_key[request])
        return sum(
            self._nodes[entry & NUMBER].places(asked)
            for level in self._levels[lowest:]
            for entry in level[bisect_left(level, memory) :]
        )

    def fitting(self, requests: AbstractSet[ShapeId]) -> set[ShapeId]:
        """Those of many requests that a node could take; as `has`, at the cost of one look at the levels."""
        if self._any_gpus or len(requests) < MANY:  # GPUs are a dimension more
            return {request for request in requests if self.has(request)}
        best: list[int] = []
        most_mib = -1
        for level in reversed(self._levels):
            most_mib = max(most_mib, level[-1] >> NUMBER_BITS)
            best.append(most_mib)
        # The most memory in any level from this one up, and after the last level none.
        best.reverse()
        best.append(-1)
        found = set()
        for request in requests:
            if best[bisect_left(self._keys, self._vcpus[request])] >= self._memory_mib[request]:
                found.add(request)
            else:
                self.no_fit.add(request)
        return found

    def empty(self, instance_type: str) -> list[Node]:
        """Nodes of a type that hold nothing, in the order of their launch."""
        return [node for node in self.nodes() if not node.held and node.instance_type == instance_type]

    def empty_of_one_type(self, count: int, instance_types: Sequence[str]) -> list[Node] | None:
        """So many empty nodes of one type, of the first of the types that has them; None where none has."""
        for instance_type in instance_types:
            found = self.empty(instance_type)
            if len(found) >= count:
                return found[:count]
        return None

    def nodes(self) -> list[Node]:
        """The nodes offered that have a free vCPU, in the order of their launch."""
        return [self._nodes[number] for number in sorted(self._nodes) if self._nodes[number].vcpus > 0]

    def copy(self, more: Iterable[Node]) -> FreeCapacity:
        """The same nodes and some more, to plan with: what is taken there is not taken here."""
        made = FreeCapacity("spread" if self._spread else "binpack", self._requests, Changes())
        for node in (*self.nodes(), *more):
            made.add(node.copy())
        return made
