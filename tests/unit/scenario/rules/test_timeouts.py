"""Runtimes beside timeouts and beside where jobs run, with quantiles worked by hand.

Of a uniform distribution from a to b the 95 % quantile is a + 0.95 (b - a), of an exponential one of mean m it is
m ln 20, and its median m ln 2.
"""

from __future__ import annotations

import math

import pytest

from tests.scenarios.rules.base import full, of_rule
from tests.scenarios.rules.changes import FARGATE, FARGATE_SPOT, SPOT, Change, behind, beside, job
from tests.scenarios.rules.of_managed_instances import options

#: To the second: 14 days and an hour.
FORTNIGHT, HOUR = 1_209_600, 3600


def timeout(seconds: int, runtime: object, *, own: bool = False) -> Change:
    holder = "job" if own else "task"
    return {f"{holder}.timeout": {"attemptDurationSeconds": seconds}, "job.runtime": runtime}


@pytest.mark.parametrize(
    ("runtime", "quantile"),
    [
        (300, 300),
        ({"uniform": {"min": 100, "max": 300}}, 290),
        ({"exponential": {"mean": 100}}, 100 * math.log(20)),
    ],
)
def test_a_timeout_leaves_nineteen_runs_of_twenty_their_time(runtime, quantile):
    enough = math.ceil(quantile)
    assert of_rule("short-timeout", timeout(enough, runtime)) == []
    (finding,) = of_rule("short-timeout", timeout(enough - 1, runtime))
    assert (finding.path, finding.expected) == (full("task.timeout.attemptDurationSeconds"), f"{enough} or more")


def test_a_jobs_own_timeout_counts_in_place_of_its_definitions():
    longer = {**timeout(100, 300), "job.timeout": {"attemptDurationSeconds": 300}}
    assert of_rule("short-timeout", longer) == []
    shorter = {**timeout(300, 300), "job.timeout": {"attemptDurationSeconds": 299}}
    assert [each.path for each in of_rule("short-timeout", shorter)] == [full("job.timeout.attemptDurationSeconds")]


def test_each_job_that_a_timeout_ends_is_told():
    # Both share the definition's timeout.
    more = {"workload.work.jobs.+": job(runtime=200)}
    found = of_rule("short-timeout", timeout(100, 300), more)
    assert [each.message.partition("quantile of ")[2].split("'")[0] for each in found] == ["job", "next"]
    assert [each.expected for each in found] == ["300 or more", "200 or more"]


@pytest.mark.parametrize("environment", [FARGATE, FARGATE_SPOT], ids=["FARGATE", "FARGATE_SPOT"])
def test_fargate_promises_a_fortnight(environment):
    assert of_rule("long-on-fargate", environment, {"job.runtime": FORTNIGHT}) == []
    (finding,) = of_rule("long-on-fargate", environment, {"job.runtime": FORTNIGHT + 1})
    assert finding.path == full("job.runtime")
    # Of these one run in twenty takes longer than 13 d + 0.95 · 25.5 h = 14 d and 13.5 min.
    late = {"uniform": {"min": "13d", "max": "14d1h30m"}}
    assert len(of_rule("long-on-fargate", environment, {"job.runtime": late})) == 1
    soon = {"uniform": {"min": "13d", "max": "14d1h"}}
    assert of_rule("long-on-fargate", environment, {"job.runtime": soon}) == []


def test_instances_run_as_long_as_a_job_takes():
    assert of_rule("long-on-fargate", {"job.runtime": 2 * FORTNIGHT}) == []
    tasks = {**beside(), "computeResources": FARGATE["resources"]}
    assert len(of_rule("long-on-fargate", behind(tasks), {"job.runtime": 2 * FORTNIGHT})) == 1


@pytest.mark.parametrize(
    ("environment", "runtime", "told"),
    [
        (SPOT, HOUR, False),
        (SPOT, HOUR + 1, True),
        (FARGATE_SPOT, HOUR + 1, True),
        (options("SPOT"), HOUR + 1, True),
        (options("ON_DEMAND"), HOUR + 1, False),
        # Half of the runs take longer than the mean times ln 2.
        (SPOT, {"exponential": {"mean": 5193}}, False),
        (SPOT, {"exponential": {"mean": 5194}}, True),
        ({}, 10 * HOUR, False),
        # There is somewhere else to go.
        ({**SPOT, **behind(beside())}, 10 * HOUR, False),
        (behind(beside(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")), 10 * HOUR, False),
        ({**SPOT, **behind(beside(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED"))}, 10 * HOUR, True),
    ],
)
def test_half_of_the_runs_on_spot_alone_take_an_hour_at_most(environment, runtime, told):
    found = of_rule("long-on-spot", environment, {"job.runtime": runtime})
    assert [each.path for each in found] == ([full("job.runtime")] if told else [])
