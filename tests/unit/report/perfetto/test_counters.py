"""Counters of a trace are the money and the vCPUs of the run, and a trace of a part of it has what holds there."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

import batchsim as bs
from batchsim.report.perfetto.extent import shown
from batchsim.report.perfetto.trace import write_trace
from tests.builders import definition, job, scenario, unmanaged, workflow
from tests.perfetto_traces import read

SECOND = 10**9


@pytest.fixture(scope="module")
def trace(mixed, tmp_path_factory):
    path = tmp_path_factory.mktemp("mixed") / "trace.pftrace"
    write_trace(mixed.run, path)
    return read(path)


def area(steps, end):
    """Of a counter, level times seconds until an instant."""
    return sum(value * (until - at) for (at, value), (until, _) in pairwise([*steps, (end, 0.0)])) / SECOND


def named(mixed):
    """The groups of environments, by what the summary calls them."""
    options = {each.name: each.purchase_option for each in mixed.scenario.configuration.environments}
    return {name: f"{name} ({option})" for name, option in options.items()}


def test_dollars_an_hour_make_up_the_bill_but_for_what_is_paid_at_once(mixed, trace):
    end = round(mixed.run.recording.ended_at * SECOND)
    for name, group in named(mixed).items():
        cost = mixed.summary["compute_environments"][name]["cost_usd"]
        paid = area(trace.counter(group, "dollars an hour"), end) / 3600
        # The rest of a minute that was not run is paid when it ends: at no rate. Nor is the volume of an instance
        # while it is PENDING: 30 GiB at 0.08 dollars a month of 730 h.
        hosts = mixed.instances[mixed.instances.compute_environment == name]
        pending_h = 0.0 if name == "serverless" else (hosts.running_at - hosts.requested_at).sum() / 3600
        beside = cost["by_purpose"]["minimum"] + pending_h * 30 * 0.08 / 730
        assert paid == pytest.approx(cost["total"] - beside, rel=1e-6)
        assert paid > 0


def test_vcpus_in_use_and_bought_are_those_of_the_timeline(mixed, trace):
    end = mixed.run.recording.ended_at
    vcpus = mixed.timeline[mixed.timeline.measure == "vcpus"]
    for name, group in named(mixed).items():
        mine = vcpus[(vcpus.name == name) & (vcpus.state != "limit")]
        spent = {
            state: float((steps["value"] * np.diff([*steps["at"], end])).sum())
            for state, steps in mine.groupby("state", observed=True)
        }
        until = round(end * SECOND)
        assert area(trace.counter(group, "vCPUs in use"), until) == pytest.approx(spent["running"], rel=1e-6)
        assert area(trace.counter(group, "vCPUs bought"), until) == pytest.approx(sum(spent.values()), rel=1e-6)
        most = max(value for _, value in trace.counter(group, "vCPUs bought"))
        assert most == mixed.summary["compute_environments"][name]["peak_vcpus"]


def test_jobs_of_all_states_are_those_that_there_were(mixed, trace):
    end = round(mixed.run.recording.ended_at * SECOND)
    for name, jobs in mixed.jobs.groupby("job_queue", observed=True):
        counters = [trace.path(track) for track in trace.counters if trace.path(track)[0] == f"job queue {name}"]
        there = sum(area(trace.counter(*path), end) for path in counters)
        alive = (jobs.stopped_at.fillna(end / SECOND) - jobs.submitted_at).sum()
        assert there == pytest.approx(alive, rel=1e-6)


def one_after_the_other(jobs=5, **members):
    """Jobs of a minute on one processor."""
    return bs.run(scenario(workflow(job(arrayProperties={"size": jobs})), environments=[unmanaged(1)], **members))


class TestShown:
    """Which attempts are in a trace."""

    @pytest.mark.parametrize(
        ("window", "first", "last", "ends"),
        [
            (None, 0, 4, (0, 300)),
            ((90.0, 150.0), 1, 2, (90, 150)),
            # What ends as the window begins, and begins as it ends, overlaps it.
            ((60.0, 120.0), 0, 2, (60, 120)),
            ((60.5, 119.5), 1, 1, (60.5, 119.5)),
            ((-10.0, 30.0), 0, 0, (0, 30)),
            ((250.0, math.inf), 4, 4, (250, 300)),
            ((900.0, 950.0), 4, 4, (300, 300)),
        ],
    )
    def test_it_is_those_that_overlap_the_window_which_ends_with_the_run(self, window, first, last, ends):
        extent = shown(one_after_the_other().run.recording, window)
        assert np.flatnonzero(extent.attempts).tolist() == list(range(first, last + 1))
        assert (extent.window, extent.jobs, extent.jobs_in_all) == (ends, last - first + 1, 5)

    def test_of_more_than_are_shown_the_first_are_and_it_ends_where_the_next_one_begins(self):
        extent = shown(one_after_the_other().run.recording, most=2)
        assert (extent.window, extent.jobs) == ((0, 120), 2)
        assert np.flatnonzero(extent.attempts).tolist() == [0, 1]
        assert extent.left_out == "2 of 5 jobs are shown: those with attempts from 0 s to 2 min"

    def test_as_many_as_are_shown_are_all_there(self):
        extent = shown(one_after_the_other().run.recording, most=5)
        assert (extent.window, extent.left_out) == ((0, 300), "")

    def test_a_job_that_is_tried_again_counts_once(self):
        retried = definition(retryStrategy={"attempts": 3})
        result = one_after_the_other(2, definitions=[retried])
        fails = scenario(
            workflow(job("a", failure={"probability": 1})), environments=[unmanaged(1)], definitions=[retried]
        )
        extent = shown(bs.run(fails).run.recording, most=1)
        assert (extent.attempts.sum(), extent.jobs, extent.jobs_in_all) == (3, 1, 1)
        assert extent.left_out == ""
        assert shown(result.run.recording, most=1).left_out.startswith("1 of 2 jobs are shown")


def test_in_a_window_a_counter_begins_with_what_holds_there_and_has_no_step_after_it(tmp_path):
    write_trace(one_after_the_other().run, tmp_path / "trace.pftrace", window=(90.0, 190.0))
    steps = read(tmp_path / "trace.pftrace").counter("job queue queue", "RUNNABLE jobs")
    # Of five one runs and one is done: three wait; at 120 s two, at 180 s one.
    assert steps == [(90 * SECOND, 3), (120 * SECOND, 2), (180 * SECOND, 1)]
