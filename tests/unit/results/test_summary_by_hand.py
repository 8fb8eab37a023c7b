"""The summary's own arithmetic: periods and months, environments within a window, prices' sources, reservations."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

import batchsim as bs
from batchsim.results.cost.price_sources import provenance
from batchsim.results.reservations import reservation_figures, unused_reservations
from batchsim.spec.price_sources import DerivedType, PriceSources
from batchsim.units import DAY, HOUR
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.unit.results.recorded import instance, outcome
from tests.worlds import LARGE, XLARGE, fleet, jobs, reservation

#: c6i.large with 30 GiB of gp3, USD an hour.
RATE = 0.085 + 30 * 0.08 / 730


def summary(*flows, **members):
    return bs.run(scenario(*flows, **members)).summary


def one_job(runtime, **members):
    return summary(workflow(job(runtime=runtime)), **members)


@pytest.mark.parametrize(
    ("runtime", "duration", "period", "monthly"),
    [
        (DAY, DAY, DAY, True),
        (1.1 * DAY, DAY, DAY, True),
        (1.1 * DAY + 1, DAY, DAY, False),
        (DAY - 1, DAY - 1, DAY - 1, False),
        (DAY, None, DAY, False),
        (2 * DAY, None, 2 * DAY, False),
    ],
    ids=["a day", "a tenth longer", "and a second", "less than a day", "no duration", "of two days"],
)
def test_a_month_is_told_of_a_run_of_a_day_that_ends_in_time(runtime, duration, period, monthly):
    members = {} if duration is None else {"duration": duration}
    found = one_job(runtime, **members)
    assert found["period_s"] == period
    cost = found["cost_usd"]
    assert cost["total"] == pytest.approx(runtime / HOUR * RATE)
    if monthly:
        # All of it, in so many days as were asked for; a month has 730 hours.
        assert cost["per_month"] == pytest.approx(cost["total"] / (duration / HOUR) * 730)
    else:
        assert cost["per_month"] is None


def test_of_a_run_that_a_horizon_cuts_it_is_the_time_until_then():
    found = one_job(3 * DAY, duration="2d", horizon="36h")
    assert (found["period_s"], found["cost_usd"]["per_month"]) == (1.5 * DAY, None)
    assert found["cost_usd"]["total"] == pytest.approx(36 * RATE)


def test_a_steady_run_tells_its_month_by_the_time_after_its_warm_up():
    flow = workflow(job(runtime=3600), arrivals={"every": 3600})
    found = summary(flow, environments=[environment(type="FARGATE")], duration="2d", warmUp="1d",
                    definitions=[definition(memory="2048", platformCapabilities=["FARGATE"])])  # fmt: skip
    hour = 0.04048 + 2 * 0.004445
    assert found["cost_usd"]["total"] == pytest.approx(24 * hour)
    assert found["cost_usd"]["per_month"] == pytest.approx(730 * hour)
    short = summary(flow, environments=[unmanaged(1)], duration="2d", warmUp="25h")
    assert (short["period_s"], short["cost_usd"]["per_month"]) == (23 * HOUR, None)


def test_environments_count_what_began_within_the_window():
    # A task every hour, and one of a minute on an instance of its own every two: from the third hour on.
    flows = [
        workflow(job(runtime=600, jobQueue="t", jobDefinition="light"), name="t", arrivals={"every": "1h"}),
        workflow(job(runtime=60, jobQueue="i"), name="i", arrivals={"every": "2h"}),
    ]
    made = {
        "environments": [environment("tasks", type="FARGATE"), environment()],
        "queues": [queue("t", "tasks"), queue("i", "fleet")],
        "definitions": [definition(), definition("light", memory="2048", platformCapabilities=["FARGATE"])],
        "duration": "6h",
    }
    whole, cut = (summary(*flows, **made, **more)["compute_environments"] for more in ({}, {"warmUp": "3h"}))
    assert [(each["attempts"], each["instances"]) for each in whole.values()] == [(6, 6), (3, 3)]
    assert [(each["attempts"], each["instances"]) for each in cut.values()] == [(3, 3), (1, 1)]
    assert cut["fleet"]["cost_usd"]["total"] == pytest.approx(whole["fleet"]["cost_usd"]["total"] / 3)
    assert cut["tasks"]["cost_usd"]["total"] == pytest.approx(whole["tasks"]["cost_usd"]["total"] / 2)


def test_jobs_of_a_warm_up_are_no_kind_that_can_not_be_placed():
    # One every 100 s that nothing holds: of ten the last four count.
    flow = workflow(job(jobDefinition="wide"), arrivals={"every": 100})
    members = {"definitions": [definition("wide", vcpus="96", memory="1024")], "duration": 1000, "horizon": 1000}
    for more, jobs_ in (({}, 10), ({"warmUp": 600}, 4)):
        found = summary(flow, **members, **more)
        assert [(each["job_definition"], each["vcpus"], each["jobs"]) for each in found["unplaceable"]] == [
            ("wide", 96.0, jobs_)
        ]
        assert found["never_placed"]["jobs"] == jobs_
        # From each one's submission to the end of the run.
        waited = sum(1000 - 100 * number for number in range(10 - jobs_, 10))
        assert sum(found["never_placed"]["wait_s"].values()) == pytest.approx(waited)
        assert sum(found["wait_s"].values()) == pytest.approx(waited)


def test_only_types_that_were_launched_are_named_among_derived_prices():
    kinds = [DerivedType(name, 0.1, "m6i.large", None) for name in ("c6i.large", "c6i.xlarge", "r6i.large")]
    made = outcome(
        jobs([0], 60), fleet(offerings=(LARGE, XLARGE)), fleet("other", offerings=(LARGE,)),
        instances=[instance(0, 0, 0, 60, offering=1), instance(0, 0, 0, 60, offering=1)],
    )  # fmt: skip
    sources = PriceSources(as_of=date(2026, 11, 2), is_old=True, stated=("c6i.large",), derived=tuple(kinds))
    world = SimpleNamespace(price_sources=sources, recorded_configuration=made.configuration, region="us-east-1")
    found = provenance(world, made.recording)
    assert [each["instance_type"] for each in found["types"]] == ["c6i.xlarge"]
    assert found | {"types": []} == {
        "region": "us-east-1", "as_of": "2026-11-02", "old": True, "catalog": "bundled", "stated": ["c6i.large"],
        "fargate_derived": False, "candidates_derived": 3, "types": [],
    }  # fmt: skip
    unknown = SimpleNamespace(
        price_sources=PriceSources(catalog="abc"), recorded_configuration=made.configuration, region="x"
    )
    assert [provenance(unknown, made.recording)[key] for key in ("as_of", "catalog", "types")] == [None, "abc", []]


def test_reservations_are_told_by_name_and_a_run_without_any_says_nothing():
    block = reservation("block", 2, is_block=True, usd_per_hour=3.0, ends_at=4 * HOUR)
    made = outcome(
        jobs([0], 60), fleet(), reservations=[reservation("plain", zone="us-east-1c"), block], ended_at=2 * HOUR
    )
    told = reservation_figures(made)["reservations"]
    assert told == {
        "plain": {
            "kind": "on-demand", "instance_type": "c6i.large", "availability_zone": "us-east-1c", "instances": 1,
            "reserved_h": 2.0, "used_h": 0.0, "unused_usd": pytest.approx(2 * 0.085),
        },
        "block": {
            "kind": "capacity-block", "instance_type": "c6i.large", "availability_zone": "us-east-1a", "instances": 2,
            "reserved_h": 4.0, "used_h": 0.0, "unused_usd": pytest.approx(2 * 4 * 3.0),
        },
    }  # fmt: skip
    assert unused_reservations(made) == {"unused_reservations": pytest.approx(24.0 + 2 * 0.085)}
    none = outcome(jobs([0], 60), fleet())
    assert (reservation_figures(none), unused_reservations(none)) == ({}, {})
