"""Instances and their jobs on the page: bars in pixels, which are drawn, what the table of types adds up to."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.report.page.sections import instances as module
from batchsim.report.page.sections.instances import instances, lanes_of
from tests.builders import definition, environment, job, scenario, workflow

BOOTING, JOB, FAILED, IDLE = "c-e69f00", "c-0072b2", "c-d55e00", "c-bfd7ea"
WHOLE = definition(vcpus="2", memory="3000")


def drawn(result):
    """The chart and the table of types."""
    return instances(result.run).blocks


def bars(chart):
    found = re.findall(r'<rect class="bar (c-\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"',
                       str(chart.drawing))  # fmt: skip
    return [(colour, *map(float, sides)) for colour, *sides in found]


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


@pytest.fixture(scope="module")
def booted():
    """An instance that boots for 40 s and then runs two jobs of 100 s, the second failing, beside one of 200 s."""
    jobs = [job("a", 100), job("b", 100, dependsOn=[{"jobName": "a"}], failure={"probability": 1}), job("c", 200)]
    settings = {"ec2": {"launch": 20, "register": 20, "rootVolume": 0}}
    return bs.run(scenario(workflow(*jobs), environments=[environment(maxvCpus=2)], settings=settings))


class TestBars:
    """Seconds along, lanes down."""

    def test_they_are_from_when_until_when_in_the_lane_of_the_job(self, booted):
        chart, _ = drawn(booted)
        # 240 s are 960 pixels, four each. Below a name of 15 pixels an instance of two lanes is 8 and twice 4 high;
        # a lane is 8, of which a job takes 0.85.
        assert bars(chart) == [
            *[(BOOTING, 0, 15, 160, 16), (IDLE, 160, 15, 800, 16)],
            *[(JOB, 160, 15, 400, 6.8), (JOB, 160, 23, 800, 6.8), (FAILED, 560, 15, 400, 6.8)],
        ]

    def test_its_name_says_how_many_it_held(self, booted):
        chart, _ = drawn(booted)
        assert re.findall(r'<text y="(\d+)">([^<]*)<', str(chart.drawing)) == [("11", "c6i.large, 3 attempts")]
        assert texts(chart.table) == [
            [
                "i-00000000000000000",
                "c6i.large",
                "fleet",
                "1 Jan 00:00",
                "4 min",
                "3",
                "$0.0052",
            ],  # 220 s of 0.085: launching is free
        ]

    def test_those_below_one_another_are_a_name_and_a_gap_apart(self):
        jobs = workflow(job(runtime=100, arrayProperties={"size": 3}))
        chart, _ = drawn(bs.run(scenario(jobs, definitions=[WHOLE])))
        # Of one lane each: a name of 15 pixels, 12 of the instance, a gap of 6.
        assert sorted({top for colour, _, top, *_ in bars(chart) if colour == IDLE}) == [15, 48, 81]
        assert 'height="99"' in str(chart.drawing)

    def test_an_instance_of_many_lanes_is_no_higher_than_the_highest(self):
        small = definition(vcpus="1", memory="256")
        result = bs.run(
            scenario(
                workflow(job(runtime=100, arrayProperties={"size": 16})),
                environments=[environment(instanceTypes=["c6i.4xlarge"])], definitions=[small],
            )
        )  # fmt: skip
        chart, _ = drawn(result)
        (idle,) = [each for each in bars(chart) if each[0] == IDLE]
        jobs = sorted(each[2:] for each in bars(chart) if each[0] == JOB)
        assert idle[4] == 40
        # Sixteen lanes share 40 pixels.
        assert [top for top, _, _ in jobs] == pytest.approx([15 + 2.5 * lane for lane in range(16)])
        assert {height for _, _, height in jobs} == {2.1}


class TestShown:
    """Which instances, and which part of the run."""

    def made(self, *starts, runtime=600):
        """A job alone on an instance at each of some instants."""
        flows = [workflow(job(runtime=runtime), name=f"w{number}", arrivals={"at": at})
                 for number, at in enumerate(starts)]  # fmt: skip
        return bs.run(scenario(*flows, definitions=[WHOLE], duration="3d", horizon="3d"))

    def test_those_nearest_to_the_time_when_there_were_most(self, monkeypatch):
        monkeypatch.setattr(module, "MOST_INSTANCES", 3)
        # Two together at 7,200 s; 1,200 s later one more, and one an hour before.
        chart, types = drawn(self.made(0, 3600, 7200, 7200, 8400, 90_000))
        assert [row[3] for row in texts(chart.table)] == ["1 Jan 02:00", "1 Jan 02:00", "1 Jan 02:20"]
        assert chart.note == "3 of 6 instances, around the time when there were most; the others are left out."
        assert texts(types)[0][2] == "6"

    def test_of_a_long_run_no_more_than_twelve_hours_around_it(self):
        chart, _ = drawn(self.made(0, 90_000, 90_000, runtime=600))
        assert "1 Jan 19:00 to 2 Jan 01:10 UTC" in str(chart.drawing)
        # The first is a day earlier: it has a name, and no bar.
        assert len([each for each in bars(chart) if each[0] == JOB]) == 2
        assert len(re.findall(r'<text y="\d+">', str(chart.drawing))) == 3

    def test_of_too_many_bars_the_first_instances_are_drawn(self, monkeypatch):
        monkeypatch.setattr(module, "MOST_BARS", 2)
        chart, _ = drawn(self.made(0, 0, 0))
        assert len(chart.table.rows) == 2
        assert chart.note.startswith("2 of 3 instances")

    def test_one_is_drawn_however_many_bars_it_has(self, monkeypatch):
        monkeypatch.setattr(module, "MOST_BARS", 2)
        result = bs.run(scenario(workflow(job(arrayProperties={"size": 9})), environments=[environment(maxvCpus=2)]))
        chart, _ = drawn(result)
        assert (len(chart.table.rows), chart.note) == (1, "")


class TestTypes:
    """What each type cost."""

    def test_they_are_sums_of_the_table_of_instances(self, mixed):
        _, table = drawn(mixed)
        rows = mixed.instances[mixed.instances.instance_id.str.startswith("i-")]
        grouped = rows.groupby(["instance_type", "compute_environment"], observed=True)
        found = {(row[0].text, row[1].text): [cell.value for cell in row[2:]] for row in table.rows}
        assert set(found) == set(grouped.groups)
        for key, part in grouped:
            launched, hours, price, cost, unused = found[key]
            assert launched == len(part)
            assert cost == pytest.approx(part.cost_usd.sum())
            assert unused == pytest.approx(part.idle_cost_usd.sum())
            assert hours == pytest.approx((part.terminated_at - part.running_at).sum() / 3600)
            if key[1] == "fleet":  # of a Spot instance the price is that of its zone and time
                assert set(part.price_usd_per_hour) == {price}

    def test_with_fargate_they_make_the_bill(self, mixed):
        _, table = drawn(mixed)
        tasks = mixed.summary["compute_environments"]["serverless"]["cost_usd"]["total"]
        paid = sum(row[5].value for row in table.rows)
        assert paid + tasks == pytest.approx(mixed.summary["cost_usd"]["total"])
        assert tasks > 0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15)), max_size=15))
def test_jobs_of_a_lane_never_overlap_and_lanes_are_no_more_than_run_at_once(spans):
    spans = sorted((start, start + length) for start, length in spans)
    start, stop = np.array(spans, float).reshape(-1, 2).T
    lanes = lanes_of(start, stop)
    for lane in set(lanes.tolist()):
        here = np.flatnonzero(lanes == lane)
        assert (start[here][1:] >= stop[here][:-1]).all()
    at_once = [int(((start <= at) & ((stop > at) | (start == stop) & (start == at))).sum()) for at in start]
    assert len(set(lanes.tolist())) <= max(at_once, default=0)
