"""How attempts ended, and what of it is a job's own doing: run times, failures, exit codes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from batchsim.arrays import Floats
from batchsim.aws.histories.records import RecordedAttempt
from batchsim.experiments.calibrate.durations import MOST_VALUES, SAME, rounded
from batchsim.statistics.fitting import KS_1_PERCENT, kaplan_meier, strata
from batchsim.statistics.proportions import clopper_pearson

#: What AWS says of an attempt that an interruption ended, on EC2 and on Fargate.
HOST_TERMINATED, TASK_INTERRUPTED = "Host EC2", "Your Spot Task was interrupted"

#: What AWS says of one whose container ended by itself.
EXITED = "Essential container"

#: Exit codes of a container that is killed from outside: 128 + SIGKILL, 128 + SIGTERM.
_KILLED = (137, 143)

_MOST_EXIT_CODE = 255

#: So many run times stand for all where failures are held against them.
_RUNS = 1000

#: How far failures in the scenario may last from those recorded before it is told.
_TOLERANCE = 0.05


def outcome(attempt: RecordedAttempt) -> str:
    """How an attempt ended.

    ``succeeded``, ``failed`` and ``not started`` are its own doing; ``timed out``, ``interrupted``, ``stopped`` (by a
    user, or nothing says how) and ``running`` cut it off.
    """
    told = attempt.status_reason
    if attempt.succeeded:
        return "succeeded"
    if told.startswith((HOST_TERMINATED, TASK_INTERRUPTED)):
        return "interrupted"
    if math.isnan(attempt.started_at):
        return "not started"
    if math.isnan(attempt.stopped_at):
        return "running"
    if "exceeded timeout" in told.lower():
        return "timed out"
    return _exited(attempt)


def _exited(attempt: RecordedAttempt) -> str:
    """How an attempt ended that ran, and that neither AWS nor its timeout ended."""
    if attempt.exit_code == 0:
        return "succeeded"
    by_itself = not attempt.status_reason or attempt.status_reason.startswith(EXITED)
    if attempt.exit_code is None or (attempt.exit_code in _KILLED and not by_itself):
        return "stopped"
    return "failed"


@dataclass
class Attempts:
    """The attempts of one kind of job.

    Attributes
    ----------
    ended : counter
        How many by `outcome`.
    complete, censored, until_failure : list of float
        Seconds: of those that succeeded, of those cut off, of those that failed.
    codes, reasons : counter
        What those that failed exited with, and what was said of their containers.
    """

    ended: Counter[str] = field(default_factory=Counter)
    complete: list[float] = field(default_factory=list)
    censored: list[float] = field(default_factory=list)
    until_failure: list[float] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, attempts: Iterable[RecordedAttempt]) -> None:
        """Add attempts."""
        for attempt in attempts:
            how = outcome(attempt)
            self.ended[how] += 1
            if how == "succeeded" and not math.isnan(attempt.length_s):
                self.complete.append(attempt.length_s)
            elif how in ("failed", "not started"):
                self._add_failure(attempt, how)
            elif attempt.length_s > 0:
                self.censored.append(attempt.length_s)

    def _add_failure(self, attempt: RecordedAttempt, how: str) -> None:
        self.reasons[attempt.reason] += 1
        if how == "failed":
            self.codes[attempt.exit_code or 1] += 1
            self.until_failure.append(attempt.length_s)

    @property
    def own(self) -> int:
        """Attempts that ended by their own doing."""
        return sum(self.ended[how] for how in ("succeeded", "failed", "not started"))

    @property
    def failed(self) -> int:
        """Of these, those that failed."""
        return self.ended["failed"] + self.ended["not started"]


@dataclass(frozen=True)
class Failures:
    """What was learnt of how one kind of job fails.

    Attributes
    ----------
    probability : mapping
        Of an attempt, with its exact interval; None where none ended by itself.
    written : mapping
        A scenario's ``failure:``; None where none failed.
    why : str
        What it does not say.
    """

    probability: Mapping[str, Any] | None
    written: Mapping[str, Any] | None
    why: str


def failures(attempts: Attempts) -> Failures:
    """What the attempts of a kind say of its failures."""
    if not attempts.own:
        return Failures(None, None, "none ended by itself")
    probability = clopper_pearson(attempts.failed, attempts.own)
    if not attempts.failed:
        return Failures(probability, None, f"none of {attempts.own} failed: at most {probability['high']:.1%}")
    written: dict[str, Any] = {"probability": round(probability["mean"], 6)}
    left_out = []
    if attempts.ended["not started"] > attempts.ended["failed"]:
        written["toStart"] = True
        if attempts.ended["failed"]:
            left_out.append(f"{attempts.ended['failed']} that ran and failed are written as not started")
    else:
        members, left_out = _while_running(attempts)
        written |= members
    reason, often = max(attempts.reasons.items(), key=lambda item: (item[1], item[0]))
    if reason and often * 2 > attempts.failed:
        written["reason"] = reason[:_MOST_EXIT_CODE]
    return Failures(probability, written, "; ".join(left_out))


def _while_running(attempts: Attempts) -> tuple[dict[str, Any], list[str]]:
    """Exit code and time of failures after the start, as a scenario has them, and what those do not say."""
    code, often = max(attempts.codes.items(), key=lambda item: (item[1], -item[0]))
    written: dict[str, Any] = {"exitCode": code if 1 <= code <= _MOST_EXIT_CODE else 1}
    after, told = _after(attempts)
    if after is not None:
        written["after"] = after
    left_out = [told] if told else []
    if len(attempts.codes) > 1:
        left_out.append(f"exit code {code} stands for all, of which {attempts.failed - often} had others")
    if attempts.ended["not started"]:
        left_out.append(f"{attempts.ended['not started']} that never started are written as failed")
    return written, left_out


def _after(attempts: Attempts) -> tuple[Any, str]:
    """How long after its start an attempt fails, as a scenario has it, and what that does not say.

    A scenario's attempt fails ``after`` so long, or at the end of its run time if that comes first. What was recorded
    is therefore the lesser of both, and the share of ``after`` that is longer than t is the share of failures that took
    longer than t, over the share of run times that do. None where failures take as long as run times.
    """
    lengths, complete = np.sort(attempts.until_failure), attempts.complete
    if not complete:
        return None, ""
    whole = kaplan_meier(complete, attempts.censored)
    runs = strata(whole.values, whole.weights, min(_RUNS, len(complete)))
    if _distance(lengths, np.sort(complete)) * math.sqrt(_effective(lengths, complete)) <= KS_1_PERCENT:
        return None, "as far as it shows they take as long as run times do"
    longer = 1 - np.arange(1, len(lengths) + 1) / len(lengths)
    running = 1 - np.searchsorted(runs, lengths, "right") / len(runs)
    share = np.divide(longer, running, out=np.zeros(len(lengths)), where=running > 0)
    share = np.minimum.accumulate(np.minimum(share, 1.0))
    weights = np.concatenate(([1.0], share[:-1])) - share
    kept = weights > 0
    values = lengths[kept]
    simulated = float(np.sum(weights[kept] * np.minimum.outer(values, runs).mean(axis=1)))
    told = ""
    if abs(simulated / lengths.mean() - 1) > _TOLERANCE:
        told = f"they took {lengths.mean():.4g} s on the average, and take {simulated:.4g} s in the scenario"
    if values[-1] - values[0] <= SAME * values[-1]:
        return rounded(float(values.mean())), told
    made = strata(values, weights[kept], min(MOST_VALUES, len(values)))
    return {"empirical": {"values": [rounded(each) for each in made.tolist()]}}, told


def _effective(one: Sized, other: Sized) -> float:
    """What stands for the size of two samples in Kolmogorov's and Smirnov's test of both."""
    return len(one) * len(other) / (len(one) + len(other))


def _distance(one: Floats, other: Floats) -> float:
    """The largest difference between the distributions of two samples in order."""
    both = np.concatenate([one, other])
    shares = (np.searchsorted(each, both, "right") / len(each) for each in (one, other))
    return float(np.max(np.abs(np.subtract(*shares))))
