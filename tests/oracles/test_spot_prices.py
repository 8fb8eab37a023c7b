"""Recorded Spot prices, by hand: the price in effect is paid per second (EC2 User Guide, Spot Instances)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import batchsim as bs
from batchsim.columns import PURPOSES
from batchsim.results.spending import spend_rate
from batchsim.results.step_functions import integral
from batchsim.results.store import write
from batchsim.scenario.document.document import Document
from batchsim.scenario.sections.spot_recordings import spot_prices
from batchsim.units import parse_instant
from tests.builders import definition, environment, job, scenario, workflow

START = "2026-11-02T00:00:00Z"
VOLUME = 30 * 0.08 / 730


def recorded(folder: Path, *prices: tuple[str, str, float, str]) -> str:
    """A file as ``aws ec2 describe-spot-price-history`` writes it: newest first."""
    history = [
        {
            "AvailabilityZone": zone,
            "InstanceType": kind,
            "ProductDescription": "Linux/UNIX",
            "SpotPrice": f"{usd:.6f}",
            "Timestamp": at,
        }
        for kind, zone, usd, at in reversed(prices)
    ]
    (folder / "prices.json").write_text(json.dumps({"SpotPriceHistory": history}))
    return "prices.json"


def made(folder: Path, history: str, *jobs: dict, types=("c6i.large",), vcpus: str = "2", **resources):
    spot = environment(type="SPOT", allocationStrategy="BEST_FIT", instanceTypes=list(types), **resources)
    return scenario(
        workflow(*jobs),
        environments=[spot],
        definitions=[definition(vcpus=vcpus)],
        settings={"spot": {"interruptions": "none", "prices": {"history": history}}},
        base=folder,
        start=START,
    )


STEPS = [
    ("c6i.large", "us-east-1a", 0.040, "2026-11-01T20:00:00.000Z"),
    ("c6i.large", "us-east-1a", 0.030, "2026-11-02T00:30:00.000Z"),
    ("c6i.large", "us-east-1a", 0.060, "2026-11-02T00:45:00.000Z"),
]


def test_an_hour_pays_each_price_as_long_as_it_holds(tmp_path):
    result = bs.run(made(tmp_path, recorded(tmp_path, *STEPS), job(runtime=3600)))
    cost = result.summary["cost_usd"]
    # The last change before the start counts: half an hour at 0.04, a quarter at 0.03, a quarter at 0.06.
    assert cost["total"] == pytest.approx(0.02 + 0.0075 + 0.015 + VOLUME)
    assert result.instances["price_usd_per_hour"].tolist() == [0.04]
    assert cost["by_purpose"]["useful"] + cost["by_purpose"]["idle"] == pytest.approx(cost["total"])


def test_what_a_job_costs_is_its_share_at_the_price_while_it_ran(tmp_path):
    # Two jobs of one vCPU on one instance; one ends after half an hour, before the price falls.
    jobs = [job("short", 1800), job("long", 3600)]
    result = bs.run(made(tmp_path, recorded(tmp_path, *STEPS), *jobs, vcpus="1", maxvCpus=2))
    by_name = result.jobs.set_index("job_name")["cost_usd"]
    share = (9 * 1 + 1) / (9 * 2 + result.instances["memory_mib"].iloc[0] / 1024)
    assert by_name["short"] == pytest.approx(share * (0.02 + VOLUME / 2))
    assert by_name["long"] == pytest.approx(share * (0.0425 + VOLUME))
    purposes = result.summary["cost_usd"]["by_purpose"]
    assert sum(purposes.values()) == pytest.approx(result.summary["cost_usd"]["total"], abs=1e-12)
    assert set(purposes) == set(PURPOSES)


def test_the_minimum_is_paid_at_the_price_of_the_end(tmp_path):
    # 30 s of 60 that are billed.
    cost = bs.run(made(tmp_path, recorded(tmp_path, *STEPS), job(runtime=30))).summary["cost_usd"]
    assert cost["by_purpose"]["minimum"] == pytest.approx((0.04 + VOLUME) * 30 / 3600)
    assert cost["total"] == pytest.approx((0.04 + VOLUME) * 60 / 3600)


def test_the_strategy_goes_by_the_prices_of_the_moment(tmp_path):
    history = recorded(
        tmp_path,
        *STEPS,
        ("m6i.large", "us-east-1a", 0.050, "2026-11-01T20:00:00.000Z"),
    )
    after = [{"jobName": "first"}], [{"jobName": "wait"}]
    jobs = [job("first", 600), job("wait", 2300, dependsOn=after[0]), job("second", 600, dependsOn=after[1])]
    jobs += [job("meanwhile", 60, dependsOn=after[1])]
    result = bs.run(made(tmp_path, history, *jobs, types=("c6i.large", "m6i.large")))
    # At 0 c6i costs 0.04 and m6i 0.05; at 2,900 s, when a second instance is needed, 0.06 and 0.05.
    assert result.instances["requested_at"].tolist() == [0.0, 2900.0]
    assert result.instances["instance_type"].tolist() == ["c6i.large", "m6i.large"]


def test_zones_count_alike_once_their_price_is_known(tmp_path):
    recorded(
        tmp_path,
        ("c6i.large", "us-east-1a", 0.04, "2026-11-01T20:00:00Z"),
        ("c6i.large", "us-east-1b", 0.06, "2026-11-01T23:00:00Z"),
        ("c6i.large", "us-east-1c", 0.11, "2026-11-02T01:00:00Z"),
        ("c6i.large", "us-east-1a", 0.10, "2026-11-02T02:00:00Z"),
    )
    found = spot_prices(tmp_path / "prices.json", parse_instant(START), Document({}), [])
    assert found is not None
    at, usd = zip(*found["c6i.large"], strict=True)
    assert at == (0.0, 3600.0, 7200.0)
    assert usd == pytest.approx((0.05, 0.07, 0.09))


def test_the_timeline_spends_what_is_billed(tmp_path):
    jobs = [job(f"job{n}", 1000 + 400 * n) for n in range(6)]
    result = bs.run(made(tmp_path, recorded(tmp_path, *STEPS), *jobs, maxvCpus=8))
    at, level = spend_rate(result.run.outcome, 0)
    assert integral(at, level, np.array([1e9]))[0] / 3600 == pytest.approx(result.summary["cost_usd"]["total"])


def large(usd: float, at: str, kind: str = "c6i.large") -> list[tuple[str, str, float, str]]:
    return [(kind, "us-east-1a", usd, at)]


WRONG = {
    "no-such-type": (
        [("m6i.large", "us-east-1a", 0.05, "2026-11-01T20:00:00Z")],
        {},
        "none at the start for c6i.large",
    ),
    "begins-later": (
        [("c6i.large", "us-east-1a", 0.05, "2026-11-02T20:00:00Z")],
        {},
        "none at the start for c6i.large",
    ),
    "negative": (
        [("c6i.large", "us-east-1a", -0.05, "2026-11-01T20:00:00Z")],
        {},
        r"SpotPriceHistory\[0\] is no price",
    ),
    "no-instant": (large(0.05, "yesterday"), {}, r"SpotPriceHistory\[0\] is no price"),
    "empty": ([], {}, "no prices of Linux/UNIX"),
}


@pytest.mark.parametrize(("prices", "resources", "message"), WRONG.values(), ids=WRONG)
def test_recordings_that_do_not_say_the_prices_are_refused(tmp_path, prices, resources, message):
    history = recorded(tmp_path, *prices)
    with pytest.raises(bs.ScenarioError, match=message):
        made(tmp_path, history, **resources)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"SpotPriceHistory": {}}', '{"SpotPriceHistory": [3]}'])
def test_files_that_are_no_recording_are_refused(tmp_path, content):
    (tmp_path / "prices.json").write_text(content)
    with pytest.raises(bs.ScenarioError, match=r"prices\.json"):
        made(tmp_path, "prices.json")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(bs.ScenarioError, match="No such file"):
        made(tmp_path, "prices.json")


def test_a_bid_above_every_price_is_kept(tmp_path):
    # c6i.large costs 0.085 on demand.
    result = bs.run(made(tmp_path, recorded(tmp_path, *STEPS), job(runtime=3600), bidPercentage=71))
    assert result.summary["cost_usd"]["total"] == pytest.approx(0.0425 + VOLUME)


def test_a_price_that_falls_below_the_bid_starts_what_waits(tmp_path):
    # 45 % of 0.085 are 0.03825: of STEPS 0.04 is above it, 0.03 from 1,800 s on is not, 0.06 from 2,700 s on is.
    plan = made(tmp_path, recorded(tmp_path, *STEPS), job(runtime=600), bidPercentage=45)
    assert [finding.code for finding in plan.warnings] == ["bid-below-market"]
    result = bs.run(plan)
    assert list(result.jobs["starting_at"]) == [1800]
    assert result.summary["wait_s"]["capacity"] == 1800
    assert result.summary["cost_usd"]["total"] == pytest.approx((0.03 + VOLUME) * 600 / 3600)


def test_a_price_that_passes_the_bid_ends_instances_with_a_notice(tmp_path):
    # EC2, Spot Instance interruptions: a price above the maximum is a reason for one. 0.04, from 4,500 s on 0.06, and
    # from 6,000 s on 0.04 again; the bid is 0.0425. What is left at 4,500 + 120 starts anew at 6,000.
    history = recorded(
        tmp_path,
        *large(0.040, "2026-11-01T20:00:00Z"),
        *large(0.060, "2026-11-02T01:15:00Z"),
        *large(0.040, "2026-11-02T01:40:00Z"),
    )
    plan = made(tmp_path, history, job("short", 4560), job("long", 5000), bidPercentage=50)
    plan = plan.with_({"batch.jobDefinitions.task.retryStrategy": {"attempts": 3}})
    assert not plan.warnings
    result = bs.run(plan)
    attempts = result.attempts.sort_values(["job_id", "attempt"])
    assert list(attempts["starting_at"]) == [0, 6000, 0]
    # The short one ends within the notice.
    assert list(attempts["stopped_at"]) == [4620, 11_000, 4560]
    assert list(attempts["status"]) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert result.summary["interruptions"] == 2
    # Nobody pays more than the maximum: 4,620 s of two instances, the last 120 s at the bid.
    paid = 2 * (4500 * 0.04 + 120 * 0.0425) + 5000 * 0.04
    assert result.summary["cost_usd"]["total"] == pytest.approx((paid + (2 * 4620 + 5000) * VOLUME) / 3600)


def test_the_strategy_passes_over_what_is_above_the_bid(tmp_path):
    # m5.large costs 0.096 on demand: at 50 % it is above at first, and the cheaper one of the two later.
    history = recorded(
        tmp_path,
        *large(0.040, "2026-11-01T20:00:00Z"),
        *large(0.050, "2026-11-01T20:00:00Z", "m5.large"),
        *large(0.020, "2026-11-02T01:00:00Z", "m5.large"),
    )
    # Of the two that come after the first one takes its instance.
    after = [{"jobName": "first"}]
    jobs = [job("first", 4000), job("second", 600, dependsOn=after), job("third", 600, dependsOn=after)]
    plan = made(tmp_path, history, *jobs, types=("c6i.large", "m5.large"), bidPercentage=50)
    assert bs.run(plan).instances["instance_type"].tolist() == ["c6i.large", "m5.large"]


def test_nobody_pays_more_than_on_demand_without_a_bid(tmp_path):
    # bidPercentage is 100 where it is not given: at 0.09 USD an hour nothing is launched.
    plan = made(tmp_path, recorded(tmp_path, *large(0.09, "2026-11-01T20:00:00Z")), job(runtime=60))
    plan = plan.with_({"duration": "1h"})
    (warning,) = plan.warnings
    assert "at 100 % of the on-demand price: as SPOT c6i.large costs 0.09 USD/h, 105.9 % of 0.085" in warning.message
    assert warning.expected == "other types"
    assert bs.run(plan).summary["wait_s"]["capacity"] == 3600


def test_what_minimum_there_is_waits_for_the_market_too(tmp_path):
    plan = made(tmp_path, recorded(tmp_path, *STEPS), job(runtime=60), bidPercentage=45, minvCpus=2)
    result = bs.run(plan.with_({"duration": "2h"}))
    # There from 1,800 s to 2,700 s and the notice after it.
    assert list(result.instances["requested_at"]) == [1800]
    assert list(result.instances["terminated_at"]) == [2700 + 120]


def test_results_run_again_from_their_own_folder(tmp_path):
    """Recordings are found from there, and pools are written as they were given."""
    (tmp_path / "market.json").write_text(json.dumps({"metadata": {"gap_seconds": 600}, "runs": [[4, 3], [1, 3]]}))
    plan = made(tmp_path, recorded(tmp_path, *STEPS), *[job(f"job{n}", 1500) for n in range(4)]).with_(
        {
            "environment.spot.interruptions": {"trace": "market.json"},
            "environment.capacity": {
                "pools": [{"instanceTypes": ["c6i"], "vcpus": 6, "schedule": [{"at": "20m", "vcpus": 4}]}]
            },
        }
    )
    result = bs.run(plan)
    write(result.run, result.summary, tmp_path / "results" / "first")
    again = bs.run(bs.load(tmp_path / "results" / "first" / "scenario.yaml"))
    assert again.summary["cost_usd"] == result.summary["cost_usd"]
    assert again.jobs.equals(result.jobs)
