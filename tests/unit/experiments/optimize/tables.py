"""Problems that need no simulation: tables of figures, and normal ones drawn on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from batchsim.experiments.optimize.problem import Measured, Observation
from batchsim.experiments.optimize.space import Axis, Space
from batchsim.spec.objectives import parse_objective

LIMIT = 600.0
OBJECTIVE = parse_objective("p95(queue_time) <= 10m")


class Drawn:
    """Candidates whose figures are normal; what one replication does is common to all, and a little is their own.

    Parameters
    ----------
    means, costs : sequence of float
        Of the objective's figure and of the cost, by candidate.
    spread : float
        Of the figure, relative to its mean.
    """

    def __init__(self, means: Sequence[float], costs: Sequence[float], spread: float, seed: int = 0, axes=None):
        self.space = Space.of(axes or (Axis(len(means), tuple(map(float, range(len(means)))), capacity=True),))
        self.objectives = (OBJECTIVE,)
        self.means, self.costs, self.spread, self.seed = means, costs, spread, seed
        self.asked: list[tuple[int, int]] = []

    def evaluate(self, pairs: Iterable[tuple[int, int]]) -> list[Observation]:
        pairs = list(pairs)
        self.asked += pairs
        return [self._one(candidate, replication) for candidate, replication in pairs]

    def _one(self, candidate: int, replication: int) -> Observation:
        common = np.random.default_rng([self.seed, replication]).standard_normal(2)
        own = np.random.default_rng([self.seed, replication, candidate]).standard_normal(2)
        value = self.means[candidate] * (1 + self.spread * (0.6 * common[0] + 0.8 * own[0]))
        cost = self.costs[candidate] * (1 + 0.01 * common[1] + 0.002 * own[1])
        return Observation(cost, (Measured(float(value)),))


class Given:
    """Candidates whose observations are given, replication by replication.

    Parameters
    ----------
    rows : sequence
        By candidate what it spends and its objectives' figures, in replication 0, 1 and so on; the last one's are those
        of all that follow.
    objectives : sequence of str
        As a scenario has them.
    """

    def __init__(self, rows: Sequence[Sequence[Sequence[float]]], *objectives: str, axes=None):
        self.space = Space.of(axes or (Axis(len(rows), tuple(map(float, range(len(rows)))), capacity=True),))
        self.objectives = tuple(map(parse_objective, objectives)) or (OBJECTIVE,)
        self.rows = rows
        self.asked: list[tuple[int, int]] = []

    def evaluate(self, pairs: Iterable[tuple[int, int]]) -> list[Observation]:
        pairs = list(pairs)
        self.asked += pairs
        return [self._one(*pair) for pair in pairs]

    def _one(self, candidate: int, replication: int) -> Observation:
        row = self.rows[candidate]
        spent, *figures = row[min(replication, len(row) - 1)]
        return Observation(spent, tuple(map(Measured, figures)))
