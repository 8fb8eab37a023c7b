"""Every configuration of a search, simulated: what ``optimize`` is held against.

    python -m benchmarks.landscape etl --replications 24 --workers 2

A landscape is a table of what each candidate of a scenario's ``search:`` section spends, and of its objectives'
figures, in each of some replications. It is kept as numbers in ``benchmarks/landscapes/NAME.npz``. Runs are kept too,
in ``results/landscape-NAME``: the command goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import batchsim as bs
from batchsim.experiments.executors.local import LocalExecutor
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.optimize.configurations import Configurations
from batchsim.experiments.optimize.problem import Measured, Observation
from batchsim.experiments.optimize.space import Space
from batchsim.experiments.parameters import grid_of
from batchsim.experiments.runner import Runner
from batchsim.spec.objectives import Objective

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks" / "landscapes"
#: The problems, and their scenarios.
PROBLEMS = {
    "etl": ROOT / "scenarios" / "etl.yaml",
    "fargate": FOLDER / "fargate.yaml",
    "gpu": FOLDER / "gpu.yaml",
}
#: Replications that a table has unless told otherwise: the one that is explored, twenty of a race, and some to shuffle.
REPLICATIONS = 24


@dataclass(frozen=True, eq=False)
class Landscape:
    """A table of all candidates, as a problem that needs no simulation.

    Attributes
    ----------
    spent : ndarray of float, shape (replications, candidates)
        What is minimised; NaN where a run failed, and of candidates that a bound excludes.
    values, missing : ndarray of float, shape (replications, candidates, objectives)
        The figure of each objective to keep, NaN where it was not known; how many jobs did not get so far.
    order : ndarray of int, shape (replications,)
        Which replication of the table stands for each.
    """

    space: Space
    objectives: Sequence[Objective]
    spent: NDArray[np.float64]
    values: NDArray[np.float64]
    missing: NDArray[np.float64]
    order: NDArray[np.intp]

    @classmethod
    def read(cls, name: str) -> Landscape:
        """The table of a problem, its candidates and objectives as the scenario has them now."""
        problem = configurations(name)
        with np.load(FOLDER / f"{name}.npz") as table:
            spent, values, missing = (table[key].astype(float) for key in ("spent", "values", "missing"))
        if spent.shape[1] != len(problem.space) or values.shape[2] != len(problem.objectives):
            raise ValueError(f"{name}.npz is of another search: python -m benchmarks.landscape {name}")
        return cls(problem.space, problem.objectives, spent, values, missing, np.arange(len(spent)))

    def shuffled(self, seed: int) -> Landscape:
        """The same with the replications in another order."""
        order = np.random.default_rng([seed, 1]).permutation(len(self.spent))
        return Landscape(self.space, self.objectives, self.spent, self.values, self.missing, order)

    def evaluate(self, pairs: Iterable[tuple[int, int]]) -> list[Observation]:
        """See `Problem.evaluate`."""
        return [self._observed(candidate, int(self.order[replication])) for candidate, replication in pairs]

    def _observed(self, candidate: int, replication: int) -> Observation:
        spent = self.spent[replication, candidate]
        figures = zip(self.values[replication, candidate], self.missing[replication, candidate], strict=True)
        measured = tuple(
            Measured(None if np.isnan(value) else float(value), None, int(lost)) for value, lost in figures
        )
        return Observation(None if np.isnan(spent) else float(spent), measured)

    @property
    def keeps(self) -> NDArray[np.bool_]:
        """Which candidates keep every objective in the mean over all replications, with no job missing in any."""
        within = [
            [objective.holds(mean) for mean in self.values[:, :, index].mean(axis=0)]
            for index, objective in enumerate(self.objectives)
        ]
        return np.asarray(np.all(within, axis=0) & (self.missing.sum(axis=(0, 2)) == 0))

    @property
    def costs(self) -> NDArray[np.float64]:
        """What each candidate spends in the mean."""
        return np.asarray(self.spent.mean(axis=0))


def configurations(name: str, runner: Runner | None = None) -> Configurations:
    """The problem that a scenario's search is."""
    scenario = bs.load(PROBLEMS[name])
    return Configurations(scenario, grid_of(scenario, "search"), runner, scenario.seed)  # type: ignore[arg-type]


def tabulate(name: str, replications: int, workers: int, folder: Path) -> None:
    """Simulate every candidate of a problem and write its table."""
    with FinishedRuns(folder / "sweep.sqlite") as store, LocalExecutor(workers) as executor:
        problem = configurations(name, Runner(store, executor))
        objectives = len(problem.objectives)
        shape = (replications, len(problem.space))
        spent, values = np.full(shape, np.nan), np.full((*shape, objectives), np.nan)
        missing = np.zeros((*shape, objectives))
        for replication in range(replications):
            pairs = [(int(candidate), replication) for candidate in np.flatnonzero(problem.space.allowed)]
            for (candidate, _), each in zip(pairs, problem.evaluate(pairs), strict=True):
                spent[replication, candidate] = np.nan if each.spent is None else each.spent
                for index, figure in enumerate(each.figures):
                    known = figure.value is not None
                    values[replication, candidate, index] = figure.value if known else np.nan
                    missing[replication, candidate, index] = figure.missing
            print(f"{name}: replication {replication + 1} of {replications}", file=sys.stderr)
    table: dict[str, Any] = {"spent": spent, "values": values, "missing": missing}
    np.savez_compressed(FOLDER / f"{name}.npz", **{key: each.astype(np.float32) for key, each in table.items()})


def main() -> None:
    """Tabulate a problem."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.landscape", description=__doc__)
    parser.add_argument("problem", choices=sorted(PROBLEMS))
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    folder = ROOT / "results" / f"landscape-{arguments.problem}"
    tabulate(arguments.problem, arguments.replications, arguments.workers, folder)


if __name__ == "__main__":
    main()
