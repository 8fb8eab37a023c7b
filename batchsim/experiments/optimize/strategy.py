"""Search and race in turns, within a number of simulations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from batchsim.experiments.optimize.problem import Problem
from batchsim.experiments.optimize.race import Race, Racer, Verdict
from batchsim.experiments.optimize.search import PATIENCE, Exploration, Search
from batchsim.experiments.optimize.space import Space
from batchsim.spec.objectives import Objective
from batchsim.statistics.stopping import LOOKS

#: Simulations, unless told otherwise: of a small space, and of one of more candidates than the second figure.
BUDGET, SMALL, LARGE_BUDGET = 60, 1000, 120
#: A candidate that missed a limit by less than this on the replication that was explored may keep it in the mean.
REACH = 0.03
#: The race gets so many simulations of the budget at least, where there are so many; and a share of a small one.
RESERVE, SHARE = 20, 0.35
#: The margin that the search may be told to aim for is at most so far from the limit.
FARTHEST = 0.15


@dataclass(frozen=True, eq=False)
class Found:
    """What came of it.

    Attributes
    ----------
    pick : Racer or None
        The candidate that keeps the objectives, with the stated confidence.
    simulations : int
        How many were asked for.
    """

    exploration: Exploration
    race: Race
    pick: Racer | None
    simulations: int


def budget_of(space: Space) -> int:
    """How many simulations a space is worth, unless told otherwise."""
    return BUDGET if len(space) <= SMALL else LARGE_BUDGET


def solve(
    problem: Problem,
    *,
    seed: int,
    budget: int,
    confidence: float = 0.95,
    looks: Sequence[int] = LOOKS,
    written: int | None = None,
) -> Found:
    """The cheapest candidate that is shown to keep the objectives.

    Parameters
    ----------
    budget : int
        Simulations at most.
    """
    search, race = Search(problem, seed, written), Race(problem, confidence, looks)
    found = search.exploration
    reserve, patience = min(RESERVE, int(SHARE * budget)), PATIENCE
    while True:
        before = race.simulations
        search.run(budget - race.simulations - reserve, patience)
        left = budget - len(found.seen) - race.simulations
        race.run(search.kept(REACH), found.seen, left)
        if race.simulations == before:
            break
        learn(found, race, problem.objectives)
        reserve, patience = looks[0], 1
    return Found(found, race, race.pick, len(found.seen) + race.simulations)


def learn(found: Exploration, race: Race, objectives: Sequence[Objective]) -> None:
    """Aim the search by what the race has shown.

    The replication that the search looks at was kinder to all candidates than others are, or harder: by how much, the
    racers tell, who ran both. And a candidate must be so far from a limit that it can be shown to keep it.
    """
    found.refused.update(
        racer.candidate for racer in race.racers.values() if racer.verdict in (Verdict.MISSED, Verdict.UNCLEAR)
    )
    racers = [racer for racer in race.racers.values() if racer.n]
    if not racers:
        return
    aims = []
    for index, objective in enumerate(objectives):
        shifts, errors = [], []
        for racer in racers:
            margins = np.array([result.figures[index].margin(objective) for result in racer.results])
            shifts.append(float(margins.mean()) - found.seen[racer.candidate].figures[index].margin(objective))
            errors.append(float(margins.std(ddof=1)) / math.sqrt(len(margins)))
        aims.append(float(np.clip(-np.median(shifts) - np.median(errors), -FARTHEST, FARTHEST)))
    found.aims = tuple(aims)
