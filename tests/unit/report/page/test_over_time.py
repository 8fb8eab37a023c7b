"""Charts over time: how high, against which limit, what a table says of each interval."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.report.page import scales
from batchsim.report.page.blocks import PageTable
from batchsim.report.page.over_time import (
    FAR_ABOVE,
    MOST_ROWS,
    Time,
    greatest,
    greatest_table,
    highest,
    line_chart,
    stacked_chart,
    upright,
)
from batchsim.report.page.thinning import COLUMNS
from batchsim.report.palette import BLUE, ORANGE
from batchsim.results.step_functions import sample
from tests.unit.report.page.test_svg import commands, curve

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = 3600.0
COLOURS = {"running": BLUE, "booting": ORANGE}
#: 960 seconds: a column of the drawing for each.
TIME = Time(START, (0.0, 960.0))


def stacked(layers, time=TIME, **more):
    return stacked_chart("vCPUs", "vCPUs", layers, COLOURS, time, **more)


def paths(chart, kind):
    """The paths of areas or lines, the lowest layer last."""
    found = re.findall(rf'<path class="{kind}[^"]*" d="([^"]*)"', str(chart.drawing))
    return [commands(each) for each in found]


def highest_label(chart):
    """What stands at the top of the upright axis."""
    return re.findall(r'class="upright" x="-8" y="([\d.]+)"[^>]*>([^<]*)<', str(chart.drawing))[-1]


def said(chart):
    return {key.name: key.value for key in chart.keys}


RUNNING, BOOTING = curve((0, 4), (480, 0)), curve((0, 0), (240, 6), (480, 2))


class TestGreatest:
    """The greatest level between edges."""

    @pytest.mark.parametrize(
        ("edges", "found"),
        [
            # 2 from second 10, 5 from 20, 1 from 30 on; 0 before.
            ((0, 10), [0]),
            ((10, 20), [2]),
            ((5, 25), [5]),
            ((20, 20.5), [5]),
            ((30, 99), [1]),
            ((29.9, 99), [5]),
            ((0, 15, 25, 35), [2, 5, 5]),
        ],
    )
    def test_it_is_of_what_holds_at_the_first_edge_and_of_what_begins_before_the_next(self, edges, found):
        steps = curve((10, 2), (20, 5), (30, 1))
        assert greatest(steps, np.array(edges, float)).tolist() == found

    @given(
        st.lists(st.integers(0, 99), min_size=1, max_size=10, unique=True),
        st.lists(st.integers(0, 9), min_size=10, max_size=10),
        st.integers(0, 90),
        st.integers(1, 30),
    )
    def test_it_is_that_of_every_instant_looked_at_alone(self, instants, levels, low, length):
        at, level = np.sort(np.array(instants, float)), np.array(levels[: len(instants)], float)
        every = np.arange(low, low + length, 0.5)
        assert highest((at, level), (float(low), float(low + length))) == sample(at, level, every).max()


class TestStack:
    """Areas on top of one another."""

    def test_a_layer_s_top_is_the_sum_of_those_up_to_it(self):
        # 4 run and at most 6 boot beside them: 10 in all, the axis' top. Of 220 pixels each vCPU has 22.
        chart = stacked({"running": RUNNING, "booting": BOOTING})
        both, lower = paths(chart, "area")
        assert lower == [("M", 0, 132), ("H", 480), ("V", 220), ("H", COLUMNS), ("V", 220), ("H", 0), ("Z",)]
        assert both[:6] == [("M", 0, 132), ("H", 240), ("V", 0), ("H", 480), ("V", 176), ("H", COLUMNS)]
        assert highest_label(chart) == ("0", "10")
        # A reader who zooms in sees them on top of one another too.
        assert (chart.curves.is_stacked, chart.curves.unit) == (True, "count")

    def test_the_legend_has_the_most_of_each_and_not_of_their_sum(self):
        assert said(stacked({"running": RUNNING, "booting": BOOTING})) == {
            "running": "4 at most",
            "booting": "6 at most",
        }

    def test_what_is_nothing_in_the_window_is_neither_drawn_nor_named(self):
        late = Time(START, (500.0, 960.0))
        chart = stacked({"running": RUNNING, "booting": BOOTING}, late)
        assert said(chart) == {"booting": "2 at most"}
        assert len(paths(chart, "area")) == 1
        assert chart.curves.names == ["booting"]
        assert list(chart.table.columns) == ["from (UTC)", "booting"]

    def test_where_nothing_is_there_are_axes_alone(self):
        chart = stacked({"running": curve((0, 0))})
        assert (paths(chart, "area"), list(chart.keys), chart.curves) == ([], [], None)
        assert highest_label(chart) == ("0", "1")

    @pytest.mark.parametrize("height", [110, 220])
    def test_areas_of_a_lower_drawing_are_lower(self, height):
        (area,) = paths(stacked({"running": curve((0, 5), (480, 10))}, height=height), "area")
        assert area[:4] == [("M", 0, height / 2), ("H", 480), ("V", 0), ("H", COLUMNS)]

    def test_charts_side_by_side_have_one_axis(self):
        chart = stacked({"running": RUNNING}, top=20.0)
        assert highest_label(chart) == ("0", "20")
        assert paths(chart, "area")[0][0] == ("M", 0, 176)  # 4 of 20: a fifth of 220 from below


class TestLimit:
    """What may be had at most."""

    def test_one_that_never_changes_is_a_level_line(self):
        chart = stacked({"running": RUNNING}, limit=curve((0, 8)), height=100)
        line = re.search(r'<line class="line dashed[^"]*" x2="960" y1="([\d.]+)" y2="([\d.]+)"', str(chart.drawing))
        assert said(chart)["limit"] == "8"
        assert [key.is_line for key in chart.keys] == [False, True]
        # The axis goes to 8: the limit is its top.
        assert line.groups() == ("0", "0")
        assert highest_label(chart) == ("0", "8")

    def test_beside_nothing_any_limit_is_far_above(self):
        assert stacked({"running": curve((0, 0))}, limit=curve((0, 2))).note == "The limit, 2, is far above."
        assert stacked({"running": curve((0, 0))}, limit=curve((0, 0))).note == ""

    @pytest.mark.parametrize("height", [110, 220])
    def test_one_that_changes_is_a_line_of_steps_on_the_areas_axis(self, height):
        chart = stacked({"running": RUNNING}, limit=curve((0, 4), (480, 8)), height=height)
        (line,) = paths(chart, "line")
        assert line == [("M", 0, height / 2), ("H", 480), ("V", 0), ("H", COLUMNS)]
        assert said(chart)["limit"] == "4 to 8"

    def test_it_is_drawn_and_told_as_it_is_in_the_window_alone(self):
        # 2 before, 64 when the stretch is over: in it 6, then 8 from second 580 on.
        limit = curve((0, 2), (50, 6), (580, 8), (1060, 64), (5000, 1))
        chart = stacked({"running": curve((0, 4))}, Time(START, (100.0, 1060.0)), limit=limit)
        assert said(chart)["limit"] == "6 to 8"
        (line,) = paths(chart, "line")
        assert line == [("M", 0, 55), ("H", 480), ("V", 0), ("H", COLUMNS)]

    def test_one_that_changes_only_outside_of_the_window_is_level_there(self):
        chart = stacked({"running": curve((0, 4))}, Time(START, (100.0, 200.0)), limit=curve((0, 2), (50, 6), (900, 8)))
        assert said(chart)["limit"] == "6"
        assert not paths(chart, "line")

    @pytest.mark.parametrize(("limit", "is_drawn"), [(4 * FAR_ABOVE, True), (4 * FAR_ABOVE + 1, False)])
    def test_one_far_above_the_curves_is_said_and_not_drawn(self, limit, is_drawn):
        # At most 4 run: up to 12 the limit is drawn, and beyond it would flatten the curves.
        chart = stacked({"running": RUNNING}, limit=curve((0, limit)))
        assert ("limit" in said(chart)) is is_drawn
        assert chart.note == ("" if is_drawn else "The limit, 13, is far above.")
        assert chart.note in str(chart.drawing)
        assert highest_label(chart)[1] == ("15" if is_drawn else "4")  # steps of 5, and of 1


class TestTable:
    """The figures below a chart."""

    def rows(self, layers, window, start=START):
        table = greatest_table("The most", layers, Time(start, window), "{:,.0f}".format)
        return [[cell.text for cell in row] for row in table.rows]

    def test_intervals_are_as_long_as_people_count_and_at_most_so_many(self):
        # A day in hours is 24 intervals; a minute more and it is two hours each.
        assert len(self.rows({"running": RUNNING}, (0.0, 24 * HOUR))) == MOST_ROWS
        longer = self.rows({"running": RUNNING}, (0.0, 24 * HOUR + 60))
        assert [row[0] for row in longer[:2]] == ["2 Nov 00:00", "2 Nov 02:00"]
        assert len(longer) == 13

    def test_the_last_interval_ends_with_the_window(self):
        # Ten minutes in halves; what comes with the window's end is none of it.
        steps = curve((0, 1), (570, 7), (600, 99))
        assert self.rows({"running": steps}, (0.0, 600.0))[-1] == ["2 Nov 00:09:30", "7"]

    def test_a_curve_that_does_not_change_is_the_same_in_every_interval(self):
        assert {row[1] for row in self.rows({"running": curve((0, 3))}, (100.0, 700.0))} == {"3"}

    def test_intervals_are_counted_from_the_window_s_begin(self):
        rows = self.rows({"running": curve((0, 1), (7290, 5), (7300, 0))}, (7200.0, 7200.0 + 240))
        assert rows[8:11] == [["2 Nov 02:01:20", "1"], ["2 Nov 02:01:30", "5"], ["2 Nov 02:01:40", "0"]]


def test_lines_are_on_the_axis_that_they_share():
    # An axis to 10: levels of 4 and 6 are 132 and 88 of 220 pixels from above.
    chart = line_chart(
        "Two", {"running": RUNNING, "booting": BOOTING}, COLOURS, TIME, scales.counts(10),
        table=PageTable("x", [], []), values={"running": "a", "booting": "b"}, note="as told",
    )  # fmt: skip
    first, second = paths(chart, "line")
    assert first == [("M", 0, 132), ("H", 480), ("V", 220), ("H", COLUMNS)]
    assert second == [("M", 0, 220), ("H", 240), ("V", 88), ("H", 480), ("V", 176), ("H", COLUMNS)]
    assert said(chart) == {"running": "a", "booting": "b"}
    assert (chart.curves.is_stacked, chart.note) == (False, "as told")


@pytest.mark.parametrize(("place", "anchor", "dx"), [(0.0, "start", "5"), (0.6, "start", "5"), (0.61, "end", "-5")])
def test_a_mark_s_label_is_on_the_side_where_there_is_room(place, anchor, dx):
    line, text = map(str, upright(place, "p95", 100, from_below=2))
    at = f"{100 * place:g}%"
    assert (f'x1="{at}" x2="{at}" y1="0" y2="100"' in line, f'x="{at}"' in text) == (True, True)
    assert (f'text-anchor="{anchor}"' in text, f'dx="{dx}"' in text) == (True, True)
    # Two lines of 16 pixels above the axis, whose own text begins 7 below.
    assert 'y="75"' in text


def test_a_stretch_is_told_by_its_ends():
    assert Time(START, (2 * HOUR, 26 * HOUR + 90)).words == "2 Nov 02:00 to 3 Nov 02:01:30 UTC"
