"""A bill worked out second by second, to be compared with the one that is integrated.

It knows what EC2, EBS, Fargate and a Savings Plan charge for, and nothing of how the bill is made: of each second it is
asked whether it is paid, and what happened in it. All times are whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from batchsim.columns import PURPOSES
from batchsim.recording import Status
from batchsim.results.outcome import Outcome

HOUR = 3600
Seconds = NDArray[np.bool_]


@dataclass
class Ledger:
    """US dollars by purpose and environment in each second; `share` is what every attempt has of its instance."""

    outcome: Outcome
    share: float
    seconds: int
    paid: dict[str, np.ndarray] = field(init=False)
    eligible: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self._at = np.arange(self.seconds)
        environments = self.outcome.configuration.environments
        self.paid = {purpose: np.zeros((len(environments), self.seconds)) for purpose in PURPOSES}
        self.eligible = {purpose: np.zeros((len(environments), self.seconds)) for purpose in PURPOSES}
        for number in range(len(self.outcome.recording.instances.environment)):
            self._instance(number)
        for attempt, index in enumerate(self.outcome.recording.attempts.environment.tolist()):
            if environments[index].fargate is not None:
                self._task(attempt, index)

    def of(self, environment: int, start: int = 0, end: int | None = None) -> dict[str, float]:
        """What was paid between two seconds, by purpose."""
        return {purpose: float(paid[environment, start:end].sum()) for purpose, paid in self.paid.items()}

    def with_plan(self, usd_per_hour: float, discount: float) -> np.ndarray:
        """Take off what a plan covers, hour by hour; returned is what it commits in vain in each second of the run."""
        ended_at, unused = int(self.outcome.recording.ended_at), np.zeros(self.seconds)
        for first in range(0, self.seconds, HOUR):
            hour = slice(first, first + HOUR)
            used = sum(float(part[:, hour].sum()) for part in self.eligible.values())
            lasts = min(max(ended_at - first, 0), HOUR)
            committed = usd_per_hour * lasts / HOUR
            bought = min(used, committed / (1 - discount))
            for purpose in PURPOSES if used else ():
                self.paid[purpose][:, hour] -= self.eligible[purpose][:, hour] * discount * bought / used
            if lasts:
                unused[first : first + lasts] = (committed - bought * (1 - discount)) / lasts
        return unused

    def _add(self, environment: int, purpose: str, usd_per_hour: np.ndarray, *, eligible: bool) -> None:
        for column in (self.paid, self.eligible) if eligible else (self.paid,):
            column[purpose][environment] += usd_per_hour / HOUR

    def _between(self, start: float, stop: float) -> Seconds:
        within: Seconds = (self._at >= start) & (self._at < stop)
        return within

    def _doings(self, attempt: int) -> dict[str, Seconds]:
        """The seconds in which an attempt did what."""
        recording, attempts = self.outcome.recording, self.outcome.recording.attempts
        stop = np.nan_to_num(attempts.stopped_at[attempt], nan=recording.ended_at)
        started = np.nan_to_num(attempts.started_at[attempt], nan=stop)
        ran_for = "rework" if attempts.status[attempt] == Status.FAILED else "useful"
        starting = self._between(attempts.pull_at[attempt], started)
        return {"boot": starting, ran_for: self._between(started, stop)}

    def _instance(self, number: int) -> None:
        recording, instances = self.outcome.recording, self.outcome.recording.instances
        index, asked, gone = (
            int(column[number]) for column in (instances.environment, instances.requested_at, instances.terminated_at)
        )
        running = np.nan_to_num(instances.running_at[number], nan=gone)
        usable = np.nan_to_num(instances.registered_at[number], nan=gone)
        environment = self.outcome.configuration.environments[index]
        offering = environment.offerings[int(instances.offering[number])]
        price = np.full(self.seconds, offering.price_usd_per_hour)
        for since, usd_per_hour in offering.price_steps:
            price[self._at >= since] = usd_per_hour
        is_free = instances.reclaimed[number] and gone - running < HOUR
        ran = not np.isnan(instances.running_at[number]) and not is_free
        compute = price * self._between(running, max(gone, running + 60)) * ran
        beside = environment.root_volume_usd_per_hour * self._between(asked, max(gone, asked + 60))
        stranded = np.zeros(self.seconds, bool)
        for since, which, on in zip(
            recording.stranded.at, recording.stranded.environment, recording.stranded.stranded, strict=True
        ):
            stranded[self._at >= since] = on if which == index else stranded[self._at >= since]
        parts = {purpose: np.zeros(self.seconds) for purpose in PURPOSES}
        for attempt in np.flatnonzero(recording.attempts.instance == number).tolist():
            for purpose, doing in self._doings(attempt).items():
                parts[purpose] += self.share * doing
        left = self._between(usable, gone) * (1.0 - sum(parts.values()))
        parts["stranded"], parts["idle"] = left * stranded, left * ~stranded
        parts["boot"] += self._between(asked, min(usable, gone))
        parts["minimum"] = (self._at >= gone).astype(float)
        for purpose, part in parts.items():
            self._add(index, purpose, beside * part, eligible=False)
            self._add(index, purpose, compute * part, eligible=environment.launches_on_demand_instances)

    def _task(self, attempt: int, index: int) -> None:
        recording, shape = self.outcome.recording, self.outcome.workload.shapes[0]
        environment = self.outcome.configuration.environments[index]
        assert environment.fargate is not None
        prices = environment.fargate["X86_64"]
        usd = shape.vcpus * prices.usd_per_vcpu_hour + shape.memory_mib / 1024 * prices.usd_per_gb_hour
        begun = recording.attempts.pull_at[attempt]
        stop = np.nan_to_num(recording.attempts.stopped_at[attempt], nan=recording.ended_at)
        if not begun < stop:  # its pull never began
            return
        doings = {**self._doings(attempt), "minimum": self._between(stop, begun + 60)}
        for purpose, doing in doings.items():
            self._add(index, purpose, usd * doing, eligible=environment.purchase_option == "FARGATE")
