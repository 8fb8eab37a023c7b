"""A FARGATE or FARGATE_SPOT compute environment: one task per job, nothing shared, nothing kept warm.

``maxvCpus`` caps the vCPUs that running jobs request (User Guide, *Compute environments*). The account launches tasks
at a limited rate: a token bucket, on-demand and Spot each its own (ECS Developer Guide, *AWS Fargate throttling
quotas*), and may have a quota of vCPUs (API ``ResourceRequirement``). A Fargate Spot task gets SIGTERM with the
two-minute warning: it ends as soon as its containers do, or are killed (ECS, *Fargate Spot termination notices*).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from batchsim.engine.account_limits import FargateQuota
from batchsim.engine.agenda import Agenda
from batchsim.engine.attempt import KILLED, Attempt
from batchsim.engine.compute_environment import (
    AT_LIMIT,
    BEYOND_LIMIT,
    NEVER,
    THROTTLED,
    UNAVAILABLE,
    SimulatedEnvironment,
)
from batchsim.engine.event import Event
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.engine.run_context import RunContext
from batchsim.errors import SimulationError
from batchsim.recording import TASK_INTERRUPTED
from batchsim.spec.configuration import ComputeEnvironment, Offering
from batchsim.spec.ids import EnvironmentId, ShapeId
from batchsim.streams import Draws
from batchsim.units import HOUR

#: Sums of vCPUs are exact to this.
ROUNDING: Final = 1e-6


class TaskDraws(NamedTuple):
    """The random numbers of one attempt of each job."""

    start: Draws
    pull: Draws
    interruption: Draws


class FargateEnvironment(SimulatedEnvironment):
    """One FARGATE or FARGATE_SPOT compute environment.

    Parameters
    ----------
    quota : FargateQuota
        Shared by all environments of the same purchase option.
    """

    def __init__(
        self,
        index: EnvironmentId,
        spec: ComputeEnvironment,
        context: RunContext,
        agenda: Agenda,
        lifecycle: JobLifecycle,
        quota: FargateQuota,
    ) -> None:
        requests = context.workload.shapes
        super().__init__(index, spec, requests)
        self.varies = quota.vcpus_left < math.inf
        self._context = context
        self._agenda = agenda
        self._lifecycle = lifecycle
        self._attempts = lifecycle.attempts
        self.quota = quota
        quota.environments.append(index)
        quota.changes.append(self.changes)
        self._drawn: list[TaskDraws] = []
        self._first_draws = self._draws(0)
        self._request = context.table.request
        self._group = context.table.group
        self._vcpus: list[float] = [asked.vcpus for asked in requests]
        self._in_use = 0.0
        self._behind = lifecycle.attempts.behind
        # The vCPUs of tasks, ascending, between two bounds; and by how many are no more than what is free, who has no
        # room. While what is free stays between two of them, the same requests have room.
        self._sizes = [-math.inf, *sorted(set(self._vcpus)), math.inf]
        self._no_fit_by_size: list[set[ShapeId]] = []
        self._free_from = self._free_below = 0.0
        self._find_no_fit()
        image = context.settings.image
        self._pull_s = [group.image_size_mib / image.fargate_pull_rate for group in context.workload.groups]
        self._container_start_s: float = image.container_start
        self._hazard = spec.interruptions_per_hour
        self._notice_s: float = context.settings.spot.notice
        self._token_set = False
        self._interruptions: dict[int, Event] = {}

    def update(self, spec: ComputeEnvironment, recorded: Sequence[Offering], now: float) -> None:  # noqa: ARG002
        """Have another state or limit."""
        self.be(spec)

    def drain(self) -> None:
        """Take no job from now on; what runs goes on."""
        super().drain()
        self._find_no_fit()

    def reopen(self) -> None:
        """Take jobs again."""
        super().reopen()
        self._find_no_fit()

    def _find_no_fit(self) -> None:
        self._no_fit_by_size = [
            {ShapeId(n) for n, vcpus in enumerate(self._vcpus) if vcpus > size or not self.can_hold[n]}
            for size in self._sizes
        ]
        self._room_changed()

    def _room_changed(self) -> None:
        """There is room under the limit for other requests than before."""
        place = bisect_right(self._sizes, self.max_vcpus - self._in_use)
        self._free_from, self._free_below = self._sizes[place - 1], self._sizes[place]
        self.no_fit = self._no_fit_by_size[place - 1]
        # No answer of `outlook` counts as changed: a job that waits after a pass, and has room, waits for the launch
        # rate, and of that the quota tells.
        self.changes.generation += 1

    def _draws(self, attempt: int) -> TaskDraws:
        """What belongs to jobs' attempts after so many others, whichever environment they start in."""
        while len(self._drawn) <= attempt:
            number = len(self._drawn) + 1
            self._drawn.append(
                TaskDraws(
                    self._context.draws("fargate-start", "", number),
                    self._context.draws("fargate-pull", "", number),
                    self._context.draws("fargate-interruption", "", number),
                )
            )
        return self._drawn[attempt]

    def start(self, job: int, request: ShapeId, now: float) -> bool:
        """Launch a task if the limit and the account allow; where only the launch rate does not, wait for it."""
        vcpus, quota = self._vcpus[request], self.quota
        if request in self.no_fit or vcpus > quota.vcpus_left:
            return False
        available_at = quota.take(vcpus, now)
        if available_at > now:
            self._wait_for_token(available_at)
            return False
        self._in_use += vcpus
        if self.max_vcpus - self._in_use < self._free_from:
            self._room_changed()
        draws = self._first_draws if job not in self._behind else self._draws(self._behind[job])
        pull_at = now + draws.start[job]
        pull_s = self._pull_s[self._group[job]]
        if pull_s:
            pull_s *= draws.pull[job]
        attempt = self._attempts.begin(job, self.index, -1, now, pull_at, pull_at + pull_s + self._container_start_s)
        if self._hazard > 0:
            warned_at = pull_at + draws.interruption[job] / self._hazard * HOUR
            stop_at = warned_at + min(self._attempts.stop_s(job), self._notice_s)
            self._interruptions[job] = self._agenda.at(stop_at, self._interrupted, attempt, essential=False)
        return True

    def _wait_for_token(self, available_at: float) -> None:
        if not self._token_set:
            self._token_set = True
            self._agenda.at(available_at, self._token_due)

    def follow_launch_rate(self, requests: Iterable[ShapeId], now: float) -> None:
        """Have a pass held when a task may be launched again, if only that keeps some of the waiting jobs from it."""
        available_at = self.quota.available_at(now)
        if available_at > now and any(self.outlook(request, now) == THROTTLED for request in requests):
            self._wait_for_token(available_at)

    def _token_due(self, _event: Event) -> None:
        self._token_set = False
        self.quota.changed()
        self._agenda.room_freed(self.index)

    def _interrupted(self, event: Event) -> None:
        attempt: Attempt = event.subject
        self.stop(attempt, event.at)
        self._lifecycle.interrupt(attempt, TASK_INTERRUPTED, KILLED, event.at)
        self._agenda.room_freed(self.index)

    def stop(self, attempt: Attempt, now: float) -> None:
        """Take back the vCPUs of an ended task."""
        vcpus = self._vcpus[self._request[attempt.job]]
        self._in_use -= vcpus
        if self._in_use < -ROUNDING:
            raise SimulationError(f"{self.name} runs {self._in_use} vCPUs", now)
        if self.max_vcpus - self._in_use >= self._free_below:
            self._room_changed()
        if self.quota.is_limited:
            self.quota.give(vcpus)
            for environment in self.quota.environments:
                self._agenda.room_freed(environment)
        elif self.quota.took_last_token:
            self.quota.changed()  # a token may have come back by now
        if attempt.job in self._interruptions:
            self._agenda.cancel(self._interruptions.pop(attempt.job))

    def has_room(self, request: ShapeId, now: float) -> bool:
        """Whether a task could be launched now."""
        return self.outlook(request, now) == THROTTLED and self.quota.available_at(now) <= now

    def outlook(self, request: ShapeId, now: float) -> int:  # noqa: ARG002
        """The launch rate, the limit, or the account's quota."""
        if request in self.no_fit:
            if self.can_hold[request]:
                return AT_LIMIT
            return BEYOND_LIMIT if self._suits[request] else NEVER
        return THROTTLED if self._vcpus[request] <= self.quota.vcpus_left else UNAVAILABLE

    @property
    def vcpus(self) -> float:
        """VCPUs of its tasks."""
        return self._in_use

    def places(self, request: ShapeId, now: float, limit: bool) -> float:  # noqa: ARG002
        """For how many jobs the limit and the account's quota are enough; the launch rate comes back by itself."""
        if not self._suits[request]:
            return 0.0
        left = self.quota.vcpus_left
        if limit:
            left = min(left, self.max_vcpus - self._in_use)
        return left if left == math.inf else max(int(left // self._vcpus[request]), 0)
