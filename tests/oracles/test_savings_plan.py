"""A Savings Plan worked by hand: paid always, applied first, on demand only (Savings Plans User Guide)."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim import run
from batchsim.results.cost.savings_plan import plan_use
from batchsim.spec.configuration import SavingsPlan
from tests.builders import definition, environment, job, scenario, workflow

C6I_LARGE = 0.085
VOLUME = 30 * 0.08 / 730


def test_what_the_commitment_covers_is_cheaper_and_the_rest_is_not():
    # $2 an hour of use for two hours; $0.72 an hour at 28 % off covers $1 of it: 0.72 + 1 each hour.
    plan = plan_use(SavingsPlan(0.72, 0.28), np.array([0.0]), np.array([7200.0]), np.array([2 / 3600]), 7200.0)
    assert plan.discount == pytest.approx([0.28 / 2] * 2)
    assert plan.unused_usd == pytest.approx(0.0)
    saved = -plan.savings(np.array([2 / 3600])).between(np.array([0.0]), np.array([7200.0]))
    assert 2 * 2 - saved[0] == pytest.approx(2 * (0.72 + 1))


def test_what_is_not_used_of_the_commitment_is_lost_hour_by_hour():
    # Used in the first hour only: the second hour's commitment does not carry over.
    plan = plan_use(SavingsPlan(0.72, 0.28), np.array([0.0]), np.array([3600.0]), np.array([2 / 3600]), 7200.0)
    assert plan.unused_usd == pytest.approx(0.72)
    assert plan.discount == pytest.approx([0.14, 0.0])


def billed(plan: dict | None, kind: str = "EC2", **members):
    settings = {"prices": {"savingsPlan": plan}} if plan else {}
    resources = {"allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"} if kind == "SPOT" else {}
    made = environment(type=kind, maxvCpus=2, **resources)
    task = definition(vcpus="1", memory="2048", **({"platformCapabilities": ["FARGATE"]} if kind == "FARGATE" else {}))
    made_of = {"environments": [made], "definitions": [task], "settings": settings, **members}
    return run(scenario(workflow(job(runtime=3600)), **made_of)).summary["cost_usd"]


def test_an_hour_of_an_instance_under_a_plan():
    plain, saving = billed(None), billed({"usdPerHour": 0.03, "discount": 0.28})
    # $0.03 buys 0.03 / 0.72 of the hour's on-demand price.
    covered = 0.03 / 0.72
    assert plain["total"] == pytest.approx(C6I_LARGE + VOLUME)
    assert saving["total"] == pytest.approx(0.03 + (C6I_LARGE - covered) + VOLUME)
    assert sum(saving["by_purpose"].values()) == pytest.approx(saving["total"], abs=1e-12)
    assert saving["by_purchase_option"]["EC2"] == pytest.approx(saving["total"])


def test_a_plan_larger_than_the_use_is_idle_money():
    saving = billed({"usdPerHour": 1.0, "discount": 0.28})
    used = C6I_LARGE * 0.72
    assert saving["total"] == pytest.approx(1.0 + VOLUME)
    assert saving["by_purpose"]["idle"] >= 1.0 - used - 1e-9


def test_spot_is_not_covered():
    saving, plain = billed({"usdPerHour": 0.5, "discount": 0.28}, "SPOT"), billed(None, "SPOT")
    assert saving["by_purchase_option"]["SPOT"] == pytest.approx(plain["total"])
    assert saving["total"] == pytest.approx(plain["total"] + 0.5)


def test_the_storage_of_a_task_is_not_covered():
    task = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    task["containerProperties"]["ephemeralStorage"] = {"sizeInGiB": 120}
    saving = billed({"usdPerHour": 10.0, "discount": 0.2}, "FARGATE", definitions=[task])
    storage = (120 - 20) * 0.000111
    covered = 0.8 * (0.04048 + 2 * 0.004445)
    assert saving["by_purchase_option"]["FARGATE"] == pytest.approx(covered + storage)


def test_fargate_is_covered():
    plain, saving = billed(None, "FARGATE"), billed({"usdPerHour": 10.0, "discount": 0.2}, "FARGATE")
    assert saving["by_purchase_option"]["FARGATE"] == pytest.approx(0.8 * plain["by_purchase_option"]["FARGATE"])
    assert saving["total"] == pytest.approx(10.0)
