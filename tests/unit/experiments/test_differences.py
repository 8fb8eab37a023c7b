"""What is called different, and how often wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import batchsim as bs
from batchsim.experiments.differences import HELD_AGAINST_THE_FIRST, against_the_first
from batchsim.statistics.comparison import holm, paired_difference
from tests.builders import job, scenario, unmanaged, workflow

RANDOM = {"lognormal": {"median": 60, "p95": 300}}


def rows(*values):
    return [dict.fromkeys(HELD_AGAINST_THE_FIRST, value) for value in values]


def test_differences_are_worked_by_hand():
    # Differences 1, 2, 3: mean 2, deviation 1, t = 2 sqrt(3) = 3.4641 with two degrees: p = 0.0742.
    columns = against_the_first({"a": rows(1.0, 2.0, 3.0), "b": rows(2.0, 4.0, 6.0)})
    difference = columns["b"]["cost_usd_difference"]
    assert (difference["mean"], difference["n"]) == (2, 3)
    assert difference["high"] - 2 == pytest.approx(4.3027 / 3**0.5, rel=1e-4)
    # Four figures: the least of the p values counts four times.
    assert columns["b"]["cost_usd_p"] == pytest.approx(4 * 0.0742, abs=1e-3)
    assert columns["b"]["cost_usd_differs"] is False
    # Unpaired, the variances add up: 1 and 4, instead of 1.
    assert columns["b"]["cost_usd_width"] == pytest.approx(5**-0.5)
    assert columns["a"]["cost_usd_differs"] is columns["a"]["cost_usd_p"] is columns["a"]["cost_usd_width"] is None


def test_one_replication_tells_nothing_of_chance():
    columns = against_the_first({"a": rows(1.0), "b": rows(3.0)})
    assert (columns["b"]["cost_usd_difference"], columns["b"]["cost_usd_differs"]) == (2.0, None)


def test_what_is_unknown_in_one_is_no_difference():
    columns = against_the_first({"a": rows(1.0, None), "b": rows(3.0, 4.0)})
    assert columns["b"]["cost_usd_difference"] is columns["b"]["cost_usd_differs"] is None
    assert against_the_first({}) == {}


def test_a_difference_that_does_not_vary_is_one():
    assert paired_difference([1.0, 5.0], [2.0, 6.0]).p == 0.0


def test_holms_adjustment_is_that_of_the_paper():
    # Holm (1979): sorted, times 4, 3, 2, 1, never falling, 1 at most.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def queueing(**members):
    """Ten jobs on two servers."""
    return scenario(
        workflow(job("j", RANDOM, arrayProperties={"size": 10})), environments=[unmanaged(2)], variants={}, **members
    )


def test_compared_with_themselves_they_differ_by_exactly_zero():
    made = queueing()
    _, same = bs.compare(made, made.with_({}), replications=10).rows
    for figure in HELD_AGAINST_THE_FIRST:
        assert same[f"{figure}_difference"] == {"mean": 0, "low": 0, "high": 0, "n": 10}
        assert (same[f"{figure}_differs"], same[f"{figure}_p"]) == (False, 1.0)


def test_two_equal_variants_are_hardly_ever_called_different():
    # Equal but for their random numbers: of 500 runs five against five, 200 times, in every figure at once.
    figures = [
        {
            "queue_time_p95_s": summary["queue_time_s"]["p95"],
            "turnaround_p95_s": summary["turnaround_s"]["p95"],
            "makespan_s": summary["makespan_s"],
            "cost_usd": summary["queue_time_s"]["mean"],  # servers cost nothing
        }
        for summary in bs.run(queueing(), replications=500).summaries
    ]
    rng = np.random.default_rng(5)
    order = np.concatenate([rng.permutation(500) for _ in range(4)]).reshape(200, 2, 5).tolist()
    different = [
        against_the_first({"a": [figures[n] for n in one], "b": [figures[n] for n in two]})["b"] for one, two in order
    ]
    assert sum(any(each[f"{figure}_differs"] for figure in HELD_AGAINST_THE_FIRST) for each in different) <= 0.07 * 200


def figured(*several: tuple[float, ...]) -> list[dict[str, float]]:
    """Rows of replications, of which each figure is told."""
    return [dict(zip(HELD_AGAINST_THE_FIRST, values, strict=True)) for values in zip(*several, strict=True)]


def drawn_rows(rng, shift, n=8):
    common = rng.normal(size=n)
    return figured(*(tuple(100 + 10 * common + rng.normal(scale=3, size=n) + shift * k) for k in range(4)))


@pytest.mark.parametrize("seed", [0, 2])
def test_intervals_and_p_values_are_those_of_scipys_paired_test(seed):
    rng = np.random.default_rng(seed)
    variants = {name: drawn_rows(rng, shift) for name, shift in (("a", 0.0), ("b", 3.0), ("c", -2.0))}
    columns = against_the_first(variants)
    tests = {
        (name, figure): stats.ttest_rel([row[figure] for row in variants[name]], [row[figure] for row in variants["a"]])
        for name in ("b", "c")
        for figure in HELD_AGAINST_THE_FIRST
    }
    for (name, figure), test in tests.items():
        interval = test.confidence_interval(0.95)
        told = columns[name][f"{figure}_difference"]
        assert (told["low"], told["high"], told["n"]) == pytest.approx((interval.low, interval.high, 8))
    # Holm's procedure as he states it: step down until one is not below 0.05 over how many are left of the eight.
    rising = sorted(tests, key=lambda key: tests[key].pvalue)
    below = [tests[key].pvalue < 0.05 / (8 - number) for number, key in enumerate(rising)]
    shown = rising[: below.index(False)]
    assert {key for key in tests if columns[key[0]][f"{key[1]}_differs"]} == set(shown)
    name, figure = rising[0]
    assert columns[name][f"{figure}_p"] == pytest.approx(min(1.0, 8 * tests[rising[0]].pvalue))


def test_common_random_numbers_show_what_unpaired_runs_hide():
    rng = np.random.default_rng(1)
    common = 100 * rng.normal(size=10)
    first = tuple(1000 + common)
    second = tuple(1000 + common + 10 + rng.normal(size=10))
    columns = against_the_first({"a": figured(*[first] * 4), "b": figured(*[second] * 4)})["b"]
    assert columns["cost_usd_differs"] is True
    assert stats.ttest_ind(second, first).pvalue > 0.5
    assert columns["cost_usd_width"] < 0.05


def test_of_a_variant_that_was_interrupted_the_replications_that_both_have_are_held_against_each_other():
    columns = against_the_first({"a": rows(1.0, 2.0, 3.0, 400.0), "b": rows(2.0, 4.0, 6.0)})
    assert columns["b"]["cost_usd_difference"]["n"] == 3
    assert columns["b"]["cost_usd_difference"]["mean"] == 2


def test_what_one_figure_lacks_the_others_have():
    first, second = rows(1.0, 2.0, 3.0), rows(2.0, 4.0, 6.0)
    second[1]["makespan_s"] = None
    columns = against_the_first({"a": first, "b": second})["b"]
    assert (columns["makespan_s_difference"], columns["makespan_s_p"]) == (None, None)
    # Three are left: the least of the p values, 0.0742, counts three times.
    assert columns["cost_usd_p"] == pytest.approx(3 * 0.0742, abs=1e-3)


def test_the_order_of_variants_after_the_first_bears_on_nothing():
    rng = np.random.default_rng(4)
    variants = {name: drawn_rows(rng, shift) for name, shift in (("a", 0.0), ("b", 5.0), ("c", 0.5), ("d", -3.0))}
    turned = {name: variants[name] for name in ("a", "d", "c", "b")}
    assert against_the_first(turned) == against_the_first(variants)
