"""What the answer says of promises, waiting and money, worked by hand."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.report.narrative import cost_sentence, objective_sentence, period, queue_sentence
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow

HOUR, DAY = 3600, 86400


def answers(made, **run) -> list[str]:
    summary = bs.run(made, **run).summary
    return [objective_sentence(entry, summary).partition("  →  ")[2] for entry in summary["objectives"]]


def one(runtime, *objectives, zone="UTC", start="2026-11-02T22:00:00Z"):
    """One job, submitted at 22:00 UTC, with nothing to wait for."""
    return scenario(
        workflow(job("j", runtime), arrivals={"at": 0, "timezone": zone}),
        environments=[unmanaged(1)],
        start=start,
        objectives=list(objectives),
    )


@pytest.mark.parametrize(
    ("runtime", "deadline", "zone", "said"),
    [
        (2 * HOUR, "06:00", "UTC", "00:00 UTC"),
        (HOUR, "06:00", "UTC", "23:00 UTC the day before"),
        (9 * HOUR, "06:00", "UTC", "07:00 UTC"),
        (30 * HOUR, "06:00", "UTC", "04:00 UTC the day after"),
        (80 * HOUR, "06:00", "UTC", "06:00 UTC 3 days after"),
        (2 * HOUR, "06:00", "Asia/Tokyo", "09:00 Asia/Tokyo the day before"),
        (2 * HOUR, "06:00 Europe/Berlin", "UTC", "01:00 Europe/Berlin"),
        (8 * HOUR + 20, "06:00", "UTC", "06:00 UTC (20 s more)"),
    ],
)
def test_a_time_of_day_is_said_as_one(runtime, deadline, zone, said):
    assert answers(one(runtime, f"max(finished_at) <= {deadline}", zone=zone)) == [said]


def test_what_rounds_to_the_limit_is_told_from_it():
    found = answers(one(1203, "max(turnaround) <= 20m", "max(turnaround) <= 1203s", "makespan >= 1204s"))
    assert found == ["20 min (3 s more)", "20 min", "20 min (1 s less)"]


def test_units_are_those_of_what_was_promised():
    found = answers(one(60, "failed <= 1", "failed <= 1%", "utilisation <= 100%", "cost <= 1", "minimise cost"))
    assert found == ["0", "0 %", "100 %", "$0.00 in 1 min", "$0.00 in 1 min"]


def test_what_is_missing_is_said_by_how_far_it_got():
    # One server, cut after 90 s: of four one is done, one runs, two wait. A fifth fails at once.
    made = scenario(
        workflow(job("j", arrayProperties={"size": 4})),
        workflow(job("bad", 1, jobQueue="other", failure={"probability": 1}), name="bad"),
        environments=[unmanaged(1), unmanaged(1, "others")],
        queues=[queue("queue", "servers"), queue("other", "others")],
        horizon=90,
        objectives=[
            "cost <= 1",
            "failed <= 0",
            "max(queue_time) <= 1m",
            "max(finished_at) <= 1h",
            "p50(queue_time) <= 1s",
        ],
    )
    assert answers(made) == [
        "$0.00 in 1 min 30 s; 2 of 5 jobs never ran, 1 had not ended, 1 failed",
        "1; 2 of 5 jobs never ran, 1 had not ended",
        "over 1 min 30 s; 2 of 5 jobs never ran",
        "over 1 min 30 s; 2 of 5 jobs never ran, 1 had not ended, 1 failed",
        "1 min; 2 of 5 jobs never ran",
    ]
    assert queue_sentence(bs.run(made).summary) == (
        "p50 1 min, p95 over 1 min 30 s, max over 1 min 30 s; 2 never started"
    )


def test_replications_say_in_how_many():
    made = scenario(workflow(job("j", failure={"probability": 1})), objectives=["failed <= 0", "cost <= 9"])
    failed, cost = answers(made, replications=3)
    assert failed == "1; met in 0 of 3"
    assert cost.endswith("1 of 1 jobs failed on average; met in 0 of 3")


def test_nothing_started_and_nothing_waited():
    off = {**environment(), "state": "DISABLED"}
    made = scenario(environments=[off], horizon="3h")
    assert queue_sentence(bs.run(made).summary) == "none of them started"
    made = scenario(workflow(arrivals={"at": "2h"}), duration="1h", objectives=["max(turnaround) <= 1h"])
    assert queue_sentence(bs.run(made).summary) == "none of them became RUNNABLE"
    assert answers(made) == ["there are no such jobs"]


def test_money_says_its_period():
    def daily(**members):
        flow = workflow(job("j", HOUR, jobDefinition="all"), arrivals={"every": "1d"})
        whole = definition("all", vcpus="2", memory="3000")
        return bs.run(scenario(flow, definitions=[whole], settings={"ec2": {"rootVolume": 0}}, **members)).summary

    # An hour of c6i.large every day is 0.085 a day, and in a month of 730 hours as many days as it has.
    assert cost_sentence(daily(duration="7d")).startswith(
        f"$0.60 in 7 days, ${0.085 * 730 / 24:.2f} a month at this rate ("
    )
    assert cost_sentence(daily(duration="1d")).startswith("$0.0850 in 1 day, $2.59 a month at this rate (")
    # Of half an hour there is no month to tell, and what was paid was paid for longer.
    assert cost_sentence(daily(duration="30m")).startswith("$0.0850 in 30 min and the 30 min after (")


@pytest.mark.parametrize(
    ("period_s", "ended_at_s", "said"),
    [
        (DAY, DAY, "1 day"),
        (7 * DAY, 7 * DAY, "7 days"),
        (7 * DAY, 7 * DAY + HOUR, "7 days"),
        (7 * DAY, 7 * DAY + 5 * HOUR, "7 days and the 5 h 00 min after"),
        (26 * HOUR, 26 * HOUR, "1 d 02 h"),
        (0, 0, "0 s"),
    ],
)
def test_periods(period_s, ended_at_s, said):
    assert period({"period_s": period_s, "ended_at_s": ended_at_s}) == said
