"""What may be launched: the limit, zones in turn, back-off, bids, and what is left for how many jobs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.engine.compute.launchable import worth_asking_for
from batchsim.spec.configuration import Shape, SpotTrace
from tests.unit.engine.compute.instances import ONE, Instances
from tests.worlds import LARGE, XLARGE, fleet

#: On demand BEST_FIT stays under maxvCpus, the others may pass it by less than one instance; on Spot BEST_FIT may, too.
STRICT = {"allocation_strategy": "BEST_FIT", "max_vcpus": 5}
EXCEEDING = {"allocation_strategy": "BEST_FIT_PROGRESSIVE", "max_vcpus": 5}


@pytest.mark.parametrize(
    ("members", "there", "one", "most"),
    [
        # Of 2 vCPUs each: how many are there, may one more be launched, how many at most.
        (STRICT, 1, True, 3 // 2),
        (STRICT, 2, False, 0),
        (EXCEEDING, 1, True, 2),  # 3 vCPUs left: one, and another that passes the limit by 1
        (EXCEEDING, 2, True, 1),  # 1 vCPU left
        (EXCEEDING, 3, False, 0),  # 6 of 5
        ({**STRICT, "purchase_option": "SPOT"}, 2, True, 1),
    ],
)
def test_the_limit_with_and_without_exceeding_it(members, there, one, most):
    made = Instances(fleet(**members))
    for _ in range(there):
        made.launch()
    assert made.launchable.left == 5 - 2 * there
    assert made.launchable.under_limit(LARGE) is one
    assert made.launchable.may_launch(LARGE, 0.0) is one
    assert made.launchable.launches_for(0, 0.0) is one
    assert made.launchable.most_under_limit(LARGE) == most


def test_several_at_once_never_pass_the_limit():
    made = Instances(fleet(**EXCEEDING))
    assert made.launchable.may_launch_all(LARGE, 2, 0.0)
    assert not made.launchable.may_launch_all(LARGE, 3, 0.0)
    assert [made.launchable.under_limit(LARGE, instances) for instances in (2, 3)] == [True, False]
    assert not made.launchable.may_launch_all(LARGE, 0, 0.0)


def test_zones_take_turns_and_one_without_capacity_loses_its_turn():
    zones = ("a", "b", "c")
    made = Instances(fleet(zones=zones), pools=[{"zones": ["b"], "vcpus": 2}])
    found = []
    for _ in range(6):
        zone = made.launchable.zone_for(LARGE, 0.0)
        found.append(zones[zone])
        made.launch(zone=zone)
    # b has room for one: its next turn, the fifth launch, is c's.
    assert found == ["a", "b", "c", "a", "c", "c"]


def test_no_zone_where_none_has_capacity():
    made = Instances(fleet(zones=("a", "b")), pools=[{"vcpus": 3}])
    assert made.launchable.zone_for(XLARGE, 0.0) is None
    assert made.launchable.zone_for(LARGE, 0.0) is not None
    made.launch()
    assert made.launchable.zone_for(LARGE, 0.0) is None
    assert not made.launchable.may_launch(LARGE, 0.0)


def test_a_type_in_back_off_is_not_asked_for_until_it_is_over():
    made = Instances(fleet(offerings=(LARGE, XLARGE)), pools=[{"vcpus": 100}])
    made.launchable.backoff["c6i.large"] = 300.0
    for now, zone in ((0.0, None), (299.9, None), (300.0, 0)):
        assert made.launchable.zone_for(LARGE, now) == zone
        assert made.launchable.may_launch_all(LARGE, 2, now) is (zone is not None)
    # Others are, in its time.
    assert made.launchable.zone_for(XLARGE, 0.0) is not None
    assert made.launchable.to_be_had([LARGE, XLARGE], 0.0) == [0, 25]


#: The market price is above the bid up to 100 s.
AT_FIRST = ((0.0, True), (100.0, False))
ALWAYS = ((0.0, True),)


def spot(*offerings, **changes):
    return fleet(purchase_option="SPOT", offerings=offerings, **changes)


def test_what_costs_more_than_the_bid_is_not_launched():
    dear = replace(LARGE, above_bid=AT_FIRST)
    made = Instances(spot(dear, XLARGE))
    assert [each.instance_type for each in made.launchable.on_offer(99.0)] == ["c6i.xlarge"]
    assert [each.instance_type for each in made.launchable.on_offer(100.0)] == ["c6i.large", "c6i.xlarge"]
    assert not made.launchable.may_launch(dear, 99.0)
    assert made.launchable.may_launch(dear, 100.0)


def test_a_type_that_is_always_above_the_bid_is_asked_for_only_where_a_job_needs_it():
    dear = replace(XLARGE, above_bid=ALWAYS)
    environment = spot(LARGE, dear)
    assert worth_asking_for(environment, [Shape(1.0, 1000)]) == (LARGE,)
    # 3 vCPUs fit on c6i.xlarge alone: its jobs wait for that price.
    assert worth_asking_for(environment, [Shape(1.0, 1000), Shape(3.0, 1000)]) == (LARGE, dear)
    # What no type holds decides nothing.
    assert worth_asking_for(environment, [Shape(1.0, 1000), Shape(99.0, 1000)]) == (LARGE,)


def test_prices_of_the_moment_are_what_strategies_see():
    changing = replace(LARGE, price_steps=((0.0, 0.03), (50.0, 0.09)))
    made = Instances(spot(changing, XLARGE))
    assert [each.price_usd_per_hour for each in made.launchable.on_offer(49.0)] == [0.03, 0.17]
    assert [each.price_usd_per_hour for each in made.launchable.on_offer(50.0)] == [0.09, 0.17]


def test_best_fit_waits_for_the_type_that_it_chose():
    made = Instances(fleet(offerings=(LARGE, XLARGE), allocation_strategy="BEST_FIT"), pools=[{"vcpus": 100}])
    assert made.launchable.listed_for(0, 0.0) == (LARGE, XLARGE)
    made.launchable.chosen[ONE] = LARGE
    assert made.launchable.listed_for(0, 0.0) == (LARGE,)
    # The others take another; and where nothing runs out there is nothing to wait for.
    for spec, capacity in (
        (fleet(offerings=(LARGE, XLARGE)), {"pools": [{"vcpus": 100}]}),
        (fleet(offerings=(LARGE, XLARGE), allocation_strategy="BEST_FIT"), {}),
    ):
        other = Instances(spec, **capacity)
        other.launchable.chosen[ONE] = LARGE
        assert other.launchable.listed_for(0, 0.0) == (LARGE, XLARGE)


def test_places_are_those_of_what_may_be_launched():
    # 5 vCPUs left and jobs of 1 vCPU: five jobs, on three instances of which one passes the limit.
    assert Instances(fleet(**EXCEEDING)).launchable.more_places(0, [LARGE], 0.0, True) == 5
    assert Instances(fleet(**STRICT)).launchable.more_places(0, [LARGE], 0.0, True) == 2 * 2
    # Without the limit what capacity there is decides: 6 vCPUs are three instances.
    made = Instances(fleet(**STRICT), pools=[{"vcpus": 6}])
    assert made.launchable.more_places(0, [LARGE], 0.0, False) == 3 * 2
    assert made.launchable.more_places(0, [LARGE], 0.0, True) == 2 * 2


def test_a_recorded_market_bounds_all_instances_together():
    market = SpotTrace(at=(0.0, 100.0), available=(1, 3), length_s=200.0)
    made = Instances(spot(LARGE, XLARGE, spot_trace=market))
    assert made.launchable.to_be_had([LARGE, XLARGE], 0.0) == [1, 0]
    made.launch()
    assert made.launchable.zone_for(LARGE, 0.0) is None
    assert made.launchable.to_be_had([LARGE, XLARGE], 100.0) == [2, 0]
    # The recording begins again.
    assert made.launchable.zone_for(LARGE, 200.0) is None


def test_capacity_may_come_while_a_schedule_a_bid_or_a_recording_has_something_ahead():
    schedule = Instances(fleet(), pools=[{"vcpus": 0, "schedule": [{"at": 50, "vcpus": 8}]}])
    assert schedule.launchable.may_recover(0.0, 49.0)
    assert not schedule.launchable.may_recover(0.0, 50.0)
    bid = Instances(spot(replace(LARGE, above_bid=AT_FIRST)))
    assert bid.launchable.may_recover(0.0, 99.0)
    assert not bid.launchable.may_recover(0.0, 100.0)
    # A recording may bring some until it was gone through twice.
    market = SpotTrace(at=(0.0, 100.0), available=(0, 3), length_s=200.0)
    recorded = Instances(spot(LARGE, spot_trace=market))
    assert recorded.launchable.may_recover(400.0, 1000.0)
    assert not recorded.launchable.may_recover(400.1, 1000.0)
