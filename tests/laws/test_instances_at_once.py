"""What is asked of each instance does not grow with how many boot beside it."""

from __future__ import annotations

import batchsim as bs
from batchsim.spec.configuration import Offering
from tests.builders import definition, environment, job, scenario, workflow


def looks_per_instance(count: int, monkeypatch) -> float:
    """How often a type of instance is held against a job, for each of so many that are launched together."""
    looks = 0
    runs = Offering.runs

    def counted(offering, shape):
        nonlocal looks
        looks += 1
        return runs(offering, shape)

    # Each job takes an instance whole; each instance that registers lets the scheduler ask what else is coming.
    array = job(runtime=600, arrayProperties={"size": count})
    made = scenario(
        workflow(array),
        environments=[environment(maxvCpus=16 * count, instanceTypes=["c6i.4xlarge"])],
        definitions=[definition(vcpus="16", memory="24000")],
        ideal=False,
    )
    monkeypatch.setattr(Offering, "runs", counted)
    result = bs.run(made)
    monkeypatch.setattr(Offering, "runs", runs)
    assert len(result.instances) == count
    return looks / count


def test_ten_times_the_instances_are_not_ten_times_the_work_for_each(monkeypatch):
    few, many = looks_per_instance(40, monkeypatch), looks_per_instance(400, monkeypatch)
    # Were each asked whenever another registers, it would be 200 looks for each of 400, and 20 for each of 40.
    assert many <= 1.5 * few
    assert many < 20
