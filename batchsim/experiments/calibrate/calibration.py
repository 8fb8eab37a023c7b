"""What a history teaches: run times, failures, arrivals, delays and interruptions, each with why it is taken so."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from batchsim.arrays import Floats
from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import History
from batchsim.experiments.calibrate.arrivals import ArrivalsLearned, day_of, learn_arrivals
from batchsim.experiments.calibrate.attempts import Attempts, Failures, failures
from batchsim.experiments.calibrate.delays import DelayLearned, learn_delays
from batchsim.experiments.calibrate.durations import LearntDurations, learn, shapes
from batchsim.experiments.calibrate.fargate_images import learn_fargate_images
from batchsim.experiments.calibrate.images import learn_image_delays
from batchsim.experiments.calibrate.instances import MemoryLearned, learn_instance_delays, learn_memory, lives_of
from batchsim.experiments.calibrate.launched_types import TypesLearned, learn_types
from batchsim.experiments.calibrate.spot import SpotLearned, learn_spot
from batchsim.experiments.calibrate.workflows import JobKind, RecordedWorkflow, kinds_of, workflows_of
from batchsim.units import HOUR, format_count

#: Jobs of one workflow that were submitted further apart are told: a scenario submits them at once.
_AT_ONCE_S = 60.0

_LEFT_IN_DEFAULTS = ("consumable resources, quotas and capacity that ran out: the history does not name them",)


@dataclass(frozen=True)
class KindLearned:
    """What was learnt of one kind of job; ``runtime`` is None where none ran."""

    attempts: Attempts
    runtime: LearntDurations | None
    failures: Failures


@dataclass(frozen=True)
class WorkflowLearned:
    """What was learnt of one workflow."""

    name: str
    recorded: RecordedWorkflow
    arrivals: ArrivalsLearned


@dataclass(frozen=True)
class Calibration:
    """What was learnt of a history.

    Attributes
    ----------
    history : History
        Of what.
    start : datetime
        The midnight (UTC) before the first submission, second 0 of the scenario.
    kinds : mapping
        Run times and failures of each kind of job.
    workflows : tuple of WorkflowLearned
        What was submitted together, and when.
    delays, memory, types, spot
        Delays, the memory of instance types, which of them were launched, and interruptions.
    lost_dependencies : int
        Dependencies on jobs that the history does not have.
    """

    history: History
    start: datetime
    kinds: Mapping[JobKind, KindLearned]
    workflows: tuple[WorkflowLearned, ...]
    delays: tuple[DelayLearned, ...]
    memory: tuple[MemoryLearned, ...]
    types: tuple[TypesLearned, ...]
    spot: tuple[SpotLearned, ...]
    lost_dependencies: int

    @property
    def duration_s(self) -> float:
        """From the start to the end of the hour of the last submission."""
        last = max(workflow.recorded.submitted_at[-1] for workflow in self.workflows)
        return (math.floor((last - self.start.timestamp()) / HOUR) + 1) * HOUR

    @property
    def simulated(self) -> tuple[WorkflowLearned, ...]:
        """The workflows all of whose jobs have a run time."""
        return tuple(each for each in self.workflows if self._runs(each))

    def _runs(self, workflow: WorkflowLearned) -> bool:
        return all(self.kinds[part.kind].runtime is not None for part in workflow.recorded.parts)

    @property
    def not_learned(self) -> tuple[str, ...]:
        """What the history does not teach, and what of it is taken otherwise, in sentences."""
        told = []
        if self.lost_dependencies:
            told.append(f"{self.lost_dependencies:,} dependencies on jobs that the history does not have: left out")
        if undescribed := _undescribed(self.history):
            told.append(
                f"{undescribed:,} children of arrays are not described: `aws batch list-jobs --array-job-id ID`"
            )
        told += [
            f"workflow {each.name}: {reason}" for each in self.workflows if (reason := self._not_as_recorded(each))
        ]
        told += self._stopped()
        kept = [each.delay for each in self.delays if each.written is None and (each.key or not each.n)]
        if kept:
            told.append(f"{', '.join(kept)}: the defaults stay")
        return (*told, *_LEFT_IN_DEFAULTS)

    def _stopped(self) -> Iterator[str]:
        """By kind how many attempts have no end of their own."""
        for kind, learned in self.kinds.items():
            if stopped := learned.attempts.ended["stopped"]:
                those = "was stopped from outside, or nothing says how it ended"
                if stopped > 1:
                    those = "were stopped from outside, or nothing says how they ended"
                yield f"{format_count(stopped, 'attempt')} of {kind.name} {those}"

    def _not_as_recorded(self, workflow: WorkflowLearned) -> str:
        """In what the simulation of a workflow is not as it ran; empty where in nothing."""
        if not self._runs(workflow):
            return "a job of it never ran in the record, so it is not simulated"
        spread = workflow.recorded.spread_s
        return f"submitted within {spread:.0f} s, and simulated at once" if spread > _AT_ONCE_S else ""

    def _repr_html_(self) -> str:
        from batchsim.report.calibration import calibration_html

        return calibration_html(self.figures)

    @property
    def figures(self) -> dict[str, Any]:
        """What ``calibrate --json`` prints."""
        return {
            "history": _recorded(self.history),
            "learned": {
                "runtimes": [_runtime(kind, each) for kind, each in self.kinds.items()],
                "failures": [_failure(kind, each) for kind, each in self.kinds.items()],
                "arrivals": [_arrivals(each) for each in self.workflows],
                "delays": [_delay(each) for each in self.delays],
                "memory": [asdict(each) for each in self.memory],
                "instance_types": [asdict(each) for each in self.types],
                "interruptions": [_interruptions(each) for each in self.spot],
            },
            "not_learned": list(self.not_learned),
        }

    def to_json(self) -> str:
        """`figures` as JSON."""
        return json.dumps(self.figures, indent=2, ensure_ascii=False) + "\n"


def calibrate(
    history: History, configuration: AccountConfiguration | None = None, *, replay: bool = False
) -> Calibration:
    """Learn from a history.

    Parameters
    ----------
    history : History
        At least one job of it ran.
    configuration : AccountConfiguration, optional
        What it ran on: tells which queues are of Spot capacity.
    replay : bool
        Whether submissions are written as they were recorded, where they might come at random too.
    """
    kinds = kinds_of(history)
    attempts: dict[JobKind, Attempts] = {}
    for job in history.jobs:
        attempts.setdefault(kinds[job.job_id], Attempts()).add(job.attempts)
    ratios = shapes((each.complete, each.censored) for each in attempts.values())
    learned = {
        kind: KindLearned(
            each,
            _runtime_of(each, ratios),
            failures(each),
        )
        for kind, each in sorted(attempts.items(), key=lambda item: (item[0].definition, item[0].name))
    }
    workflows, lost = workflows_of(history, kinds)
    first, last = (when(job.created_at for job in history.jobs) for when in (min, max))
    start = day_of(first)
    names: dict[str, int] = {}
    lives = lives_of(history, configuration)
    return Calibration(
        history=history,
        start=start,
        kinds=learned,
        workflows=tuple(
            WorkflowLearned(
                numbered(each.parts[0].kind.name, names),
                each,
                learn_arrivals(each.submitted_at, start=start, first=first, last=last, replay=replay),
            )
            for each in workflows
        ),
        delays=(
            *learn_delays(history.jobs, events=history.events > 0),
            *learn_instance_delays(history, configuration),
            *learn_image_delays(history, configuration),
            *learn_fargate_images(history, configuration),
        ),
        memory=learn_memory(history),
        types=tuple(learn_types(history, configuration)),
        spot=tuple(learn_spot(history.jobs, configuration.environments if configuration else None, lives)),
        lost_dependencies=lost,
    )


def _undescribed(history: History) -> int:
    """Children that arrays have by their size, and that are not in the history."""
    there = Counter(job.array for job in history.jobs if job.array)
    return sum(max(job.size - there[job.job_id], 0) for job in history.jobs)


def _runtime_of(attempts: Attempts, ratios: Floats) -> LearntDurations | None:
    """The run time of a kind; of one that always failed the time until it did, None where nothing ran."""
    if not attempts.complete and attempts.until_failure:
        found = learn(attempts.until_failure, attempts.censored, ratios)
        return replace(found, why=f"all failed: the time until they did; {found.why}")
    return learn(attempts.complete, attempts.censored, ratios) if attempts.complete or attempts.censored else None


def numbered(name: str, taken: dict[str, int]) -> str:
    """A name of its own: the second that would be called ``x`` is ``x-2``."""
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else numbered(f"{name}-{taken[name]}", taken)


def _told(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _figure(value: float) -> float | None:
    """A figure as JSON has it: what is not known is null."""
    return round(value, 4) if math.isfinite(value) else None


def _recorded(history: History) -> dict[str, Any]:
    jobs = [job for job in history.jobs if not job.size]
    first, last = (when(job.created_at for job in history.jobs) for when in (min, max))
    return {
        "jobs": len(jobs),
        "attempts": sum(len(job.attempts) for job in jobs),
        "events": history.events,
        "from": _told(first),
        "to": _told(last),
        "days": round((last - first) / 86400, 2),
        "notes": dict(history.notes),
    }


def _runtime(kind: JobKind, learned: KindLearned) -> dict[str, Any]:
    found = learned.runtime
    told: dict[str, Any] = {"job_definition": kind.definition, "job_name": kind.name}
    if found is None:
        return {**told, "by": None, "n": 0, "censored": 0, "why": "none ran"}
    figures = {"mean_s": _figure(found.mean_s), "p50_s": _figure(found.p50_s), "p95_s": _figure(found.p95_s)}
    return {**told, "by": found.by, "n": found.n, "censored": found.censored, **figures, "why": found.why}


def _failure(kind: JobKind, learned: KindLearned) -> dict[str, Any]:
    found, attempts = learned.failures, learned.attempts
    return {
        "job_definition": kind.definition,
        "job_name": kind.name,
        "attempts": attempts.ended.total(),
        **{how.replace(" ", "_"): attempts.ended[how]
           for how in ("succeeded", "failed", "not started", "timed out", "interrupted", "stopped", "running")},
        "probability": dict(found.probability) if found.probability else None,
        "exit_codes": {str(code): count for code, count in sorted(attempts.codes.items())},
        "why": found.why,
    }  # fmt: skip


def _arrivals(learned: WorkflowLearned) -> dict[str, Any]:
    found = learned.arrivals
    return {
        "workflow": learned.name,
        "jobs": sum(max(part.size, 1) for part in learned.recorded.parts),
        "by": found.by,
        "n": found.n,
        "dispersion": _figure(found.dispersion),
        "why": found.why,
    }


def _delay(learned: DelayLearned) -> dict[str, Any]:
    return {
        "delay": learned.delay,
        "n": learned.n,
        "censored": learned.censored,
        "p50_s": _figure(learned.p50_s),
        "p95_s": _figure(learned.p95_s),
        "key": ".".join(learned.key) if learned.written is not None else None,
        "why": learned.why,
    }


def _interruptions(learned: SpotLearned) -> dict[str, Any]:
    rate = learned.per_hour
    return {
        "of": learned.of,
        "events": rate.events,
        "hours": _figure(rate.exposure),
        "per_hour": {"mean": rate.mean, "low": rate.low, "high": rate.high},
        "together": _figure(learned.together),
        "why": learned.why,
    }
