"""What the scheduler asks of a compute environment, whatever it is made of: one question with six answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchsim.engine.attempt import Attempt
from batchsim.engine.changes import Changes
from batchsim.recording import Cause
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from batchsim.spec.ids import EnvironmentId, ShapeId

#: What an environment has for a job, from the best answer to the worst.
#: There is room: the job can start.
NOW: Final = 0
#: Only the account's launch rate keeps it waiting.
THROTTLED: Final = 1
#: Instances that boot will hold it.
COMING: Final = 2
#: Instances that hold it may be launched.
LAUNCHABLE: Final = 3
#: Up to this answer a job waits here, and does not go on to the next environment.
WAITED_FOR: Final = LAUNCHABLE
#: No more may be launched under ``maxvCpus``, or none that holds it.
AT_LIMIT: Final = 4
#: The limit allows for it, but the capacity is not to be had.
UNAVAILABLE: Final = 5
#: It never fits under ``maxvCpus``.
BEYOND_LIMIT: Final = 6
#: Nothing here is of the kind that it asks for.
NEVER: Final = 7

#: By answer, what a job waits for that gets it; what it gets NOW it does not wait for.
CAUSE_OF: Final = (
    Cause.BLOCKED,
    Cause.CAPACITY,
    Cause.BOOT,
    Cause.BOOT,
    Cause.LIMIT,
    Cause.CAPACITY,
    Cause.LIMIT,
    Cause.CAPACITY,
)


class SimulatedEnvironment:
    """A compute environment: room for jobs, and room that may come.

    What a job asks for is given by its `request`: its place among the workload's shapes.

    Attributes
    ----------
    index : int
        Place in the configuration; what recordings refer to.
    name : str
        Its name.
    enabled : bool
        Whether it takes jobs: a DISABLED one does not.
    max_vcpus : int
        Its limit.
    changes : Changes
        Since when answers hold.
    varies : bool
        Whether answers change besides, because of others who use the same capacity, or with time.
    scales : bool
        Whether it is made of instances that are launched when jobs wait.
    is_enabled : bool
        Whether its state is ENABLED: it may be drained nevertheless.
    can_hold : list of bool
        By request, whether the environment, were it empty, could ever run the job.
    no_fit : set of int
        Requests that are known to have no room now.

    Parameters
    ----------
    spec : ComputeEnvironment
        What the configuration says of it.
    requests : sequence of Shape
        What jobs ask for.
    """

    def __init__(self, index: EnvironmentId, spec: ComputeEnvironment, requests: Sequence[Shape]) -> None:
        self.index = index
        self.name = spec.name
        self.enabled = self.is_enabled = spec.enabled
        self.max_vcpus = spec.max_vcpus
        self.changes = Changes()
        self.varies = False
        self.scales = False
        self.no_fit: set[ShapeId] = set()
        self._requests = requests
        # By request, whether it could ever run here, and whether it could under another ``maxvCpus``: while jobs are
        # taken, and now.
        self._holds_open, self._suits_open = self._takes(spec)
        self.can_hold, self._suits = self._holds_open, self._suits_open

    def _takes(self, spec: ComputeEnvironment) -> tuple[list[bool], list[bool]]:
        """By request, whether it could ever run in what a configuration says; and under another limit."""
        requests = self._requests
        return [spec.can_hold(asked) for asked in requests], [spec.suits(asked) for asked in requests]

    def drain(self) -> None:
        """Take no job from now on, and ask for no capacity for one; what runs goes on.

        API ``CreateComputeEnvironmentRequest.state``.
        """
        self.enabled = False
        self.can_hold = self._suits = [False] * len(self.can_hold)
        self.changes.everything_changed()

    def reopen(self) -> None:
        """Take jobs again."""
        self.enabled = True
        self.can_hold, self._suits = self._holds_open, self._suits_open
        self.changes.everything_changed()

    def update(self, spec: ComputeEnvironment, recorded: Sequence[Offering], now: float) -> None:
        """Be as another configuration says; what runs goes on (API UpdateComputeEnvironment).

        Parameters
        ----------
        recorded : sequence of Offering
            All types that it may launch by some configuration, in the order in which recordings number them.
        """
        raise NotImplementedError

    def be(self, spec: ComputeEnvironment) -> None:
        """Have another state, limit or kinds of jobs; one that was drained stays so, unless its state is another."""
        takes_jobs = spec.enabled if spec.enabled != self.is_enabled else self.enabled
        self.is_enabled, self.max_vcpus = spec.enabled, spec.max_vcpus
        self._holds_open, self._suits_open = self._takes(spec)
        if takes_jobs:
            self.reopen()
        else:
            self.drain()

    @property
    def vcpus(self) -> float:
        """VCPUs of its instances, booting ones included; where there are none, those that jobs run on."""
        raise NotImplementedError

    def start(self, job: int, request: ShapeId, now: float) -> bool:
        """Start a job if there is room."""
        raise NotImplementedError

    def stop(self, attempt: Attempt, now: float) -> None:
        """Take back what an ended attempt held."""
        raise NotImplementedError

    def availability(self, request: ShapeId, now: float) -> int:
        """What the environment has for a job: NOW or `outlook`."""
        return NOW if self.has_room(request, now) else self.outlook(request, now)

    def has_room(self, request: ShapeId, now: float) -> bool:
        """Whether a job could start now."""
        raise NotImplementedError

    def fits(self, request: ShapeId, now: float) -> bool:
        """Whether there is room for a job, be it allowed to start or not."""
        return self.has_room(request, now)

    def outlook(self, request: ShapeId, now: float) -> int:
        """What the environment will have for a job for which it has no room now."""
        raise NotImplementedError

    def with_room(self, requests: set[ShapeId], now: float) -> set[ShapeId]:
        """Those of many requests for which there is room."""
        return {request for request in requests if self.has_room(request, now)}

    def places(self, request: ShapeId, now: float, limit: bool) -> float:
        """For how many jobs, were they alone, there is room, some on its way, or some to be had.

        Parameters
        ----------
        limit : bool
            Without it as if there were no ``maxvCpus``: what then keeps jobs from their room is capacity.
        """
        raise NotImplementedError
