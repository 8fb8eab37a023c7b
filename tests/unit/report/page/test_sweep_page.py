"""The page of a sweep: which parameters its maps are of, what their cells say, the order of the table of points."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim.report.page import document
from batchsim.report.page import sweep as module
from batchsim.report.page.sweep import sweep_page
from batchsim.results.run_table import DONE, FAILED, INVALID, PENDING, RunTable
from tests.builders import scenario
from tests.unit.report.page.test_run_page import rows_of, text_of
from tests.unit.report.test_sweep import LIMITED, MAX, OTHER, TYPES, swept
from tests.unit.results.test_run_table import parameter

POINTS = "Points, the cheapest that meet every objective first"
A, B = parameter("a", 1, 2, 3), parameter("b", 10, 20)


def cost_map(runs):
    return module._map(runs, "cost_usd")


def texts(heat):
    return [[cell.text for cell in row] for row in heat.cells]


class TestMaps:
    """A figure over the two parameters that matter most."""

    def test_the_one_that_moves_figures_most_is_along_and_the_other_down(self):
        # b moves cost by ten, a by one.
        heat = cost_map(swept(A, B, cost=[10, 20, 11, 21, 12, 22], queue_time_p95_s=[60] * 6))
        assert (heat.caption, heat.across, heat.down) == ("Cost by b and a", "b", "a")
        assert (heat.columns, heat.rows) == (["10", "20"], ["1", "2", "3"])
        assert texts(heat) == [["$10.00", "$20.00"], ["$11.00", "$21.00"], ["$12.00", "$22.00"]]

    def test_how_far_one_moves_figures_is_of_means_however_many_points_have_its_values(self):
        # a moves cost by two in three values of two points each, b by 1.5 in two values of three.
        heat = cost_map(swept(A, B, cost=[10, 11.5, 11, 12.5, 12, 13.5], queue_time_p95_s=[60] * 6))
        assert (heat.across, heat.down) == ("a", "b")

    def test_one_that_moves_queue_time_alone_counts_as_one_that_moves_cost(self):
        # a moves queue time from end to end, b cost by half of what a moves both.
        heat = cost_map(swept(A, B, cost=[1, 1, 1, 1, 1, 1.5], queue_time_p95_s=[60, 60, 120, 120, 180, 180]))
        assert heat.across == "a"

    def test_of_one_parameter_there_is_one_row(self):
        heat = cost_map(swept(A, cost=[3, 2, 1]))
        assert (heat.caption, heat.down, heat.columns, heat.rows) == ("Cost by a", "", ["1", "2", "3"], ["Cost"])
        assert texts(heat) == [["$3.00", "$2.00", "$1.00"]]

    def test_one_with_a_single_value_is_none_to_be_drawn(self):
        heat = cost_map(swept(parameter("only", 7), A, cost=[3, 2, 1]))
        assert (heat.across, heat.down, heat.note) == ("a", "", "")

    def test_of_three_the_third_is_at_its_value_in_the_cheapest_point(self):
        # c hardly matters; the cheapest point is a=1, b=10, c=y.
        runs = swept(A, B, parameter("c", "x", "y"), cost=[2, 1, 12, 11, 22, 21, 32, 31, 42, 41, 52, 51])
        heat = cost_map(runs)
        assert (heat.across, heat.down) == ("a", "b")
        assert texts(heat) == [["$1.00", "$21.00", "$41.00"], ["$11.00", "$31.00", "$51.00"]]
        assert heat.note == "At c=y, as in the cheapest point."

    def test_the_cheapest_that_meets_all_stands_for_it_where_there_is_one(self):
        # All points with c=y miss an objective.
        runs = swept(
            A, B, parameter("c", "x", "y"),
            cost=[2, 1, 12, 11, 22, 21, 32, 31, 42, 41, 52, 51], objectives_missed=[0, 1] * 6,
        )  # fmt: skip
        assert texts(cost_map(runs))[0][0] == "$2.00"
        assert cost_map(runs).note == "At c=x, as in the cheapest point."

    def test_cells_are_shaded_from_the_least_to_the_most_of_all_points(self):
        # 1, 2, 3, 5, 9: parts of 8 shades above the least, 0, 1/8, 2/8, 4/8 and all.
        (row,) = cost_map(swept(parameter("a", 1, 2, 3, 4, 5), cost=[1, 2, 3, 5, 9])).cells
        assert [cell.darkness for cell in row] == [0, 1, 2, 4, 8]
        # Each has a colour.
        assert all(f".s{shade}" in document.asset("page.css") for shade in range(1, 9))

    def test_where_all_are_the_same_none_is_dark(self):
        (row,) = cost_map(swept(A, cost=[5, 5, 5])).cells
        assert [cell.darkness for cell in row] == [0, 0, 0]

    def test_a_cell_says_whether_it_misses_and_which_is_the_best(self):
        runs = swept(parameter("a", 1, 2, 3, 4), cost=[1, 2, 3, 4], objectives_missed=[1, 0, 0, 0])
        runs.status[3] = FAILED
        runs.figures[3] = np.nan
        (row,) = cost_map(runs).cells
        assert [(cell.text, cell.verdict) for cell in row] == [
            *[("$1.00", "missed"), ("$2.00", "cheapest that meets all"), ("$3.00", ""), ("–", "not run")],
        ]
        assert row[3].darkness == 0

    def test_of_many_values_the_first_are_shown_and_that_is_said(self, monkeypatch):
        monkeypatch.setattr(module, "MOST_VALUES", 2)
        heat = cost_map(swept(A, B, cost=[10, 20, 11, 21, 12, 22], queue_time_p95_s=[60] * 6))
        assert (heat.columns, heat.rows) == (["10", "20"], ["1", "2"])
        assert texts(heat) == [["$10.00", "$20.00"], ["$11.00", "$21.00"]]
        assert heat.note == " Of a the first 2 values."

    def test_of_a_figure_that_no_run_knows_there_is_no_map(self):
        page = sweep_page(scenario(), swept(A, queue_time_p95_s=[np.nan] * 3))
        assert ("Cost by a" in page, "Queue time p95 by a" in page) == (True, False)


class TestTable:
    """Every point."""

    def rows(self, runs, of=LIMITED):
        return rows_of(sweep_page(of, runs), POINTS)

    def test_those_that_meet_all_come_first_each_from_the_cheapest_on(self):
        runs = swept(parameter("a", 1, 2, 3, 4), cost=[4, 1, 3, 2], objectives_missed=[0, 1, 0, 1])
        assert [(row[0], row[1], row[2]) for row in self.rows(runs)] == [
            *[("3", "yes", "$3.00"), ("1", "yes", "$4.00"), ("2", "no", "$1.00"), ("4", "no", "$2.00")],
        ]

    def test_points_without_a_run_are_not_in_it(self):
        runs = swept(A)
        runs.status[0], runs.status[2] = PENDING, INVALID
        assert [row[0] for row in self.rows(runs)] == ["2"]

    def test_what_is_not_known_is_a_dash(self):
        # Where nothing was launched there is no utilisation, and of jobs that never started no p95.
        runs = swept(A, utilisation_vcpu=[np.nan, 0.09, 1], queue_time_p95_s=[np.nan, 60, 120])
        assert [(row[3], row[5]) for row in self.rows(runs)] == [("–", "–"), ("1 min", "9 %"), ("2 min", "100 %")]
        assert "nan" not in text_of(sweep_page(LIMITED, runs))

    def test_replications_have_their_intervals(self):
        runs = swept(A, replications=2, cost=[[1, 3], [5, 5], [9, 9]], queue_time_p95_s=[[60, 60]] * 3)
        # Of 1 and 3 the mean is 2 and the deviation sqrt(2), over sqrt(2) runs 1; t(0.975, 1) is 12.71.
        assert [row[2] for row in self.rows(runs)] == ["$2.00 ± $12.71", "$5.00 ± $0.00", "$9.00 ± $0.00"]

    def test_of_very_many_the_first_are_listed_and_the_others_counted(self, monkeypatch):
        monkeypatch.setattr(module, "MOST_POINTS", 2)
        page = sweep_page(LIMITED, swept(A, cost=[3, 1, 2]))
        assert [row[0] for row in rows_of(page, POINTS)] == ["2", "3"]
        assert "1 more are in runs.parquet." in text_of(page)
        monkeypatch.setattr(module, "MOST_POINTS", 3)
        assert "runs.parquet" not in text_of(sweep_page(LIMITED, swept(A)))

    def test_numbers_are_sorted_as_such_and_words_as_words(self):
        ((types, most, *_), *_) = module._table(swept(TYPES, MAX)).rows
        assert (types.text, types.key) == ("[c6i]", "")
        assert (most.text, most.key) == ("64", "64")


@pytest.mark.parametrize(
    ("replications", "told"), [(1, "3 points, seed 1"), (2, "3 points, 2 replications each, seed")]
)
def test_the_page_begins_with_what_was_run(replications, told):
    runs = RunTable.of((MAX,), replications, 1)
    assert told in text_of(sweep_page(LIMITED, runs))


def test_a_sweep_of_which_nothing_is_done_has_no_map_and_no_table():
    page = sweep_page(LIMITED, RunTable.of((MAX, OTHER), 1, 1))
    assert 'class="heat"' not in page
    assert POINTS not in page


def test_points_that_are_half_done_are_in_maps_with_what_is_known():
    runs = swept(A, replications=2, cost=[[1, 3], [5, 5], [9, 9]])
    runs.status[0, 1] = PENDING
    (row,) = cost_map(runs).cells
    # One run of a dollar is known; a point that is not whole is not the cheapest yet.
    assert [cell.text for cell in row] == ["$1.00", "$5.00", "$9.00"]
    assert [cell.verdict for cell in row][1:] == ["cheapest that meets all", ""]
    assert runs.count(DONE) == 5
