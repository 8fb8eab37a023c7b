"""An UNMANAGED compute environment: a fixed pool of ``unmanagedvCpus`` processors, free of charge.

With the ``ideal`` preset it is the textbook's station of c servers. Its instances are the user's own; batchsim does
not model them, so memory is not a limit here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from batchsim.engine.attempt import Attempt, RunningAttempts
from batchsim.engine.compute_environment import AT_LIMIT, BEYOND_LIMIT, NEVER, SimulatedEnvironment
from batchsim.engine.run_context import RunContext
from batchsim.errors import SimulationError
from batchsim.spec.configuration import ComputeEnvironment, Offering
from batchsim.spec.ids import EnvironmentId, ShapeId

#: Sums of vCPUs are exact to this.
ROUNDING: Final = 1e-6


class UnmanagedEnvironment(SimulatedEnvironment):
    """The processors of one UNMANAGED compute environment; its images are taken as warm."""

    def __init__(
        self, index: EnvironmentId, spec: ComputeEnvironment, context: RunContext, attempts: RunningAttempts
    ) -> None:
        requests = context.workload.shapes
        super().__init__(index, spec, requests)
        if not spec.enabled:
            self.max_vcpus = 0
        self._free = float(self.max_vcpus)
        image = context.settings.image
        self._start_s: float = image.warm + image.container_start
        self._attempts = attempts
        self._request = context.table.request
        self._vcpus: list[float] = [asked.vcpus for asked in requests]

    def _takes(self, spec: ComputeEnvironment) -> tuple[list[bool], list[bool]]:
        """By request, whether it can hold a job, and whether that is of a kind that it takes."""
        suits = [spec.enabled and asked.gpus == 0 and not asked.nodes for asked in self._requests]
        fits = [asked.vcpus <= spec.max_vcpus for asked in self._requests]
        return [suited and fitting for suited, fitting in zip(suits, fits, strict=True)], suits

    def update(self, spec: ComputeEnvironment, recorded: Sequence[Offering], now: float) -> None:  # noqa: ARG002
        """Have more or fewer processors; jobs run on though there are more of them than processors."""
        self._free += spec.max_vcpus - self.max_vcpus
        self.be(spec)

    def start(self, job: int, request: ShapeId, now: float) -> bool:
        """Start a job if enough processors are free."""
        if self._vcpus[request] > self._free or not self.can_hold[request]:
            return False
        self._free -= self._vcpus[request]
        self.changes.generation += 1
        self._attempts.begin(job, self.index, -1, now, now, now + self._start_s)
        return True

    def stop(self, attempt: Attempt, now: float) -> None:
        """Take back the processors of an ended attempt."""
        self._free += self._vcpus[self._request[attempt.job]]
        self.changes.generation += 1
        if self._free > self.max_vcpus + ROUNDING:
            raise SimulationError(f"{self.name} has {self._free} of {self.max_vcpus} processors free", now)

    def has_room(self, request: ShapeId, now: float) -> bool:  # noqa: ARG002
        """Whether enough processors are free."""
        return self._vcpus[request] <= self._free and self.can_hold[request]

    def outlook(self, request: ShapeId, now: float) -> int:  # noqa: ARG002
        """The pool is full, too small, or not of the kind that the job asks for."""
        if self.can_hold[request]:
            self.changes.outlooks[request] = AT_LIMIT
            return AT_LIMIT
        return BEYOND_LIMIT if self._suits[request] else NEVER

    @property
    def vcpus(self) -> float:
        """Processors that jobs run on."""
        return self.max_vcpus - self._free

    def places(self, request: ShapeId, now: float, limit: bool) -> float:  # noqa: ARG002
        """For how many jobs processors are free."""
        if not self._suits[request]:
            return 0.0
        return max(int(self._free // self._vcpus[request]), 0) if limit else math.inf
