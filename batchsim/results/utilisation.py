"""Figures of compute environments: how much of them was used, how much there was at most, what was taken back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import SLICE, Floats, filled
from batchsim.recording import TASK_INTERRUPTED
from batchsim.results.limits import limit
from batchsim.results.outcome import Outcome
from batchsim.results.step_functions import integral, sample, steps
from batchsim.statistics.sums import added, added_by


@dataclass(frozen=True)
class Use:
    """What attempts held and what was there, in vCPU-seconds or MiB-seconds."""

    held: float = 0.0
    there: float = 0.0

    def __add__(self, other: Use) -> Use:
        return Use(self.held + other.held, self.there + other.there)

    @property
    def share(self) -> float | None:
        """Of what was there, how much was held; None of nothing."""
        return self.held / self.there if self.there > 0 else None


class Environments:
    """Figures of the compute environments of a run, by their place in the configuration."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._uses = {"vcpu": self._use("vcpus"), "memory": self._use("memory_mib")}
        self._peaks: dict[tuple[int, ...], float] = {}

    def utilisation(self, environments: Iterable[int]) -> dict[str, float | None]:
        """Held by attempts over what was there: registered instances, Fargate tasks, unmanaged processors in use."""
        chosen = list(environments)
        return {key: sum((uses[index] for index in chosen), Use()).share for key, uses in self._uses.items()}

    def _use(self, member: str) -> list[Use]:
        instances = self._outcome.recording.instances
        window = self._outcome.window
        there_s = window.clipped(instances.terminated_at) - window.clipped(instances.usable_from)
        uses = []
        for index, held in enumerate(self._held(member)):
            environment = self._outcome.configuration.environments[index]
            if environment.purchase_option == "UNMANAGED":
                known = member == "vcpus" and held > 0
                uses.append(Use(held, self._processors_s(index)) if known else Use())
            elif environment.fargate is not None:
                uses.append(Use(held, held))
            else:
                sizes = np.array([float(getattr(offering, member)) for offering in environment.offerings] or [0.0])
                on = instances.environment == index
                uses.append(Use(held, added(sizes[instances.offering[on]] * there_s[on])))
        return uses

    def _processors_s(self, index: int) -> float:
        """The seconds of an unmanaged environment's processors within the window.

        What runs when an update lowers their number runs on: until then it is there as well.
        """
        (at, level), window = limit(self._outcome, index), self._outcome.window
        length_s = window.length(self._outcome.recording.ended_at)
        if len(at) == 1:
            return float(level[0]) * length_s
        start, stop, vcpus = self._running(index)
        running = steps(start, stop, vcpus)
        moments = np.unique(np.concatenate([at, running[0]]))
        there = np.maximum(sample(at, level, moments), sample(*running, moments))
        area = integral(moments, there, np.array([window.since, window.since + length_s]))
        return float(area[1] - area[0])

    def _held(self, member: str) -> list[float]:
        """What attempts held in all, by environment."""
        workload, recording, attempts = (
            self._outcome.workload,
            self._outcome.recording,
            self._outcome.recording.attempts,
        )
        size = np.array([float(getattr(shape, member)) for shape in workload.shapes])
        sums: list[list[float]] = [[] for _ in self._outcome.configuration.environments]
        for first in range(0, len(attempts.job), SLICE):
            rows = slice(first, first + SLICE)
            stop, window = filled(attempts.stopped_at[rows], recording.ended_at), self._outcome.window
            held_s = window.clipped(stop) - window.clipped(attempts.starting_at[rows])
            held = size[workload.shape[attempts.job[rows]]] * held_s
            for known, more in zip(sums, added_by(attempts.environment[rows], held, len(sums)), strict=True):
                known += more
        return [math.fsum(each) for each in sums]

    def peak_vcpus(self, environments: Iterable[int]) -> float:
        """Most vCPUs that ran at once: of instances, Fargate tasks, and unmanaged processors in use."""
        spans = {index: self._running(index) for index in environments}
        which = tuple(index for index, (start, _, _) in spans.items() if len(start))
        if which not in self._peaks:
            columns = zip(*(spans[index] for index in which), strict=True)
            _, level = steps(*(np.concatenate(parts) for parts in columns)) if which else (None, np.zeros(0))
            self._peaks[which] = float(level.max(initial=0.0))
        return self._peaks[which]

    def _running(self, index: int) -> tuple[Floats, Floats, Floats]:
        """From when until when how many vCPUs ran."""
        outcome, environment = self._outcome, self._outcome.configuration.environments[index]
        recording, instances, attempts = outcome.recording, outcome.recording.instances, outcome.recording.attempts
        clipped = outcome.window.clipped
        if environment.offerings:
            on = instances.environment == index
            sizes = np.array([float(offering.vcpus) for offering in environment.offerings])
            start, stop = instances.paid_from[on], instances.terminated_at[on]
            return clipped(start), clipped(stop), sizes[instances.offering[on]]
        on = attempts.environment == index
        vcpus = np.array([shape.vcpus for shape in outcome.workload.shapes])
        stop = np.where(np.isnan(attempts.stopped_at[on]), recording.ended_at, attempts.stopped_at[on])
        return clipped(attempts.starting_at[on]), clipped(stop), vcpus[outcome.workload.shape[attempts.job[on]]]

    def interruptions(self) -> NDArray[np.int64]:
        """Instances and Fargate tasks that AWS took back, by environment, within the window."""
        recording, environments = self._outcome.recording, len(self._outcome.configuration.environments)
        texts = np.array([text == TASK_INTERRUPTED for text in recording.reasons])
        attempts, instances, holds = recording.attempts, recording.instances, self._outcome.window.holds
        tasks = attempts.environment[texts[attempts.reason] & holds(filled(attempts.stopped_at, recording.ended_at))]
        taken_back = instances.environment[instances.reclaimed & holds(instances.terminated_at)]
        return np.bincount(tasks, minlength=environments) + np.bincount(taken_back, minlength=environments)
