"""Whether promises were kept, worked by hand: which jobs are missing, in whose time, for what money."""

from __future__ import annotations

import pytest

import batchsim as bs
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow

HOUR, DAY = 3600, 86400
#: What promises need of jobs that neither started nor ended.
PROMISES = ("makespan <= 1d", "cost <= 1000", "failed <= 0", "max(queue_time) <= 1d", "max(turnaround) <= 1d",
            "max(finished_at) <= 1d", "utilisation <= 1")  # fmt: skip


def judged(made, **run) -> dict[str, dict]:
    return {entry["expression"]: entry for entry in bs.run(made, **run).summary["objectives"]}


def verdicts(made, **run) -> dict[str, bool | None]:
    return {expression: entry["kept"] for expression, entry in judged(made, **run).items()}


# Jobs that did not get there


def test_jobs_that_can_never_be_placed_keep_no_promise_of_theirs():
    # Two queues; the ten of one ask for more than its environment has. What is promised of the other queue holds.
    of_one = ["failed(jobQueue=sound) <= 0", "max(turnaround, jobQueue=sound) <= 1m", "cost(jobQueue=sound) <= 1"]
    of_the_other = ["failed(jobQueue=stuck) <= 0", "cost(jobQueue=stuck) <= 1", "makespan(workflow=wide) <= 1d"]
    made = scenario(
        workflow(job("small", jobQueue="sound")),
        workflow(job("wide", jobQueue="stuck", jobDefinition="wide", arrayProperties={"size": 10}), name="wide"),
        environments=[environment(), environment("other")],
        queues=[queue("sound", "fleet"), queue("stuck", "other")],
        definitions=[definition(), definition("wide", vcpus="64", memory="900000")],
        objectives=[*PROMISES, *of_one, *of_the_other, "unfinished <= 10", "unfinished(jobQueue=sound) <= 0"],
    )
    found = judged(made)
    assert [found[each]["kept"] for each in of_one] == [True] * 3
    for each in (*PROMISES, *of_the_other):
        assert found[each]["kept"] is False, each
        assert found[each]["missing"] == 10
        assert found[each]["missing_by"] == {"never_ran": 10, "unfinished": 0, "failed": 0}
    assert found["makespan <= 1d"]["jobs"] == 11
    assert found["failed(jobQueue=stuck) <= 0"]["jobs"] == 10
    assert found["unfinished <= 10"]["kept"]
    assert found["unfinished <= 10"]["value"] == 10
    assert found["unfinished(jobQueue=sound) <= 0"]["kept"]


def test_jobs_behind_one_that_is_stuck_are_missing_too():
    wide = definition("wide", vcpus="64", memory="900000")
    made = scenario(
        workflow(job("wide", jobDefinition="wide"), job("small", arrayProperties={"size": 3})),
        definitions=[definition(), wide],
        objectives=["failed <= 0", "failed(jobName=small) <= 0"],
    )
    found = judged(made)
    assert [entry["missing"] for entry in found.values()] == [4, 3]
    assert [entry["kept"] for entry in found.values()] == [False, False]


def test_a_disabled_environment_keeps_nothing():
    off = {**environment(), "state": "DISABLED"}
    assert not any(verdicts(scenario(environments=[off], objectives=list(PROMISES), horizon="1h")).values())


def test_what_the_horizon_cuts_is_known_as_far_as_it_goes():
    # One server, three jobs of a minute, cut after 90 s: the first is done, the second runs, the third waits.
    made = scenario(
        workflow(job("j", arrayProperties={"size": 3})),
        environments=[unmanaged(1)],
        horizon=90,
        objectives=["p50(queue_time) <= 60s", "min(turnaround) <= 60s", "makespan <= 2m", "unfinished <= 2"],
    )
    result = bs.run(made)
    waited, took = result.summary["queue_time_s"], result.summary["turnaround_s"]
    assert (waited["p50"], waited["max"], waited["mean"], waited["missing"]) == (60, None, None, 1)
    assert waited["at_least"]["max"] == 90
    assert waited["at_least"]["mean"] == (0 + 60 + 90) / 3
    assert (took["p50"], took["missing"]) == (None, 2)
    assert took["at_least"]["p50"] == 90
    assert result.summary["makespan_s"] is None
    half, least, whole, open_ = result.summary["objectives"]
    # Half of them did wait no more than a minute, but one never started.
    assert (half["value"], half["kept"], half["missing"]) == (60, False, 1)
    assert (least["value"], least["kept"]) == (60, False)
    assert least["missing_by"] == {"never_ran": 1, "unfinished": 1, "failed": 0}
    assert (whole["value"], whole["at_least"], whole["kept"]) == (None, 90, False)
    assert open_["kept"]


