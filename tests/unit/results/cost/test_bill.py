"""Bills worked by hand from a recording: instances, their attempts, tasks."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim import run
from batchsim.results.cost.instance_shares import InstanceShares
from batchsim.results.spending import spent
from tests.builders import definition, environment, job, scenario, workflow

#: c6i.large on demand, 30 GiB of gp3, USD per hour; 2 vCPUs.
PRICE, VOLUME = 0.085, 30 * 0.08 / 730


def outcome(*jobs, **members):
    return run(scenario(workflow(*jobs), **members)).run.outcome


def test_a_minimum_of_a_minute_is_billed_for_instance_and_volume():
    costs = outcome(job(runtime=20), environments=[environment(maxvCpus=2)]).costs
    assert costs.instance_total[0] == pytest.approx(60 * (PRICE + VOLUME) / 3600)
    assert costs.instance["minimum"][0] == pytest.approx(40 * (PRICE + VOLUME) / 3600)
    assert costs.instance["boot"][0] == costs.instance["stranded"][0] == 0
    assert costs.by_attempt["minimum"].tolist() == [0]


def test_an_attempt_pays_its_share_of_its_instance_and_the_rest_is_idle():
    made = outcome(job(runtime=3600), environments=[environment(maxvCpus=2)], definitions=[definition(vcpus="1")])
    shares = InstanceShares(made.workload, made.configuration, made.recording).of(0, 1)
    memory_mib = made.workload.shapes[0].memory_mib
    offering = made.configuration.environments[0].offerings[int(made.recording.instances.offering[0])]
    share = (9 * 1 + memory_mib / 1024) / (9 * 2 + offering.memory_mib / 1024)
    assert shares.share.tolist() == [share]
    assert made.costs.attempt("useful")[0] == pytest.approx(share * (PRICE + VOLUME))
    assert made.costs.instance["idle"][0] == pytest.approx((1 - share) * (PRICE + VOLUME))


def test_a_task_pays_whole_seconds_and_a_minute_at_least():
    fargate = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    members = {"environments": [environment(type="FARGATE")], "definitions": [fargate]}
    made = outcome(job("short", 20), job("long", 100.5), **members)
    costs, prices = made.costs, made.configuration.environments[0].fargate["X86_64"]
    rate = (prices.usd_per_vcpu_hour + 2 * prices.usd_per_gb_hour) / 3600
    assert costs.tasks.usd_per_s == pytest.approx([rate, rate])
    assert costs.tasks.eligible_usd_per_s == pytest.approx([rate, rate])
    assert costs.by_attempt["run"] == pytest.approx([20 * rate, 100.5 * rate])
    assert costs.by_attempt["minimum"] == pytest.approx([40 * rate, 0.5 * rate])
    assert costs.total == pytest.approx((60 + 101) * rate)
    assert len(costs.instance_total) == 0


def test_what_was_spent_ends_at_the_bill_and_a_minimum_is_spent_at_the_end():
    made = outcome(job(runtime=20), environments=[environment(maxvCpus=2)])
    usd_per_s = (PRICE + VOLUME) / 3600
    assert spent(made, np.array([0.0, 10.0, 19.0])) == pytest.approx(usd_per_s * np.array([0, 10, 19]))
    assert spent(made, np.array([made.recording.ended_at]))[0] == pytest.approx(60 * usd_per_s)
    assert made.costs.total == pytest.approx(60 * usd_per_s)
