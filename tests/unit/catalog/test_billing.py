"""How many seconds are paid for: EC2 On-Demand Pricing, AWS Fargate pricing, Amazon EBS pricing, Amazon VPC pricing."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from batchsim.catalog.billing import (
    billed_instance_s,
    billed_task_s,
    billed_volume_s,
    is_free_spot,
    public_ipv4_usd_per_hour,
)


@pytest.mark.parametrize(("seconds", "paid"), [(0, 60), (59.9, 60), (60, 60), (60.4, 60.4), (3600, 3600)])
def test_instances_and_volumes_pay_by_the_second_and_a_minute_at_least(seconds, paid):
    assert billed_instance_s(seconds) == paid
    assert billed_volume_s(seconds) == paid


@pytest.mark.parametrize(
    ("seconds", "paid"), [(1, 60), (60, 60), (60.1, 61), (100.5, 101), (101, 101), (101 + 1e-9, 101), (3599.2, 3600)]
)
def test_tasks_pay_whole_seconds_and_a_minute_at_least(seconds, paid):
    assert billed_task_s(seconds) == paid


def test_an_interrupted_spot_instance_is_free_in_its_first_hour():
    assert is_free_spot(np.array([0.0, 3599.9, 3600.0, 7200.0])).tolist() == [True, True, False, False]


def test_a_public_address_is_charged_for_since_february_2024():
    assert public_ipv4_usd_per_hour(datetime(2024, 1, 31, 23, 59, tzinfo=UTC)) == 0.0
    assert public_ipv4_usd_per_hour(datetime(2024, 2, 1, tzinfo=UTC)) == 0.005
