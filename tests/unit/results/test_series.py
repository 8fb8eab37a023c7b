"""Series as pictures need them, of runs small enough to work out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import batchsim as bs
from batchsim.results import series
from batchsim.results.durations import Durations
from batchsim.results.outcome import Outcome
from batchsim.results.spending import spent
from batchsim.spec.configuration import SavingsPlan
from batchsim.units import DAY, HOUR
from tests.builders import definition, job, queue, scenario, unmanaged, workflow
from tests.worlds import configuration, fleet, jobs, run


def outcome(*workload, **members):
    return bs.run(scenario(*workload, **members)).run.outcome


def listed(curve):
    at, level = curve
    return at.tolist(), level.tolist()


def test_states_are_summed_over_queues_and_environments():
    # One server each: the second job of the first queue waits for the first, that of the other queue for nothing.
    shown = outcome(
        workflow(job("a", 100), job("b", 100), job("c", 150, jobQueue="other")),
        environments=[unmanaged(1), unmanaged(1, "others")],
        queues=[queue("queue", "servers"), queue("other", "others")],
    )
    jobs = series.jobs_by_state(shown)
    assert listed(jobs["RUNNABLE"]) == ([0, 100], [1, 0])
    assert listed(jobs["RUNNING"]) == ([0, 150, 200], [2, 1, 0])
    assert listed(series.vcpus_by_state(shown)["running"]) == ([0, 150, 200], [2, 1, 0])


def test_limits_count_where_a_queue_with_jobs_leads():
    shown = outcome(
        environments=[unmanaged(3), unmanaged(5, "others")],
        queues=[queue("queue", "servers"), queue("unused", "others")],
    )
    at, level = series.most_vcpus(shown)
    assert (at.tolist(), level.tolist()) == ([0], [3])


def test_in_a_window_every_layer_has_a_level_at_every_change():
    layers = {
        "below": (np.array([0.0, 60.0]), np.array([2.0, 1.0])),
        "above": (np.array([20.0, 90.0]), np.array([5.0, 0.0])),
        "never": (np.empty(0), np.empty(0)),
    }
    drawn = series.stack(layers, (30.0, 80.0), 10)
    # Changes at 20 and 90 are outside; what held when the window begins is known from before it.
    assert drawn.at.tolist() == [30, 60, 80]
    assert {name: level.tolist() for name, level in drawn.levels.items()} == {"below": [2, 1, 1], "above": [5, 5, 5]}


def test_the_share_that_started_ends_below_one_where_some_never_did():
    times = Durations(np.array([0.0, 10.0, 30.0]), np.array([False, False, True]))
    at, shares = series.share_started(times)
    assert at.tolist() == [0, 0, 10]
    assert shares.tolist() == pytest.approx([0, 1 / 3, 2 / 3])


def test_queue_times_are_sorted_and_those_without_a_start_are_last():
    # Two servers: two jobs start at once, one after 100 s, and one of three vCPUs never.
    shown = outcome(
        workflow(job("a", 100), job("b", 200), job("c", 50), job("d", 10, jobDefinition="wide")),
        environments=[unmanaged(2)],
        definitions=[definition(), definition("wide", vcpus="3")],
        horizon="1h",
    )
    times = series.sorted_queue_times(shown)
    assert times.seconds.tolist() == [0, 0, 100, 200]  # the run ends with the last that can run
    assert times.censored.tolist() == [False, False, False, True]


def test_spend_ends_at_the_bill():
    # c6i.large for an hour without a volume: 0.085 USD an hour from the first second on.
    spend = series.spend(outcome(workflow(job(runtime=3600)), settings={"ec2": {"rootVolume": 0}}))
    assert spend.bill == pytest.approx(0.085)
    assert spend.spent[-1] == pytest.approx(spend.bill)
    assert spend.rate[0] == pytest.approx(0.085)


def test_spend_ends_at_the_bill_where_a_plan_is_left_over_and_use_is_billed_past_the_end():
    # c6i.large runs for 30 s, when the run ends, and is billed for 60 s. A plan of 1 USD an hour is paid for these
    # 30 s: at 28 % off it covers the use, and the rest of it is lost within the run, not in the 30 s that follow.
    recording = run(jobs([0], [1000]), fleet(), horizon_s=30)
    made = replace(configuration(fleet()), savings_plan=SavingsPlan(1.0, 0.28))
    shown = Outcome(jobs([0], [1000]), made, recording)
    used, committed = 0.72 * 60 * 0.085 / HOUR, 30 * 1.0 / HOUR
    assert shown.costs.total == pytest.approx(committed)
    assert spent(shown, np.array([0.0, 15.0]))[1] == pytest.approx(0.72 * 15 * 0.085 / HOUR + (committed - used) / 2)
    assert spent(shown, np.array([30.0]))[0] == pytest.approx(committed)


def test_without_instances_nothing_is_spent():
    spend = series.spend(outcome(environments=[unmanaged(1)]))
    assert (spend.at.tolist(), spend.spent.tolist(), spend.bill) == ([0, 60], [0, 0], 0)


def test_of_a_long_quiet_run_the_busiest_night_is_shown():
    # A job a night for 65 days, and on the 40th ten at 03:00: the picture shows hours, not weeks.
    nights = workflow(job(runtime="30m"), name="nights", arrivals={"every": "1d"})
    close = workflow(
        job(runtime="1h", arrayProperties={"size": 10}), name="close", arrivals={"at": [f"{40 * 24 + 3}h"]}
    )
    result = bs.run(scenario(nights, close, environments=[unmanaged(20)], duration="65d"))
    low, high = series.busiest(result.run.outcome)
    assert 40 * DAY - HOUR <= low < 40 * DAY + 3 * HOUR
    assert high < 40 * DAY + 6 * HOUR
