"""Capacity reservations worked by hand, on instances of 2 vCPUs at 0.085 USD an hour that are there at once.

Sources are the pages of the EC2 User Guide: *Capacity Reservation pricing and billing*, *Launch instances into an
existing Capacity Reservation*, *Cancel a Capacity Reservation*, *Capacity Blocks for ML*, *Capacity Blocks pricing and
billing*, and the quotas and limitations on *Reserve compute capacity with EC2 On-Demand Capacity Reservations*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

import batchsim as bs
from batchsim.recording import Recording, Status
from batchsim.results.cost.totals import CostTotals
from batchsim.results.outcome import Outcome
from batchsim.results.reservations import reservation_figures
from batchsim.results.window import Window
from batchsim.spec.configuration import JobQueue, SavingsPlan, Shape
from batchsim.spec.reservations import ReservationUse
from batchsim.spec.workload import JobGroup
from tests.builders import definition, environment, job, scenario, workflow
from tests.worlds import LARGE, XLARGE, configuration, fleet, jobs, offering, reservation, run

HOUR = 3600.0
PRICE = 0.085


@dataclass(frozen=True)
class Made:
    """A run and what came of it."""

    recording: Recording
    outcome: Outcome

    @property
    def lives(self) -> list[tuple[float, float]]:
        """From when until when each instance was there, in hours."""
        instances = self.recording.instances
        return list(zip(instances.requested_at / HOUR, instances.terminated_at / HOUR, strict=True))

    @property
    def stays(self) -> list[tuple[int, int, float, float]]:
        """Which instance was in which reservation, from when until when, in hours."""
        stays = self.recording.reservations
        rows = zip(stays.instance, stays.reservation, stays.since / HOUR, stays.until / HOUR, strict=True)
        return sorted((int(i), int(r), float(since), float(until)) for i, r, since, until in rows)

    @property
    def unused(self) -> list[float]:
        """What was paid for the unused part of each reservation."""
        return [each["unused_usd"] for each in reservation_figures(self.outcome)["reservations"].values()]

    @property
    def starts(self) -> list[float]:
        """When each job started, in hours; NaN where it never did."""
        found = np.full(len(self.outcome.workload), np.nan)
        attempts = self.recording.attempts
        found[attempts.job[::-1]] = attempts.starting_at[::-1] / HOUR
        return found.tolist()


def made(workload, *environments, reservations=(), queues=(), savings_plan=None, window=None, **settings) -> Made:
    recording = run(workload, *environments, reservations=reservations, queues=queues, **settings)
    resolved = configuration(*environments, reservations=reservations, queues=queues)
    outcome = Outcome(workload, replace(resolved, savings_plan=savings_plan), recording)
    return Made(recording, outcome if window is None else replace(outcome, window=window))


def block(name="block", instances=1, price=48.0, **changes):
    """A Capacity Block from the start on; 48 USD for 24 hours of one instance are 2 USD an hour."""
    hours = (changes.get("ends_at", 24 * HOUR) - changes.get("starts_at", 0.0)) / HOUR
    terms = {"ends_at": 24 * HOUR, "usd_per_hour": price / instances / hours}
    return reservation(name, instances, is_block=True, is_open=False, **{**terms, **changes})


def targeting(*targets, preference="open", **changes):
    return fleet(reservation_use=ReservationUse(preference, targets), **changes)


NO_ZONE_LEFT = {"capacity": {"pools": [{"vcpus": 0}]}}


# What it costs


def test_unused_it_costs_the_on_demand_rate_by_the_second():
    # 24 hours and 15 minutes are 24.25 reservation hours (Billing): of two instances 2 x 24.25 x 0.085 = 4.1225.
    found = made(jobs([0.0], 0.0), fleet(reservation_use=ReservationUse("none")), duration_s=30 * HOUR,
                 reservations=[reservation(instances=2, starts_at=HOUR, ends_at=25.25 * HOUR)])  # fmt: skip
    assert found.unused == pytest.approx([2 * 24.25 * PRICE])
    assert found.unused[0] == pytest.approx(4.1225)
    assert found.stays == []


def test_the_example_of_the_user_guide():
    # Billing: one m4.large at 0.10 USD, reserved for five hours. Unused in the first, occupied in hours two to five; in
    # the sixth the reservation is gone, and the instance runs on at the on-demand rate: 1 + 4 + 1 hours at 0.10.
    m4 = offering("m4.large", 2, 7000, 0.10)
    found = made(jobs([HOUR], 5 * HOUR), fleet(offerings=(m4,)), duration_s=6 * HOUR,
                 reservations=[reservation(kind=m4, ends_at=5 * HOUR)])  # fmt: skip
    assert found.lives == [(1.0, 6.0)]
    assert found.stays == [(0, 0, 1.0, 5.0)]
    assert found.unused == pytest.approx([0.10])
    assert found.outcome.costs.instance_total.sum() == pytest.approx(0.50)
    assert found.outcome.costs.total == pytest.approx(0.60)


def test_fifteen_of_twenty_used_are_fifteen_instances_and_five_unused():
    # Pricing: 20 reserved, 15 run in the zone: charged for 15 active instances and 5 unused.
    found = made(jobs([0.0] * 15, HOUR, 2), fleet(), duration_s=HOUR, reservations=[reservation(instances=20)])
    assert found.outcome.costs.instance_total.sum() == pytest.approx(15 * PRICE)
    assert found.unused == pytest.approx([5 * PRICE])
    figures = reservation_figures(found.outcome)["reservations"]["reserved"]
    assert (figures["reserved_h"], figures["used_h"]) == pytest.approx((20, 15))


def test_every_dollar_has_a_purpose_an_option_and_an_owner():
    found = made(jobs([0.0] * 3, HOUR, 2), fleet(), duration_s=4 * HOUR, reservations=[reservation(instances=5)])
    totals = CostTotals(found.outcome)
    # 3 instances for an hour, and 5 x 4 - 3 hours unused: together the 20 hours reserved.
    assert found.outcome.costs.total == pytest.approx(20 * PRICE)
    assert sum(totals.by_purpose_in_all().values()) == pytest.approx(20 * PRICE)
    idle = found.outcome.costs.instance["idle"].sum()
    assert totals.by_purpose_in_all()["idle"] == pytest.approx(17 * PRICE + idle)
    assert totals.by_purchase_option()["EC2"] == pytest.approx(20 * PRICE)
    owned = totals.by_owner(np.zeros(1, np.int32), 1, [[0]])
    assert sum(float(usd.sum()) for usd in owned.values()) == pytest.approx(20 * PRICE)


def test_the_time_before_an_instance_runs_is_the_reservations():
    # Requested at 0, running after 6 minutes: until then the reservation is unused, the instance not paid for.
    found = made(jobs([0.0], HOUR), fleet(), duration_s=2 * HOUR, reservations=[reservation()],
                 ec2={"launch": 360.0, "spotFulfilment": 0.0, "register": 0.0})  # fmt: skip
    assert found.stays == [(0, 0, 0.0, 1.1)]
    assert found.unused == pytest.approx([(0.1 + 0.9) * PRICE])


def test_a_savings_plan_covers_what_is_used_and_what_is_not():
    # Billing discounts: Savings Plans apply to Capacity Reservations. Two hours of two instances, one used in one hour:
    # 0.34 USD at the on-demand rate; a commitment of 0.1224 an hour at 28 % off covers 0.17 an hour, all of it.
    plan = SavingsPlan(0.1224, 0.28)
    found = made(jobs([0.0], HOUR, 2), fleet(), duration_s=2 * HOUR, savings_plan=plan,
                 reservations=[reservation(instances=2)])  # fmt: skip
    assert found.outcome.costs.unused_commitment == pytest.approx(0.0)
    assert found.outcome.costs.total == pytest.approx(2 * 0.1224)
    assert found.unused == pytest.approx([3 * PRICE * 0.72])


def test_of_a_window_only_what_was_paid_in_it():
    found = made(jobs([0.0], 2 * HOUR), fleet(), duration_s=10 * HOUR, reservations=[reservation(ends_at=8 * HOUR)],
                 window=Window(HOUR, 9 * HOUR))  # fmt: skip
    # Used until 2, there until 8: from 1 on an hour used, six unused.
    assert found.unused == pytest.approx([6 * PRICE])
    assert found.outcome.costs.total == pytest.approx(7 * PRICE)


# Who runs in it


def test_a_targeted_one_takes_only_those_that_target_it():
    terms = {"is_open": False, "labels": ("reserved", "cr-1")}
    passed_by = made(jobs([0.0], HOUR), fleet(), duration_s=HOUR, reservations=[reservation(**terms)])
    assert passed_by.stays == []
    assert passed_by.unused == pytest.approx([PRICE])
    for target in ("reserved", "cr-1"):
        taken = made(jobs([0.0], HOUR), targeting(target), duration_s=HOUR, reservations=[reservation(**terms)])
        assert taken.stays == [(0, 0, 0.0, 1.0)]
        assert taken.unused == pytest.approx([0.0])


def test_one_that_targets_another_does_not_use_an_open_one():
    first, second = reservation("first"), reservation("second", is_open=False)
    found = made(jobs([0.0], HOUR), targeting("second"), duration_s=HOUR, reservations=[first, second])
    assert found.stays == [(0, 1, 0.0, 1.0)]


def test_it_is_of_one_type_and_one_zone():
    for terms in ({"kind": XLARGE}, {"zone": "us-east-1b"}):
        found = made(jobs([0.0], HOUR), fleet(), duration_s=HOUR, reservations=[reservation(**terms)])
        assert found.stays == []


def test_spot_runs_in_none():
    spot = fleet(purchase_option="SPOT", allocation_strategy="SPOT_CAPACITY_OPTIMIZED")
    found = made(jobs([0.0], HOUR), spot, duration_s=HOUR, reservations=[reservation()])
    assert found.stays == []


def test_a_target_by_id_has_no_other_capacity_and_a_group_has():
    # Target by ID: the launch fails without room. Target by group: the instances launch into On-Demand capacity.
    terms = {"is_open": False, "groups": ("arn:group",)}
    two = jobs([0.0, 0.0], HOUR, 2)
    by_id = made(two, targeting("reserved"), reservations=[reservation(**terms)])
    assert by_id.starts == [0.0, 1.0]
    assert by_id.stays == [(0, 0, 0.0, 2.0)]
    by_group = made(two, targeting("arn:group"), reservations=[reservation(**terms)])
    assert by_group.starts == [0.0, 0.0]
    assert by_group.stays == [(0, 0, 0.0, 1.0)]
    only = made(two, targeting("arn:group", preference="only"), reservations=[reservation(**terms)])
    assert only.starts == [0.0, 1.0]


def test_two_environments_in_the_order_in_which_they_launch():
    # The queue of higher priority is planned for first and gets the reservation; when its instance goes after an hour,
    # the other's, which runs, is in it: open reservations match running instances.
    first, second = fleet("first"), fleet("second")
    queues = [JobQueue("high", 2, True, ("first",)), JobQueue("low", 1, True, ("second",))]
    groups = [JobGroup("work", "low", "definition"), JobGroup("work", "high", "definition")]
    work = jobs([0.0, 0.0], [3 * HOUR, HOUR], 2, group=[0, 1], groups=groups)
    found = made(work, first, second, queues=queues, duration_s=4 * HOUR, reservations=[reservation()])
    assert found.recording.instances.environment.tolist() == [0, 1]
    assert found.stays == [(0, 0, 0.0, 1.0), (1, 0, 1.0, 3.0)]
    assert found.unused == pytest.approx([PRICE])
    assert found.outcome.costs.total == pytest.approx((1 + 3 + 1) * PRICE)


def test_none_uses_none():
    found = made(jobs([0.0], HOUR), fleet(reservation_use=ReservationUse("none")), duration_s=HOUR,
                 reservations=[reservation()])  # fmt: skip
    assert found.stays == []
    assert found.outcome.costs.total == pytest.approx(2 * PRICE)


# Where capacity is short


def test_it_is_there_where_everything_else_has_run_out():
    fourth = jobs([0.0] * 4, HOUR, 2)
    zones = ("us-east-1a", "us-east-1b", "us-east-1c")
    found = made(fourth, fleet(zones=zones), reservations=[reservation(instances=2, zone="us-east-1b")], **NO_ZONE_LEFT)
    assert found.starts == [0.0, 0.0, 1.0, 1.0]
    assert found.recording.instances.zone.tolist() == [1, 1]
    assert len(found.stays) == 2


def test_the_zone_that_has_one_is_preferred():
    # Otherwise zones come in turn.
    three = jobs([0.0] * 3, HOUR, 2)
    zones = ("us-east-1a", "us-east-1b")
    found = made(three, fleet(zones=zones), reservations=[reservation(instances=2, zone="us-east-1b")])
    assert found.recording.instances.zone.tolist() == [1, 1, 0]
    assert [row[:2] for row in found.stays] == [(0, 0), (1, 0)]


def test_it_is_beside_the_pools():
    # A pool of 4 vCPUs beside a reserved instance of 2: three run.
    found = made(jobs([0.0] * 5, HOUR, 2), fleet(), reservations=[reservation()],
                 capacity={"pools": [{"vcpus": 4}]})  # fmt: skip
    assert found.starts == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_a_multi_node_job_has_what_is_reserved_and_what_is_left():
    node = Shape(2.0, 1000)
    three = jobs([0.0], HOUR, 6, nodes={6.0: Shape(6.0, 3000, nodes=(node, node, node))})
    environment = fleet(allocation_strategy="BEST_FIT_PROGRESSIVE")
    for reserved, left, starts in ((2, 2, True), (3, 0, True), (2, 0, False), (1, 2, False)):
        found = made(three, environment, reservations=[reservation(instances=reserved)],
                     capacity={"pools": [{"vcpus": left}]})  # fmt: skip
        assert (found.starts == [0.0]) is starts, (reserved, left)


def test_the_quota_counts_what_is_reserved_used_or_not():
    # Limitations: active and unused reservations count. Of 4 vCPUs an instance of 2 is reserved elsewhere until hour 2.
    reserved = reservation(zone="us-east-1b", ends_at=2 * HOUR)
    found = made(jobs([0.0] * 2, 5 * HOUR, 2), fleet(), reservations=[reserved],
                 capacity={"accountvCpus": {"EC2": 4}, "backoff": 60.0})  # fmt: skip
    assert found.starts == [0.0, 2.0]
    # What runs in it counts once: both run at once.
    inside = made(jobs([0.0] * 2, 5 * HOUR, 2), fleet(), reservations=[reservation()],
                  capacity={"accountvCpus": {"EC2": 4}})  # fmt: skip
    assert inside.starts == [0.0, 0.0]


def test_the_quota_does_not_count_capacity_blocks():
    found = made(jobs([0.0] * 3, HOUR, 2), targeting("block"), fleet("other"), reservations=[block(instances=2)],
                 capacity={"accountvCpus": {"EC2": 2}})  # fmt: skip
    assert found.starts == [0.0, 0.0, 0.0]
    assert len(found.stays) == 2


# Beginning and end


def test_what_runs_when_an_open_one_begins_runs_in_it():
    found = made(jobs([0.0], 3 * HOUR), fleet(), duration_s=4 * HOUR, reservations=[reservation(starts_at=HOUR)])
    assert found.stays == [(0, 0, 1.0, 3.0)]
    assert found.unused == pytest.approx([PRICE])


def test_an_environment_of_reservations_only_at_the_end_of_its_own():
    # What runs goes on as an ordinary instance (Cancel a Capacity Reservation); nothing more is launched. The instance
    # is gone at hour 2, so the job that comes at 2.5 has none.
    only = fleet(reservation_use=ReservationUse("only"))
    found = made(
        jobs([0.0, 2.5 * HOUR], 2 * HOUR, 2), only, duration_s=5 * HOUR, reservations=[reservation(ends_at=HOUR)]
    )
    assert found.stays == [(0, 0, 0.0, 1.0)]
    assert found.lives == [(0.0, 2.0)]
    assert found.recording.status.tolist() == [Status.SUCCEEDED, Status.RUNNABLE]
    assert found.outcome.costs.total == pytest.approx(2 * PRICE)


def test_a_job_waits_for_the_reservation_to_begin():
    only = fleet(reservation_use=ReservationUse("only"))
    found = made(jobs([0.0], HOUR), only, reservations=[reservation(starts_at=5 * HOUR, ends_at=9 * HOUR)])
    assert found.starts == [5.0]
    assert found.recording.status.tolist() == [Status.SUCCEEDED]


def test_the_instances_of_a_block_are_terminated_half_an_hour_before_its_end():
    # 48 USD for 24 hours. The job of 30 hours is cut off at 23.5 and, without a capacity to be retried on, waits.
    found = made(jobs([0.0], 30 * HOUR, attempts=2), targeting("block"), duration_s=25 * HOUR, reservations=[block()])
    assert found.lives == [(0.0, 23.5)]
    assert found.stays == [(0, 0, 0.0, 23.5)]
    reasons = [found.recording.reasons[code] for code in found.recording.attempts.reason]
    assert reasons[0].startswith("Host EC2")
    assert found.recording.reasons[found.recording.instances.reason[0]] == "Capacity Block ended"
    assert found.recording.status.tolist() == [Status.RUNNABLE]
    # Paid in advance, by whatever is used of it: 23.5 hours at 2 USD and half an hour unused.
    assert found.outcome.costs.instance_total.sum() == pytest.approx(47.0)
    assert found.unused == pytest.approx([1.0])
    assert found.outcome.costs.total == pytest.approx(48.0)


def test_a_block_is_paid_to_its_end_when_the_run_ends_before():
    found = made(
        jobs([0.0], HOUR), targeting("block"), duration_s=6 * HOUR, reservations=[block(instances=2, price=96.0)]
    )
    assert found.outcome.costs.total == pytest.approx(96.0)
    assert found.unused == pytest.approx([94.0])
    later = made(jobs([0.0], HOUR), fleet(), duration_s=6 * HOUR, reservations=[block(starts_at=10 * HOUR)])
    assert later.unused == pytest.approx([48.0])


def test_a_savings_plan_does_not_cover_a_block():
    plan = SavingsPlan(1.0, 0.5)
    found = made(jobs([0.0], HOUR), targeting("block"), duration_s=24 * HOUR, savings_plan=plan, reservations=[block()])
    assert found.outcome.costs.unused_commitment == pytest.approx(24.0)
    assert found.outcome.costs.total == pytest.approx(72.0)


def test_an_open_environment_passes_a_block_by():
    found = made(jobs([0.0], HOUR), fleet(), duration_s=24 * HOUR, reservations=[block()])
    assert found.stays == []
    assert found.outcome.costs.total == pytest.approx(48.0 + PRICE)


def test_a_short_use_of_a_block_has_no_minimum():
    # 20 s of a minute: on demand the minute is paid, in a block it is paid already.
    found = made(jobs([0.0], 20.0), targeting("block"), duration_s=HOUR, reservations=[block()])
    assert found.outcome.costs.total == pytest.approx(48.0)
    assert found.outcome.costs.instance["minimum"].sum() == pytest.approx(0.0)


def test_types_are_chosen_as_always():
    # A reservation of the dearer type is not preferred to the cheaper one by the vCPU (an assumption).
    dear = replace(XLARGE, price_usd_per_hour=0.3, on_demand_usd_per_hour=0.3)
    environment = fleet(offerings=(LARGE, dear))
    found = made(jobs([0.0] * 2, HOUR, 2), environment, duration_s=HOUR, reservations=[reservation(kind=dear)])
    assert found.recording.instances.offering.tolist() == [0, 0]
    # Where the others have run out it is.
    short = made(
        jobs([0.0] * 2, HOUR, 2), environment, duration_s=HOUR, reservations=[reservation(kind=dear)], **NO_ZONE_LEFT
    )
    assert short.recording.instances.offering.tolist() == [1]


# As a scenario says it


def test_a_launch_template_targets_a_block_by_its_id():
    # Two instances for a day at 96 USD: 2 USD an hour. Jobs of an hour run from 20:00 on, two at a time; at 23:30 the
    # block is cleared: 2 x 3 jobs are done, 2 cut off. Used are 2 x 3.5 hours, 14 USD; 41 hours, 82 USD, are not.
    block_ = {"name": "day", "id": "cr-1", "kind": "capacity-block", "instanceType": "c6i.large", "zone": "us-east-1a",
              "instances": 2, "until": "24h", "price": 96.0}  # fmt: skip
    data = {"capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}}
    result = bs.run(
        scenario(
            workflow(job(runtime=3600, arrayProperties={"size": 20}), arrivals={"at": "20h"}),
            environments=[environment(launchTemplate={"launchTemplateName": "block"})],
            definitions=[definition(vcpus="2", memory="2048")],
            settings={"capacity": {"reservations": [block_]}, "ec2": {"rootVolume": 0}},
            launchTemplates=[{"launchTemplateName": "block", "launchTemplateData": data}],
            duration="24h",
        )
    )
    states = result.summary["jobs"]
    assert (states["succeeded"], states["failed"], states["unfinished"]) == (6, 2, 12)
    assert result.summary["cost_usd"]["unused_reservations"] == pytest.approx(82.0)
    assert result.summary["cost_usd"]["total"] == pytest.approx(96.0)


def test_managed_instances_run_in_a_group_first_and_pay_its_fee_besides():
    # Two of four instances are reserved in the group; ECS takes its fee of all.
    group = "arn:aws:resource-groups:us-east-1:123456789012:group/night"
    managed = fleet(purchase_option="MANAGED_INSTANCES", allocation_strategy="",
                    offerings=(replace(LARGE, management_usd_per_hour=0.01),),
                    reservation_use=ReservationUse("open", (group,)))  # fmt: skip
    found = made(jobs([0.0] * 4, HOUR, 2), managed, duration_s=2 * HOUR,
                 reservations=[reservation(instances=2, is_open=False, groups=(group,))])  # fmt: skip
    assert len(found.stays) == 2
    assert found.unused == pytest.approx([2 * PRICE])
    assert found.outcome.costs.total == pytest.approx(4 * (PRICE + 0.01) + 2 * PRICE)
