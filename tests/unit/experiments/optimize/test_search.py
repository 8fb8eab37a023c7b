"""The search: where it begins, what it leaves out, what it finds, and that it always finds the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.experiments.optimize.problem import Measured, Observation
from batchsim.experiments.optimize.search import Search, far_from, first_candidates
from batchsim.experiments.optimize.space import Axis, Space, scaled
from batchsim.experiments.optimize.strategy import solve
from batchsim.spec.objectives import parse_objective
from tests.unit.experiments.optimize.tables import LIMIT, Drawn

GRID = (
    Axis(12, tuple(float(16 * each) for each in range(1, 13)), capacity=True),
    Axis(5, (0.0, 8.0, 16.0, 32.0, 64.0), capacity=True),
    Axis(4),
)


def grid(spread: float = 0.01, seed: int = 0, limit_at: float = 150.0) -> Drawn:
    """Queue time falls with capacity of either kind; one is dear, kinds differ: the cheapest is on the limit's edge."""
    space = Space.of(GRID)
    first = np.array(GRID[0].numbers)[space.values[:, 0]]
    second = np.array(GRID[1].numbers)[space.values[:, 1]]
    kind = np.array([1.0, 1.15, 0.9, 1.3])[space.values[:, 2]]
    slow = np.array([1.0, 0.8, 1.4, 0.7])[space.values[:, 2]]
    means = LIMIT * 0.97 * limit_at * slow / (first + second)
    costs = kind * (10 + 0.05 * first + 0.15 * second + 5 * np.exp(-first / 60))
    return Drawn(means.tolist(), costs.tolist(), spread, seed, GRID)


def truth(problem: Drawn) -> tuple[np.ndarray, np.ndarray]:
    return np.array(problem.costs), np.array(problem.means) <= LIMIT


def test_numbers_that_reach_far_are_seen_by_their_logarithms():
    assert scaled([1, 10, 100]) == pytest.approx([0, 0.5, 1])
    assert scaled([2, 3, 4]) == pytest.approx([0, 0.5, 1])
    assert scaled([0, 1, 3]) == pytest.approx([0, 0.5, 1])  # log(v + 1)
    assert scaled([5]) == pytest.approx([0])


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 7)), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.floats(0.2, 1.0),
)
def test_the_first_candidates_are_allowed_different_and_cover_every_category(axes, seed, share):
    known = [Axis(n) if is_kind else Axis(n, tuple(map(float, range(n))), capacity=True) for is_kind, n in axes]
    space = Space.of(known)
    random = np.random.default_rng(seed)
    space.allowed[:] = random.random(len(space)) < share
    if not space.allowed.any():
        space.allowed[0] = True
    chosen = first_candidates(space, random)
    assert len(chosen) == len(set(chosen))
    assert space.allowed[chosen].all()
    if space.allowed.all() and len(space) >= 11:
        for column, axis in enumerate(known):
            if axis.numbers is None:
                assert set(space.values[chosen, column]) == set(range(axis.size))


def test_the_scenario_as_written_and_the_roomiest_candidate_are_looked_at():
    space = Space.of(GRID)
    chosen = first_candidates(space, np.random.default_rng(1), written=7)
    assert 7 in chosen
    assert any((space.values[each, :2] == [11, 4]).all() for each in chosen)


def test_no_roomier_is_what_has_no_more_of_any_capacity_and_is_else_the_same():
    space = Space.of((Axis(3, (1.0, 4.0, 2.0), capacity=True), Axis(2), Axis(2, (5.0, 6.0))))
    found = space.values[space.no_roomier(int(np.ravel_multi_index((2, 1, 0), (3, 2, 2))))]
    assert found.tolist() == [[0, 1, 0], [2, 1, 0]]


def test_candidates_below_one_that_misses_by_far_are_left_out():
    class Far(Drawn):
        def _one(self, candidate: int, replication: int) -> Observation:
            first = self.space.values[candidate, 0]
            return Observation(10.0 + first, (Measured(LIMIT * (1.3 if first < 6 else 0.9)),))

    problem = Far([1.0] * 240, [1.0] * 240, 0.0, axes=GRID)
    found = Search(problem, 0).run(40)
    assert found.pruned.any()
    assert (problem.space.values[found.pruned, 0] < 6).all()


def test_one_that_hardly_misses_leaves_out_nothing():
    problem = Drawn([LIMIT * 1.2] * 12, [1.0 + each for each in range(12)], 0.0)
    assert not Search(problem, 0).run(12).pruned.any()


def test_the_same_seed_asks_for_the_same_and_another_for_other_candidates():
    asked = []
    for seed in (3, 3, 4):
        problem = grid()
        solve(problem, seed=seed, budget=60)
        asked.append(problem.asked)
    assert asked[0] == asked[1] != asked[2]


