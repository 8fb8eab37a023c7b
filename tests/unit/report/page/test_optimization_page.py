"""The frontier on the page: where configurations, limit and line are, what is left out, the table."""

from __future__ import annotations

import re

import pytest

from batchsim.report.figures.frontier import REACH, Frontier, FrontierPoint, extent
from batchsim.report.page.optimization import _chart, _table, optimization_page
from batchsim.report.page.svg import HEIGHT
from tests.builders import environment, scenario
from tests.unit.report.page.test_run_page import rows_of, text_of
from tests.unit.report.test_optimize import SPOT, figures

HOUR = 3600.0
FRONTIER = "The frontier: no other that was simulated is cheaper and quicker"


def point(figure, cost, kept=True):
    return FrontierPoint(figure, cost, kept)


def frontier(points, best=None, pick=None, **more):
    return Frontier("etl", points, points if best is None else best, pick, "p95(queue_time)", **more)


def places(chart, pattern):
    """Where marks of a kind are: percent along, pixels from above."""
    return [tuple(map(float, found)) for found in re.findall(pattern, str(chart.drawing))]


def dots(chart):
    return places(chart, r'<circle class="bar[^"]*" cx="([\d.]+)%" cy="([\d.]+)"')


def crosses(chart):
    return places(chart, r'<text class="cross[^"]*" x="([\d.]+)%" y="([\d.]+)"')


def label(chart):
    return re.search(r'aria-label="([^"]*)"', str(chart.drawing))[1]


#: Twice as long waited for half of the money.
POINTS = [point(1000.0, 20.0), point(2000.0, 10.0)]


class TestPlaces:
    """Points by their figure along and their cost up."""

    def test_along_by_the_figure_and_up_by_the_cost(self):
        # Along to 2,000 and a twentieth of the 1,000 between them more; up to 20 and 0.6 of the 10 more: 26, of which
        # steps of 10 make 30. Of 220 pixels 20 of 30 is a third from above, 10 of 30 two.
        assert extent(frontier(POINTS)) == (2050.0, 26.0)
        assert dots(_chart(frontier(POINTS))) == [(48.78, 73.3), (97.56, 146.7)]

    def test_those_that_miss_an_objective_are_crosses(self):
        chart = _chart(frontier([*POINTS, point(1500.0, 15.0, kept=False)], best=POINTS))
        assert len(dots(chart)) == 2
        assert crosses(chart) == [(73.17, 110.0)]

    def test_the_recommended_one_has_a_ring_and_its_cost_in_the_legend(self):
        chart = _chart(frontier(POINTS, pick=POINTS[1]))
        ring = places(chart, r'<circle class="ring[^"]*" cx="([\d.]+)%" cy="([\d.]+)"')
        assert ring == dots(chart)[1:]
        assert [key.value for key in chart.keys if key.name == "recommended (ringed)"] == ["$10.00"]

    def test_without_a_recommendation_there_is_no_ring(self):
        chart = _chart(frontier(POINTS))
        assert "ring" not in str(chart.drawing)
        assert [key.name for key in chart.keys] == ["keeps the objectives", "misses an objective"]

    def test_the_line_goes_down_to_the_next_one_s_cost_before_it_goes_along(self):
        # Until 2,000 is waited, nothing that was simulated costs less than 20: so the cheapest comes first.
        chart = _chart(frontier(POINTS[::-1]))
        found = re.findall(
            r'<line class="frontier[^"]*" x1="([\d.]+)%" x2="([\d.]+)%" y1="([\d.]+)" y2="([\d.]+)"', str(chart.drawing)
        )
        assert found == [("97.56", "97.56", "146.7", "73.3"), ("97.56", "48.78", "73.3", "73.3")]

    def test_the_limit_is_an_upright_line_where_the_axis_has_it(self):
        chart = _chart(frontier(POINTS, limit=1640.0))
        (line,) = re.findall(r'<line class="due[^"]*" x1="([\d.]+)%" x2="([\d.]+)%" y1="(\d+)" y2="(\d+)"',
                             str(chart.drawing))  # fmt: skip
        assert line == ("80", "80", "0", str(HEIGHT))  # 1,640 of 2,050
        assert [key.name for key in chart.keys if key.is_line] == ["limit"]


