"""Curves over time: money up to the bill, jobs by state, environments by their peak, what is left out."""

from __future__ import annotations

import numpy as np
import pytest

import batchsim as bs
from batchsim.report.page.blocks import Chart, Paragraph
from batchsim.report.page.over_time import Time
from batchsim.report.page.sections.curves import MOST_ENVIRONMENTS, MOST_NAMES, from_below, over_time, spend_chart
from batchsim.results.series import busiest
from batchsim.results.step_functions import integral
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow


def dear(*workload, environments=(), **members):
    """A dollar for every 100 s of an instance, whose first minute is paid whole: 36 an hour, and no volume."""
    settings = {"prices": {"overrides": {"c6i.large": 36.0}}, "ec2": {"rootVolume": 0}}
    return bs.run(scenario(*workload, environments=environments, settings=settings, **members))


def whole(result):
    return Time(result.run.scenario.start, (0.0, max(result.run.recording.ended_at, 1.0)))


def spent(result):
    chart = spend_chart(result.run.outcome, whole(result))
    return chart, [row[1].text for row in chart.table.rows]


def section(result, window=None):
    time = Time(result.run.scenario.start, window or busiest(result.run.outcome))
    return over_time(result.run, time).blocks


def texts(blocks):
    return [block.text for block in blocks if isinstance(block, Paragraph)]


def titles(blocks):
    return [block.title for block in blocks if isinstance(block, Chart)]


class TestMoney:
    """What was spent so far."""

    def test_of_an_instance_that_is_kept_for_an_hour_it_rises_evenly_to_the_bill(self):
        chart, rows = spent(dear(workflow(job(runtime=3600))))
        # In twelve intervals of five minutes, each of three dollars.
        assert rows == [f"${3 * number}.00" for number in range(1, 13)]
        assert chart.keys[0].value == "$36.00 in all"
        assert chart.note == "The highest rate was $36.00 an hour."

    def test_a_minimum_is_in_the_last_interval_since_the_bill_has_it(self):
        # Ten seconds are ten cents, and the minute that is paid at least is sixty.
        result = dear(workflow(job(runtime=10)))
        _, rows = spent(result)
        assert rows[:2] == ["$0.0050", "$0.0100"]
        assert rows[-1] == "$0.60"
        assert result.summary["cost_usd"]["total"] == pytest.approx(0.60)

    def test_two_at_once_are_paid_twice_until_one_ends(self):
        # Jobs of 1,200 and 2,400 s, alone on their instances: in intervals of two minutes 2.40 dollars, then 1.20.
        result = dear(
            workflow(job("short", 1200), job("long", 2400)), definitions=[definition(vcpus="2", memory="3000")]
        )
        _, rows = spent(result)
        expected = [2.40 * number for number in range(1, 11)] + [24 + 1.20 * number for number in range(1, 11)]
        assert rows == [f"${each:.2f}" for each in expected]

    def test_it_never_falls_and_ends_with_the_bill_of_the_summary(self, mixed):
        chart, _ = spent(mixed)
        values = [row[1].value for row in chart.table.rows]
        assert values == sorted(values)
        assert values[-1] == pytest.approx(mixed.summary["cost_usd"]["total"])
        (levels,) = chart.curves.levels
        assert levels == sorted(levels)
        assert levels[-1] == pytest.approx(mixed.summary["cost_usd"]["total"], abs=1e-6)
        assert chart.curves.at[-1] == pytest.approx(mixed.run.recording.ended_at, abs=1e-3)

    def test_where_nothing_is_paid_nothing_is_said_of_a_rate(self):
        chart, rows = spent(bs.run(scenario(environments=[unmanaged(1)])))
        assert (set(rows), chart.note, chart.keys[0].value) == ({"$0.00"}, "", "$0.00 in all")


class TestJobs:
    """Jobs by state."""

    def test_the_area_of_a_state_is_the_time_that_jobs_were_in_it(self, mixed):
        curves, jobs, attempts = from_below(mixed.run.outcome), mixed.jobs, mixed.attempts
        end = np.array([mixed.run.recording.ended_at])
        ran = (attempts.stopped_at.fillna(end[0]) - attempts.started_at).sum()
        assert integral(*curves["RUNNING"], end)[0] == pytest.approx(ran)
        alive = (jobs.stopped_at.fillna(end[0]) - jobs.submitted_at).sum()
        assert sum(integral(*curve, end)[0] for curve in curves.values()) == pytest.approx(alive)

    def test_running_jobs_are_at_the_bottom_and_those_that_depend_on_others_at_the_top(self, mixed):
        assert list(from_below(mixed.run.outcome)) == ["RUNNING", "STARTING", "RUNNABLE", "PENDING"]


