"""What the race states of a candidate, held against SciPy; who is let in, who goes on, and who is not worth it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from batchsim.experiments.optimize.race import Race, Verdict
from tests.unit.experiments.optimize.tables import LIMIT, Given

#: The first racer has half of the error of 5 %, which three looks share.
FIRST_SHARE = 0.05 / 2 / 3
#: Figures that are alike on both sides of their mean, in parts of it.
EVEN = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])


def raced(problem: Given, order: list[int], budget: int = 200, **more) -> Race:
    explored = {each: problem._one(each, 0) for each in order}
    race = Race(problem, **more)
    race.run(order, explored, budget)
    return race


def one_after_the_other(problem: Given) -> Race:
    """The first candidate alone, which is then known, and after it all others."""
    explored = {each: problem._one(each, 0) for each in range(len(problem.rows))}
    race = Race(problem, looks=(5,))
    race.run([0], explored, 5)
    assert race.racers[0].verdict is Verdict.MISSED
    race.run(list(explored), explored, 30)
    return race


def of(*figures: float, cost: float = 10.0) -> list[tuple[float, float]]:
    """A candidate's row: its first figure is that of the replication that was explored."""
    return [(cost, figure) for figure in figures]


def cox_high(values: np.ndarray, level: float) -> float:
    """Olsson (2005), by NumPy and SciPy."""
    logs = np.log(values)
    v, n = logs.var(ddof=1), len(logs)
    half = stats.t.ppf((1 + level) / 2, n - 1) * math.sqrt(v / n + v * v / (2 * (n - 1)))
    return float(np.exp(logs.mean() + v / 2 + half))


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_kept_is_stated_from_the_upper_bound_of_its_share_of_the_error_on(confidence):
    values = 500.0 * (1 + EVEN)
    tail = (1 - confidence) / 2 / 3
    student = values.mean() + stats.t.ppf(1 - tail, 4) * values.std(ddof=1) / math.sqrt(5)
    bound = max(student, cox_high(values, 1 - 2 * tail))
    for limit, verdict in ((bound * 1.0001, Verdict.KEPT), (bound * 0.9999, Verdict.OPEN)):
        problem = Given([of(500, *values)], f"p95(queue_time) <= {limit:.6f}s")
        race = raced(problem, [0], budget=5, confidence=confidence)
        assert race.racers[0].verdict is verdict
        assert (race.pick is not None) == (verdict is Verdict.KEPT)


def test_missed_is_stated_from_the_lower_bound_on():
    values = 500.0 * (1 + EVEN)
    bound = values.mean() - stats.t.ppf(1 - FIRST_SHARE, 4) * values.std(ddof=1) / math.sqrt(5)
    for limit, is_missed in ((bound * 0.9999, True), (bound * 1.0001, False)):
        race = raced(Given([of(500, *values)], f"p95(queue_time) <= {limit:.6f}s"), [0], budget=5)
        assert (race.racers[0].verdict is Verdict.MISSED) is is_missed


def test_a_floor_is_kept_from_its_lower_bound_on():
    values = 0.6 * (1 + EVEN)
    bound = values.mean() - stats.t.ppf(1 - FIRST_SHARE, 4) * values.std(ddof=1) / math.sqrt(5)
    for limit, is_kept in ((bound * 0.9999, True), (bound * 1.0001, False)):
        race = raced(Given([of(0.6, *values)], f"utilisation >= {limit:.8f}"), [0], budget=5)
        assert (race.racers[0].verdict is Verdict.KEPT) is is_kept


def test_the_second_has_half_of_what_the_first_has_so_that_it_must_show_more():
    """Both have the same figures, which the first one's share of the error is enough for, and the second one's not."""
    values = 500.0 * (1 + EVEN)
    bounds = [
        max(
            values.mean() + stats.t.ppf(1 - share, 4) * values.std(ddof=1) / math.sqrt(5),
            cox_high(values, 1 - 2 * share),
        )
        for share in (FIRST_SHARE, FIRST_SHARE / 2)
    ]
    limit = sum(bounds) / 2
    rows = [of(500, *values), of(501, *values, cost=10.1)]
    race = raced(Given(rows, f"p95(queue_time) <= {limit:.6f}s"), [0, 1], budget=10)
    assert race.racers[0].verdict is Verdict.KEPT
    assert race.racers[1].verdict is not Verdict.KEPT


