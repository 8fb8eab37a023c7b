"""Search and race on real landscapes, of which every configuration was simulated: is the best one found, and is what
is stated true?

The truth is the mean over all replications of a table. Each search sees the replications in an order of its own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from batchsim.experiments.executors.local import LocalExecutor
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.optimize.strategy import Found, solve
from batchsim.experiments.runner import Runner
from batchsim.statistics.stopping import LOOKS
from benchmarks.landscape import FOLDER, PROBLEMS, Landscape, configurations

TABULATED = [name for name in PROBLEMS if (FOLDER / f"{name}.npz").exists()]
#: Simulations of a search, in all.
BUDGET = 60


@cache
def landscape(name: str) -> Landscape:
    return Landscape.read(name)


def searched(table: Landscape, seed: int) -> Found:
    looks = [look for look in LOOKS if look < len(table.spent)]
    return solve(table.shuffled(seed), seed=seed, budget=BUDGET, looks=looks)


@pytest.mark.parametrize("name", TABULATED)
def test_the_best_configuration_is_found(name):
    table = landscape(name)
    best = table.costs[table.keeps].min()
    for seed in range(3):
        found = searched(table, seed)
        assert found.simulations <= BUDGET
        assert found.pick is not None
        assert table.costs[found.pick.candidate] <= 1.05 * best


@pytest.mark.slow
@pytest.mark.parametrize("name", TABULATED)
def test_forty_eight_of_fifty_searches_end_within_a_percent_of_the_best(name):
    table = landscape(name)
    best, good = table.costs[table.keeps].min(), 0
    for seed in range(50):
        found = searched(table, seed)
        assert found.simulations <= BUDGET
        pick = None if found.pick is None else found.pick.candidate
        good += pick is not None and bool(table.keeps[pick]) and table.costs[pick] <= 1.01 * best
    assert good >= 48


@pytest.mark.slow
@pytest.mark.parametrize("name", TABULATED)
def test_at_most_five_of_a_hundred_statements_are_false(name):
    """Limits are drawn anywhere between the figures of the best and of the worst candidates."""
    table = landscape(name)
    stated = false = 0
    for seed in range(200):
        drawn = relimited(table, seed)
        found = searched(drawn, seed)
        if found.pick is not None:
            stated += 1
            false += not drawn.keeps[found.pick.candidate]
    assert stated >= 100
    assert false <= 0.05 * stated


@pytest.mark.slow
@pytest.mark.parametrize("name", TABULATED)
def test_at_most_five_of_a_hundred_searches_are_tempted(name):
    """The limit is a hair below what a cheap configuration has in the mean, and perhaps all others: it misses it."""
    table = landscape(name)
    false = 0
    for seed in range(200):
        tight = tightened(table, seed)
        found = searched(tight, seed)
        false += found.pick is not None and not tight.keeps[found.pick.candidate]
    # 200 searches at 5 %: 10 expected at most, standard deviation 3.1.
    assert false <= 16


def relimited(table: Landscape, seed: int) -> Landscape:
    """The same with another limit of one of its objectives."""
    random = np.random.default_rng([seed, 3])
    index = int(random.integers(len(table.objectives) - 1))
    means = table.values[:, :, index].mean(axis=0)
    low, high = np.quantile(means[~np.isnan(means)], [0.02, 0.9])
    return limited(table, index, float(low + (high - low) * random.random()))


def tightened(table: Landscape, seed: int) -> Landscape:
    """The same with a limit that one of the cheaper configurations misses by less than anybody can see."""
    random = np.random.default_rng([seed, 2])
    keeping = np.flatnonzero(table.keeps)
    cheap = keeping[np.argsort(table.costs[keeping])][: max(len(keeping) // 4, 1)]
    index = int(random.integers(len(table.objectives) - 1))
    return limited(table, index, float(table.values.mean(axis=0)[int(random.choice(cheap)), index]) * (1.0 - 1e-6))


def limited(table: Landscape, index: int, limit: float) -> Landscape:
    """The same with another limit of an objective."""
    objectives = list(table.objectives)
    objectives[index] = replace(objectives[index], limit=limit)
    return replace(table, objectives=tuple(objectives))


@pytest.mark.parametrize("name", TABULATED)
def test_what_nothing_keeps_is_not_recommended(name):
    table = landscape(name)
    limit = float(np.nanmin(table.values[:, :, 0])) * 0.9
    hopeless = limited(table, 0, limit)
    for seed in range(3):
        found = searched(hopeless, seed)
        assert found.pick is None
        assert found.simulations <= BUDGET


@pytest.mark.slow
@pytest.mark.parametrize("name", TABULATED)
def test_the_table_is_of_this_engine(name, tmp_path):
    table = landscape(name)
    random = np.random.default_rng(1)
    candidates = random.choice(np.flatnonzero(table.space.allowed), 6)
    pairs = [(int(candidate), int(random.integers(len(table.spent)))) for candidate in candidates]
    with FinishedRuns(tmp_path / "sweep.sqlite") as store, LocalExecutor(1) as executor:
        runs = configurations(name, Runner(store, executor)).evaluate(pairs)
    for (candidate, replication), run in zip(pairs, runs, strict=True):
        assert run.spent == pytest.approx(table.spent[replication, candidate], rel=1e-6)
        for index, figure in enumerate(run.figures):
            if figure.value is not None:
                assert figure.value == pytest.approx(table.values[replication, candidate, index], rel=1e-6)
