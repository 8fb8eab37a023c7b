"""How often intervals hold what they should, over 2,000 drawn samples; and how often what they show is false."""

from __future__ import annotations

import math

import numpy as np
import pytest

from batchsim.statistics.comparison import holm, paired_difference
from batchsim.statistics.intervals import confidence_interval, cox, prediction_interval, student
from batchsim.statistics.proportions import at_least, clopper_pearson
from batchsim.statistics.stopping import LOOKS, Precision, bound_at_look
from tests.unit.statistics.populations import DEVIATION, SAMPLES, drawn

SLOW = pytest.mark.slow


def chosen(values, level):
    interval = confidence_interval(values, level=level)
    return interval["low"], interval["high"]


def coverage(procedure, population, n):
    samples, mean = drawn(population, n)
    intervals = (procedure(values, 0.95) for values in samples)
    return sum(low <= mean <= high for low, high in intervals) / SAMPLES


@pytest.mark.parametrize(
    ("procedure", "population", "sizes"),
    [
        (student, "normal", (3, 5, 10, 20)),
        (student, "lognormal, cv 0.06", (3, 5, 10, 20)),
        (cox, "lognormal, cv 0.06", (3, 5, 10, 20)),
        (cox, "lognormal, cv 0.5", (5, 10, 20)),
        (cox, "lognormal, cv 1", (10, 20)),
        (chosen, "normal", (3, 5, 10, 20)),
        (chosen, "lognormal, cv 0.06", (3, 5, 10, 20)),
        (chosen, "lognormal, cv 0.3", (10, 20)),
        (chosen, "lognormal, cv 0.5", (20, 40)),
    ],
)
def test_intervals_hold_the_mean(procedure, population, sizes):
    for n in sizes:
        assert 0.93 <= coverage(procedure, population, n) <= 0.97, n


@pytest.mark.parametrize(("population", "sizes"), [("normal", (2, 3, 5, 10, 20)), ("lognormal, cv 0.3", (5, 10, 20))])
def test_prediction_intervals_hold_one_more(population, sizes):
    for n in sizes:
        samples, _ = drawn(population, n)
        following, _ = drawn(population, n + 1)
        held = 0
        for values, others in zip(samples, following, strict=True):
            low, high = prediction_interval(values, 0.9)
            held += low <= others[-1] <= high
        assert 0.87 <= held / SAMPLES <= 0.93, n


@SLOW
@pytest.mark.parametrize("n", [5, 10, 20, 40])
def test_where_they_hold_it_less_often_than_they_say(n):
    # Of the p95 of a queue that is nearly full, a twentieth is a tenth at worst: so the page on statistics says.
    assert 0.88 <= coverage(chosen, "M/M/1", n) <= 0.96
    # What is rare and far off is in no small sample; never worse than Student's for it.
    assert coverage(chosen, "two kinds of days", n) >= coverage(student, "two kinds of days", n) - 0.01


@pytest.mark.parametrize("population", ["normal", "lognormal, cv 0.06"])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_paired_differences_hold_the_true_one(population, n):
    # What both share varies, what stands between them is 5 with a scatter of its own.
    shared, mean = drawn(population, n)
    own, _ = drawn("normal", n, seed=3)
    held = 0
    for first, more in zip(shared, own, strict=True):
        second = [one + 0.05 * (each - 100) + 5 for one, each in zip(first, more, strict=True)]
        difference = paired_difference(first, second)
        held += difference.low <= 5 <= difference.high
    assert mean > 0
    assert 0.93 <= held / SAMPLES <= 0.97


def test_of_equal_variants_hardly_any_is_called_different():
    # Eight at once against one: the chance that any is wrongly called different is what is kept to 5 %.
    rng = np.random.default_rng(4)
    wrong = alone = 0
    for values in rng.lognormal(0, 0.06, (SAMPLES, 9, 10)).tolist():
        p = [paired_difference(values[0], other).p for other in values[1:]]
        wrong += min(holm(p)) < 0.05
        alone += min(p) < 0.05
    assert wrong / SAMPLES <= 0.05 + 3 * DEVIATION
    assert alone / SAMPLES > 0.15  # what Holm is there for


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("n", [5, 10, 20, 100])
def test_shares_are_held_at_least_as_often_as_said(share, n):
    # Exact: the binomial probability of those counts whose interval holds the share.
    p = [math.comb(n, held) * share**held * (1 - share) ** (n - held) for held in range(n + 1)]
    of_two_sides = [
        interval["low"] <= share <= interval["high"] for interval in (clopper_pearson(k, n) for k in range(n + 1))
    ]
    assert sum(each for each, holds in zip(p, of_two_sides, strict=True) if holds) >= 0.95
    assert sum(each for held, each in enumerate(p) if at_least(held, n) <= share) >= 0.95


def falsely_shown(population, looks, side="upper"):
    """How often a mean that is at the limit is shown to be within it, at any look."""
    samples, limit = drawn(population, max(looks))
    within = {"upper": lambda bound: bound < limit, "lower": lambda bound: bound > limit}[side]
    shown = sum(any(within(bound_at_look(values[:n], looks, side=side)) for n in looks) for values in samples)
    return shown / SAMPLES


@pytest.mark.parametrize("population", ["normal", "lognormal, cv 0.06"])
@pytest.mark.parametrize("side", ["upper", "lower"])
def test_planned_looks_show_hardly_anything_false(population, side):
    for looks in (LOOKS, (5, 10), (10,)):
        assert falsely_shown(population, looks, side) <= 0.05 + 3 * DEVIATION, looks


@SLOW
def test_where_looks_show_more_than_they_should():
    # As the page on statistics says: of what is skewed upwards, and of what is rare.
    assert falsely_shown("lognormal, cv 0.3", LOOKS) <= 0.08
    assert falsely_shown("lognormal, cv 0.5", LOOKS) <= 0.1
    assert 0.06 <= falsely_shown("M/M/1", LOOKS) <= 0.13
    assert falsely_shown("two kinds of days", LOOKS) > 0.2
    assert falsely_shown("two kinds of days", (20,)) <= 0.1
    # A lower bound of the same is on the safe side.
    assert falsely_shown("M/M/1", LOOKS, "lower") <= 0.05


def test_looks_that_were_not_planned_would():
    samples, limit = drawn("lognormal, cv 0.06", 12)
    shown = sum(any(bound_at_look(values[:n], [n]) < limit for n in range(4, 13)) for values in samples)
    assert shown / SAMPLES > 0.12


@SLOW
@pytest.mark.parametrize("population", ["normal", "lognormal, cv 0.06"])
def test_an_interval_that_was_stopped_at_for_its_width_holds_the_mean(population):
    rule = Precision(0.03)
    samples, mean = drawn(population, 120)
    held, sizes = 0, []
    for values in samples:
        n = next(n for n in range(rule.least, len(values)) if rule.reached(values[:n]))
        low, high = chosen(values[:n], 0.95)
        held += low <= mean <= high
        sizes.append(n)
    assert 0.93 <= held / SAMPLES <= 0.97
    assert 15 < np.mean(sizes) < 25  # of (1.96 * 0.06 / 0.03)^2 = 15.4, and a few for what is not known
