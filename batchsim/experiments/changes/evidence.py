"""What a run shows of its fleet, from which changes are derived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from batchsim.results.advice import waiting_s
from batchsim.results.run import Run
from batchsim.scenario.batch.packing import Fit, fit
from batchsim.scenario.rules.context import Context
from batchsim.spec.configuration import ComputeEnvironment, JobQueue, Offering, Shape
from batchsim.units import HOUR

#: Less of the bill, or of the waiting, is not worth a word.
WORTH = 0.05
#: Less waiting in all is none: three job-minutes.
HARDLY_S = HOUR / 20

Aim = Literal["bill", "waiting"]


@dataclass(frozen=True)
class Change:
    """A change that may help.

    Attributes
    ----------
    what, why : str
        The change, and the evidence for it, in words.
    set : dict of str to value
        The change by dotted path.
    aims : tuple of {"bill", "waiting"}
        What it may mend.
    """

    what: str
    why: str
    set: Mapping[str, Any]
    aims: tuple[Aim, ...] = ("bill", "waiting")


@dataclass(frozen=True)
class Held:
    """Jobs of one definition and shape on instances of one type: for how long they held them, in job-seconds."""

    environment: str
    definition: str
    fit: Fit
    seconds: float

    @property
    def shape(self) -> Shape:
        """What each of them asked for."""
        return self.fit.shape

    @property
    def asked(self) -> Shape:
        """The same, whatever it was built for."""
        return replace(self.shape, architecture="")

    @property
    def usd(self) -> float:
        """What they would have cost on full instances, on demand."""
        return self.seconds / HOUR * self.fit.usd_per_job_hour

    def __str__(self) -> str:
        gpus = f", {self.shape.gpus} GPU" if self.shape.gpus else ""
        return f"{self.definition} ({self.shape.vcpus:g} vCPU, {self.shape.memory_mib:,} MiB{gpus}) {self.fit}"


class Evidence:
    """What one replication of a run shows."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.scenario = run.scenario
        self.summary = run.summary
        self.configuration = run.scenario.recorded_configuration
        self.waiting_s = waiting_s(self.summary)
        self.cost_usd = float(self.summary["cost_usd"]["total"])

    @cached_property
    def environments(self) -> dict[str, ComputeEnvironment]:
        """Compute environments that are enabled, by name."""
        return {each.name: each for each in self.configuration.environments if each.enabled}

    @cached_property
    def context(self) -> Context:
        """The scenario's document as AWS Batch objects."""
        return Context(self.scenario.document, self.configuration, self.scenario.catalog)

    def resources(self, name: str) -> dict[str, Any]:
        """An environment's ``computeResources``, as they were written."""
        return dict(self.context.environments[name][1].get("computeResources") or {})

    def behind(self, queues: Iterable[JobQueue]) -> list[ComputeEnvironment]:
        """Environments of queues that are enabled, each once, in the order in which they are tried."""
        names = dict.fromkeys(name for queue in queues for name in queue.environments)
        return [self.environments[name] for name in names if name in self.environments]

    def figures(self, name: str) -> dict[str, Any]:
        """The figures of a compute environment."""
        figures: dict[str, Any] = self.summary["compute_environments"][name]
        return figures

    def unused_usd(self, name: str) -> float:
        """What was paid for an environment's room that nothing used."""
        purposes = self.figures(name)["cost_usd"]["by_purpose"]
        return float(purposes["idle"] + purposes["stranded"])

    def is_of_the_bill(self, usd: float) -> bool:
        """Whether so much of the bill is worth a word."""
        return self.cost_usd > 0 and usd >= WORTH * self.cost_usd

    def is_of_the_waiting(self, seconds: float) -> bool:
        """Whether so much waiting is worth a word."""
        return self.waiting_s >= HARDLY_S and seconds >= WORTH * self.waiting_s

    def queues_that_waited(self, *causes: str) -> list[JobQueue]:
        """Queues whose jobs waited long enough for these causes, those of the longest waits first."""
        waits = {
            queue.name: sum(self.summary["job_queues"][queue.name]["wait_s"][cause] for cause in causes)
            for queue in self.configuration.queues
        }
        found = [queue for queue in self.configuration.queues if self.is_of_the_waiting(waits[queue.name])]
        return sorted(found, key=lambda queue: -waits[queue.name])

    @cached_property
    def held(self) -> list[Held]:
        """What ran where, on EC2 and SPOT; multi-node jobs, which have instances of their own, left out."""
        work, recording = self.run.workload, self.run.recording
        attempts = recording.attempts
        on = np.flatnonzero(attempts.instance >= 0)
        stop = np.where(np.isnan(attempts.stopped_at[on]), recording.ended_at, attempts.stopped_at[on])
        job = attempts.job[on]
        sizes = len(self.configuration.environments), self._most_types, len(work.groups), len(work.shapes)
        offering = recording.instances.offering[attempts.instance[on]]
        columns = attempts.environment[on], offering, work.group[job], work.shape[job]
        unique, place = np.unique(np.ravel_multi_index(columns, sizes), return_inverse=True)
        seconds = np.bincount(place, weights=stop - attempts.starting_at[on], minlength=len(unique))
        kinds = np.column_stack(np.unravel_index(unique, sizes)).tolist()
        found: dict[tuple[str, str, Offering, Shape], float] = {}
        for (environment, type_, group, shape), held_s in zip(kinds, seconds.tolist(), strict=True):
            spec = self.configuration.environments[environment]
            key = spec.name, work.groups[group].job_definition, spec.offerings[type_], work.shapes[shape]
            found[key] = found.get(key, 0.0) + held_s
        return [
            Held(environment, definition, fitted, held_s)
            for (environment, definition, type_, shape), held_s in found.items()
            if (fitted := fit(shape, type_)) is not None
        ]

    @property
    def _most_types(self) -> int:
        return max((len(each.offerings) for each in self.configuration.environments), default=0) or 1

    @cached_property
    def kinds(self) -> list[tuple[int, int, int]]:
        """Groups, names and shapes of jobs that there are together."""
        work = self.run.workload
        sizes = max(len(work.groups), 1), max(len(work.job_names), 1), max(len(work.shapes), 1)
        unique = np.unique(np.ravel_multi_index((work.group, work.job_name, work.shape), sizes))
        return [
            (group, name, shape) for group, name, shape in np.column_stack(np.unravel_index(unique, sizes)).tolist()
        ]

    def wanted(self, environment: ComputeEnvironment) -> Iterator[Shape]:
        """Every shape of job that came to a queue of an environment which can hold it, once."""
        queues = {queue.name for queue in self.configuration.queues if environment.name in queue.environments}
        work = self.run.workload
        shapes = {work.shapes[shape]: None for group, _, shape in self.kinds if work.groups[group].job_queue in queues}
        return (shape for shape in shapes if environment.can_hold(shape))
