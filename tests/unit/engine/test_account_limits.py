"""How much more of what may be launched: pools and quotas that types and zones share."""

from __future__ import annotations

import math

from batchsim.engine.account_limits import CapacityLimits
from batchsim.spec.assumptions import CapacitySettings as Settings
from tests.worlds import LARGE, XLARGE, offering

OTHER = offering("m6i.large", 2, 7700, 0.096)


def capacity(*pools: dict, **quotas: int) -> CapacityLimits:
    return CapacityLimits(Settings.model_validate({"pools": list(pools), "accountvCpus": quotas}))


def test_what_one_type_takes_of_a_quota_the_next_does_not_have():
    # Ten vCPUs: five of c6i.large, and nothing is left for others; or two of c6i.xlarge, and one of c6i.large.
    quota = capacity(EC2=10)
    assert quota.launchable([LARGE, XLARGE], "EC2", ["a"], 0.0) == [5, 0]
    assert quota.launchable([XLARGE, LARGE], "EC2", ["a"], 0.0) == [2, 1]
    assert quota.launchable([LARGE], "SPOT", ["a"], 0.0) == [math.inf]


def test_zones_are_added_up_to_the_quota_over_them():
    pools = {"zones": ["a"], "vcpus": 4}, {"zones": ["b"], "vcpus": 6}
    assert capacity(*pools).launchable([LARGE], "EC2", ["a", "b"], 0.0) == [2 + 3]
    assert capacity(*pools, EC2=8).launchable([LARGE], "EC2", ["a", "b"], 0.0) == [4]
    # A zone without a pool has no end.
    assert capacity(*pools).launchable([LARGE], "EC2", ["a", "c"], 0.0) == [math.inf]


def test_what_runs_already_is_not_to_be_had_and_asking_takes_nothing():
    pool = capacity({"instanceTypes": ["c6i"], "vcpus": 8, "schedule": [{"at": 100, "vcpus": 2}]})
    for _ in range(2):
        pool.launched(LARGE, "EC2", "a")
    assert [pool.launchable([LARGE, OTHER], "EC2", ["a"], 0.0) for _ in range(2)] == [[2, math.inf]] * 2
    # The pool fell below what runs.
    assert pool.launchable([LARGE], "EC2", ["a"], 100.0) == [0]
