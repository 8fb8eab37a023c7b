"""How much more of what may be launched: pools and quotas that types and zones share."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.account_limits import CapacityLimits, FargateQuota
from batchsim.engine.changes import Changes
from batchsim.engine.clock import Clock
from batchsim.spec.assumptions import CapacitySettings as Settings
from tests.unit.engine.parts import agenda
from tests.worlds import LARGE, XLARGE, offering

OTHER = offering("m6i.large", 2, 7700, 0.096)


def capacity(*pools: dict, **quotas: int) -> CapacityLimits:
    return CapacityLimits(Settings.model_validate({"pools": list(pools), "accountvCpus": quotas}))


def test_what_one_type_takes_of_a_quota_the_next_does_not_have():
    # Ten vCPUs: five of c6i.large, and nothing is left for others; or two of c6i.xlarge, and one of c6i.large.
    quota = capacity(EC2=10)
    assert quota.launchable([LARGE, XLARGE], "EC2", [["a"]] * 2, 0.0) == [5, 0]
    assert quota.launchable([XLARGE, LARGE], "EC2", [["a"]] * 2, 0.0) == [2, 1]
    assert quota.launchable([LARGE], "SPOT", [["a"]], 0.0) == [math.inf]


def test_zones_are_added_up_to_the_quota_over_them():
    pools = {"zones": ["a"], "vcpus": 4}, {"zones": ["b"], "vcpus": 6}
    assert capacity(*pools).launchable([LARGE], "EC2", [["a", "b"]], 0.0) == [2 + 3]
    assert capacity(*pools, EC2=8).launchable([LARGE], "EC2", [["a", "b"]], 0.0) == [4]
    # A zone without a pool has no end.
    assert capacity(*pools).launchable([LARGE], "EC2", [["a", "c"]], 0.0) == [math.inf]


def test_what_runs_already_is_not_to_be_had_and_asking_takes_nothing():
    pool = capacity({"instanceTypes": ["c6i"], "vcpus": 8, "schedule": [{"at": 100, "vcpus": 2}]})
    for _ in range(2):
        pool.launched(LARGE, "EC2", "a")
    assert [pool.launchable([LARGE, OTHER], "EC2", [["a"]] * 2, 0.0) for _ in range(2)] == [[2, math.inf]] * 2
    # The pool fell below what runs.
    assert pool.launchable([LARGE], "EC2", [["a"]], 100.0) == [0]


def test_a_pool_is_of_its_types_families_zones_and_purchase_option():
    def left(**pool) -> list[str]:
        """What a pool without vCPUs leaves to be launched."""
        limits = capacity({**pool, "vcpus": 0})
        return [
            f"{offered.instance_type} {option} {zone}"
            for offered in (LARGE, XLARGE, OTHER)
            for option in ("EC2", "SPOT")
            for zone in ("a", "b")
            if limits.has(offered, option, zone, 0.0)
        ]

    assert left() == []
    assert not any(each.startswith("c6i.large ") for each in left(instanceTypes=["c6i.large"]))
    assert len(left(instanceTypes=["c6i.large"])) == 8
    assert {each.split()[0] for each in left(instanceTypes=["c6i"])} == {"m6i.large"}
    assert {each.split()[1] for each in left(purchaseOption="SPOT")} == {"EC2"}
    assert {each.split()[2] for each in left(zones=["a"])} == {"b"}
    assert left(instanceTypes=["c6i", "m6i"], zones=["a"], purchaseOption="EC2") == [
        f"{name} {rest}" for name in ("c6i.large", "c6i.xlarge", "m6i.large") for rest in ("EC2 b", "SPOT a", "SPOT b")
    ]


def test_a_schedule_is_without_a_limit_until_its_first_step():
    pool = capacity({"schedule": [{"at": 100, "vcpus": 2}, {"at": 200, "vcpus": 0}]})
    assert [pool.has(LARGE, "EC2", "a", now) for now in (99.9, 100.0, 199.9, 200.0)] == [True, True, True, False]
    assert [pool.has(XLARGE, "EC2", "a", now) for now in (99.9, 100.0)] == [True, False]
    assert [pool.changes_after(now) for now in (0.0, 199.9, 200.0)] == [True, True, False]


def test_its_changes_are_told_to_whoever_listens():
    clock, told, changes = Clock(), [], Changes()
    pool, made = capacity({"vcpus": 8, "schedule": [{"at": 100, "vcpus": 2}]}), agenda(clock=clock)
    pool.listeners.append(told.append)
    pool.follow(made)
    made.at(150.0, lambda event: pool.launched(LARGE, "EC2", "a"))
    made.at(160.0, lambda event: pool.terminated(LARGE, "EC2", "a", event.at))
    pool.changes.append(changes)
    clock.run_until_stopped()
    # The step, and what comes back; a launch is news to nobody, and an answer may be another all the same.
    assert told == [100.0, 160.0]
    assert (changes.generation, changes.outlook_generation) == (0, 3)


def test_all_of_several_or_none_and_asking_takes_nothing():
    # 4 vCPUs in one zone and 3 in the other: three of 2 vCPUs in whichever zones, and never four.
    pool = capacity({"zones": ["a"], "vcpus": 4}, {"zones": ["b"], "vcpus": 3})
    for _ in range(2):
        assert pool.has_all(LARGE, "EC2", ["a", "b"], 0.0, 3)
        assert not pool.has_all(LARGE, "EC2", ["a", "b"], 0.0, 4)
    # 7 vCPUs in all, and none of the zones has 4 left for a second of 4.
    assert not pool.has_all(XLARGE, "EC2", ["a", "b"], 0.0, 2)
    assert pool.launchable([LARGE], "EC2", [["a", "b"]], 0.0) == [3]


def test_fargates_launch_rate_is_a_token_bucket():
    # Two at once, then one every 2 s.
    quota = FargateQuota(burst=2, per_second=0.5)
    assert quota.available_at(0.0) == 0.0
    quota.take(1.0, 0.0)
    quota.take(1.0, 0.0)
    # Asking takes nothing, whenever it is done.
    assert [quota.available_at(now) for now in (0.0, 1.0, 1.0, 2.0, 2.0, 7.0)] == [2.0, 2.0, 2.0, 2.0, 2.0, 7.0]
    quota.take(1.0, 2.0)
    assert quota.available_at(2.0) == 4.0
    # However long nobody launches, no more than the burst is saved up.
    quota.take(1.0, 1000.0)
    quota.take(1.0, 1000.0)
    assert quota.available_at(1000.0) == 1002.0


@pytest.mark.parametrize("per_second", [0.1, 0.3, 0.7, 3.0, 7.0, 20.0])
def test_a_launch_is_possible_at_the_instant_that_was_named(per_second):
    # Whatever was rounded: a wake-up that found the token not there yet would be set again and again.
    quota, now = FargateQuota(burst=1, per_second=per_second), 1234.567
    for _ in range(300):
        quota.take(1.0, now)
        due = quota.available_at(now)
        assert due > now
        assert quota.available_at(due) == due
        now = due


def test_a_quota_of_vcpus_is_used_and_given_back_and_all_who_share_it_know():
    quota, changes = FargateQuota(burst=100, per_second=1.0, vcpus=6.0), [Changes(), Changes()]
    quota.changes += changes
    quota.take(4.0, 0.0)
    assert quota.vcpus_left == 2.0
    quota.available_at(0.0)  # a question
    assert [(each.generation, each.outlook_generation) for each in changes] == [(1, 1)] * 2
    quota.give(4.0)
    assert quota.vcpus_left == 6.0
    assert [(each.generation, each.outlook_generation) for each in changes] == [(2, 2)] * 2


def test_without_a_quota_a_launch_changes_answers_where_the_rate_holds_others():
    # Two tokens: the second launch leaves none, and the third is made with the first that came back.
    quota, changes = FargateQuota(burst=2, per_second=0.5), Changes()
    quota.changes.append(changes)
    told = []
    for now in (0.0, 0.0, 2.0, 100.0, 200.0):
        assert quota.take(1.0, now) == now
        told.append(changes.generation)
    assert told == [0, 1, 2, 3, 3]
    assert quota.take(1.0, 200.0) == 200.0
    assert quota.take(1.0, 200.0) == 202.0  # nothing is taken
    assert quota.take(1.0, 202.0) == 202.0


# Laws: what is counted can be had, and no more


PLACES = [(kind, option, zone) for kind in (LARGE, XLARGE, OTHER) for option in ("EC2", "SPOT") for zone in ("a", "b")]
POOLS = st.lists(
    st.fixed_dictionaries(
        {"vcpus": st.integers(0, 12)},
        optional={
            "zones": st.lists(st.sampled_from(["a", "b"]), unique=True),
            "instanceTypes": st.lists(st.sampled_from(["c6i", "c6i.large", "m6i.large"]), unique=True),
            "purchaseOption": st.sampled_from(["EC2", "SPOT"]),
        },
    ),
    max_size=3,
)
QUOTAS = st.dictionaries(st.sampled_from(["EC2", "SPOT"]), st.integers(0, 14))


@given(pools=POOLS, quotas=QUOTAS, there=st.lists(st.sampled_from(PLACES), max_size=4))
def test_so_many_of_a_type_can_be_launched_one_by_one_as_are_counted(pools, quotas, there):
    limits = capacity(*pools, **quotas)
    for kind, option, zone in there:
        limits.launched(kind, option, zone)
    for kind in (LARGE, XLARGE, OTHER):
        (counted,) = limits.launchable([kind], "EC2", [["a", "b"]], 0.0)
        assert limits.has_all(kind, "EC2", ["a", "b"], 0.0, int(min(counted, 50)))
        if counted < math.inf:
            assert not limits.has_all(kind, "EC2", ["a", "b"], 0.0, int(counted) + 1)
            launched = []
            while zones := [zone for zone in ("a", "b") if limits.has(kind, "EC2", zone, 0.0)]:
                limits.launched(kind, "EC2", zones[0])
                launched.append(zones[0])
            assert len(launched) == counted
            for zone in launched:
                limits.terminated(kind, "EC2", zone, 0.0)


@given(pools=POOLS, quotas=QUOTAS, count=st.integers(0, 3))
def test_types_that_are_counted_one_after_the_other_can_be_had_together(pools, quotas, count):
    limits, kinds = capacity(*pools, **quotas), (XLARGE, LARGE, OTHER)
    counted = limits.launchable(kinds, "EC2", [["a", "b"]] * 3, 0.0)
    for kind, instances in zip(kinds, counted, strict=True):
        for _ in range(int(min(instances, count))):
            zone = next(zone for zone in ("a", "b") if limits.has(kind, "EC2", zone, 0.0))
            limits.launched(kind, "EC2", zone)


def test_a_size_with_a_schedule_holds_from_the_start_to_its_first_step():
    pool = capacity({"vcpus": 4, "schedule": [{"at": 100, "vcpus": 8}, {"at": 200, "vcpus": 0}]})
    counted = [pool.launchable([LARGE], "EC2", [["a"]], now)[0] for now in (0.0, 99.9, 100.0, 199.9, 200.0)]
    assert counted == [2, 2, 4, 4, 0]


def test_what_is_reserved_is_counted_against_the_quota_on_demand_alone():
    quotas = capacity(EC2=8, SPOT=8)
    quotas.reserve(6)
    assert quotas.launchable([LARGE], "EC2", [["a"]], 0.0) == [1]
    assert quotas.launchable([LARGE], "SPOT", [["a"]], 0.0) == [4]
    quotas.reserve(-6)
    assert quotas.launchable([LARGE], "EC2", [["a"]], 0.0) == [4]


@given(
    burst=st.integers(1, 5),
    per_second=st.sampled_from([0.25, 0.5, 1.0, 2.0]),
    waits=st.lists(st.integers(0, 12), min_size=1, max_size=40),
)
def test_in_no_stretch_of_time_are_more_tasks_launched_than_the_burst_and_its_rate(burst, per_second, waits):
    quota, now, launched_at = FargateQuota(burst, per_second), 0.0, []
    for wait in waits:
        now += wait
        possible_at = quota.take(1.0, now)
        has_to_wait = possible_at > now
        if has_to_wait:
            now = possible_at
            assert quota.take(1.0, now) == now
        launched_at.append(now)
        left = min(
            burst + per_second * (now - since) - (len(launched_at) - first) for first, since in enumerate(launched_at)
        )
        assert left >= -1e-6
        # Whoever had to wait could not have been launched before.
        assert left == pytest.approx(0.0, abs=1e-6) or not has_to_wait
