"""What instances there will be for a job that finds no room: on their way, to be launched, or none for now."""

from __future__ import annotations

from batchsim.engine.compute.multi_node import MultiNodeJobs
from batchsim.engine.compute.outlook import InstanceOutlook
from batchsim.engine.compute_environment import AT_LIMIT, COMING, LAUNCHABLE, UNAVAILABLE
from batchsim.spec.configuration import Shape, SpotTrace
from tests.unit.engine.compute.instances import ONE, Instances
from tests.worlds import LARGE, XLARGE, fleet

PAIR = Shape(2.0, 2000, nodes=(ONE, ONE))
#: By request.
SINGLE, NODES = 0, 1


class Outlook(Instances):
    """The instances of an environment and what jobs may expect of them."""

    def __init__(self, **changes):
        capacity = changes.pop("capacity", {})
        super().__init__(fleet(**changes), (ONE, PAIR), **capacity)
        # Nothing is started here: neither images nor the jobs' lives matter.
        nodes = MultiNodeJobs(0, self.spec, (ONE, PAIR), self.ledger, self.launchable, None, None, "price")
        self.outlook = InstanceOutlook((ONE, PAIR), self.ledger, self.launchable, nodes)

    def of(self, request: int) -> int:
        return self.outlook.find(request, 0.0)


def test_under_the_limit_instances_may_be_launched():
    made = Outlook()
    assert [made.of(SINGLE), made.of(NODES)] == [LAUNCHABLE, LAUNCHABLE]


def test_at_the_limit_a_job_waits_for_what_boots():
    made = Outlook(max_vcpus=2)
    made.launch()
    assert made.of(SINGLE) == COMING
    made.ledger.register(made.ledger.instances[0], 0.0)
    assert made.of(SINGLE) == AT_LIMIT


def test_what_boots_has_to_hold_the_job():
    made = Outlook(max_vcpus=2, offerings=(LARGE,))
    instance = made.launch()
    instance.vcpus = 0.5
    assert made.of(SINGLE) == AT_LIMIT


def test_a_multi_node_job_waits_until_there_are_as_many_as_it_has_nodes():
    made = Outlook(max_vcpus=4)
    made.active()
    assert made.of(NODES) == LAUNCHABLE  # one more
    made.launch()
    assert made.of(NODES) == COMING


def test_its_nodes_are_of_one_type():
    # 2 + 4 = 6 vCPUs are there of 6: no second one of either type can come.
    made = Outlook(max_vcpus=6, offerings=(LARGE, XLARGE))
    made.active()
    made.active(XLARGE)
    assert made.of(NODES) == AT_LIMIT


def test_where_the_market_has_none_capacity_is_what_lacks():
    market = SpotTrace(at=(0.0,), available=(0,), length_s=1000.0)
    made = Outlook(spot_trace=market, purchase_option="SPOT", allocation_strategy="SPOT_CAPACITY_OPTIMIZED")
    assert made.of(SINGLE) == UNAVAILABLE


def test_where_the_accounts_quota_is_used_up_capacity_is_what_lacks():
    made = Outlook(capacity={"accountvCpus": {"EC2": 2}})
    made.active()
    assert made.of(SINGLE) == UNAVAILABLE
