"""A FARGATE or FARGATE_SPOT compute environment: one task per job, nothing shared, nothing kept warm.

``maxvCpus`` caps the vCPUs that running jobs request (User Guide, *Compute environments*). The account launches tasks
at a limited rate: a token bucket, on-demand and Spot each its own (ECS Developer Guide, *AWS Fargate throttling
quotas*), and may have a quota of vCPUs (API ``ResourceRequirement``). A Fargate Spot task gets SIGTERM with the
two-minute warning: it ends as soon as its containers do, or are killed (ECS, *Fargate Spot termination notices*).
"""

from __future__ import annotations

import math

from batchsim.engine.account_limits import FargateQuota
from batchsim.engine.attempt import KILLED, Attempt
from batchsim.engine.clock import Alarm
from batchsim.engine.run_context import RunContext
from batchsim.recording import TASK_INTERRUPTED, Cause
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.streams import Draws
from batchsim.units import HOUR


class FargateEnvironment:
    """One FARGATE or FARGATE_SPOT compute environment.

    Parameters
    ----------
    account : FargateQuota
        Shared by all environments of the same purchase option.
    """

    def __init__(self, index: int, spec: ComputeEnvironment, world: RunContext, account: FargateQuota) -> None:
        self.index = index
        self.name = spec.name
        self.enabled = spec.enabled
        self.version = self.phase = 0
        self.steady = False  # the account's launch rate is for all, and comes back with time
        self.hopeless: set[int] = set()
        self._spec = spec
        self._world = world
        self._settings = world.settings
        self._clock = world.clock
        self._jobs = world.jobs
        self._account = account
        account.stations.append(self)
        self._drawn: dict[tuple[str, int], Draws] = {}
        self._held = 0.0
        self._holds = [spec.can_hold(shape) for shape in world.workload.shapes]
        self._suits = [spec.suits(shape) for shape in world.workload.shapes]
        self._vcpus = [shape.vcpus for shape in world.workload.shapes]
        self._token_alarm: Alarm | None = None
        self._interruptions: dict[int, Alarm] = {}

    def _draw(self, name: str, job: int, attempt: int) -> float:
        """What belongs to a job's attempt, whichever environment it starts in."""
        if (name, attempt) not in self._drawn:
            self._drawn[name, attempt] = self._world.draws(name, "", attempt)
        return self._drawn[name, attempt][job]

    def _under_limit(self, shape: int) -> bool:
        return self._holds[shape] and self._held + self._vcpus[shape] <= self._spec.max_vcpus

    def place(self, job: int, shape: int) -> bool:
        """Launch a task now if the limit and the account allow."""
        if not self.has_room(shape):
            return False
        now = self._clock.now
        self._account.take()
        self._account.vcpus_left -= self._vcpus[shape]
        self._held += self._vcpus[shape]
        number = self._jobs.attempts_begun(job) + 1
        image = self._settings.image
        size = self._world.workload.groups[self._jobs.group[job]].image_size_mib
        pull_at = now + self._draw("fargate-start", job, number)
        pull_s = size / image.fargate_pull_rate * self._draw("fargate-pull", job, number)
        started_at = pull_at + pull_s + image.container_start
        attempt = self._jobs.start(job, self, -1, pull_at, started_at)
        hazard = self._spec.interruptions_per_hour
        if hazard > 0:
            warned_at = pull_at + self._draw("fargate-interruption", job, number) / hazard * HOUR
            stop_at = warned_at + min(self._jobs.stop_s(job), self._settings.spot.notice)
            self._interruptions[job] = self._clock.at(stop_at, self._interrupted, attempt, essential=False)
        return True

    def _wait_for_token(self, available_at: float) -> None:
        if self._token_alarm is None:
            self._token_alarm = self._clock.at(available_at, self._token_due)

    def _token_due(self, _alarm: Alarm) -> None:
        self._token_alarm = None
        self._jobs.on_freed(self)

    def _interrupted(self, alarm: Alarm) -> None:
        attempt: Attempt = alarm.subject
        self.release(attempt)
        self._jobs.interrupt(attempt, TASK_INTERRUPTED, KILLED)
        self._jobs.on_freed(self)

    def release(self, attempt: Attempt) -> None:
        """Take back the vCPUs of an ended task."""
        vcpus = self._vcpus[self._jobs.shape[attempt.job]]
        self._held -= vcpus
        self._account.vcpus_left += vcpus
        if self._account.vcpus_left < math.inf:
            for station in self._account.stations:
                self._jobs.on_freed(station)
        interruption = self._interruptions.pop(attempt.job, None)
        if interruption is not None:
            self._clock.cancel(interruption)

    def has_room(self, shape: int) -> bool:
        """Whether a task could be launched now; where only the launch rate is in the way, that is waited for."""
        if not self.provides(shape):
            return False
        available_at = self._account.available_at(self._clock.now)
        if available_at > self._clock.now:
            self._wait_for_token(available_at)
            return False
        return True

    def with_room(self, shapes: set[int]) -> set[int]:
        """Of these shapes those of which a job could start now."""
        return set(filter(self.has_room, shapes))

    @property
    def max_vcpus(self) -> int:
        """The environment's limit."""
        return self._spec.max_vcpus

    def exhausted(self, shape: int) -> bool:
        """Whether the account's quota keeps the task from being launched."""
        return self._under_limit(shape) and self._vcpus[shape] > self._account.vcpus_left

    def keeps_waiting(self, shape: int) -> bool:  # noqa: ARG002
        """There are no multi-node jobs here."""
        return False

    def holds(self, shape: int) -> bool:
        """Whether a task of this size is under the environment's limit when it is empty."""
        return self._holds[shape]

    def provides(self, shape: int) -> bool:
        """Whether only the launch rate keeps the task waiting."""
        return self._under_limit(shape) and self._vcpus[shape] <= self._account.vcpus_left

    def cause(self, shape: int) -> Cause:
        """The limit, or the account's launch rate or quota."""
        return Cause.LIMIT if self._suits[shape] and not self._under_limit(shape) else Cause.CAPACITY

    def places(self, shape: int, *, limit: bool = True) -> float:
        """For how many jobs the limit and the account's quota are enough; the launch rate comes back by itself."""
        if not self._suits[shape]:
            return 0.0
        left = self._account.vcpus_left
        if limit:
            left = min(left, self._spec.max_vcpus - self._held)
        return left if left == math.inf else max(int(left // self._vcpus[shape]), 0)
