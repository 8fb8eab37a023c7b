"""``bidPercentage`` below the market: a legal configuration whose jobs wait for capacity (API ComputeResource).

The Advisor's savings in us-east-1: 66 % for m5.xlarge (0.192 USD/h on demand), 56 % for c5.xlarge (0.17). Recorded
prices that pass the bid: tests/oracles/test_spot_prices.py.
"""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.validation.validate import validate
from tests.builders import definition, environment, job, queue, scenario, workflow

HOUR = 3600


def spot(bid: int, *types: str, **resources) -> dict:
    listed = list(types or ("m5.xlarge", "c5.xlarge"))
    return environment(
        "spot",
        type="SPOT",
        allocationStrategy="SPOT_CAPACITY_OPTIMIZED",
        instanceTypes=listed,
        bidPercentage=bid,
        **resources,
    )


def told(plan) -> list[str]:
    return [finding.message for finding in plan.warnings if finding.code == "bid-below-market"]


def test_jobs_wait_for_capacity_and_the_figures_are_told():
    plan = scenario(environments=[spot(20)], duration="6h")
    (warning,) = plan.warnings
    assert (warning.code, warning.severity) == ("bid-below-market", "warning")
    assert warning.path == "batch.computeEnvironments.spot.computeResources.bidPercentage"
    assert "at 20 % of the on-demand price" in warning.message
    # 0.192 × 0.34 and 0.17 × 0.44.
    assert "m5.xlarge costs 0.06528 USD/h, 34.0 % of 0.192" in warning.message
    assert "c5.xlarge costs 0.0748 USD/h, 44.0 % of 0.17" in warning.message
    assert warning.expected.startswith("34 or more")
    result = bs.run(plan)
    assert list(result.jobs["status"]) == ["RUNNABLE"]
    assert {cause: s for cause, s in result.summary["wait_s"].items() if s} == {"capacity": 6 * HOUR}
    assert result.summary["cost_usd"]["total"] == 0


def test_it_is_a_warning_of_validate_too(tmp_path):
    (tmp_path / "plan.yaml").write_text(scenario(environments=[spot(20)]).to_yaml())
    found = validate(tmp_path / "plan.yaml")
    assert "bid-below-market" in {finding.code for finding in found.warnings}
    assert not {"no-offering", "never-placeable"} & {finding.code for finding in found.findings}


@pytest.mark.parametrize(("bid", "types"), [(33, []), (34, ["m5.xlarge"]), (43, ["m5.xlarge"]), (100, None)])
def test_the_types_under_it_are_launched(bid, types):
    plan = scenario(workflow(job(arrayProperties={"size": 16})), environments=[spot(bid)])
    # Which sizes are launched is told to change with it.
    messages = told(plan)
    assert [message.partition(" can")[0] for message in messages] == (
        [] if types is None else ["1 of 2 types"] if types else ["no type"]
    )
    launched = set(bs.run(plan).instances["instance_type"])
    assert launched == set(types) if types is not None else launched


def test_an_on_demand_environment_behind_it_takes_the_jobs():
    plan = scenario(environments=[spot(20), environment("on-demand")])
    result = bs.run(plan)
    assert list(result.jobs["compute_environment"]) == ["on-demand"]
    assert result.summary["wait_s"]["capacity"] == 0
    # And one before it is not passed over for it.
    first = bs.run(scenario(environments=[environment("on-demand", maxvCpus=2), spot(20)]))
    assert list(first.jobs["status"]) == ["SUCCEEDED"]


def test_only_what_fits_no_type_under_it_waits():
    # 60 GiB fit r5.2xlarge alone, at 39 % of on demand (61 % off); m5.xlarge, at 34 %, is under the bid of 36 %.
    large = definition("large", memory="60000")
    plan = scenario(
        workflow(job("small"), name="one"),
        workflow(job("large", jobDefinition="large"), name="two", arrivals={"at": [10]}),
        environments=[spot(36, "m5.xlarge", "r5.2xlarge")],
        definitions=[definition(), large],
        duration="1h",
    )
    (message,) = told(plan)
    assert message.startswith("no type that holds 1 vCPU and 60000 MiB can be launched at 36 %")
    assert "r5.2xlarge" in message
    assert "m5.xlarge" not in message
    result = bs.run(plan)
    assert list(result.jobs["status"]) == ["SUCCEEDED", "RUNNABLE"]
    assert result.summary["wait_s"]["capacity"] == HOUR - 10


def test_a_time_limit_for_capacity_ends_the_wait():
    # User Guide, Jobs stuck in RUNNABLE: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY.
    action = {
        "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "state": "RUNNABLE",
        "maxTimeSeconds": 600,
        "action": "CANCEL",
    }
    limited = {**queue("queue", "spot"), "jobStateTimeLimitActions": [action]}
    result = bs.run(scenario(environments=[spot(20)], queues=[limited]))
    assert list(result.jobs["status"]) == ["FAILED"]
    assert list(result.jobs["stopped_at"]) == [600]


def test_a_minimum_is_not_kept_above_it():
    result = bs.run(scenario(environments=[spot(20, minvCpus=4)], duration="1h"))
    assert len(result.instances) == 0


def test_the_bid_is_held_against_the_price_without_a_discount():
    # The Advisor's savings of c6i.large are 63 %: the market costs 37 % of 0.085, whatever part of it is paid.
    plan = scenario(
        environments=[spot(20, "c6i.large")], settings={"prices": {"overrides": {"SPOT": {"discount": 0.5}}}}
    )
    (warning,) = [each for each in plan.warnings if each.code == "bid-below-market"]
    assert "c6i.large costs 0.03145 USD/h, 37.0 % of 0.085" in warning.message
    assert warning.expected.startswith("37 or more")
    # What is said to be enough is.
    for bid in (36, 37):
        settings = {"prices": {"overrides": {"SPOT": {"discount": 0.5}}}}
        assert bool(told(scenario(environments=[spot(bid, "c6i.large")], settings=settings))) == (bid == 36)


def test_no_bid_is_a_share_of_nothing():
    free = {"prices": {"overrides": {"c6i.large": {"onDemand": 0, "spot": 0.03}}}}
    plan = scenario(environments=[spot(100, "c6i.large")], settings=free)
    (warning,) = [each for each in plan.warnings if each.code == "bid-below-market"]
    assert "c6i.large costs 0.03 USD/h, and on demand 0;" in warning.message
    assert warning.expected == "other types"


@pytest.mark.parametrize("memory", ["7600", "7800"])
def test_a_job_within_the_margin_of_memory_waits_for_the_market_too(memory):
    # 0.08 is 83 % of 0.096. What m6i.large is known to have lies between the two: the second is within its margin.
    plan = scenario(
        environments=[spot(60, "m6i.large", "c6i.large")],
        definitions=[definition(vcpus="1", memory=memory)],
        settings={"prices": {"overrides": {"m6i.large": {"spot": 0.08}}}},
    )
    (message,) = told(plan)
    assert f"no type that holds 1 vCPU and {memory} MiB can be launched at 60 %" in message
    assert "m6i.large costs 0.08 USD/h, 83.3 % of 0.096" in message
    assert list(bs.run(plan).jobs["status"]) == ["RUNNABLE"]
