"""Figures as text: plain ones, and those of replications."""

from __future__ import annotations

import pytest

from batchsim.report import formatting
from batchsim.units import format_usd

HOUR, DAY = 3600, 86400


def interval(mean, half):
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": 5}


@pytest.mark.parametrize(
    ("figure", "said"),
    [(0, "0"), (1, "1"), (1234, "1,234"), (0.4, "0.4"), (9.96, "10.0"), (12.6, "13"), (interval(2.5, 1), "2.5")],
)
def test_counts(figure, said):
    assert formatting.count(figure) == said


@pytest.mark.parametrize(
    ("figure", "said"),
    [(1, "1 job"), (0, "0 jobs"), (2, "2 jobs"), (1.0, "1 job"), (1.2, "1.2 jobs"), (interval(1, 0), "1 job")],
)
def test_nouns_follow_their_count(figure, said):
    assert formatting.many(figure, "job") == said


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (12.5, "$12.50"),
        (interval(12.5, 1.25), "$12.50 ± $1.25"),
        ({"mean": 12.5, "low": None, "high": None, "n": 1}, "$12.50"),
    ],
)
def test_money_has_its_interval(figure, said):
    assert formatting.usd(figure) == said


def test_half_an_interval_may_be_said_otherwise():
    assert formatting.within(interval(-3.0, 1.0), lambda value: f"less {abs(value):g}", format_usd) == "less 3 ± $1.00"


@pytest.mark.parametrize(
    ("figure", "said"), [(None, "–"), (0.004, "0 %"), (0.755, "76 %"), (interval(0.5, 0.1), "50 %")]
)
def test_shares_are_percent(figure, said):
    assert formatting.share(figure) == said


def test_a_statistic_that_is_not_known_is_over_its_bound():
    figures = {"p50": 60.0, "p95": None, "max": None, "at_least": {"p95": 90.0}}
    assert [formatting.statistic(figures, name) for name in ("p50", "p95", "max")] == ["1 min", "over 1 min 30 s", "–"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (DAY, "1 day"),
        (92 * DAY, "92 days"),
        (92 * DAY + 20 * 60, "92 days"),
        (2 * DAY + 4 * HOUR, "2 d 04 h"),
        (HOUR, "1 h 00 min"),
        (20 * 60, "20 min"),
    ],
)
def test_days_to_the_hour_are_said_as_days(seconds, said):
    assert formatting.span(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(HOUR / 2, "0.5"), (9.94 * HOUR, "9.9"), (1234 * HOUR, "1,234")])
def test_job_hours(seconds, said):
    assert formatting.job_hours(seconds) == said


def test_what_was_not_done_is_named_where_there_is_any():
    assert formatting.undone({"failed": 0, "unfinished": 0}) == []
    assert formatting.undone({"failed": 3, "unfinished": interval(0.5, 0.1)}) == ["3 failed", "0.5 unfinished"]


def test_the_longest_word_says_how_wide_a_column_is_that_breaks_none():
    assert formatting.longest_word(["[m6i.xlarge, m6a.large]", "maxvCpus"]) == len("[m6i.xlarge,")
    assert formatting.longest_word(["x" * 60, ""]) == formatting.WIDEST_WORD
    assert formatting.longest_word([]) == 1


def test_a_row_of_markdown_keeps_its_cells_apart():
    assert formatting.markdown_row(["a", "b | c", ""]) == "| a | b \\| c |  |"
