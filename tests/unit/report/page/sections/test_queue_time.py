"""Queue time on the page: its distribution, and how it changed over time, worked by hand and held against pandas."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.report.page.over_time import Time
from batchsim.report.page.sections.queue_time import _intervals, distribution_chart, queue_time
from batchsim.report.page.thinning import COLUMNS
from batchsim.report.palette import BLUE, ORANGE, RECORDED
from batchsim.results.durations import Durations
from batchsim.units import format_duration
from tests.builders import job, scenario, unmanaged, workflow
from tests.unit.report.page.test_svg import commands

START = datetime(2026, 11, 2, tzinfo=UTC)


def durations(*seconds, waiting=()):
    """Some that ended, the shortest first, and some that had not when the run did."""
    both = np.array([*sorted(seconds), *waiting], float)
    return Durations(both, np.arange(len(both)) >= len(seconds))


def lines(chart):
    found = re.findall(r'<path class="line c-\w+( dashed)?" d="([^"]*)"', str(chart.drawing))
    return [(bool(dashed), commands(path)) for dashed, path in found]


def marks(chart):
    """The labels of upright marks with where these are, in percent."""
    found = re.findall(r'<text class="halo" x="([\d.]+)%"[^>]*>([^<]*)<', str(chart.drawing))
    return {text: float(at) for at, text in found}


class TestDistribution:
    """The share of jobs that started within a time."""

    def test_each_job_is_a_step_up_at_its_queue_time(self):
        # Of four a quarter, 55 of 220 pixels, each; 40 s are all of the axis.
        chart = distribution_chart("Queue time", {"all": (durations(10, 20, 30, 40), BLUE)})
        ((_, line),) = lines(chart)
        assert line == [
            *[("M", 0, 220), ("H", 240), ("V", 165), ("H", 480), ("V", 110), ("H", 720), ("V", 55)],
            *[("H", COLUMNS), ("V", 0), ("H", COLUMNS)],
        ]

    def test_median_and_p95_of_one_alone_are_marked_where_they_are(self):
        # Between the second and the third of four, and 0.85 of the way from the third to the fourth.
        chart = distribution_chart("Queue time", {"all": (durations(10, 20, 30, 40), BLUE)})
        assert marks(chart) == {"p50 25 s": 62.5, "p95 38 s": pytest.approx(96.25)}
        assert chart.keys[0].value == "p50 25 s, p95 38 s"

    def test_it_ends_below_all_where_some_never_started(self):
        # Of four two started: the curve ends at half, the median lies between what is known and what is not.
        chart = distribution_chart("Queue time", {"all": (durations(10, 20, waiting=(300, 300)), BLUE)})
        ((_, line),) = lines(chart)
        assert line[-3:] == [("H", COLUMNS), ("V", 110), ("H", COLUMNS)]
        assert marks(chart) == {}
        assert chart.keys[0].value == "p50 over 2 min 40 s, p95 over 5 min, 2 never started"

    def test_the_table_has_the_times_of_shares_up_to_the_longest(self):
        chart = distribution_chart("Queue time", {"all": (durations(*range(101)), BLUE)})
        assert [[cell.text for cell in row] for row in chart.table.rows] == [
            ["50 % within", "50 s"], ["90 % within", "1 min 30 s"], ["95 % within", "1 min 35 s"],
            ["99 % within", "1 min 39 s"], ["the longest", "1 min 40 s"],
        ]  # fmt: skip

    def test_of_several_each_has_a_line_to_the_longest_of_all_and_none_has_marks(self):
        chart = distribution_chart(
            "Queue time", {"one": (durations(10), ORANGE), "other": (durations(20, 40), RECORDED)}
        )
        (plain, one), (dashed, other) = lines(chart)
        assert (plain, dashed) == (False, True)
        assert one == [("M", 0, 220), ("H", 240), ("V", 0), ("H", COLUMNS)]
        assert other[:3] == [("M", 0, 220), ("H", 480), ("V", 110)]
        assert marks(chart) == {}
        assert list(chart.table.columns) == ["share of jobs", "one", "other"]

    def test_where_nobody_waited_all_is_there_from_the_start(self):
        ((_, line),) = lines(distribution_chart("Queue time", {"all": (durations(0, 0, 0), BLUE)}))
        assert line[-1] == ("H", COLUMNS)
        assert min(height for letter, *numbers in line if letter in "MV" for height in numbers[-1:]) == 0


def section(made, window):
    result = bs.run(made)
    return queue_time(result.run, result.summary, Time(result.run.scenario.start, window)).blocks


def bars(chart):
    found = re.findall(r'<rect class="bar (c-\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"',
                       str(chart.drawing))  # fmt: skip
    return [(colour, *map(float, sides)) for colour, *sides in found]


class TestOverTime:
    """Median and longest by when jobs became RUNNABLE."""

    def made(self, **members):
        """Four of a minute on one processor at once, and one alone at second 480: waits of 0 to 180 s, and none."""
        jobs = [workflow(job(arrayProperties={"size": 4})), workflow(job("late"), name="late", arrivals={"at": 480})]
        return scenario(*jobs, environments=[unmanaged(1)], **members)

    def test_a_bar_is_as_high_as_the_longest_and_one_before_it_as_the_median(self):
        # The axis ends at 180 s, and the median is 90 s: half of 220 pixels. 960 s are 120 bars of 8 pixels.
        (chart,) = [
            each for each in section(self.made(), (0.0, 960.0)) if getattr(each, "title", "").endswith("RUNNABLE")
        ]
        assert bars(chart)[:2] == [
            *[("c-bfd7ea", 0, 0, 8, 220), ("c-0072b2", 0, 110, 8, 110)],
        ]
        # The late one becomes RUNNABLE in the middle, and does not wait.
        assert [each[1:] for each in bars(chart)[2:]] == [(480, 220, 8, 0)] * 2
        assert "The longest is 3 min." in str(chart.drawing)

    def test_the_table_has_intervals_in_which_jobs_came(self):
        (chart,) = [
            each for each in section(self.made(), (0.0, 960.0)) if getattr(each, "title", "").endswith("RUNNABLE")
        ]
        # 24 intervals of 40 s: the first, and the one from second 480 on.
        assert [[cell.text for cell in row] for row in chart.table.rows] == [
            *[["1 Jan 00:00", "4", "1 min 30 s", "3 min"], ["1 Jan 00:08", "1", "0 s", "0 s"]],
        ]
        assert chart.note == ""

    def test_jobs_that_never_started_are_there_with_what_they_had_waited(self):
        # Cut after 90 s: the third and the fourth had waited for as long.
        blocks = section(self.made(horizon=90, duration=90), (0.0, 90.0))
        (chart,) = [each for each in blocks if getattr(each, "title", "").endswith("RUNNABLE")]
        assert [cell.text for cell in chart.table.rows[0]][1:] == ["4", "1 min 15 s", "1 min 30 s"]
        assert chart.note == "Jobs that never started are there with what they had waited by the end."

    @given(
        st.lists(st.tuples(st.integers(0, 960), st.integers(0, 50)), min_size=1, max_size=25),
        st.sampled_from([1, 2, 3, 5, 6, 10, 24, 120]),  # intervals of whole seconds
    )
    def test_intervals_are_those_of_pandas(self, jobs, of):
        frame = pd.DataFrame(jobs, columns=["at", "waited"]).astype(float).sort_values("waited", kind="stable")
        found = _intervals(frame["at"].to_numpy(), frame["waited"].to_numpy(), Time(START, (0.0, 960.0)), of)
        edges = np.linspace(0.0, 960.0, of + 1)
        # What comes with the end of the window is in the last one.
        edges[-1] += 1
        frame["interval"] = pd.cut(frame["at"], edges, right=False, labels=False)
        grouped = frame.groupby("interval")["waited"]
        expected = zip(grouped.groups, grouped.count(), grouped.median(), grouped.max(), strict=True)
        assert found == list(expected)


def test_the_page_tells_the_distribution_of_the_summary(mixed):
    blocks = queue_time(mixed.run, mixed.summary, Time(mixed.run.scenario.start, (0.0, 235 * 60.0))).blocks
    chart = next(each for each in blocks if getattr(each, "title", "").startswith("Queue time: share"))
    told = [row[1].text for row in chart.table.rows]
    figures = mixed.summary["queue_time_s"]
    assert told == [format_duration(figures[name]) for name in ("p50", "p90", "p95", "p99", "max")]
