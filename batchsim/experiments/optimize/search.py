"""The search: which candidates to simulate, on one replication that all of them share.

Common random numbers put configurations in order: what one replication did to one of them it did to all. So the search
looks at a single replication of many candidates, and leaves proofs to the race (`batchsim.experiments.optimize.race`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from batchsim.arrays import Floats
from batchsim.experiments.optimize.problem import EXPLORED, Observation, Problem
from batchsim.experiments.optimize.space import Ints, Mask, Space
from batchsim.spec.objectives import Objective
from batchsim.statistics.surrogate import (
    Features,
    GaussianProcess,
    Kernel,
    expected_improvement,
    fit,
    probability_within,
)

#: The least number of candidates that the search begins with; and how many there are for each kind, besides.
FIRST, BESIDES = 10, 4
#: The search ends when less than this share of the best figure is expected to be gained, for so many picks in a row.
WORTH, PATIENCE = 0.001, 5
#: Kernels are fitted anew after so many picks.
REFIT = 4
#: A candidate that misses a limit by this ratio speaks for all that have no more room than it.
SLACK = 1.25
#: What is waited for gets shorter with more room, but for anomalies (Graham 1966), which the slack allows for.
SHRINKING = {"queue_time", "turnaround", "finished_at", "makespan", "unfinished"}


@dataclass(eq=False)
class Exploration:
    """What the search saw.

    Attributes
    ----------
    seen : dict of int to Observation
        By candidate, in the order in which they were looked at.
    pruned : ndarray of bool, shape (n,)
        Candidates left out because one with no less room missed a limit by far: no proof.
    refused : set of int
        Candidates that the race could not show to keep the objectives.
    gain : float
        The share of the best figure that the best of the others was expected to gain, when the search ended.
    aims : tuple of float
        The margin that the search aims for, by objective: 0, until the race shows what the replication that the search
        looks at is worth.
    """

    pruned: Mask
    seen: dict[int, Observation] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    gain: float = math.inf
    aims: tuple[float, ...] = ()


class Search:
    """Looks at one candidate after the other, each chosen by all that were seen before.

    Parameters
    ----------
    seed : int
        Of the first candidates; the same seed chooses the same ones.
    written : int, optional
        The candidate that is the scenario as it was written, where it is one.
    """

    def __init__(self, problem: Problem, seed: int, written: int | None = None) -> None:
        self._problem = problem
        self._space = problem.space
        self._random = np.random.default_rng([seed, len(problem.space)])
        self._written = written
        self._processes: list[GaussianProcess] = []
        self._fitted = 0
        self.exploration = Exploration(np.zeros(len(problem.space), bool), aims=(0.0,) * len(problem.objectives))

    def run(self, budget: int, patience: int = PATIENCE) -> Exploration:
        """Look at candidates until little is to be gained, so many picks in a row, or so many have been looked at.

        In the end, the best one's neighbours are looked at, and those of a better one that is among them.
        """
        found = self.exploration
        if not found.seen:
            self._look(first_candidates(self._space, self._random, self._written)[:budget])
        idle = 0
        while len(found.seen) < budget:
            open_ = np.flatnonzero(self._open() if idle < patience else self._open() & self._beside_the_best())
            if not len(open_):
                break
            pick, found.gain = self._pick(open_)
            self._look([pick])
            idle = idle + 1 if found.gain < WORTH else 0
        return found

    def kept(self, reach: float = 0.0) -> list[int]:
        """Candidates within what is aimed for, or beyond it by `reach`, that no race refused; the cheapest first."""
        found = self.exploration
        within = [
            (each.logarithm, candidate)
            for candidate, each in found.seen.items()
            if each.spent is not None and candidate not in found.refused
            if all(m <= aim + reach for m, aim in zip(each.margins(self._problem.objectives), found.aims, strict=True))
        ]
        return [candidate for _, candidate in sorted(within)]

    def _open(self) -> Mask:
        open_ = self._space.allowed & ~self.exploration.pruned
        open_[list(self.exploration.seen)] = False
        return np.asarray(open_)

    def _beside_the_best(self) -> Mask:
        """Candidates that are one step of one axis of numbers from the best one: steps are where surrogates err."""
        kept = self.kept()
        return self._space.beside(kept[0]) if kept else np.zeros(len(self._space), bool)

    def _look(self, candidates: Iterable[int]) -> None:
        chosen = [int(candidate) for candidate in candidates]
        results = self._problem.evaluate([(candidate, EXPLORED) for candidate in chosen])
        for candidate, result in zip(chosen, results, strict=True):
            self.exploration.seen[candidate] = result
            if far_from(result, self._problem.objectives):
                self.exploration.pruned |= self._space.no_roomier(candidate)

    def _pick(self, open_: Ints) -> tuple[int, float]:
        """The most promising of some candidates, and the share of the best figure that it is expected to gain."""
        found = self.exploration
        spent, *margins = self._predicted(open_)
        within = np.ones(len(open_))
        for (mean, deviation), aim in zip(margins, found.aims, strict=True):
            within = within * probability_within(mean, deviation, aim)
        kept = [found.seen[candidate].logarithm for candidate in self.kept()]
        if kept:
            scores = expected_improvement(*spent, min(kept)) * within
        else:
            # Nothing keeps them yet: the most probable one, the cheaper one of two alike.
            scores = within * (1.0 + 1e-3 * (spent[0].max() - spent[0]))
        # Rounded, so that the last bits of another machine's arithmetic choose no other candidate.
        best = int(np.argmax(np.round(scores / max(float(scores.max()), 1e-300), 9)))
        return int(open_[best]), float(scores[best]) if kept else math.inf

    def _predicted(self, open_: Ints) -> list[tuple[Floats, Floats]]:
        """Mean and deviation of the logarithm of what is spent, and of each margin."""
        seen = {candidate: each for candidate, each in self.exploration.seen.items() if each.spent is not None}
        if not seen:
            nothing = np.zeros(len(open_)), np.ones(len(open_))
            return [nothing, *(nothing for _ in self._problem.objectives)]
        points = self._space.features[np.array(list(seen), np.intp)]
        rows = [[each.logarithm, *each.margins(self._problem.objectives)] for each in seen.values()]
        columns = np.array(rows).T
        if not self._processes or len(seen) >= self._fitted + REFIT:
            self._fit(points, columns)
            self._fitted = len(seen)
        else:
            self._processes = [
                GaussianProcess(points, column, each.kernel)
                for column, each in zip(columns, self._processes, strict=True)
            ]
        at = self._space.features[open_]
        return [each.predict(at) for each in self._processes]

    def _fit(self, points: Features, columns: Floats) -> None:
        """Fit kernels to what was seen, beginning at those that were fitted before."""
        before: list[Kernel | None] = [each.kernel for each in self._processes] or [None] * len(columns)
        self._processes = [fit(points, column, start) for column, start in zip(columns, before, strict=True)]


def far_from(result: Observation, objectives: Iterable[Objective]) -> bool:
    """Whether a limit that more room brings nearer is missed by more than the slack; a run that failed says nothing."""
    if result.spent is None:
        return False
    far = math.log1p(math.log(SLACK))
    return any(
        objective.metric in SHRINKING and objective.comparison.startswith("<") and figure.margin(objective) > far
        for figure, objective in zip(result.figures, objectives, strict=True)
    )


def first_candidates(space: Space, random: np.random.Generator, written: int | None = None) -> list[int]:
    """Candidates that fill a space: a Latin hypercube brought to the grid, every category covered.

    The scenario as it is written is among them, and the roomiest candidate, which says whether anything can keep the
    objectives.
    """
    allowed = np.flatnonzero(space.allowed)
    if not len(allowed):
        return []
    kinds = max((axis.size for axis in space.axes if axis.numbers is None), default=1)
    number = min(max(FIRST, kinds + BESIDES), len(allowed))
    chosen: dict[int, None] = {}
    if written is not None and space.allowed[written]:
        chosen[written] = None
    roomiest = space.roomiest()
    chosen[int(roomiest[random.integers(len(roomiest))])] = None
    for wanted in _hypercube(space, number, random):
        chosen[_nearest(space, allowed, chosen, wanted)] = None
        if len(chosen) >= number:
            break
    return list(chosen)


def _hypercube(space: Space, number: int, random: np.random.Generator) -> Iterator[list[float]]:
    """Points of a Latin hypercube: places from 0 to 1 on axes of numbers, categories on the others."""
    strata = np.stack([random.permutation(number) for _ in space.axes], axis=1)
    offset = random.random(strata.shape)
    for row in range(number):
        yield [
            (strata[row, column] + offset[row, column]) / number
            if axis.numbers is not None
            else strata[row, column] % axis.size
            for column, axis in enumerate(space.axes)
        ]


def _nearest(space: Space, allowed: Ints, chosen: dict[int, None], wanted: list[float]) -> int:
    """The free candidate of the wanted categories that is nearest to the wanted numbers."""
    distance = np.zeros(len(allowed))
    for column, axis in enumerate(space.axes):
        values = space.values[allowed, column]
        if axis.numbers is None:
            distance += 4.0 * (values != wanted[column])
        else:
            # Places on the axis and not its numbers: every value is as likely as another.
            distance += ((values + 0.5) / axis.size - wanted[column]) ** 2
    distance[np.isin(allowed, list(chosen))] = math.inf
    return int(allowed[np.argmin(np.round(distance, 9))])
