"""What the scheduler sees of a compute environment, whatever it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from batchsim.recording import Cause

if TYPE_CHECKING:
    from batchsim.engine.attempt import Attempt


class SimulatedEnvironment(Protocol):
    """A compute environment: a place with room for jobs.

    What a job asks for is given by its `shape`: its place among the workload's shapes.

    Attributes
    ----------
    index : int
        Place in the configuration; what recordings refer to.
    name : str
        Its name.
    enabled : bool
        Whether it takes jobs: a DISABLED one does not.
    version : int
        Grows whenever an answer to `has_room` or `cause` may have changed.
    phase : int
        Grows whenever an answer to `cause` may have changed.
    steady : bool
        Whether these say so of all changes; not where others use up the same capacity.
    hopeless : set of int
        Shapes that are known to have no room now.
    """

    index: int
    name: str
    enabled: bool
    version: int
    phase: int
    steady: bool
    hopeless: set[int]

    @property
    def max_vcpus(self) -> int:
        """The environment's limit."""

    def exhausted(self, shape: int) -> bool:
        """Whether capacity for a job of this shape was asked for and not to be had."""

    def keeps_waiting(self, shape: int) -> bool:
        """Whether a job of this shape waits for capacity here instead of going on to the next environment.

        Only multi-node jobs do: they block the queue (User Guide, *Jobs stuck in RUNNABLE*).
        """

    def place(self, job: int, shape: int) -> bool:
        """Start the job now if there is room."""

    def release(self, attempt: Attempt) -> None:
        """Take back what an ended attempt held."""

    def has_room(self, shape: int) -> bool:
        """Whether a job of this shape could start now."""

    def with_room(self, shapes: set[int]) -> set[int]:
        """Of these shapes those of which a job could start now."""

    def holds(self, shape: int) -> bool:
        """Whether a job of this shape could ever run here."""

    def provides(self, shape: int) -> bool:
        """Whether room for a job of this shape is on its way, or may be requested now."""

    def cause(self, shape: int) -> Cause:
        """Why a job of this shape, which has no room here, has none; as if capacity were there beyond the limit."""

    def places(self, shape: int, *, limit: bool = True) -> float:
        """For how many jobs of this shape, were they alone, there is room, some on its way, or some to be had.

        Parameters
        ----------
        limit : bool
            Without it as if there were no ``maxvCpus``: what then keeps jobs from their room is capacity.
        """