@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_a_grid_is_found_within_the_budget(seed):
    problem = grid(seed=seed)
    found = solve(problem, seed=seed, budget=60)
    costs, keeps = truth(problem)
    assert found.pick is not None
    assert keeps[found.pick.candidate]
    assert costs[found.pick.candidate] <= 1.03 * costs[keeps].min()
    assert found.simulations == len(set(problem.asked)) == len(problem.asked) <= 60


@pytest.mark.slow
def test_the_best_of_a_grid_is_found_in_forty_eight_of_fifty_searches():
    good = 0
    for seed in range(50):
        problem = grid(seed=seed)
        found = solve(problem, seed=seed, budget=60)
        costs, keeps = truth(problem)
        good += (
            found.pick is not None
            and keeps[found.pick.candidate]
            and (costs[found.pick.candidate] <= 1.01 * costs[keeps].min())
        )
    assert good >= 48


def test_what_nothing_keeps_ends_without_a_pick():
    problem = Drawn([LIMIT * 2] * 20, [1.0] * 20, 0.01)
    found = solve(problem, seed=0, budget=30)
    assert found.pick is None
    assert found.simulations <= 30


def test_a_grid_that_is_smaller_than_the_first_look_is_looked_at_whole():
    problem = Drawn([LIMIT * 2, LIMIT / 2], [1.0, 2.0], 0.01)
    found = solve(problem, seed=0, budget=30)
    assert set(found.exploration.seen) == {0, 1}
    assert found.pick.candidate == 1


def test_runs_that_fail_are_no_candidates():
    class Failing(Drawn):
        def _one(self, candidate: int, replication: int) -> Observation:
            if candidate % 2:
                return Observation(None, (Measured(None, None, 1),))
            return super()._one(candidate, replication)

    found = solve(Failing([LIMIT / 2] * 20, [1.0 + each for each in range(20)], 0.01), seed=0, budget=40)
    assert found.pick.candidate == 0
    assert not found.exploration.pruned.any()


@pytest.mark.parametrize("patience", [1, 3, 5])
def test_the_search_ends_after_so_many_picks_in_a_row_that_gain_nothing_and_the_neighbours(patience):
    class Same(Drawn):
        def _one(self, candidate: int, replication: int) -> Observation:
            return Observation(10.0, (Measured(LIMIT / 2),))

    problem = Same([1.0] * 40, [1.0] * 40, 0.0)
    search = Search(problem, 0)
    seen = list(search.run(60, patience).seen)
    # Ten to begin with, then the picks; of equal ones the first is the best, and it has two neighbours.
    best = min(seen)
    beside = {best - 1, best + 1} & set(range(40))
    assert beside <= set(seen)
    assert 10 + patience <= len(seen) <= 10 + patience + 2


def test_a_pick_that_gains_begins_the_count_anew():
    """Each candidate is half as dear as the one before: the search goes down to the last."""
    problem = Drawn([LIMIT / 2] * 40, [2.0**-each * 1e12 for each in range(40)], 0.0)
    found = Search(problem, 0).run(60, patience=1)
    assert 39 in found.seen


def test_kept_are_those_within_what_is_aimed_for_the_cheapest_first():
    def of(cost: float | None, margin: float) -> Observation:
        share = np.exp(np.copysign(np.expm1(abs(margin)), margin))
        return Observation(cost, (Measured(LIMIT * float(share)),))

    search = Search(Drawn([1.0] * 7, [1.0] * 7, 0.0), 0)
    search.exploration.aims = (-0.05,)
    observed = [of(9.0, -0.051), of(8.0, -0.049), of(7.0, -0.021), of(6.0, -0.019), of(5.0, -0.2), of(4.0, -0.3)]
    search.exploration.seen = dict(enumerate([*observed, of(None, -0.3)]))
    search.exploration.refused = {5}
    assert search.kept() == [4, 0]
    # The race looks at those that are beyond it by so little too.
    assert search.kept(0.03) == [4, 2, 1, 0]


def test_far_from_a_limit_is_what_misses_it_by_more_than_a_quarter():
    wait, floor, bill = (
        parse_objective(text) for text in ("p95(queue_time) <= 10m", "utilisation >= 50%", "cost <= 9")
    )
    assert [far_from(Observation(1.0, (Measured(value),)), [wait]) for value in (749.9, 750.1)] == [False, True]
    # More room brings neither of these nearer.
    assert not far_from(Observation(1.0, (Measured(0.01), Measured(900.0))), [floor, bill])
    # What never started in the replication that was explored is half beyond the limit at the least.
    assert far_from(Observation(1.0, (Measured(None, 10.0),)), [wait])
    assert not far_from(Observation(None, (Measured(9000.0),)), [wait])
