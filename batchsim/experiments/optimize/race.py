"""The race: which of the cheapest candidates keeps the objectives, shown on replications that the search did not see.

What is stated of the pick: *the mean of each objective's figure over replications is within its limit, with the stated
confidence*. It rests on four things:

- the replications begin after the one that the search chose by, so that a candidate that was only lucky there gains
  nothing by it;
- one-sided bounds by Student's t are looked at after 5, 10 and 20 replications only, each look with its share of the
  error (Bonferroni): looked at after every replication they are wrong three times as often as they say;
- each further candidate gets half of the error that is left, the first one half of it all: however many are raced, one
  of them is wrongly said to keep its objectives with at most the stated probability (Bonferroni with weights);
- a candidate is said to keep its objectives only when all are kept, so that several objectives need no further share
  (intersection-union test: Berger 1982).

Of two candidates what they cost is compared on the replications that both have run, and on no others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from batchsim.experiments.optimize.problem import EXPLORED, Observation, Problem
from batchsim.spec.objectives import Objective
from batchsim.statistics.intervals import mean_of, t_quantile, variance
from batchsim.statistics.stopping import LOOKS, bound_at_look

#: Candidates that race at a time, and how much dearer than the cheapest of them, on one replication, they may be.
WIDTH, NEAR = 3, 1.02
#: Margins that differ by less are the same.
SAME = 1e-6
#: What is cheaper by less than this share is not looked into further.
WORTH = 0.005


class Verdict(StrEnum):
    """What the race says of a candidate."""

    #: Every objective is kept, with the confidence that was asked for.
    KEPT = "kept"
    #: An objective is missed, with that confidence; or jobs did not get as far as it needs.
    MISSED = "missed"
    #: Neither was shown, and as it looks neither would be with more replications.
    UNCLEAR = "unclear"
    #: Not cheaper than another one that keeps the objectives.
    DEARER = "dearer"
    #: Still running.
    OPEN = "open"


@dataclass(eq=False)
class Racer:
    """A candidate in the race.

    Attributes
    ----------
    error : float
        How probable it may be that it is wrongly said to keep its objectives.
    results : list of Observation
        Of the replications after the one that was explored, in their order.
    verdict, objective
        What is known of it, and the objective that decides it where one does: its index.
    """

    candidate: int
    error: float
    results: list[Observation] = field(default_factory=list)
    verdict: Verdict = Verdict.OPEN
    objective: int | None = None

    @property
    def n(self) -> int:
        """How many replications it has run."""
        return len(self.results)

    def spent(self, n: int | None = None) -> list[float]:
        """What was spent in the first `n` of them."""
        return [each.spent for each in self.results[:n] if each.spent is not None]


class Race:
    """Races candidates, cheapest first, until the cheapest that keeps the objectives is known.

    Parameters
    ----------
    confidence : float
        Of what is stated.
    looks : sequence of int
        Numbers of replications.
    """

    def __init__(self, problem: Problem, confidence: float = 0.95, looks: Sequence[int] = LOOKS) -> None:
        self._problem = problem
        self._looks = tuple(looks)
        self._left = 1.0 - confidence
        self.racers: dict[int, Racer] = {}

    @property
    def pick(self) -> Racer | None:
        """The cheapest of those that keep the objectives, on the replications that all of them have run."""
        kept = [racer for racer in self.racers.values() if racer.verdict is Verdict.KEPT]
        n = min((racer.n for racer in kept), default=0)
        return min(kept, key=lambda racer: (math.fsum(racer.spent(n)), racer.candidate), default=None)

    @property
    def simulations(self) -> int:
        """How many the race has asked for."""
        return sum(racer.n for racer in self.racers.values())

    @property
    def started(self) -> int:
        """How many candidates have run in it."""
        return sum(bool(racer.n) for racer in self.racers.values())

    def run(self, order: Sequence[int], explored: Mapping[int, Observation], budget: int) -> None:
        """Race candidates in their order, until it is decided or so many more simulations have been asked for.

        Who was thought too near a limit to be shown to keep it goes on in the end, where it would be the cheapest.

        Parameters
        ----------
        order : sequence of int
            Candidates that may keep the objectives, cheapest first on the replication that was explored.
        """
        known = {_result(explored[candidate]) for candidate in self.racers}
        waiting = []
        for candidate in order:
            # The same to the last digit: what tells the two apart never came to bear.
            if candidate not in self.racers and _result(explored[candidate]) not in known:
                known.add(_result(explored[candidate]))
                waiting.append(candidate)
        end = self.simulations + budget
        while True:
            self._enter(waiting, explored)
            running = self._affordable(end - self.simulations) or self._resumed(end - self.simulations)
            if not running:
                return
            self._advance(running)
            for racer in running:
                self._judge(racer)
            self._compare()

    def _open(self) -> list[Racer]:
        return [racer for racer in self.racers.values() if racer.verdict is Verdict.OPEN]

    def _enter(self, waiting: list[int], explored: Mapping[int, Observation]) -> None:
        """Let in who may be the cheapest of those that are left."""
        while waiting and len(self._open()) < WIDTH:
            known = [*self._open(), *([self.pick] if self.pick else [])]
            cheapest = min((explored[each.candidate].spent or 0.0 for each in known), default=math.inf)
            if (explored[waiting[0]].spent or 0.0) > NEAR * cheapest:
                return
            candidate = waiting.pop(0)
            if self._is_no_better(candidate, explored):
                continue
            self._left /= 2
            self.racers[candidate] = Racer(candidate, self._left)

    def _is_no_better(self, candidate: int, explored: Mapping[int, Observation]) -> bool:
        """Whether some racer tells that a candidate is not worth racing, by the replication that was explored."""
        mine = explored[candidate]
        return any(self._tells_against(racer, mine, explored[racer.candidate]) for racer in self.racers.values())

    def _tells_against(self, racer: Racer, mine: Observation, other: Observation) -> bool:
        """Whether a racer has failed that was nearer to keeping what it failed, or costs the same and was no further.

        One that costs as much as one that keeps its objectives is no better either.
        """
        is_same = math.isclose(mine.spent or 0.0, other.spent or 0.0, rel_tol=1e-9)
        if racer.verdict is Verdict.KEPT:
            return is_same
        if racer.verdict not in (Verdict.MISSED, Verdict.UNCLEAR) or racer.objective is None:
            return False
        objective = self._problem.objectives[racer.objective]
        further = mine.figures[racer.objective].margin(objective) - other.figures[racer.objective].margin(objective)
        return further > SAME or (is_same and further >= -SAME)

    def _affordable(self, budget: int) -> list[Racer]:
        """Those of the open ones whose next look can be paid for, the first ones first."""
        running = []
        for racer in self._open():
            budget -= self._next(racer) - racer.n
            if budget < 0:
                break
            running.append(racer)
        return running

    def _resumed(self, budget: int) -> list[Racer]:
        """The cheapest of those that may yet be shown to keep the objectives, were their luck so far a bit bad."""
        objectives = self._problem.objectives
        for racer in self.racers.values():
            if racer.verdict is not Verdict.UNCLEAR or racer.n == self._looks[-1]:
                continue
            if self._next(racer) - racer.n > budget or not self._saves(racer):
                continue
            if all(
                self._may_be_shown(_values(racer, index), racer, each, 1.0) for index, each in enumerate(objectives)
            ):
                racer.verdict, racer.objective = Verdict.OPEN, None
                return [racer]
        return []

    def _saves(self, racer: Racer) -> bool:
        """Whether a racer is cheaper than the pick, on the replications that both have run."""
        pick = self.pick
        if pick is None:
            return True
        n = min(racer.n, pick.n)
        return math.fsum(racer.spent(n)) <= (1.0 - WORTH) * math.fsum(pick.spent(n))

    def _next(self, racer: Racer) -> int:
        return next(look for look in self._looks if look > racer.n)

    def _advance(self, running: Sequence[Racer]) -> None:
        pairs = [
            (racer.candidate, EXPLORED + replication)
            for racer in running
            for replication in range(racer.n + 1, self._next(racer) + 1)
        ]
        for (candidate, _), result in zip(pairs, self._problem.evaluate(pairs), strict=True):
            self.racers[candidate].results.append(result)

    def _judge(self, racer: Racer) -> None:
        racer.verdict, racer.objective = Verdict.KEPT, None
        for index, objective in enumerate(self._problem.objectives):
            values = _values(racer, index)
            if len(values) < racer.n or any(result.spent is None for result in racer.results):
                racer.verdict, racer.objective = Verdict.MISSED, index
                return
            best, worst = self._bounds(values, racer, objective)
            if not objective.holds(best):
                racer.verdict, racer.objective = Verdict.MISSED, index
                return
            if not objective.holds(worst):
                shown = self._may_be_shown(values, racer, objective)
                if not shown or racer.verdict is Verdict.KEPT:
                    racer.verdict = Verdict.OPEN if shown else Verdict.UNCLEAR
                    racer.objective = index

    def _bounds(self, values: Sequence[float], racer: Racer, objective: Objective) -> tuple[float, float]:
        """What the mean of a figure is at best and at worst, with the confidence that is the racer's."""
        low, high = (bound_at_look(values, self._looks, 1.0 - racer.error, side) for side in ("lower", "upper"))
        return (low, high) if objective.comparison.startswith("<") else (high, low)

    def _may_be_shown(self, values: Sequence[float], racer: Racer, objective: Objective, luck: float = 0.0) -> bool:
        """Whether the mean and the spread so far, at a later look, would show the objective kept.

        `luck`: by how many standard errors the mean so far may have been too bad.
        """
        sign = 1.0 if objective.comparison.startswith("<") else -1.0
        mean, deviation, n = mean_of(values), math.sqrt(variance(values)), len(values)
        share = 1.0 - racer.error / len(self._looks)
        mean -= sign * luck * deviation / math.sqrt(n)
        return any(
            objective.holds(mean + sign * t_quantile(share, look - 1) * deviation / math.sqrt(look))
            for look in self._looks
            if look > n
        )

    def _compare(self) -> None:
        """End those that are not cheaper than the pick, on the replications that both have run."""
        for racer in self._open() if self.pick else ():
            if racer.n and not self._saves(racer):
                racer.verdict = Verdict.DEARER


def _result(explored: Observation) -> tuple[float | None, ...]:
    return (explored.spent, *(figure.value for figure in explored.figures))


def _values(racer: Racer, index: int) -> list[float]:
    """An objective's figure in each replication that has it, of all its jobs."""
    figures = [result.figures[index] for result in racer.results]
    return [figure.value for figure in figures if figure.value is not None and not figure.missing]