class TestEnvironments:
    """A chart of vCPUs for each environment."""

    def made(self, sizes, unused=()):
        """Environments of processors, so many of each busy at once."""
        names = [f"e{number}" for number in range(len(sizes))]
        jobs = [job("j", 60, jobQueue=f"q-{name}", arrayProperties={"size": max(size, 2)})
                for name, size in zip(names, sizes, strict=True)]  # fmt: skip
        return bs.run(
            scenario(
                *(workflow(each, name=f"w{number}") for number, each in enumerate(jobs)),
                environments=[unmanaged(size, name) for size, name in zip(sizes, names, strict=True)]
                + [unmanaged(1, name) for name in unused],
                queues=[queue(f"q-{name}", name) for name in (*names, *unused)],
            )
        )

    def test_those_with_the_most_vcpus_come_first_and_those_without_any_are_named(self):
        blocks = section(self.made([2, 9, 4], unused=["spare", "other"]))
        assert [each for each in titles(blocks) if each.startswith("vCPUs")] == [
            *("vCPUs of e1", "vCPUs of e2", "vCPUs of e0"),
        ]
        assert "Nothing ran in spare, other." in texts(blocks)

    def test_of_many_the_largest_have_a_chart_and_the_others_are_named(self):
        sizes = [2, 3, 4, 5, 6, 7, 8, 9]
        blocks = section(self.made(sizes))
        assert [each for each in titles(blocks) if each.startswith("vCPUs")] == [
            f"vCPUs of e{n}" for n in range(7, 1, -1)
        ]
        assert len(sizes) - MOST_ENVIRONMENTS == 2
        assert "Not drawn, since they had fewer vCPUs: e1, e0. timeline.parquet has them all." in texts(blocks)

    @pytest.mark.parametrize(
        ("more", "said"), [(1, f"spare{MOST_NAMES}."), (2, f"spare{MOST_NAMES - 1} and 2 others.")]
    )
    def test_of_very_many_names_the_first_are_told(self, more, said):
        blocks = section(self.made([2], unused=[f"spare{number}" for number in range(MOST_NAMES + more)]))
        (told,) = [each for each in texts(blocks) if each.startswith("Nothing ran in spare0, spare1,")]
        assert told.endswith(said)

    def test_part_of_a_vcpu_is_not_none(self):
        # One Fargate task of half a vCPU, as the summary's peak says.
        small = definition(vcpus="0.5", memory="1024", platformCapabilities=["FARGATE"])
        result = bs.run(
            scenario(workflow(job(runtime=100)), environments=[environment(type="FARGATE")], definitions=[small])
        )
        (chart,) = [each for each in section(result) if isinstance(each, Chart) and each.title == "vCPUs of fleet"]
        assert result.summary["peak_vcpus"] == 0.5
        assert chart.keys[0].value == "0.5 at most"
        assert {row[1].text for row in chart.table.rows} == {"0.5"}


class TestStretch:
    """Which part of a run is shown."""

    def test_of_a_run_that_is_busy_all_the_time_there_is_one_picture_of_jobs(self):
        blocks = section(dear(workflow(job(runtime=3600))))
        assert titles(blocks).count("Jobs by state") == 1
        assert "Jobs by state, the whole run" not in titles(blocks)

    def test_of_one_that_is_mostly_quiet_the_busiest_stretch_is_shown_below_the_whole(self):
        # Two minutes of a day, at six o'clock.
        result = dear(workflow(job(runtime=120), arrivals={"at": 6 * 3600}), duration="1d", horizon="1d")
        blocks = section(result)
        assert titles(blocks)[:2] == ["Jobs by state, the whole run", "Jobs by state"]
        (told,) = [each for each in texts(blocks) if "in bursts" in each]
        # Two minutes before it, and two and ten after it.
        assert "1 Jan 05:58 to 1 Jan 06:14 UTC" in told
        first, second = (block for block in blocks if isinstance(block, Chart) and block.title.startswith("Jobs"))
        assert ('height="110"' in str(first.drawing), 'height="220"' in str(second.drawing)) == (True, True)
