"""Figures that can't be are an error that says when, whatever environment they are of; and they add up again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.engine.attempt import Attempt
from batchsim.engine.job_lifecycle import JobLifecycle
from batchsim.errors import SimulationError
from batchsim.recording import instance_id
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices, Shape
from tests.unit.engine.compute.instances import Instances
from tests.unit.engine.parts import simulation
from tests.worlds import LARGE, XLARGE, fleet, jobs, servers

FARGATE = ComputeEnvironment("tasks", "FARGATE", True, 8, fargate={"X86_64": FargatePrices(1.0, 1.0, 1.0)})
MANAGED = fleet("managed", purchase_option="MANAGED_INSTANCES", max_vcpus=8)


def made_of(spec: ComputeEnvironment) -> JobLifecycle:
    """A run that was not started, of an environment with room for eight jobs of 1 vCPU."""
    lifecycle = simulation(jobs([0] * 8, 100), spec).lifecycle
    for _ in range(4 if spec.offerings else 0):
        ledger = lifecycle.environments[0].ledger
        ledger.register(ledger.launch(LARGE, 0, 0.0, 0.0), 0.0)
    return lifecycle


def begun(lifecycle: JobLifecycle, job: int) -> Attempt:
    assert lifecycle.environments[0].start(job, 0, 0.0)
    return lifecycle.running[job]


@pytest.mark.parametrize("spec", [FARGATE, servers(8)], ids=["FARGATE", "UNMANAGED"])
def test_what_is_given_back_twice_was_never_there(spec):
    lifecycle = made_of(spec)
    environment, attempt = lifecycle.environments[0], begun(lifecycle, 0)
    environment.stop(attempt, 5.0)
    with pytest.raises(SimulationError) as error:
        environment.stop(attempt, 7.5)
    assert error.value.at == 7.5
    assert spec.name in str(error.value)


def test_a_managed_environment_that_gives_back_more_than_its_jobs_ask_for():
    lifecycle = made_of(MANAGED)
    environment, attempt = lifecycle.environments[0], begun(lifecycle, 0)
    environment.in_use = 0.5  # written by somebody else
    with pytest.raises(SimulationError) as error:
        environment.stop(attempt, 7.5)
    assert error.value.at == 7.5


def test_an_instance_never_holds_more_than_it_has():
    made = Instances(requests=[Shape(1.0, 1000)])
    instance = made.active()
    instance.vcpus = 0.5  # written by somebody else, while the index has 2
    with pytest.raises(SimulationError) as error:
        made.ledger.free.take(0, 3.0)
    assert (error.value.at, error.value.instance) == (3.0, instance_id(0))


@pytest.mark.parametrize(
    "spec", [FARGATE, MANAGED, servers(8), fleet(max_vcpus=8)], ids=lambda spec: spec.purchase_option
)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 7)), max_size=30))
def test_room_is_what_is_not_used_however_jobs_come_and_go(spec, steps):
    """Eight vCPUs, jobs of one each: a job starts exactly where fewer than eight run, and the rest is left."""
    lifecycle, running = made_of(spec), {}
    environment = lifecycle.environments[0]
    for starts, job in steps:
        assert environment.has_room(0, 0.0) is (len(running) < 8)
        if starts and job not in running:
            running[job] = begun(lifecycle, job)
        elif running:
            environment.stop(running.pop(min(running, key=lambda each: (each - job) % 8)), 0.0)
        assert environment.places(0, 0.0, True) == 8 - len(running)
        if not spec.offerings:
            assert environment.vcpus == len(running)


ROOMS = {"pools": [{"zones": ["a"], "vcpus": 9}, {"zones": ["b"], "vcpus": 7}], "accountvCpus": {"EC2": 14}}


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["launch", "register", "withdraw", "remove"]), st.integers(0, 9)), max_size=40
    )
)
def test_what_instances_took_of_pools_and_quotas_is_there_again_when_they_are_gone(steps):
    made = Instances(fleet(offerings=(LARGE, XLARGE), zones=("a", "b")), **ROOMS)

    def left() -> list[float]:
        return [made.limits.launchable([each], "EC2", [[zone]], 0.0)[0] for each in (LARGE, XLARGE) for zone in "ab"]

    before, there = left(), {}
    for step, number in steps:
        instances = list(made.ledger.instances.values())
        if step == "launch":
            kind, zone = (LARGE, XLARGE)[number % 2], number // 2 % 2
            instance = made.launch(kind, zone)
            there[instance.number] = (kind.vcpus, zone)
        elif instances:
            instance = instances[number % len(instances)]
            if step == "register" and instance.number in made.ledger.booting:
                made.ledger.register(instance, 0.0)
            elif step == "withdraw":
                made.ledger.withdraw(instance)
            elif step == "remove":
                made.ledger.remove(instance, 0.0, "", reclaimed=False)
                del there[instance.number]
        # Of 9 vCPUs in one zone, 7 in the other and 14 in both, what is there is taken, booting or going.
        used = [sum(vcpus for vcpus, zone in there.values() if zone == place) for place in (0, 1)]
        free = [min(9 - used[0], 14 - sum(used)), min(7 - used[1], 14 - sum(used))]
        assert left() == [max(zone // vcpus, 0) for vcpus in (2, 4) for zone in free]
        assert made.ledger.vcpus == sum(used)
        assert made.ledger.in_motion is any(not each.active or each.leaving for each in made.ledger.instances.values())
    for instance in list(made.ledger.instances.values()):
        made.ledger.remove(instance, 0.0, "", reclaimed=False)
    assert left() == before