def test_every_objective_has_to_be_shown_and_the_one_that_is_missed_decides():
    kept, missed, unclear = 300.0, 900.0, (480.0, 540.0, 600.0, 660.0, 720.0)
    rows = [[(10.0, kept, kept, 300.0)], [(10.1, kept, missed, 300.0)]]
    rows += [[(10.15, kept, kept, 601.0), *((10.15, kept, kept, each) for each in unclear)]]
    limits = [f"p95({metric}) <= 10m" for metric in ("queue_time", "turnaround", "finished_at")]
    race = raced(Given(rows, *limits), [1, 2, 0], budget=15)
    assert {each: racer.verdict for each, racer in race.racers.items()}[1] is Verdict.MISSED
    assert race.racers[1].objective == 1
    assert race.racers[2].objective == 2
    assert race.pick is race.racers[0]
    assert race.racers[0].objective is None


def test_an_objective_that_is_missed_outweighs_an_earlier_one_that_is_unclear():
    unclear = (480.0, 540.0, 600.0, 660.0, 720.0)
    problem = Given([[(10.0, 600.0, 900.0), *((10.0, each, 900.0) for each in unclear)]],
                    "p95(queue_time) <= 10m", "p95(turnaround) <= 10m")  # fmt: skip
    racer = raced(problem, [0]).racers[0]
    assert (racer.verdict, racer.objective, racer.n) == (Verdict.MISSED, 1, 5)


def test_where_a_later_look_would_show_it_it_runs_on_until_then():
    """Of ten values as scattered as five the bound is nearer; and of twenty, nearer still."""
    values = np.tile([-20.0, 20.0], 10)
    shown = {}
    for look in (10, 20):
        spread = values[:look].std(ddof=1)
        shown[look] = stats.t.ppf(1 - FIRST_SHARE, look - 1) * spread / math.sqrt(look)
    assert shown[10] > shown[20]
    far, near = LIMIT - 1.1 * shown[10], LIMIT - 1.1 * shown[20]
    for mean, look in ((far, 10), (near, 20)):
        racer = raced(Given([of(mean, *(mean + values))]), [0]).racers[0]
        assert (racer.verdict, racer.n) == (Verdict.KEPT, look)


def test_one_that_would_need_luck_goes_on_only_after_all_others_and_within_the_budget():
    values = LIMIT * (0.97 + 0.6 * EVEN)  # a mean so near that as it looks twenty would not show it
    deviation = values.std(ddof=1)
    assert values.mean() + stats.t.ppf(1 - FIRST_SHARE, 19) * deviation / math.sqrt(20) > LIMIT
    # One standard error less would be enough.
    assert values.mean() - deviation / math.sqrt(5) + stats.t.ppf(1 - FIRST_SHARE, 19) * deviation / 20**0.5 < LIMIT
    rows = [of(580, *values, 540.0), of(300, 300, cost=10.15)]
    race = raced(Given(rows), [0, 1], budget=14)
    assert (race.racers[0].verdict, race.racers[0].n) == (Verdict.UNCLEAR, 5)
    assert race.pick is race.racers[1]
    # The rest of the budget is enough: from the sixth on it is well within.
    race = raced(Given(rows), [0, 1], budget=30)
    assert race.racers[0].verdict is Verdict.KEPT
    assert race.racers[0].n > 5
    assert race.pick is race.racers[0]


@pytest.mark.parametrize(("cost", "resumed"), [(10.12, False), (10.0, True)], ids=["saves 0.3 %", "saves 1.5 %"])
def test_it_goes_on_only_where_it_saves_half_a_percent(cost, resumed):
    values = LIMIT * (0.97 + 0.6 * EVEN)
    rows = [of(580, *values, 540.0, cost=cost), of(300, 300, cost=10.15)]
    assert (raced(Given(rows), [0, 1]).racers[0].n > 5) is resumed


def test_whoever_is_known_to_the_last_digit_is_not_run_again():
    race = raced(Given([of(700), of(700), of(300, cost=11.0)]), [0, 1, 2])
    assert set(race.racers) == {0, 2}
    assert race.pick.candidate == 2


