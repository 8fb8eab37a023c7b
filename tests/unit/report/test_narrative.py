"""What the answer says of objectives, waiting, waste and money, worked by hand."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.report.narrative import (
    attention,
    cost_sentence,
    objective_sentence,
    period,
    prices_sentence,
    queue_sentence,
    utilisation_sentence,
    verdict,
    wait_fact,
    waste_fact,
)
from batchsim.scenario.loading import from_mapping
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
    assert failed == "1; met in 0 of 3: in 0 to 71 % of such runs"  # 1 - 0.025 ** (1/3)
    assert cost.endswith("1 of 1 jobs failed on average; met in 0 of 3: in 0 to 71 % of such runs")


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


def fact(*workload, **members) -> str:
    return said(scenario(*workload, **members))


def said(made) -> str:
    result = bs.run(made)
    return wait_fact(result.run, result.summary)


def test_the_limit_is_named_by_its_environment():
    # One server: the second of two jobs of an hour waits for the first. The other queue's environment is idle.
    text = fact(
        workflow(job("a", 3600), job("b", 3600)),
        environments=[unmanaged(1), unmanaged(1, "others")],
        queues=[queue("queue", "servers"), queue("other", "others")],
    )
    assert text == "1.0 of 1.0 job-hours for unmanagedvCpus of servers"


def test_a_consumable_resource_is_named_as_the_limit():
    # Jobs that wait for a licence do not need more machines.
    wants = {"consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]}
    made = {
        "computeEnvironments": [environment()],
        "consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 1}],
        "jobQueues": [queue()],
        "jobDefinitions": [definition(consumableResourceProperties=wants)],
    }
    result = from_mapping(
        {
            "name": "test",
            "batch": made,
            "workload": [workflow(job("a", 36_000), job("b", 60))],
            "environment": {"preset": "ideal"},
        }
    )
    assert said(result) == ("10 of 10 job-hours for the quantity of licence")


def test_a_reservation_is_named_as_one():
    # Half of two servers is kept for other shares: the second job of an hour waits for the first.
    made = {
        "computeEnvironments": [unmanaged(2)],
        "schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"computeReservation": 50}}],
        "jobQueues": [{**queue("queue", "servers"), "schedulingPolicyArn": "fair"}],
        "jobDefinitions": [definition()],
    }
    jobs = [job(name, 3600, shareIdentifier="a") for name in ("first", "second")]
    environment = {"preset": "ideal"}
    result = from_mapping({"name": "test", "batch": made, "workload": [workflow(*jobs)], "environment": environment})
    assert said(result) == ("1.0 of 1.0 job-hours for the computeReservation of queue")


def test_booting_is_named():
    text = fact(workflow(job("a", 60)), settings={"ec2": {"launch": 1800, "register": 1800}})
    assert text == "1.0 of 1.0 job-hours for instances to boot and register"


def test_little_waiting_is_not_worth_a_word():
    assert not fact(workflow(job("a", 60), job("b", 60)), environments=[unmanaged(1)])


def test_capacity_is_named():
    pool = {"instanceTypes": ["c6i"], "vcpus": 0, "schedule": [{"at": 7200, "vcpus": 64}]}
    assert fact(workflow(job("a", 60)), settings={"capacity": {"pools": [pool]}}) == (
        "2.0 of 2.0 job-hours for capacity that was unavailable"
    )


def test_jobs_behind_a_large_one_are_named():
    # Of two servers one is busy for an hour; the job of two waits for the limit, the ten behind it are blocked.
    wide = definition("wide", vcpus="2")
    text = fact(
        workflow(job("a", 3600), job("b", 1, jobDefinition="wide"), job("c", 1, arrayProperties={"size": 10})),
        environments=[unmanaged(2)],
        definitions=[definition(), wide],
    )
    assert text.startswith("10 of 11 job-hours for jobs ahead of them in the queue")


def test_retries_are_named():
    failing = definition(retryStrategy={"attempts": 3})
    fails = {"failure": {"probability": 1}}
    text = fact(workflow(job("a", 3600, **fails)), environments=[unmanaged(1)], definitions=[failing])
    assert text.startswith("2.0 of 2.0 job-hours for earlier attempts that failed")


def test_waiting_for_other_jobs_is_the_workflow_s_own():
    flow = workflow(job("a", 36_000), job("b", 60, dependsOn=[{"jobName": "a"}]))
    assert not fact(flow, environments=[unmanaged(1)])


def test_the_largest_waste_is_named():
    # An hour of c6i.large kept warm, a minute of it used: nearly all was idle. A used one has hardly any waste.
    idle = bs.run(scenario(workflow(job("a", 60)), environments=[environment(minvCpus=2)], duration="1h"))
    assert waste_fact(idle.summary).endswith("went to idle capacity")
    used = bs.run(scenario(workflow(job("a", 3600)), definitions=[definition(vcpus="2", memory="3700")]))
    assert not waste_fact(used.summary)


def test_a_commitment_that_bought_nothing_is_named_as_one():
    # Of a dollar an hour 0.0612 covers c6i.large.
    plan = {"prices": {"savingsPlan": {"usdPerHour": 1.0, "discount": 0.28}}, "ec2": {"rootVolume": 0}}
    result = bs.run(scenario(workflow(job("a", 3600)), settings=plan))
    assert waste_fact(result.summary) == "$0.94 (94 %) went to what a Savings Plan committed and bought nothing"


@pytest.mark.parametrize(
    ("met", "said"),
    [([], "–"), ([None], "–"), ([True, None], "1 of 1 met"), ([True, False], "1 of 2 met"), ([False], "0 of 1 met")],
)
def test_a_verdict_counts_what_was_met(met, said):
    assert verdict([{"kept": each} for each in met]) == said


@pytest.mark.parametrize(
    ("interruptions", "said"),
    [
        (0, "50 % of vCPUs, – of memory; peak 1,024 vCPUs"),
        (1, "50 % of vCPUs, – of memory; peak 1,024 vCPUs; 1 interruption"),
        ({"mean": 0.5, "low": 0, "high": 1, "n": 2}, "50 % of vCPUs, – of memory; peak 1,024 vCPUs; 0.5 interruptions"),
    ],
)
def test_utilisation_is_said_with_the_peak_and_what_aws_took_back(interruptions, said):
    used = {"vcpu": 0.5, "memory": None}
    summary = {"utilisation": used, "peak_vcpus": 1024.0, "interruptions": interruptions}
    assert utilisation_sentence(summary) == said


NOTHING = {
    "jobs": {"submitted": 1},
    "period_s": 3600,
    "job_queues": {"q": {"growth": {"grows": None}}},
    "unplaceable": [],
    "memory_margin": [],
    "skipped": {},
    "noted": {},
}
KIND = {"job_queue": "q", "job_definition": "d", "vcpus": 2.0, "memory_mib": 4096, "gpus": 0}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"unplaceable": [{**KIND, "jobs": 2}]},
            "2 jobs of d (2 vCPU, 4,096 MiB) can never be placed: they stay RUNNABLE and block q",
        ),
        (
            {"unplaceable": [{**KIND, "jobs": 1, "gpus": 8}]},
            "1 job of d (2 vCPU, 4,096 MiB, 8 GPU) can never be placed: it stays RUNNABLE and blocks q",
        ),
        (
            {"memory_margin": [{**KIND, "jobs": 1, "beyond_mib": 20}]},
            (
                "1 job of d asks for 20 MiB more than any instance of q is known to have, and was taken to fit "
                "(environment.ec2.memory states what there is)"
            ),
        ),
        (
            {"left_waiting": {"q": {"jobs": 2, "job_id": "w/0/a", "waits": "for room", "change": "more would do"}}},
            "q: 2 jobs left RUNNABLE: w/0/a waits for room; more would do",
        ),
        ({"skipped": {"no run time": 1}}, "1 job of traces left out: no run time"),
        ({"skipped": {"no run time": 1200}}, "1,200 jobs of traces left out: no run time"),
        ({"jobs": {"submitted": 0}}, "nothing was submitted: no job arrives in 1 h 00 min"),
        (
            {"jobs": {"submitted": 0}, "period_s": 7},
            "nothing was submitted: no job arrives in 7 s; a duration without a unit is in seconds",
        ),
    ],
)
def test_what_needs_attention_is_said_in_a_line(found, said):
    assert attention({**NOTHING, **found}) == [said]
    assert attention(NOTHING) == []


PRICES = {
    "region": "us-west-2",
    "as_of": "2026-07-20",
    "old": False,
    "stated": [],
    "fargate_derived": False,
    "types": [],
}


def launched(name, usd, price=None, spot=None):
    derived = {"price_derived_from": price, "spot_derived_from": spot}
    return {"instance_type": name, "on_demand_usd_per_hour": usd, **derived}


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ({}, "us-west-2, of 2026-07-20"),
        ({"old": True, "fargate_derived": True}, "us-west-2, of 2026-07-20, over a year old; Fargate derived"),
        ({"stated": ["a", "b", "c", "d"]}, "us-west-2, of 2026-07-20; 4 stated: a, b, c …"),
        ({"as_of": None, "stated": ["a"]}, "us-west-2, all stated"),
        ({"types": [launched("c6i.large", 0.085), launched("m6i.large", 0.107, "m5")]},
         "us-west-2, of 2026-07-20; 1 derived: m6i.large ~0.107"),
        ({"types": [launched("m6i.large", 0.1, None, "m5")]},
         "us-west-2, of 2026-07-20; Spot by a neighbour: m6i.large"),
    ],
)  # fmt: skip
def test_prices_say_where_they_are_from(prices, said):
    assert prices_sentence({**PRICES, **prices}) == said
