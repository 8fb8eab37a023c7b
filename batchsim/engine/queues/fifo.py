"""Job queues: RUNNABLE jobs in the order in which the scheduler looks at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from batchsim.engine.queues.waiting_list import WaitingList
from batchsim.spec import configuration

if TYPE_CHECKING:
    from batchsim.engine.compute_environment import SimulatedEnvironment
    from batchsim.engine.run_context import RunContext

#: Tries to start a job of a shape; says whether it did.
Dispatch = Callable[[int, int], bool]

#: How many RUNNABLE jobs ``overtake: fitting`` looks at: the depth of AWS's own queue snapshot.
OVERTAKE_DEPTH = 100


class FifoQueue:
    """A first-in, first-out queue.

    Order is by time of submission, not by the moment a job became RUNNABLE (API ``FrontOfQueueDetail``), and a retried
    job goes to the front (User Guide, *Best practices*); retried jobs keep their order of submission among themselves.
    A job's row number is its place in the order of submission.

    Attributes
    ----------
    index : int
        Place in the configuration; what recordings refer to.
    stations : tuple of SimulatedEnvironment
        Its compute environments in the order in which they are tried.
    changed : bool
        Whether a scheduling cycle has to look at it.
    unplanned : bool
        Whether jobs came or capacity went since the last look at scaling out.
    shapes : dict of int to int
        Waiting jobs by shape; empty where none waits.
    version, kinds : int
        Grow whenever a job comes or leaves, and whenever there are other shapes than before.
    """

    def __init__(
        self, index: int, spec: configuration.JobQueue, stations: tuple[SimulatedEnvironment, ...], world: RunContext
    ) -> None:
        self.index = index
        self.name = spec.name
        self.priority = spec.priority
        self.time_limits = spec.time_limits
        self.stations = stations
        self.changed = False
        self.unplanned = False
        self.shapes: dict[int, int] = {}
        self.version = self.kinds = 0
        self._rows = len(world.workload)
        self._shape_of = world.jobs.shape
        self._group_of = world.jobs.group
        self._wanting = [bool(group.consumables) for group in world.workload.groups]
        self._overtaking = world.settings.scheduler.overtake == "fitting"
        self._waiting = WaitingList()

    def add(self, job: int, retried: bool) -> None:
        """Put a job in its place: retried ones before all others."""
        self._waiting.add(job - self._rows if retried else job)
        self._remember(self._shape_of[job])

    def _remember(self, shape: int) -> None:
        if shape in self.shapes:
            self.shapes[shape] += 1
        else:
            self.shapes[shape] = 1
            self.kinds += 1
        self.version += 1
        self.changed = self.unplanned = True

    def head(self) -> int:
        """The job that the scheduler looks at first; the queue must not be empty."""
        return self._waiting.first() % self._rows

    def head_for_causes(self) -> int:
        """The head, or where all jobs are alike any of them."""
        return self.head()

    def candidates(self) -> list[int]:
        """The jobs that would be started were there room for them."""
        rows = self._rows
        return [key % rows for key in self._waiting.head(OVERTAKE_DEPTH if self._overtaking else 1)]

    def deciding(self) -> dict[int, int]:
        """Shapes of jobs behind the head that may start before it, each with the first of its jobs."""
        if not self._overtaking:
            return {}
        return {self._shape_of[job]: job for job in reversed(self.candidates())}

    def holds_back(self, shape: int) -> bool:  # noqa: ARG002
        """Whether the queue's own policy keeps jobs of a shape from starting."""
        return False

    def submitted(self, job: int) -> None:
        """Note that a job of the queue arrived."""

    def finished(self, job: int) -> None:
        """Note that a job of the queue is in a final state."""

    def stopped(self, job: int) -> None:
        """Note that an attempt ended."""

    def drain(self, dispatch: Dispatch) -> None:
        """Start jobs from the head until one can't be."""
        waiting, shape_of, rows = self._waiting, self._shape_of, self._rows
        while self.shapes:
            job = waiting.first() % rows
            shape = shape_of[job]
            if not dispatch(job, shape):
                break
            waiting.pop()
            self._forget(shape)
        if self.shapes and self._overtaking:
            self._overtake(dispatch)

    def plan(self, assign: Callable[[int], bool]) -> None:
        """Offer jobs in the order in which they would be started, until so many can't be assigned that others wait."""
        rows = self._rows
        most = OVERTAKE_DEPTH if self._overtaking else 1
        for key in self._waiting:
            if not assign(key % rows):
                most -= 1
                if not most:
                    break

    def _overtake(self, dispatch: Dispatch) -> None:
        tried: set[int] = set()
        failed: set[int] = set()
        while upcoming := [key for key in self._waiting.head(OVERTAKE_DEPTH) if key not in tried]:
            tried.update(upcoming)
            for key in upcoming:
                job = key % self._rows
                shape = self._shape_of[job]
                if shape in failed:
                    continue
                if dispatch(job, shape):
                    self._waiting.remove(key)
                    self._forget(shape)
                elif not self._wanting[self._group_of[job]]:
                    # A job that lacks a consumable resource says nothing of others of its shape.
                    failed.add(shape)

    def remove_head(self) -> None:
        """Take the head out: it is cancelled."""
        job = self.head()
        self._waiting.pop()
        self._forget(self._shape_of[job])

    def _forget(self, shape: int) -> None:
        self.version += 1
        if self.shapes[shape] == 1:
            del self.shapes[shape]
            self.kinds += 1
        else:
            self.shapes[shape] -= 1