class TestLeftOut:
    """What is far from the frontier."""

    def test_points_far_dearer_or_slower_than_the_frontier_are_counted(self):
        # The axes end at 2,050 and at 26.
        chart = _chart(frontier([*POINTS, point(9999.0, 12.0), point(1500.0, 27.0)], best=POINTS))
        assert len(dots(chart)) == 2
        assert chart.note == "2 configurations far from the frontier left out."
        assert label(chart).endswith(": 2 configurations, of which 2 make the frontier.")

    def test_those_of_the_frontier_that_are_far_beyond_the_limit_are_not_counted_as_shown(self):
        # Up to 1.6 times the limit of 600 and a twentieth more: what costs least waits for too long to be drawn.
        points = [point(500.0, 50.0), point(5000.0, 10.0, kept=False)]
        chart = _chart(frontier(points, pick=points[0], limit=600.0))
        assert extent(frontier(points, pick=points[0], limit=600.0))[0] == REACH * 600 + 0.05 * (REACH * 600 - 500)
        assert label(chart).endswith(": 1 configuration, of which 1 make the frontier.")
        assert chart.note == "1 configuration far from the frontier left out."
        assert "frontier" not in str(chart.drawing).replace(label(chart), "")

    def test_where_all_are_shown_nothing_is_said(self):
        assert _chart(frontier(POINTS)).note == ""


class TestClock:
    """An objective at a time of day."""

    def along(self, points, **more):
        chart = _chart(frontier(points, clock=True, **more))
        return re.findall(r'class="along[^>]*x="([\d.]+)%"[^>]*>([^<]*)<', str(chart.drawing))

    def test_ticks_are_at_full_hours_where_they_are(self):
        # From 3:00 to 5:00, and after it a twentieth of two hours; before it a twentieth of all that, 378 s.
        written = self.along([point(3 * HOUR, 20.0), point(5 * HOUR, 10.0)])
        assert [text for _, text in written] == ["03:00", "03:30", "04:00", "04:30", "05:00"]
        whole = 378 + 7200 + 360
        places = [float(at) for at, _ in written]
        assert places == pytest.approx([100 * (378 + 1800 * number) / whole for number in range(5)], abs=0.01)

    def test_after_midnight_the_clock_begins_again(self):
        written = self.along([point(23 * HOUR, 20.0), point(25 * HOUR, 10.0)])
        assert [text for _, text in written] == ["23:00", "23:30", "00:00", "00:30", "01:00"]

    def test_one_point_alone_has_a_twentieth_of_its_time_after_it(self):
        # Of three hours nine minutes, in steps of two.
        written = self.along([point(3 * HOUR, 20.0)])
        assert [text for _, text in written] == ["03:00", "03:02", "03:04", "03:06", "03:08"]


class TestTable:
    """The configurations of the frontier."""

    def test_each_has_its_values_its_verdict_and_its_figures(self):
        rows = rows_of(optimization_page(scenario(), None, figures(), frontier(POINTS)), FRONTIER)
        assert rows == [
            ["64", "[m6i]", "missed", "$30.00", "–"],
            ["224", "[m6i.4xlarge, m6a.4xlarge]", "recommended", "$35.50", "24 min"],
        ]

    def test_without_a_recommendation_what_keeps_the_objectives_is_told_so(self):
        binding = {"expression": None, "limit": None, "unit": "s", "clock": False, "value": None, "set": {SPOT: 1},
                   "why": "it is so"}  # fmt: skip
        found = figures(recommendation=None, binding=binding)
        rows = rows_of(optimization_page(scenario(), None, found, frontier(POINTS)), FRONTIER)
        assert [row[2] for row in rows] == ["missed", "kept"]

    def test_it_is_sorted_by_figures(self):
        cells = _table(figures()).rows[1]
        assert [cell.key for cell in cells[-2:]] == ["35.5", "1450"]
        assert _table(figures()).rows[0][-1].key == ""


def test_the_configuration_as_recommended_stands_below_that_as_written():
    written, better = scenario(), scenario(environments=[environment(maxvCpus=8)])
    page = optimization_page(written, better, figures(), frontier(POINTS))
    assert [row[-1] for row in rows_of(page, "Compute environments as written")] == ["64"]
    assert [row[-1] for row in rows_of(page, "Compute environments as recommended")] == ["8"]
    assert "as recommended" not in text_of(optimization_page(written, None, figures(), frontier(POINTS)))


def test_the_page_begins_with_how_many_of_how_many_were_simulated():
    page = optimization_page(scenario(), None, figures(candidates=12_360), frontier(POINTS))
    assert "us-east-1, 38 simulations of 12,360 candidates" in text_of(page)
