"""Advice that was tried: changes that a run gives reason for, run again on the same jobs, and only those that helped.

A change *helps* when it saves a twentieth or more of the bill or of the waiting, and what it costs otherwise is worth
it: where the bill falls by some share, jobs may come back later by half of it; where the waiting does, the bill and the
95th percentile of queue time may rise by half of it. It never helps when fewer jobs succeed or an objective is missed
that was met.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batchsim.errors import ScenarioError
from batchsim.experiments.changes import STAGES, Change, Evidence
from batchsim.experiments.changes.evidence import HARDLY_S, WORTH, Aim
from batchsim.experiments.result import Result
from batchsim.experiments.run import run_once
from batchsim.experiments.warm_up import with_that_of
from batchsim.results.advice import Advice, Figures, waiting_s
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary
from batchsim.spec.objectives import DISTRIBUTED, Objective

#: How much of a gain may be given back elsewhere.
GIVEN_BACK = 0.5
#: A trouble of which so much is gone is not looked into further.
MENDED = 0.5
#: Advice that a reader can weigh.
MOST_ADVICE = 3
#: Attempts that are simulated again unasked, a second or two; and what a trial takes besides, in attempts.
UNASKED = 50_000
BESIDES = 2_000


@dataclass(frozen=True)
class Trials:
    """What was tried.

    Attributes
    ----------
    advice : tuple of Advice
        What helped, in the order in which it should be looked at; three at most.
    tried, untried : int
        How many changes were run, and how many not, for they would have taken too long.
    """

    advice: tuple[Advice, ...]
    tried: int = 0
    untried: int = 0


def advise(result: Result) -> list[Advice]:
    """Changes to the scenario of a result that were run on the same jobs, and helped.

    Parameters
    ----------
    result : Result
        Of `batchsim.run`; of several replications the first is advised on.

    Returns
    -------
    list of Advice
        Three at most, in the order in which they should be looked at: what instances hold, what is kept idle, limits,
        other causes of waiting. Each stands alone: its figures are those of the scenario with that one change.

    Raises
    ------
    TypeError
        If it is given anything but a result of a run.
    """
    if not isinstance(result, Result):
        raise TypeError(f"expected a Result, not {type(result).__name__}: batchsim.run(scenario) gives one")
    return list(try_changes(result).advice)


def try_changes(result: Result, *, most_attempts: float = math.inf) -> Trials:
    """Try what a run gives reason to try, stage by stage, until its troubles are mended.

    Parameters
    ----------
    most_attempts : float
        How many attempts of jobs may be simulated, the first run's taken for each trial; it decides and not the clock,
        so that the same is tried on every machine.
    """
    evidence = Evidence(result.run)
    attempts = len(result.run.recording.attempts.job) + BESIDES
    troubles = _troubles(evidence)
    advice: list[Advice] = []
    tried = untried = 0
    seen: set[str] = set()
    for stage in STAGES:
        helped: dict[tuple[str, ...], tuple[float, Advice]] = {}
        for change in _new(stage(evidence), troubles, seen):
            if attempts * (tried + 1) > most_attempts:
                untried += 1
                continue
            tried += 1
            after = _with(result.run, change)
            worth = _worth(evidence.summary, after) if after is not None else 0.0
            paths = tuple(sorted(change.set))
            if after is not None and worth > helped.get(paths, (0.0, None))[0]:
                figures = Figures.of(evidence.summary), Figures.of(after)
                helped[paths] = worth, Advice(change.what, change.why, change.set, *figures)
        best = sorted(helped.values(), key=lambda each: -each[0])
        advice += [each for _, each in best]
        troubles -= _mended(evidence, [each for _, each in best])
    return Trials(tuple(advice[:MOST_ADVICE]), tried, untried)


def _new(changes: Iterable[Change], troubles: set[Aim], seen: set[str]) -> Iterator[Change]:
    """Those that may mend a trouble and were not seen before."""
    for change in changes:
        known = json.dumps(change.set, sort_keys=True)
        if troubles.intersection(change.aims) and known not in seen:
            seen.add(known)
            yield change


def _troubles(evidence: Evidence) -> set[Aim]:
    """What is worth mending."""
    summary = evidence.summary
    found: set[Aim] = set()
    if evidence.is_of_the_bill(evidence.cost_usd - summary["cost_usd"]["by_purpose"]["useful"]):
        found.add("bill")
    there_s = (summary["turnaround_s"]["mean"] or 0.0) * (summary["jobs"]["succeeded"] + summary["jobs"]["failed"])
    missed = any(objective["kept"] is False for objective in summary["objectives"])
    long = evidence.waiting_s >= WORTH * there_s and not _may_wait(evidence.run.scenario.objectives)
    if evidence.waiting_s >= HARDLY_S and (missed or long):
        found.add("waiting")
    return found


def _may_wait(objectives: Iterable[Objective]) -> bool:
    """Whether it is said how long jobs may take, and that nothing is to be paid beyond."""
    return any(each.goal == "minimise" and each.metric == "cost" for each in objectives) and any(
        each.goal == "keep" and each.metric in {*DISTRIBUTED, "makespan"} for each in objectives
    )


def _mended(evidence: Evidence, advice: list[Advice]) -> set[Aim]:
    wasted = evidence.cost_usd - evidence.summary["cost_usd"]["by_purpose"]["useful"]
    mended: set[Aim] = set()
    for each in advice:
        if each.before.cost_usd - each.after.cost_usd >= MENDED * wasted:
            mended.add("bill")
        if each.before.wait_s - each.after.wait_s >= MENDED * each.before.wait_s:
            mended.add("waiting")
    return mended


def _with(run: Run, change: Change) -> Summary | None:
    """The summary of the same jobs with a change; None of one that is no scenario."""
    try:
        changed = with_that_of(run.scenario.with_(change.set), run.scenario)
        return run_once(changed, run.seed, run.replication).summary
    except ScenarioError:
        return None


def _worth(before: Summary, after: Summary) -> float:
    """How much a change helps: the shares of the bill and of the waiting that it saves; 0 where it does not help."""
    if after["jobs"]["succeeded"] < before["jobs"]["succeeded"] or _misses(before, after):
        return 0.0
    saved = _share(before["cost_usd"]["total"], after["cost_usd"]["total"])
    sooner = _share(waiting_s(before), waiting_s(after)) if waiting_s(before) >= HARDLY_S else 0.0
    later = -_share(before["turnaround_s"]["mean"], after["turnaround_s"]["mean"])
    pays = saved >= WORTH and later <= GIVEN_BACK * saved
    worst = -_share(before["queue_time_s"]["p95"], after["queue_time_s"]["p95"])
    hastens = sooner >= WORTH and max(-saved, worst) <= GIVEN_BACK * sooner
    return max(saved, 0.0) + max(sooner, 0.0) if pays or hastens else 0.0


def _misses(before: Summary, after: Summary) -> bool:
    """Whether an objective that was met no longer is."""
    both = zip(before["objectives"], after["objectives"], strict=True)
    return any(first["kept"] is True and then["kept"] is not True for first, then in both)


def _share(before: float | None, after: float | None) -> float:
    """The share of a figure that is gone; below zero where it has grown."""
    if before is None or after is None or before == after:
        return 0.0
    return (before - after) / before if before > 0 else -math.inf