def test_a_job_that_was_cancelled_while_it_waited_never_started():
    # The head of the queue fits nowhere, and is cancelled after ten minutes; the next one starts then.
    reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
    limit = {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    made = scenario(
        workflow(job("wide", jobDefinition="wide"), job("small")),
        queues=[{**queue(), "jobStateTimeLimitActions": [limit]}],
        definitions=[definition(), definition("wide", memory="900000")],
        objectives=["p50(queue_time, jobName=wide) <= 1d", "failed <= 1", "failed(jobName=small) <= 0"],
    )
    result = bs.run(made)
    assert result.summary["jobs"] == {"submitted": 2, "succeeded": 1, "failed": 1, "unfinished": 0}
    for figures, least in (("queue_time_s", 600), ("turnaround_s", 660)):
        assert result.summary[figures]["missing"] == 1
        assert result.summary[figures]["at_least"]["max"] == least
    of_wide, *others = result.summary["objectives"]
    # One may fail, and the other was in time; but of the one no queue time is known.
    assert (of_wide["value"], of_wide["at_least"], of_wide["kept"]) == (None, 600, False)
    assert all(entry["kept"] for entry in others)


# Jobs that failed


def failing(*objectives):
    """Of three jobs one fails, and one that depends on it with it."""
    fails = {"failure": {"probability": 1}}
    return scenario(
        workflow(job("good")),
        workflow(job("bad", **fails), job("after", dependsOn=[{"jobName": "bad"}]), name="broken"),
        objectives=list(objectives),
    )


def test_what_failed_was_not_got_for_the_money():
    found = judged(failing("cost <= 10", "max(turnaround) <= 1h", "max(finished_at) <= 1h", "makespan <= 1h"))
    for expression, entry in found.items():
        assert entry["kept"] is False, expression
        assert entry["missing"] == 2
        assert entry["missing_by"] == {"never_ran": 1, "unfinished": 0, "failed": 1}


def test_a_promise_about_others_is_not_touched():
    assert all(verdicts(failing("cost(workflow=work) <= 10", "max(turnaround, workflow=work) <= 1h")).values())


def test_jobs_that_failed_have_waited_as_others():
    found = judged(failing("max(queue_time) <= 1m", "max(queue_time, jobName=bad) <= 1m"))
    assert [(entry["kept"], entry["missing"]) for entry in found.values()] == [(False, 1), (True, 0)]


@pytest.mark.parametrize(
    ("allowance", "kept"),
    [
        ("failed <= 2", True),
        ("failed <= 67%", True),
        ("failed < 3", True),
        ("failed(workflow=broken) <= 2", True),
        ("failed(workflow=broken) <= 100%", True),
        ("failed <= 1", False),
        ("failed <= 66%", False),
        ("failed >= 2", False),
        ("minimise failed", False),
        ("failed(workflow=work) <= 2", False),  # of others
        ("failed(jobName=bad) <= 1", False),  # of some only
        ("unfinished <= 2", False),
    ],
)
def test_so_many_may_fail_as_the_scenario_says(allowance, kept):
    promise = "max(turnaround, workflow=broken) <= 1h"
    assert verdicts(failing(promise, allowance))[promise] is kept


def test_jobs_that_never_ran_are_not_allowed_by_the_number_that_may_fail():
    made = scenario(
        workflow(job("j", arrayProperties={"size": 3})),
        environments=[unmanaged(1)],
        horizon=90,
        objectives=["failed <= 3", "cost <= 1000"],
    )
    assert verdicts(made) == {"failed <= 3": False, "cost <= 1000": False}


def test_an_array_s_children_are_counted_one_by_one():
    made = scenario(
        workflow(job("a", 60, arrayProperties={"size": 200}, failure={"probability": 0.1})),
        environments=[unmanaged(200)],
        objectives=["failed <= 50%", "cost <= 1"],
    )
    result = bs.run(made)
    lost = result.summary["jobs"]["failed"]
    share, cost = result.summary["objectives"]
    assert 0 < lost < 100
    assert share["value"] == lost / 200
    assert (share["kept"], cost["kept"], cost["jobs"], cost["missing"]) == (True, True, 200, 0)


def test_with_replications_it_is_kept_in_some():
    made = scenario(
        workflow(job("j", failure={"probability": 0.5})),
        objectives=["failed <= 0", "max(turnaround) <= 1m", "minimise cost"],
    )
    found = judged(made, replications=12)
    failed = found["failed <= 0"]
    lost = round(failed["value"]["mean"] * 12)
    assert 0 < lost < 12
    assert (failed["kept"], failed["kept_in"], failed["n"]) == (False, 12 - lost, 12)
    turnaround = found["max(turnaround) <= 1m"]
    assert (turnaround["kept"], turnaround["kept_in"]) == (False, 12 - lost)
    assert turnaround["missing"]["mean"] == pytest.approx(lost / 12)
    assert (found["minimise cost"]["kept"], found["minimise cost"]["kept_in"]) == (None, None)


def test_no_jobs_keep_no_promise_about_their_time():
    made = scenario(workflow(arrivals={"at": "2h"}), duration="1h", objectives=["max(turnaround) <= 1h", "failed <= 0"])
    assert verdicts(made) == {"max(turnaround) <= 1h": False, "failed <= 0": True}


def test_costs_of_queues_are_those_of_the_summary():
    made = scenario(
        workflow(job("a", 600, jobQueue="a"), job("b", 300, jobQueue="b")),
        queues=[queue("a"), queue("b")],
        objectives=["minimise cost", "minimise cost(jobQueue=a)", "minimise cost(workflow=work)"],
    )
    summary = bs.run(made).summary
    whole, of_a, of_work = (entry["value"] for entry in summary["objectives"])
    assert of_a == summary["job_queues"]["a"]["cost_usd"]["total"]
    assert of_work == pytest.approx(whole)
    assert 0 < of_a < whole


def test_an_objective_stays_one_when_some_replications_have_no_jobs_of_it():
    rare = workflow(arrivals={"poisson": {"rate": "0.5/h"}, "timezone": "Asia/Tokyo"}, name="rare")
    made = scenario(workflow(), rare, duration="1h", objectives=["max(finished_at) <= 12:00"])
    summary = bs.run(made, replications=8).summary
    assert 0 < summary["workflows"]["rare"]["turnaround_s"]["mean"]["n"] < 8
    (entry,) = summary["objectives"]
    assert (entry["n"], entry["kept_in"], entry["timezone"]) == (8, 8, "UTC, Asia/Tokyo")


# Whose time it is


def nightly(*objectives, zone="Europe/Berlin", **members):
    """Every night at 03:00 of a zone, an hour long; over the end of summer time on 25 October 2026."""
    return scenario(
        workflow(job("j", HOUR), arrivals={"cron": "0 3 * * *", "timezone": zone}, name="etl"),
        environments=[unmanaged(1)],
        start="2026-10-20T00:00:00Z",
        duration="10d",
        objectives=list(objectives),
        **members,
    )


def test_a_deadline_is_in_the_arrivals_own_time():
    # 03:00 and an hour is 04:00 every night, though it is 02:00 UTC before and 03:00 UTC after the change.
    names = ("max(finished_at) <= 04:00", "max(finished_at) <= 04:00 Europe/Berlin", "min(finished_at) >= 04:00")
    for entry in judged(nightly(*names)).values():
        assert entry["kept"]
        assert entry["value"] == 4 * HOUR
        assert entry["timezone"] == "Europe/Berlin"


def test_the_same_deadline_in_utc_is_missed_after_the_change():
    found = judged(nightly("max(finished_at) <= 02:00 UTC", "min(finished_at) <= 02:00 UTC"))
    latest, earliest = (entry["value"] for entry in found.values())
    # After the change each run arrives at 02:00 UTC, and has until the next day's.
    assert (latest, earliest) == (2 * HOUR, 2 * HOUR - 23 * HOUR)


def test_workflows_have_a_time_each():
    flows = [
        workflow(job("j", HOUR), arrivals={"cron": "0 3 * * *", "timezone": zone}, name=zone)
        for zone in ("Europe/Berlin", "Asia/Tokyo")
    ]
    made = scenario(
        *flows, environments=[unmanaged(2)], start="2026-10-20T00:00:00Z", duration="2d",
        objectives=["max(finished_at) <= 04:00", "max(finished_at, workflow=Asia/Tokyo) <= 04:00"],
    )  # fmt: skip
    both, tokyo = judged(made).values()
    assert (both["value"], both["kept"], both["timezone"]) == (4 * HOUR, True, "Europe/Berlin, Asia/Tokyo")
    assert (tokyo["value"], tokyo["timezone"]) == (4 * HOUR, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("start", "deadline", "kept"),
    [
        # Clocks go from 02:00 to 03:00 at 01:00 UTC: four hours from midnight are 05:00.
        ("2026-03-28T23:00:00Z", "05:00", True),
        ("2026-03-28T23:00:00Z", "04:59", False),
        # 02:30 is skipped, and read by the offset before: 03:30, two and a half hours after midnight.
        ("2026-03-28T23:00:00Z", "02:30", False),
        # Clocks go back from 03:00 to 02:00 at 01:00 UTC: four hours from midnight are 03:00.
        ("2026-10-24T22:00:00Z", "03:00", True),
        ("2026-10-24T22:00:00Z", "02:59", False),
    ],
)
def test_the_night_of_the_change_has_its_own_length(start, deadline, kept):
    made = scenario(
        workflow(job("j", 4 * HOUR), arrivals={"at": 0, "timezone": "Europe/Berlin"}),
        environments=[unmanaged(1)],
        start=start,
        objectives=[f"max(finished_at) <= {deadline}"],
    )
    assert list(verdicts(made).values()) == [kept]


def test_a_time_that_comes_twice_counts_for_those_that_arrive_between():
    # Half past two comes at 00:30 and at 01:30 UTC. A run that arrives at 00:45 has until the second.
    made = scenario(
        workflow(job("j", 45 * 60), arrivals={"at": 0, "timezone": "Europe/Berlin"}),
        environments=[unmanaged(1)],
        start="2026-10-25T00:45:00Z",
        objectives=["max(finished_at) <= 02:30"],
    )
    assert judged(made)["max(finished_at) <= 02:30"]["value"] == 2.5 * HOUR


def test_the_review_of_a_deadline_is_in_the_same_time():
    from batchsim.validation.workload import review

    found = {each: [finding.code for finding in review(nightly(f"max(finished_at) <= {each}"))]
             for each in ("04:00", "03:59", "02:00 UTC", "03:00 UTC")}  # fmt: skip
    # In UTC a run that arrives at 01:00 ends at 02:00; one that arrives at 02:00 ends at 03:00.
    assert found == {"04:00": [], "03:59": ["deadline"], "02:00 UTC": [], "03:00 UTC": []}


# What the money is for


def steady(**members):
    """c6i.large for an hour every day at noon."""
    flow = workflow(job("j", HOUR, jobDefinition="all"), arrivals={"every": "1d", "from": "12h"})
    return scenario(flow, definitions=[definition("all", vcpus="2", memory="3000")], **members)


def test_a_month_has_730_hours():
    summary = bs.run(steady(duration="7d")).summary
    assert summary["period_s"] == 7 * DAY
    assert summary["cost_usd"]["per_month"] == pytest.approx(summary["cost_usd"]["total"] / 7 / 24 * 730)
    together = bs.run(steady(duration="7d"), replications=2).summary
    assert together["cost_usd"]["per_month"]["mean"] == pytest.approx(summary["cost_usd"]["per_month"])


def test_a_run_that_shows_no_rate_tells_none():
    # Without a duration; of half a day; of a day whose job goes on for five hours more; cut after two of seven days.
    late = workflow(job("j", 6 * HOUR), arrivals={"at": "23h"})
    one = workflow(job("j", HOUR))
    runs = [scenario(one), scenario(one, duration="12h"), scenario(late, duration="1d"),
            steady(duration="7d", horizon="2d")]  # fmt: skip
    summaries = [bs.run(made).summary for made in runs]
    assert [summary["cost_usd"]["per_month"] for summary in summaries] == [None] * 4
    assert [summary["period_s"] for summary in summaries] == [summaries[0]["ended_at_s"], 12 * HOUR, DAY, 2 * DAY]
