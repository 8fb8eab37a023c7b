"""Pictures of a run and of variants: areas, bars, lines and labels agree with the summary and the tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import batchsim as bs
from batchsim.columns import PURPOSES, WAIT_CAUSES
from batchsim.report.figures.comparison import draw_costs, draw_frontier_of_variants
from batchsim.report.figures.frontier import REACH, Frontier, FrontierPoint, extent
from batchsim.report.figures.run import draw_jobs, draw_queue_time, draw_spend, draw_vcpus, shown_until
from batchsim.report.figures.style import PURPOSE_COLOURS, RED, duration_step
from batchsim.results.durations import Durations
from batchsim.units import DAY, HOUR, format_usd
from tests.builders import environment, job, scenario, unmanaged, workflow
from tests.unit.report.test_comparison_cells import interval

LIMIT = "batch.computeEnvironments.fleet.computeResources.maxvCpus"


def axes() -> Axes:
    return Figure().subplots()


def areas(ax: Axes) -> dict[str, float]:
    """The size of each area in what is upright times hours, from its outline."""
    found = {}
    for layer in ax.collections:
        (path,) = layer.get_paths()
        x, y = path.vertices.T
        # Gauss's area of a polygon; x in days from its first point, which keeps digits.
        x = (x - x[0]) * DAY / HOUR
        found[str(layer.get_label())] = abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))) / 2
    return found


def bars(ax: Axes) -> dict[str, dict[str, tuple[float, float]]]:
    """Of each bar from the top, by the name beside it: from where and how wide each part is."""
    names = [label.get_text() for label in ax.get_yticklabels()]
    found: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in names}
    for container in ax.containers:
        for name, patch in zip(names, container, strict=True):
            found[name][container.get_label()] = (patch.get_x(), patch.get_width())
    return found


class TestAreas:
    """Stacks over time."""

    def test_of_jobs_each_is_the_time_that_jobs_were_in_a_state(self, mixed):
        ax, end = axes(), mixed.run.recording.ended_at
        draw_jobs(mixed.run, ax, window=(0.0, end))
        found, jobs, attempts = areas(ax), mixed.jobs, mixed.attempts
        running = (attempts.stopped_at.fillna(end) - attempts.started_at).sum() / HOUR
        assert found["RUNNING"] == pytest.approx(running)
        # They are SUBMITTED for a second each, which is not drawn.
        there = (jobs.stopped_at.fillna(end) - jobs.submitted_at).sum() / HOUR
        assert there - len(jobs) / HOUR <= sum(found.values()) <= there

    def test_of_vcpus_they_are_those_of_the_timeline(self, mixed):
        ax, end = axes(), mixed.run.recording.ended_at
        draw_vcpus(mixed.run, ax, window=(0.0, end))
        timeline = mixed.timeline[(mixed.timeline.measure == "vcpus") & (mixed.timeline.state != "limit")]
        expected: dict[str, float] = {}
        for (_, state), steps in timeline.groupby(["name", "state"], observed=True):
            lasted = np.diff([*steps["at"], end])
            expected[state] = expected.get(state, 0.0) + float((steps["value"] * lasted).sum()) / HOUR
        assert areas(ax) == pytest.approx(expected)


class TestLimit:
    """The sum of what environments may have."""

    def drawn(self, most, window=(0.0, 100.0), **members):
        # Two jobs of a vCPU at once on an instance of two.
        made = scenario(
            workflow(job(runtime=100, arrayProperties={"size": 2})),
            environments=[environment(maxvCpus=most)],
            **members,
        )
        ax = axes()
        draw_vcpus(bs.run(made).run, ax, window=window)
        lines = {line.get_label(): line for line in ax.lines if str(line.get_label()).startswith("limit")}
        return ax, lines, [text.get_text() for text in ax.texts]

    @pytest.mark.parametrize(("most", "is_drawn"), [(6, True), (7, False)])
    def test_up_to_three_times_what_there_is_it_is_a_line_and_beyond_it_words(self, most, is_drawn):
        ax, lines, texts = self.drawn(most)
        if is_drawn:
            assert set(lines["limit 6"].get_ydata()) == {6}
            assert ax.get_ylim()[1] > 6
            assert texts == []
        else:
            assert (lines, texts) == ({}, ["limit 7: far above"])

    def test_one_that_an_update_changes_is_told_as_it_is_in_the_window(self):
        updates = [{"at": at, "set": {LIMIT: most}} for at, most in ((40, 4), (200, 50))]
        _, lines, _ = self.drawn(6, updates=updates, duration=300)
        (line,) = lines.values()
        assert line.get_label() == "limit 4 to 6"
        assert line.get_drawstyle() == "steps-post"
        _, lines, _ = self.drawn(6, window=(50.0, 100.0), updates=updates, duration=300)
        assert list(lines) == ["limit 4"]


class TestMoney:
    """What was spent, for what."""

    def test_the_line_of_what_was_spent_ends_with_the_bill(self, mixed):
        ax = axes()
        draw_spend(mixed.run, ax)
        spent, bill = ax.lines[0].get_ydata(), mixed.summary["cost_usd"]["total"]
        assert (np.diff(spent) >= -1e-12).all()
        assert spent[-1] == pytest.approx(bill)
        assert [text.get_text() for text in ax.texts] == [format_usd(bill)]

    def test_the_area_of_the_rate_is_what_was_spent_by_the_hour(self):
        # Two hours at two dollars: an instance whose volume costs nothing.
        settings = {"prices": {"overrides": {"c6i.large": 2.0}}, "ec2": {"rootVolume": 0}}
        ax = axes()
        draw_spend(bs.run(scenario(workflow(job(runtime=7200)), settings=settings)).run, ax)
        (behind,) = [each for each in ax.get_figure().axes if each is not ax]
        assert areas(behind)["rate"] == pytest.approx(4.0)

    def test_a_bar_has_the_purposes_of_its_environment_side_by_side(self, mixed):
        found = bars(mixed.plot.cost(axes()))
        paid = {name: each["cost_usd"] for name, each in mixed.summary["compute_environments"].items()}
        assert list(found) == sorted(paid, key=lambda name: -paid[name]["total"])
        for name, parts in found.items():
            left = 0.0
            for purpose in PURPOSES:
                width = paid[name]["by_purpose"][purpose]
                if purpose in parts:  # one that is a hair of all is left out
                    assert parts[purpose] == pytest.approx((left, width))
                left += width
        ends = [text.get_text() for text in mixed.plot.cost(axes()).texts]
        assert ends == [format_usd(paid[name]["total"]) for name in found]

    def test_what_jobs_waited_for_is_in_hours(self, mixed):
        found = bars(mixed.plot.waits(axes()))
        for name, parts in found.items():
            waited = mixed.jobs[mixed.jobs.job_queue == name]
            for cause in WAIT_CAUSES:
                hours = waited[f"wait_{cause}_s"].sum() / HOUR
                assert parts.get(cause, (0.0, 0.0))[1] == pytest.approx(hours, abs=0.05)


class TestQueueTime:
    """The distribution of one run."""

    def drawn(self, jobs, **members):
        made = scenario(workflow(job(arrayProperties={"size": jobs})), environments=[unmanaged(1)], **members)
        ax = axes()
        draw_queue_time(bs.run(made).run, ax)
        return ax, [text.get_text() for text in ax.texts]

    def test_it_rises_by_a_job_s_share_at_its_queue_time_and_marks_what_is_known(self):
        ax, texts = self.drawn(5)
        # Waits of 0, 60, …, 240 s; the curve goes on a little after the last.
        assert ax.lines[0].get_xdata() == pytest.approx([0, 0, 60, 120, 180, 240, 244.8])
        assert ax.lines[0].get_ydata() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 1])
        assert texts == ["p50 2 min", "p95 3 min 48 s"]
        points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_color() == RED]
        assert np.array(points) == pytest.approx(np.array([(120, 0.5), (228, 0.95)]))

    def test_where_some_never_started_it_ends_below_all_and_that_is_said(self):
        ax, texts = self.drawn(5, horizon=150)
        assert ax.lines[0].get_ydata()[-1] == pytest.approx(0.6)
        assert texts == ["2 never started", "p50 2 min"]


def summary(cost: Any, p95: Any, **purposes: float) -> dict[str, Any]:
    by_purpose = {name: purposes.get(name, 0.0) for name in PURPOSES}
    return {
        "cost_usd": {"total": cost, "by_purpose": by_purpose}, "queue_time_s": {"p95": p95}, "objectives": [],
        "period_s": DAY, "ended_at_s": DAY, "jobs": {"failed": 0, "unfinished": 2},
    }  # fmt: skip


class TestVariants:
    """Costs and queue times side by side."""

    GIVEN = (("a", summary(interval(10.0, 1.0), interval(60.0, 5.0), useful=6.0, idle=4.0)),
             ("b", summary(4.0, None, useful=4.0)))  # fmt: skip

    def test_bars_are_means_and_say_what_was_paid_and_left(self):
        ax = axes()
        draw_costs(ax, dict(self.GIVEN))
        assert bars(ax) == {"a": {"useful": (0, 6), "idle": (6, 4)}, "b": {"useful": (0, 4), "idle": (4, 0)}}
        assert [text.get_text() for text in ax.texts] == [
            *["$10.00 ± $1.00 in 1 day\n2 unfinished", "$4.00 in 1 day\n2 unfinished"],
        ]
        assert ax.containers[0][0].get_facecolor() == pytest.approx(
            [int(PURPOSE_COLOURS["useful"][at : at + 2], 16) / 255 for at in (1, 3, 5)] + [1.0]
        )

    def test_points_are_at_their_means_and_what_is_unknown_is_named(self):
        ax = axes()
        draw_frontier_of_variants(ax, dict(self.GIVEN))
        (points,) = ax.collections
        assert points.get_offsets().tolist() == [[60.0, 10.0]]
        assert [text.get_text() for text in ax.texts] == ["p95 unknown: b"]


class TestFrontierExtent:
    """How far the axes of a search go."""

    def points(self, *pairs):
        return [FrontierPoint(figure, cost, kept=True) for figure, cost in pairs]

    def of(self, points, **more):
        return extent(Frontier("x", points, points, more.pop("pick", None), "p95", **more))

    def test_a_twentieth_of_the_frontier_s_range_beyond_it_and_0_6_of_that_of_cost(self):
        assert self.of(self.points((100.0, 30.0), (300.0, 10.0))) == pytest.approx((310.0, 30 + 0.6 * 20))

    def test_a_limit_beyond_the_frontier_is_in_it(self):
        right, _ = self.of(self.points((100.0, 30.0), (300.0, 10.0)), limit=1000.0)
        assert right == pytest.approx(1000 + 0.05 * 900)

    def test_far_beyond_the_limit_nothing_is(self):
        right, _ = self.of(self.points((100.0, 30.0), (9000.0, 10.0)), limit=1000.0)
        assert right == pytest.approx(1000 * REACH + 0.05 * (1000 * REACH - 100))

    def test_one_point_alone_has_room_around_it(self):
        # A twentieth along; 0.6 of a twentieth of its cost up.
        assert self.of(self.points((200.0, 10.0))) == pytest.approx((210.0, 10.3))

    def test_of_nothing_it_is_one_by_one(self):
        assert self.of([]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("longest", "parts", "step"),
    [(6, 6, 1), (7, 6, 2), (HOUR, 6, 600), (HOUR, 7, 600), (HOUR + 1, 6, 900), (300 * DAY, 6, 50 * DAY),
     (301 * DAY, 6, 100 * DAY), (3000 * DAY, 6, 500 * DAY)],
)  # fmt: skip
def test_ticks_of_durations_are_as_far_apart_as_people_count(longest, parts, step):
    assert duration_step(longest, parts) == step


@pytest.mark.parametrize(("longest", "until"), [(400.0, 400.0), (401.0, 150.0)])
def test_times_far_beyond_the_99th_percentile_are_not_drawn(longest, until):
    # Of 300 the 99th percentile is 100 s: four times that is near, and what is farther ends at 1.5 of it.
    times = np.array([100.0] * 299 + [longest])
    assert shown_until([Durations(times, np.zeros(300, bool))]) == until
    # One that is longer in another distribution is shown in both.
    assert (
        shown_until([Durations(times, np.zeros(300, bool)), Durations(np.array([500.0]), np.zeros(1, bool))]) == 500.0
    )