@pytest.mark.parametrize(
    ("second", "runs"),
    [
        (of(720, 300, cost=10.1), False),  # further from the limit than the one that missed it
        (of(660, 300, cost=10.1), True),  # nearer to it
        (of(700, 300, cost=10.1), True),  # as near, and another cost: something is another
    ],
    ids=["further", "nearer", "as near"],
)
def test_one_that_failed_tells_against_those_that_were_further_from_what_it_failed(second, runs):
    assert (1 in one_after_the_other(Given([of(700), second])).racers) is runs


def test_of_two_at_one_cost_the_one_that_is_no_nearer_is_not_tried():
    problem = Given([[(10.0, 700.0, 1.0)], [(10.0, 700.0, 2.0)], [(10.0, 650.0, 2.0), (10.0, 300.0, 2.0)]],
                    "p95(queue_time) <= 10m", "makespan <= 1h")  # fmt: skip
    assert set(one_after_the_other(problem).racers) == {0, 2}


def test_who_is_dearer_by_more_than_single_replications_scatter_waits_until_the_cheaper_are_known():
    """2 % is what one replication may err: within it both run at once, beyond it the second is not needed."""
    for cost, started in ((10.19, 2), (10.21, 1)):
        race = raced(Given([of(300), of(310, cost=cost)]), [0, 1])
        assert (race.started, race.pick.candidate) == (started, 0)


def test_no_more_than_three_run_at_a_time():
    problem = Given([of(700 + each, 700, cost=10 + each / 100) for each in range(5)])
    raced(problem, list(range(5)), budget=15)
    assert {candidate for candidate, _ in problem.asked} == {0, 1, 2}


def test_a_dearer_one_is_let_go_when_a_cheaper_one_is_shown():
    """On the replications that both ran it is not cheaper: what it would show is of no use."""
    open_ = LIMIT * (0.9 + 0.8 * EVEN)  # not shown by five, as it looks by twenty
    assert raced(Given([of(540, *open_)]), [0], budget=5).racers[0].verdict is Verdict.OPEN
    race = raced(Given([of(300, 300), of(540, *open_, cost=10.1)]), [0, 1])
    assert (race.racers[1].verdict, race.racers[1].n) == (Verdict.DEARER, 5)


def test_a_replication_that_failed_or_has_no_figure_is_no_replication_that_keeps():
    rows = [
        [(10.0, 300.0), (10.0, 300.0), (None, 300.0)],
        [(10.1, 300.0), (10.1, 300.0), (10.1, None)],
        of(300, cost=10.15),
    ]
    race = raced(Given(rows), [0, 1, 2])
    assert [race.racers[each].verdict for each in range(3)] == [Verdict.MISSED, Verdict.MISSED, Verdict.KEPT]
    assert race.pick.candidate == 2


def test_of_picks_that_cost_the_same_the_first_is_taken():
    race = raced(Given([of(310), of(300)]), [1, 0])
    assert {racer.verdict for racer in race.racers.values()} <= {Verdict.KEPT, Verdict.DEARER}
    both = raced(Given([[(10.0, 310.0), (10.0, 310.0)], [(10.001, 300.0), (10.0, 300.0)]]), [1, 0])
    assert both.pick.candidate == 0


def test_nothing_to_race_is_no_pick_and_costs_nothing():
    race = raced(Given([of(300)]), [])
    assert (race.pick, race.simulations, race.started) == (None, 0, 0)


def test_who_comes_next_is_held_against_the_cheapest_that_runs():
    """Of 10.00 and 10.15 that run, 10.25 is within 2 % of the dearer one alone."""
    race = raced(Given([of(300), of(301, cost=10.15), of(302, cost=10.25)]), [0, 1, 2], budget=15)
    assert set(race.racers) == {0, 1}


def test_without_a_pick_one_that_needs_luck_goes_on_and_after_the_last_look_none_does():
    values = LIMIT * (0.97 + 0.6 * EVEN)
    alone = Given([of(580, *values, 540.0)])
    assert raced(alone, [0]).racers[0].n > 5
    last = raced(alone, [0], looks=(5,))
    assert (last.racers[0].verdict, last.racers[0].n, last.pick) == (Verdict.UNCLEAR, 5, None)
