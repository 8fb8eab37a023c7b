"""Search and race in turns: what they find is what looking at everything would, and what a race teaches the search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.experiments.optimize.problem import Measured, Observation
from batchsim.experiments.optimize.race import Race, Racer, Verdict
from batchsim.experiments.optimize.search import Exploration
from batchsim.experiments.optimize.space import Axis, Space
from batchsim.experiments.optimize.strategy import budget_of, learn, solve
from batchsim.spec.objectives import parse_objective
from tests.unit.experiments.optimize.tables import LIMIT, OBJECTIVE, Drawn, Given

#: Costs that differ by a tenth at least, figures that are a fifth from the limit at least.
COSTS = st.lists(st.integers(1, 60), min_size=1, max_size=10, unique=True).map(
    lambda powers: [10 * 1.1**power for power in powers]
)
SHARES = st.sampled_from([0.3, 0.6, 0.8, 1.2, 1.5, 4.0])


def cheapest(costs: list[float], kept: list[bool]) -> int | None:
    """By looking at each."""
    return min((each for each in range(len(costs)) if kept[each]), key=costs.__getitem__, default=None)


@settings(deadline=None, max_examples=25)
@given(COSTS, st.data())
def test_of_a_few_candidates_the_pick_is_the_cheapest_of_those_that_keep_the_objective(costs, data):
    shares = data.draw(st.lists(SHARES, min_size=len(costs), max_size=len(costs)))
    # In no order: nothing is to be learnt of neighbours.
    problem = Drawn([LIMIT * share for share in shares], costs, 0.002, axes=(Axis(len(costs)),))
    found = solve(problem, seed=data.draw(st.integers(0, 99)), budget=80)
    assert (found.pick and found.pick.candidate) == cheapest(costs, [share < 1 for share in shares])
    assert found.simulations == len(problem.asked) == len(set(problem.asked))


@settings(deadline=None, max_examples=15)
@given(COSTS, st.data())
def test_of_several_objectives_each_has_to_be_kept(costs, data):
    several = st.lists(SHARES, min_size=len(costs), max_size=len(costs))
    waits, floors = data.draw(several), data.draw(several)
    rows = [[(cost, LIMIT * wait, 0.5 * floor)] for cost, wait, floor in zip(costs, waits, floors, strict=True)]
    problem = Given(rows, "p95(queue_time) <= 10m", "utilisation >= 50%", axes=(Axis(len(costs)),))
    found = solve(problem, seed=1, budget=80)
    kept = [wait < 1 < floor for wait, floor in zip(waits, floors, strict=True)]
    assert (found.pick and found.pick.candidate) == cheapest(costs, kept)


@pytest.mark.parametrize("seed", range(3))
def test_of_a_grid_of_two_kinds_of_room_what_is_left_out_is_nothing_that_would_be_picked(seed):
    """180 candidates, of which 45 are looked at: more room waits less and costs more, one kind more than the other."""
    first, second = np.meshgrid(np.arange(1, 16), np.arange(1, 13), indexing="ij")
    means = (LIMIT * 40 / (2 * first + 3 * second)).ravel()
    costs = (10 + 1.3 * first + 2.4 * second).ravel()
    axes = tuple(Axis(n, tuple(map(float, range(1, n + 1))), capacity=True) for n in (15, 12))
    problem = Drawn(means.tolist(), costs.tolist(), 0.005, seed, axes)
    found = solve(problem, seed=seed, budget=60)
    # To be shown, a mean has to be below the limit by some of its scatter.
    kept = means <= 0.99 * LIMIT
    assert found.pick is not None
    assert means[found.pick.candidate] <= LIMIT
    assert costs[found.pick.candidate] <= 1.02 * costs[kept].min()
    assert (means[found.exploration.pruned] > LIMIT).all()
    assert len(found.exploration.seen) < 60


@pytest.mark.parametrize("budget", [10, 11, 15, 25, 40])
def test_no_more_is_simulated_than_may_be_and_nothing_twice(budget):
    problem = Drawn([LIMIT * (1.3 - 0.02 * each) for each in range(40)], [10.0 + each for each in range(40)], 0.02)
    found = solve(problem, seed=2, budget=budget)
    assert found.simulations == len(problem.asked) == len(set(problem.asked)) <= budget
    assert found.simulations == len(found.exploration.seen) + found.race.simulations
    # The race has runs of its own: those of the first look at the least, however small the budget is.
    assert budget < 15 or found.race.simulations >= 5


def test_what_is_excluded_is_not_looked_at():
    problem = Drawn([LIMIT / 2] * 20, [10.0 + each for each in range(20)], 0.01)
    problem.space.allowed[:5] = False
    found = solve(problem, seed=0, budget=60)
    assert found.pick is not None
    assert found.pick.candidate == 5
    assert min(candidate for candidate, _ in problem.asked) == 5


def test_a_space_of_more_than_a_thousand_gets_twice_the_budget():
    assert [budget_of(Space.of((Axis(size),))) for size in (1, 1000, 1001)] == [60, 60, 120]


# What the search learns of a race


def at(margin: float) -> Measured:
    """A figure that is so far from the limit: the margin is log(1 + |log(value / limit)|), below 0 within it."""
    return Measured(LIMIT * math.exp(math.copysign(math.expm1(abs(margin)), margin)))


def after(*racers: tuple[float, list[float], Verdict]) -> tuple[Exploration, Race]:
    """Racers of one objective: the margin that was explored, those that were raced, and what was said of it."""
    problem = Drawn([1.0] * len(racers), [1.0] * len(racers), 0.0)
    found, race = Exploration(np.zeros(len(racers), bool), aims=(0.0,)), Race(problem)
    for candidate, (explored, raced, verdict) in enumerate(racers):
        found.seen[candidate] = Observation(10.0, (at(explored),))
        results = [Observation(10.0, (at(margin),)) for margin in raced]
        race.racers[candidate] = Racer(candidate, 0.025, results, verdict)
    return found, race


def test_the_search_aims_within_the_limit_by_what_replications_were_kinder_and_by_an_error():
    # On average at -0.02, the explored one at -0.05: it was kinder by 0.03. Deviation 0.01, of four 0.005.
    raced = [-0.03, -0.01, -0.02 - 0.015**0.5 / 100, -0.02 + 0.015**0.5 / 100]
    deviation = float(np.std(raced, ddof=1))
    assert np.mean(raced) == pytest.approx(-0.02)
    found, race = after((-0.05, raced, Verdict.UNCLEAR))
    learn(found, race, [OBJECTIVE])
    assert found.aims == pytest.approx((-0.03 - deviation / 2,))


def test_of_several_racers_the_one_in_the_middle_counts():
    # Kinder by 0.01, 0.02 and 0.10, of no scatter.
    racers = [(-0.02 - kinder, [-0.02] * 5, Verdict.KEPT) for kinder in (0.10, 0.01, 0.02)]
    found, race = after(*racers)
    learn(found, race, [OBJECTIVE])
    assert found.aims == pytest.approx((-0.02,))


def test_a_replication_that_was_harder_lets_the_search_aim_beyond_the_limit():
    found, race = after((0.04, [-0.01] * 5, Verdict.KEPT))
    learn(found, race, [OBJECTIVE])
    assert found.aims == pytest.approx((0.05,))


@pytest.mark.parametrize(("explored", "raced", "aim"), [(-0.5, 0.5, -0.15), (0.5, -0.5, 0.15)])
def test_the_aim_stays_near_the_limit(explored, raced, aim):
    found, race = after((explored, [raced] * 5, Verdict.MISSED))
    learn(found, race, [OBJECTIVE])
    assert found.aims == pytest.approx((aim,))


def test_who_was_not_shown_to_keep_them_is_refused_and_nobody_else():
    verdicts = [Verdict.MISSED, Verdict.UNCLEAR, Verdict.KEPT, Verdict.DEARER, Verdict.OPEN]
    found, race = after(*((-0.1, [-0.1] * 5, verdict) for verdict in verdicts))
    learn(found, race, [OBJECTIVE])
    assert found.refused == {0, 1}


def test_without_replications_of_a_race_nothing_is_learnt():
    found, race = after((-0.1, [], Verdict.OPEN))
    learn(found, race, [OBJECTIVE])
    assert found.aims == (0.0,)


def test_each_objective_has_an_aim_of_its_own():
    objectives = [OBJECTIVE, parse_objective("p95(turnaround) <= 10m")]
    found, race = after((-0.1, [], Verdict.OPEN))
    found.aims = (0.0, 0.0)
    found.seen[0] = Observation(10.0, (at(-0.05), at(-0.03)))
    race.racers[0].results = [Observation(10.0, (at(-0.01), at(-0.06)))] * 5
    learn(found, race, objectives)
    assert found.aims == pytest.approx((-0.04, 0.03))
