"""What an instance type costs at a moment, what it can hold, and which jobs a compute environment could ever run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.spec.configuration import Configuration, JobQueue, Shape, cheapest_for
from batchsim.spec.fair_share import FairShare
from tests.worlds import LARGE, XLARGE, fleet, offering, servers

TWO = Shape(2.0, 2000)


class TestOffering:
    """One instance type."""

    STEPS = replace(LARGE, price_steps=((0.0, 0.03), (100.0, 0.05), (250.0, 0.02)))

    @pytest.mark.parametrize(
        ("at", "usd"), [(0, 0.03), (99.9, 0.03), (100, 0.05), (249, 0.05), (250, 0.02), (1e9, 0.02)]
    )
    def test_a_price_that_changes_holds_from_its_instant_on(self, at, usd):
        assert self.STEPS.priced_at(at).price_usd_per_hour == usd

    def test_before_the_first_step_the_first_price_holds(self):
        late = replace(LARGE, price_steps=((10.0, 0.04),))
        assert late.priced_at(0.0).price_usd_per_hour == 0.04

    def test_a_fixed_price_is_that_at_any_moment(self):
        assert LARGE.priced_at(1e6) is LARGE

    def test_it_is_above_the_bid_from_one_instant_to_another(self):
        bid = replace(LARGE, above_bid=((0.0, False), (100.0, True), (200.0, False)))
        assert [bid.is_above_bid(at) for at in (0, 99, 100, 199, 200)] == [False, False, True, True, False]
        assert not bid.is_always_above_bid
        assert replace(LARGE, above_bid=((0.0, True),)).is_always_above_bid
        assert not LARGE.is_above_bid(0)
        assert not LARGE.is_always_above_bid

    def test_it_holds_what_asks_for_no_more_of_anything(self):
        # c6i.large: 2 vCPUs, 3,775 MiB.
        assert LARGE.holds(Shape(2.0, 3775))
        assert not LARGE.holds(Shape(2.25, 3775))
        assert not LARGE.holds(Shape(2.0, 3776))
        assert not LARGE.holds(Shape(1.0, 100, gpus=1))
        assert replace(LARGE, gpus=1).holds(Shape(1.0, 100, gpus=1))

    def test_it_holds_what_is_built_for_its_architecture(self):
        assert LARGE.holds(replace(TWO, architecture="x86_64"))
        assert not LARGE.holds(replace(TWO, architecture="arm64"))
        assert LARGE.holds(TWO)  # where all are alike, none is named

    def test_of_a_multi_node_job_it_holds_each_node(self):
        # User Guide, Multi-node parallel jobs: one container per instance.
        pair = Shape(4.0, 4000, nodes=(TWO, TWO))
        assert LARGE.holds(pair)
        assert not LARGE.holds(replace(pair, nodes=(TWO, Shape(4.0, 2000))))
        assert LARGE.holds(replace(pair, instance_type="c6i.large"))
        assert not LARGE.holds(replace(pair, instance_type="c6i.xlarge"))


class TestCheapest:
    """What stands for ``minvCpus``: the instances that make up so many vCPUs."""

    def test_what_they_cost_by_the_hour_counts_and_not_by_the_vcpu(self):
        # 2 vCPUs: one of 2 for $0.085, or one of 4 for $0.12, which is cheaper by the vCPU.
        four = replace(XLARGE, price_usd_per_hour=0.12)
        assert cheapest_for(2, [LARGE, four]) is LARGE
        # 4 vCPUs: two for $0.17, or one for $0.12.
        assert cheapest_for(4, [LARGE, four]) is four
        # 5 vCPUs: three for $0.255, or two for $0.24.
        assert cheapest_for(5, [LARGE, four]) is four

    def test_where_they_cost_the_same_the_smaller_is_taken(self):
        assert cheapest_for(4, [XLARGE, LARGE]) is LARGE  # 2 x 0.085 = 0.17

    def test_then_the_one_that_is_listed_first_then_by_name(self):
        other = replace(LARGE, instance_type="c5.large", listed=1)
        assert cheapest_for(2, [other, LARGE]) is LARGE
        assert cheapest_for(2, [LARGE, replace(other, listed=0)]).instance_type == "c5.large"


class TestEnvironment:
    """What a compute environment could ever run, were it empty."""

    def test_on_demand_an_instance_passes_the_limit_only_where_the_strategy_lets_it(self):
        # API ComputeResource.maxvCpus: with BEST_FIT_PROGRESSIVE Batch may go above it, by one instance at most.
        three = {"max_vcpus": 3, "offerings": (XLARGE,)}
        assert fleet(**three).can_hold(TWO)
        assert not fleet(**three, allocation_strategy="BEST_FIT").can_hold(TWO)
        spot = fleet(**three, allocation_strategy="SPOT_CAPACITY_OPTIMIZED", purchase_option="SPOT")
        assert spot.can_hold(TWO)

    def test_a_job_that_asks_for_more_than_the_limit_never_runs(self):
        small = fleet(max_vcpus=1)
        assert not small.can_hold(TWO)
        assert small.suits(TWO)  # under another limit it would

    def test_a_disabled_one_runs_nothing(self):
        off = fleet(enabled=False)
        assert not off.can_hold(TWO)
        assert not off.suits(TWO)

    def test_multi_node_jobs_run_on_demand_alone_and_all_nodes_under_the_limit(self):
        pair = Shape(4.0, 4000, nodes=(TWO, TWO))
        assert fleet(max_vcpus=4).can_hold(pair)
        # Two instances of 2 vCPUs are 4, and for multi-node jobs nothing passes the limit.
        assert not fleet(max_vcpus=3).can_hold(pair)
        assert not fleet(purchase_option="SPOT", allocation_strategy="SPOT_CAPACITY_OPTIMIZED").can_hold(pair)
        assert not servers(64).can_hold(pair)

    def test_where_nothing_is_launched_no_job_has_a_gpu(self):
        assert servers(4).can_hold(TWO)
        assert not servers(4).can_hold(replace(TWO, gpus=1))

    def test_of_instances_that_ecs_manages_the_limit_is_on_jobs(self):
        managed = fleet(purchase_option="MANAGED_INSTANCES", max_vcpus=2, offerings=(XLARGE,), allocation_strategy="")
        assert managed.is_managed_by_ecs
        assert managed.account_option == "EC2"
        assert not managed.limits_instances
        assert managed.launches_on_demand_instances
        assert not managed.launches_spot_instances
        assert not managed.takes_multi_node_jobs

    def test_spot_is_what_may_be_taken_back(self):
        kinds = ("EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT", "UNMANAGED")
        spot = [kind for kind in kinds if fleet(purchase_option=kind).is_spot]
        assert spot == ["SPOT", "FARGATE_SPOT", "MANAGED_INSTANCES_SPOT"]
        launching = [kind for kind in kinds if fleet(purchase_option=kind).launches_instances]
        assert launching == ["EC2", "SPOT", "MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT"]

    def test_volumes_are_those_of_the_launch_template_or_the_root_volume(self):
        environment = fleet(root_volume_usd_per_hour=0.003)
        assert environment.volumes_usd_per_hour(LARGE) == 0.003
        assert environment.volumes_usd_per_hour(replace(LARGE, volumes_usd_per_hour=0.01)) == 0.01
        assert environment.volumes_usd_per_hour(replace(LARGE, volumes_usd_per_hour=0.0)) == 0.0

    def test_on_offer_is_what_is_not_above_the_bid(self):
        dear = offering("m5.large", 2, 7680, 0.096, above_bid=((0.0, False), (60.0, True)))
        environment = fleet(offerings=(LARGE, dear))
        assert environment.offerings_at(59.0) == (LARGE, dear)
        assert environment.offerings_at(60.0) == (LARGE,)


class TestFairShare:
    """API FairsharePolicy, ShareAttributes."""

    def test_a_weight_is_that_of_the_identifier_or_of_its_prefix(self):
        policy = FairShare(weights=(("analytics", 0.5), ("batch*", 4.0)))
        assert policy.weight("analytics") == 0.5
        assert policy.weight("analytics2") == 1.0  # no prefix is meant without a *
        assert policy.weight("batch") == policy.weight("batchNight") == 4.0
        assert policy.weight("other") == 1.0

    @pytest.mark.parametrize(
        ("reservation", "active", "allowed"),
        # (reservation / 100) ** active of 256 vCPUs is kept: API FairsharePolicy.computeReservation has the example of
        # 50: one active share leaves 50 %, two 25 %, three 12.5 %.
        [(50, 1, 128.0), (50, 2, 192.0), (50, 3, 224.0), (50, 0, 128.0), (99, 1, 256 * 0.01)],
    )
    def test_a_reservation_keeps_less_the_more_shares_are_active(self, reservation, active, allowed):
        assert FairShare(compute_reservation=reservation).allowed_vcpus(256, active) == pytest.approx(allowed)

    def test_without_one_nothing_is_kept(self):
        assert FairShare().allowed_vcpus(256, 3) == float("inf")


def test_a_queues_environments_come_in_its_own_order():
    first, second = fleet("first"), fleet("second")
    queue = JobQueue("queue", 1, True, ("second", "first"))
    assert Configuration("us-east-1", (first, second), (queue,), ()).attached(queue) == (second, first)
