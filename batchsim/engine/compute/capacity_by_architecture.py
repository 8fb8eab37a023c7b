"""Placement where an environment has instances of both architectures: each job among those that it is built for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Literal

from batchsim.engine.changes import Changes
from batchsim.engine.compute.free_capacity import FreeCapacity, Node
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from batchsim.spec.ids import ShapeId

#: As `Offering.architecture` has them.
BOTH: Final = ("x86_64", "arm64")


class CapacityByArchitecture(FreeCapacity):
    """An index of nodes for each architecture; every job says which one it is built for.

    Parameters
    ----------
    architectures : mapping of str to str
        Of each instance type.

    Attributes
    ----------
    architectures : dict of str to str
        The same; types that are known later are added.
    """

    def __init__(
        self,
        strategy: Literal["binpack", "spread"],
        requests: Sequence[Shape],
        changes: Changes,
        architectures: Mapping[str, str],
    ) -> None:
        super().__init__(strategy, requests, changes)
        self.architectures = dict(architectures)
        self._of = {each: FreeCapacity(strategy, requests, changes) for each in BOTH}
        self._none = FreeCapacity(strategy, requests, changes)  # of what names no architecture
        for index in self._of.values():
            index.no_fit = self.no_fit

    def _by_node(self, node: Node) -> FreeCapacity:
        return self._of[self.architectures[node.instance_type]]

    def _by_request(self, request: ShapeId) -> FreeCapacity:
        return self._of.get(self._requests[request].architecture, self._none)

    def add(self, node: Node) -> None:
        """Offer a node."""
        self._by_node(node).add(node)

    def discard(self, node: Node) -> None:
        """Withdraw a node, if it is offered."""
        self._by_node(node).discard(node)

    def take(self, request: ShapeId, now: float) -> Node | None:
        """Hold one job on the node that takes it next, or return None."""
        return self._by_request(request).take(request, now)

    def give(self, node: Node, request: ShapeId, now: float) -> None:
        """Let one job go from a node, offered or not."""
        self._by_node(node).give(node, request, now)

    def has(self, request: ShapeId) -> bool:
        """Whether a node could take such a job."""
        return self._by_request(request).has(request)

    def places(self, request: ShapeId) -> int:
        """How many such jobs the nodes could take, were it the only request."""
        return self._by_request(request).places(request)

    def fitting(self, requests: AbstractSet[ShapeId]) -> set[ShapeId]:
        """Those of many requests that a node could take."""
        return {request for request in requests if self.has(request)}

    def nodes(self) -> list[Node]:
        """The nodes offered that have a free vCPU, in the order of their launch."""
        return sorted((node for index in self._of.values() for node in index.nodes()), key=lambda node: node.number)

    def copy(self, more: Iterable[Node]) -> FreeCapacity:
        """The same nodes and some more, to plan with: what is taken there is not taken here."""
        strategy: Literal["binpack", "spread"] = "spread" if self._spread else "binpack"
        made = CapacityByArchitecture(strategy, self._requests, Changes(), self.architectures)
        for node in (*self.nodes(), *more):
            made.add(node.copy())
        return made


def free_capacity(
    strategy: Literal["binpack", "spread"], requests: Sequence[Shape], changes: Changes, spec: ComputeEnvironment
) -> FreeCapacity:
    """The index that an environment needs: those of EC2 have instances of one architecture."""
    if not spec.is_managed_by_ecs or len({asked.architecture for asked in requests} & {*BOTH}) < len(BOTH):
        return FreeCapacity(strategy, requests, changes)
    return CapacityByArchitecture(strategy, requests, changes, architectures_of(spec.offerings))


def architectures_of(offerings: Sequence[Offering]) -> dict[str, str]:
    """The architecture of each instance type."""
    return {offering.instance_type: offering.architecture for offering in offerings}
