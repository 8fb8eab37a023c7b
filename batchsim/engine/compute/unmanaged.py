"""An UNMANAGED compute environment: a fixed pool of ``unmanagedvCpus`` processors, free of charge.

With the ``ideal`` preset it is the textbook's station of c servers. Its instances are the user's own; batchsim does
not model them, so memory is not a limit here.
"""

from __future__ import annotations

import math

from batchsim.engine.attempt import Attempt
from batchsim.engine.run_context import RunContext
from batchsim.recording import Cause
from batchsim.spec.configuration import ComputeEnvironment


class UnmanagedEnvironment:
    """The processors of one UNMANAGED compute environment; its images are taken as warm."""

    def __init__(self, index: int, spec: ComputeEnvironment, world: RunContext) -> None:
        self.index = index
        self.name = spec.name
        self.enabled = spec.enabled
        self.version = self.phase = 0
        self.steady = True
        self.hopeless: set[int] = set()
        self._total = spec.max_vcpus if spec.enabled else 0
        self._free = float(self._total)
        self._start_s = world.settings.image.warm + world.settings.image.container_start
        self._clock = world.clock
        self._jobs = world.jobs
        self._suits = [spec.enabled and shape.gpus == 0 and not shape.nodes for shape in world.workload.shapes]
        self._holds = [
            suits and shape.vcpus <= self._total
            for suits, shape in zip(self._suits, world.workload.shapes, strict=True)
        ]
        self._vcpus = [shape.vcpus for shape in world.workload.shapes]

    def place(self, job: int, shape: int) -> bool:
        """Start the job now if enough processors are free."""
        if not self.has_room(shape):
            return False
        self._free -= self._vcpus[shape]
        self.version += 1
        now = self._clock.now
        self._jobs.start(job, self, -1, now, now + self._start_s)
        return True

    def release(self, attempt: Attempt) -> None:
        """Take back the processors of an ended attempt."""
        self._free += self._vcpus[self._jobs.shape[attempt.job]]
        self.version += 1

    def has_room(self, shape: int) -> bool:
        """Whether enough processors are free."""
        return self._vcpus[shape] <= self._free and self._holds[shape]

    def with_room(self, shapes: set[int]) -> set[int]:
        """Of these shapes those of which a job could start now."""
        return set(filter(self.has_room, shapes))

    @property
    def max_vcpus(self) -> int:
        """The environment's limit."""
        return self._total

    def exhausted(self, shape: int) -> bool:  # noqa: ARG002
        """Capacity does not run out here."""
        return False

    def keeps_waiting(self, shape: int) -> bool:  # noqa: ARG002
        """There are no multi-node jobs here."""
        return False

    def holds(self, shape: int) -> bool:
        """Whether the whole pool could hold the job."""
        return self._holds[shape]

    def provides(self, shape: int) -> bool:  # noqa: ARG002
        """Nothing is ever launched here."""
        return False

    def cause(self, shape: int) -> Cause:
        """The pool is full, or not of the kind that the job asks for."""
        return Cause.LIMIT if self._suits[shape] else Cause.CAPACITY

    def places(self, shape: int, *, limit: bool = True) -> float:
        """For how many jobs processors are free."""
        if not self._suits[shape]:
            return 0.0
        return int(self._free // self._vcpus[shape]) if limit else math.inf
