"""Which scenarios have a warm-up: those with a duration, whose jobs keep arriving, and for MSER-5 at one rate."""

from __future__ import annotations

import pytest

import batchsim as bs
from tests.builders import job, scenario, workflow

STEADY = {"poisson": {"rate": 6}}
PROFILE = {"poisson": {"rate": 6, "profile": {"hourOfDay": [1] * 12 + [2] * 12}}}
FLAT = {"poisson": {"rate": 6, "profile": {"hourOfDay": [2] * 24, "dayOfWeek": [1] * 7}}}
TRACE = {"trace": {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}}


def told(*arrivals, duration="7d", warm_up="auto"):
    """What is said of a warm-up where workflows, or traces, arrive so."""
    entries = [
        each if "format" in each.get("trace", ()) else workflow(job(f"job{number}"), name=f"w{number}", arrivals=each)
        for number, each in enumerate(arrivals)
    ]
    members = {"warmUp": warm_up} | ({} if duration is None else {"duration": duration})
    try:
        found = scenario(*entries, **members).warnings
    except bs.ScenarioError as error:
        found = error.findings
    return [each.message for each in found if each.code == "warm-up"]


@pytest.mark.parametrize("warm_up", ["auto", "6h"])
@pytest.mark.parametrize("arrivals", [STEADY, {"every": "10m"}, FLAT, {"every": "10m", "jitter": "1m", "count": 500}])
def test_what_arrives_at_one_rate_has_one(warm_up, arrivals):
    assert told(arrivals, warm_up=warm_up) == []
    assert told(arrivals, STEADY, warm_up=warm_up) == []


@pytest.mark.parametrize(
    ("arrivals", "why"),
    [
        ({"cron": "0 6 * * *"}, "arrives by cron"),
        (PROFILE, "arrives by the hour of day or the day of week"),
        ({"at": ["1h", "2h"]}, "is replayed, or arrives at stated times"),
        ({"trace": ["1h", "2h"]}, "is replayed, or arrives at stated times"),
    ],
)
def test_what_has_no_one_level_has_none_that_can_be_found_but_one_that_can_be_stated(arrivals, why):
    level = f"w1 {why}: it has no one level, which is what MSER-5 looks for"
    assert told(STEADY, arrivals) == [level]
    assert told(STEADY, arrivals, warm_up="6h") == []


@pytest.mark.parametrize("warm_up", ["auto", "6h"])
def test_a_scenario_that_ends_with_its_last_job_has_none(warm_up):
    once = ("w0", "w1")
    assert told({"at": ["1h"]}, {"trace": ["2h"]}, warm_up=warm_up) == [
        f"the scenario is terminating: jobs of {' and '.join(once)} arrive at stated times alone"
    ]
    # One that keeps arriving is enough; and without a duration nothing does for ever.
    assert told({"at": ["1h"]}, STEADY, warm_up="6h") == []
    counted = {"every": "1h", "count": 5}
    assert told(counted, duration=None, warm_up=warm_up) == [
        "without a duration the scenario is terminating: it ends with its last job"
    ]


def test_a_recording_may_go_on_for_months_but_has_no_one_level():
    assert told(TRACE, warm_up="6h") == []
    assert told(TRACE) == [
        "jobs is replayed, or arrives at stated times: it has no one level, which is what MSER-5 looks for"
    ]
    repeated = {"trace": {**TRACE["trace"], "arrivals": {"at": ["0s"]}}}
    assert told(repeated, warm_up="6h") == ["the scenario is terminating: jobs of jobs arrive at stated times alone"]


@pytest.mark.parametrize(
    ("warm_up", "is_told"),
    [("23h59m59s", False), ("24h", True), ("2d", True), (0, False)],
)
def test_it_is_shorter_than_the_duration(warm_up, is_told):
    message = "it is no shorter than the duration: no job is left"
    assert told(STEADY, duration="1d", warm_up=warm_up) == [message] * is_told
