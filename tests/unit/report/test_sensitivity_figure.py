from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.report.figures.sensitivity import MOST_DRAWN, draw_sensitivity
from batchsim.report.figures.style import axes_or_new
from tests.unit.report.test_sensitivity import ADMIT, CHEAPER, DEARER, IDLE, SAME, found, varied


def drawn(tried):
    ax = axes_or_new(None)
    draw_sensitivity(tried, ax)
    return ax


def test_a_bar_goes_from_the_bill_as_assumed_to_each_other():
    # As assumed the bill is 10 dollars; with one value 9, with the other 12.
    ax = drawn(found(ADMIT, IDLE))
    spans = sorted(sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in ax.patches)
    assert spans == [[9.0, 10.0], [10.0, 12.0]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["scheduler.scaleDownIdle"]
    assert ax.get_title(loc="left") == "What else the bill may be, as assumed $10.00"
    (low, _), (high, _) = (text.xy for text in ax.texts)
    assert ([text.get_text() for text in ax.texts], low, high) == (["1m", "15m (p95 20m)"], 9.0, 12.0)


def test_of_two_on_one_side_the_farther_is_named_first():
    nearer = replace(CHEAPER, value="2m", cost_usd=9.5, cost_share=-0.05)
    ax = drawn(found(varied("spot.prices", nearer, CHEAPER)))
    (text,) = ax.texts
    assert (text.get_text(), text.xy[0]) == ("1m, 2m", 9.0)


def test_what_moves_the_bill_most_is_at_the_top_and_the_rest_is_left_out():
    many = [
        varied(f"image.a{n}", replace(DEARER, cost_usd=10 + n, cost_share=n / 10)) for n in range(1, MOST_DRAWN + 4)
    ]
    labels = [label.get_text() for label in drawn(found(*many)).get_yticklabels()]
    assert labels == [f"image.a{n}" for n in range(4, MOST_DRAWN + 4)]


@pytest.mark.parametrize("tried", [found(), found(ADMIT), found(varied("ec2.launch", SAME))])
def test_where_nothing_moves_it_that_is_said(tried):
    assert [text.get_text() for text in drawn(tried).texts] == ["none moves it by a hundredth"]


def test_with_replications_bars_are_of_means():
    interval = {"mean": 12.0, "low": 11.0, "high": 13.0, "n": 5}
    tried = replace(
        found(varied("ec2.launch", replace(DEARER, cost_usd=interval))),
        cost_usd={**interval, "mean": 10.0},
        replications=5,
    )
    (bar,) = drawn(tried).patches
    assert (bar.get_x(), bar.get_width()) == (10.0, 2.0)
