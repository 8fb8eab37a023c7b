"""What ECS Managed Instances cost, worked by hand to the cent (us-east-1).

EC2's price by the second, a minute at the least, and what ECS takes for managing: one published figure, 0.037 USD an
hour of a c6a.2xlarge at 0.306, is 12 % of on demand (Amazon ECS pricing page; docs/defaults.md). Volumes from launch to
termination (EBS pricing). A Savings Plan covers EC2 (Savings Plans User Guide).
"""

from __future__ import annotations

import pytest

import batchsim as bs
from tests.builders import job, scenario, workflow
from tests.managed import managed_definition, managed_environment

C6A = 0.306  # USD per hour, c6a.2xlarge
FEE = 0.12 * C6A  # 0.03672
VOLUME = 30 * 0.08 / 730  # 30 GiB of gp3


def ran(*workload, settings=None, environments=None, **members):
    """A run of jobs on managed instances."""
    made = scenario(
        *workload,
        environments=environments or [managed_environment()],
        definitions=[managed_definition()],
        settings=settings,
        **members,
    )
    return bs.run(made).summary["cost_usd"]


def test_an_hour():
    # 0.306 + 0.03672 + 30 GiB x 0.08 / 730 h: the published fee is that, rounded.
    cost = ran(workflow(job(runtime=3600)))
    assert round(FEE, 3) == 0.037
    assert cost["total"] == pytest.approx(C6A + FEE + VOLUME, abs=1e-12)
    assert cost["management_fees"] == pytest.approx(0.03672, abs=1e-12)
    assert cost["by_purchase_option"]["MANAGED_INSTANCES"] == pytest.approx(cost["total"], abs=1e-12)


def test_a_minute_at_the_least():
    # 12 s are billed as 60 s, the fee too; 48 s of it were not used.
    cost = ran(workflow(job(runtime=12)))
    assert cost["management_fees"] == pytest.approx(60 * FEE / 3600, abs=1e-12)
    assert cost["total"] == pytest.approx(60 * (C6A + FEE + VOLUME) / 3600, abs=1e-12)
    assert cost["by_purpose"]["minimum"] == pytest.approx(48 * (C6A + FEE + VOLUME) / 3600, abs=1e-12)


def test_boot_and_idle_are_paid_with_the_fee():
    # Requested at 0, running at 20, registered at 30, the job to 330, idle to 930: 910 s run, 930 s of volume.
    cost = ran(
        workflow(job(runtime=300)),
        environments=[managed_environment(after=600)],
        settings={"managedInstances": {"launch": 20, "register": 10}},
    )
    assert cost["total"] == pytest.approx((910 * (C6A + FEE) + 930 * VOLUME) / 3600, abs=1e-12)
    assert cost["management_fees"] == pytest.approx(910 * FEE / 3600, abs=1e-12)
    assert cost["by_purpose"]["boot"] == pytest.approx((10 * (C6A + FEE) + 30 * VOLUME) / 3600, abs=1e-12)


def test_never_scaled_in():
    # scaleInAfter -1: the instance of a job of 60 s is paid for to the end of the run, an hour.
    cost = ran(workflow(job(runtime=60)), environments=[managed_environment(after=-1)], duration="1h")
    assert cost["total"] == pytest.approx(C6A + FEE + VOLUME, abs=1e-12)


def test_spot_pays_the_market_and_the_fee_of_on_demand():
    spot = [managed_environment(spot=True)]
    cost = ran(workflow(job(runtime=3600)), environments=spot, settings={"spot": {"prices": {"discount": 0.6}}})
    assert cost["total"] == pytest.approx(0.4 * C6A + FEE + VOLUME, abs=1e-12)
    assert cost["by_purchase_option"]["MANAGED_INSTANCES_SPOT"] == cost["total"]


def test_an_instance_that_is_taken_back_in_its_first_hour_costs_the_fee_and_the_volume(tmp_path):
    # One tick of 600 s with an instance, none after: EC2 takes nothing (Billing for interrupted Spot Instances).
    market = tmp_path / "market.json"
    market.write_text('{"metadata": {"gap_seconds": 600}, "data": [1, 0, 0, 0, 0, 0]}', encoding="utf-8")
    cost = ran(
        workflow(job(runtime=7200)),
        environments=[managed_environment(spot=True)],
        settings={"spot": {"interruptions": {"trace": str(market)}, "notice": 0}},
    )
    assert cost["total"] == pytest.approx(600 * (FEE + VOLUME) / 3600, abs=1e-12)
    assert cost["management_fees"] == pytest.approx(600 * FEE / 3600, abs=1e-12)


def test_a_savings_plan_covers_ec2_and_not_the_fee():
    # 1 USD an hour at 28 % off buys 1 / 0.72 USD of use, more than the 0.306 there is: they cost 0.72 x 0.306, and
    # 1 - 0.72 x 0.306 of the commitment is lost. The fee is paid beside it.
    plan = {"prices": {"savingsPlan": {"usdPerHour": 1, "discount": 0.28}}}
    cost = ran(workflow(job(runtime=3600)), settings=plan, duration="1h")
    assert cost["unused_commitment"] == pytest.approx(1 - 0.72 * C6A, abs=1e-9)
    assert cost["total"] == pytest.approx(1 + FEE + VOLUME, abs=1e-9)
    assert cost["management_fees"] == pytest.approx(FEE, abs=1e-12)


@pytest.mark.parametrize(
    ("prices", "fee"),
    [
        ({"managementFee": 0.078}, 0.078 * C6A),
        ({"managementFee": 0}, 0.0),
        ({"overrides": {"c6a.2xlarge": {"managementFee": 0.05}}}, 0.05),
        ({"overrides": {"c6a": {"managementFee": 0.01}}}, 0.08),  # of a family per vCPU-hour
        ({"overrides": {"EC2": {"discount": 0.5}}}, FEE),  # a discount on EC2 is none on the fee
    ],
)
def test_a_stated_fee(prices, fee):
    assert ran(workflow(job(runtime=3600)), settings={"prices": prices})["management_fees"] == pytest.approx(fee)


def test_the_default_volume_is_the_stated_assumption():
    made = managed_environment()
    del made["computeResources"]["managedInstancesProvider"]["instanceLaunchTemplate"]["storageConfiguration"]
    cost = ran(workflow(job(runtime=3600)), environments=[made])
    assert cost["total"] == pytest.approx(C6A + FEE + 80 * 0.08 / 730, abs=1e-12)
