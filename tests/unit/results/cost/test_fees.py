"""What is paid beside or instead of the price of a type: ECS's fee, addresses, Capacity Blocks, what is free."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.recording import ReservationColumns
from batchsim.results.outcome import Outcome
from batchsim.results.spending import spent
from batchsim.results.window import Window
from batchsim.spec.configuration import SavingsPlan
from tests.unit.results.recorded import NAN, instance, outcome
from tests.worlds import fleet, jobs, offering, reservation

HOUR = 3600.0
#: A tenth of a cent a second, and a tenth of that for ECS.
MANAGED = offering("managed", 2, 0, 3.6, management_usd_per_hour=0.36)
PRICE, FEE = 0.001, 0.0001


def made(*instances: dict, ended_at: float = 9000.0, reservations=(), plan=None, **environment) -> Outcome:
    members = {"offerings": (MANAGED,), "purchase_option": "MANAGED_INSTANCES", **environment}
    found = outcome(
        jobs([0], 1), fleet(**members), instances=instances, ended_at=ended_at, reservations=reservations
    )  # fmt: skip
    return replace(found, configuration=replace(found.configuration, savings_plan=plan))


def test_ecs_takes_its_fee_by_the_second_and_a_minute_at_least():
    costs = made(instance(0, 40, 100, 640), instance(0, 40, NAN, 60)).costs
    assert costs.instance_total.tolist() == pytest.approx([600 * (PRICE + FEE), 60 * (PRICE + FEE)])
    assert costs.management_fees == pytest.approx(660 * FEE)
    assert costs.instance["minimum"].tolist() == pytest.approx([0, 40 * (PRICE + FEE)])


def test_ecs_is_paid_for_what_ec2_is_not():
    # Taken back in the first hour, and a second after it.
    spot = {"purchase_option": "MANAGED_INSTANCES_SPOT"}
    free, paid = instance(0, 0, 0, HOUR - 1, reclaimed=True), instance(0, 0, 0, HOUR, reclaimed=True)
    costs = made(free, paid, **spot).costs
    assert costs.instance_total.tolist() == pytest.approx([(HOUR - 1) * FEE, HOUR * (PRICE + FEE)])
    # What ends otherwise in its first hour is paid.
    ended = made(instance(0, 0, 0, HOUR - 1), **spot).costs
    assert ended.instance_total.tolist() == pytest.approx([(HOUR - 1) * (PRICE + FEE)])


def test_fees_of_a_window_are_of_its_seconds():
    found = made(instance(0, 40, 100, 640), instance(600, 610, NAN, 620))
    cut = replace(found, window=Window(540.0, 660.0))
    # 540 to 640 s of the first; of the second's minute from 610 s on the 50 s to 660.
    assert cut.costs.management_fees == pytest.approx((100 + 50) * FEE)
    assert cut.costs.total == pytest.approx((100 + 50) * (PRICE + FEE))


def test_a_plan_takes_nothing_off_fees_volumes_and_addresses():
    beside = {"root_volume_usd_per_hour": 0.36, "public_ipv4_usd_per_hour": 0.72}
    found = made(instance(0, 0, 0, HOUR), ended_at=HOUR, plan=SavingsPlan(100.0, 0.5), **beside)
    assert found.costs.instance_total.tolist() == pytest.approx([HOUR * (0.5 * PRICE + FEE) + 0.36 + 0.72])
    assert found.costs.unused_commitment == pytest.approx(100 - HOUR * 0.5 * PRICE)
    assert spent(found, np.array([HOUR])) == pytest.approx([found.costs.total])


def test_volumes_of_a_launch_template_stand_for_the_root_volume():
    own = replace(MANAGED, volumes_usd_per_hour=0.18)
    found = made(
        instance(0, 0, 0, HOUR), offerings=(own,), root_volume_usd_per_hour=0.36, public_ipv4_usd_per_hour=0.02
    )
    assert found.costs.total == pytest.approx(HOUR * (PRICE + FEE) + 0.18 + 0.02)


def test_what_never_ran_pays_for_its_volume_alone():
    # Asked for at 0, given up after 300 s, and after 20: a volume's minute.
    found = made(instance(0, NAN, NAN, 300), instance(0, NAN, NAN, 20), root_volume_usd_per_hour=3.6)
    assert found.costs.instance_total.tolist() == pytest.approx([0.3, 0.06])
    assert found.costs.instance["boot"].tolist() == pytest.approx([0.3, 0.02])
    assert found.costs.instance["minimum"].tolist() == pytest.approx([0, 0.04])
    assert found.costs.management_fees == 0


def in_block(found: Outcome, since: float, until: float) -> Outcome:
    """The first instance is in the first reservation."""
    zero = np.zeros(1, np.int32)
    stays = ReservationColumns(zero, zero, np.array([since]), np.array([until]))
    return replace(found, recording=replace(found.recording, reservations=stays))


def test_in_a_block_an_instance_costs_the_block_s_price_and_no_plan_covers_it():
    block = reservation("block", kind=MANAGED, ends_at=2 * HOUR, is_block=True, usd_per_hour=7.2)
    found = made(
        instance(0, 0, 0, HOUR), instance(0, 0, 0, HOUR), ended_at=2 * HOUR, reservations=[block],
        plan=SavingsPlan(1.0, 0.5), purchase_option="EC2", offerings=(offering("plain", 2, 0, 3.6),),
    )  # fmt: skip
    costs = in_block(found, 0, HOUR).costs
    # Of the other's 3.6 USD the first hour's commitment buys 2; the second hour's buys nothing.
    assert costs.instance_total.tolist() == pytest.approx([7.2, 3.6 - 1.0])
    assert costs.unused_commitment == pytest.approx(1.0)
    assert costs.unused_reservations == pytest.approx(7.2)
    assert costs.total == pytest.approx(2 * 7.2 + 2.6 + 1.0)


@pytest.mark.parametrize(("ends_at", "unused"), [(2 * HOUR, 1.0), (6 * HOUR, 5.0)], ids=["ended", "paid to its end"])
def test_a_block_costs_its_whole_price_once(ends_at, unused):
    block = reservation("block", ends_at=ends_at, is_block=True, usd_per_hour=1.0)
    found = in_block(made(instance(0, 0, 0, HOUR), ended_at=3 * HOUR, reservations=[block]), 0, HOUR)
    assert found.costs.instance_total.sum() == pytest.approx(1.0 + HOUR * FEE)
    assert found.costs.unused_reservations == pytest.approx(unused)


def test_a_plan_covers_what_is_reserved_and_not_used():
    # 0.085 USD an hour, two hours; 0.03 an hour at 28 % off buy 0.03 / 0.72 of each.
    found = made(ended_at=2 * HOUR, reservations=[reservation()], plan=SavingsPlan(0.03, 0.28))
    bought = 0.03 / 0.72
    assert found.costs.unused_commitment == pytest.approx(0.0)
    assert found.costs.unused_reservations == pytest.approx(2 * (0.03 + 0.085 - bought))
    assert spent(found, np.array([HOUR, 2 * HOUR])) == pytest.approx(found.costs.total * np.array([0.5, 1.0]))
    # A block beside it takes nothing of the plan, and is before it in the list.
    block = reservation("block", instances=3, is_block=True, usd_per_hour=2.0, ends_at=2 * HOUR)
    both = made(ended_at=2 * HOUR, reservations=[block, reservation()], plan=SavingsPlan(0.03, 0.28))
    assert [each.unused_usd for each in both.costs.reservations] == pytest.approx([12.0, found.costs.total])


def test_what_is_reserved_in_a_window():
    found = made(instance(0, HOUR, HOUR, 3 * HOUR), ended_at=6 * HOUR, reservations=[reservation(instances=2)])
    cut = replace(in_block(found, 0, 3 * HOUR), window=Window(2 * HOUR, 4 * HOUR))
    (use,) = cut.costs.reservations
    # Two for two hours, of which one is used for one.
    assert (use.used_s / HOUR, use.reserved_s / HOUR) == (1.0, 4.0)
    assert use.unused_usd == pytest.approx(3 * 0.085)
