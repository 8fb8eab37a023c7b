"""What an environment answers to a request: a table of what is there, and its answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchsim.engine.compute_environment import (
    AT_LIMIT,
    BEYOND_LIMIT,
    COMING,
    LAUNCHABLE,
    NEVER,
    NOW,
    THROTTLED,
    UNAVAILABLE,
    SimulatedEnvironment,
)
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices, Shape
from tests.unit.engine.parts import simulation
from tests.worlds import LARGE, XLARGE, fleet, jobs, servers

#: Requests by their place: shapes are sorted by vCPUs. Ten jobs of 1 vCPU, and one of each of the others.
ONE, TWO, SIX, GPU, HUGE = range(5)
WORK = jobs([0] * 14, 100, [1] * 10 + [2, 6, 90, 99], nodes={90.0: Shape(1.0, 1000, 1), 99.0: Shape(1.0, 10_000_000)})
JOB_OF = {ONE: 0, TWO: 10, SIX: 11, GPU: 12, HUGE: 13}

SIMPLE = fleet(max_vcpus=4)


def ec2(spec: ComputeEnvironment, launched: int = 0, registered: int = 0, started: int = 0, **settings):
    """An environment with instances of its first type, and jobs of 1 vCPU that run on them."""
    environment = simulation(WORK, spec, **settings).lifecycle.environments[0]
    for number in range(launched):
        instance = environment.ledger.launch(spec.offerings[0], 0, 0.0, 0.0)
        if number < registered:
            environment.ledger.register(instance, 0.0)
    for job in range(started):
        assert environment.start(job, ONE, 0.0)
    return environment


@pytest.mark.parametrize(
    ("spec", "there", "request_", "answer"),
    [
        # Nothing is there, 4 vCPUs may be launched.
        (SIMPLE, {}, ONE, LAUNCHABLE),
        # One of 2 vCPUs boots; one more may be launched.
        (SIMPLE, {"launched": 1}, ONE, LAUNCHABLE),
        # Both boot.
        (SIMPLE, {"launched": 2}, ONE, COMING),
        (SIMPLE, {"launched": 2}, TWO, COMING),
        (SIMPLE, {"launched": 2, "registered": 1}, ONE, NOW),
        (SIMPLE, {"launched": 2, "registered": 2, "started": 3}, ONE, NOW),
        # Free are 0 and 1 vCPU.
        (SIMPLE, {"launched": 2, "registered": 2, "started": 3}, TWO, AT_LIMIT),
        (SIMPLE, {"launched": 2, "registered": 2, "started": 4}, ONE, AT_LIMIT),
        # What boots holds a job of 2 vCPUs, what is there does not.
        (SIMPLE, {"launched": 2, "registered": 1, "started": 1}, TWO, COMING),
        # Four of 2 vCPUs boot, none of which holds 6; an instance that would is over the limit.
        (fleet(max_vcpus=8, offerings=(LARGE, replace(XLARGE, vcpus=8))), {"launched": 4}, SIX, AT_LIMIT),
        # 6 vCPUs are more than the limit: on a type that holds them, and on none.
        (fleet(max_vcpus=4, offerings=(replace(XLARGE, vcpus=8),)), {}, SIX, BEYOND_LIMIT),
        (SIMPLE, {}, SIX, NEVER),
        (SIMPLE, {}, GPU, NEVER),
        (SIMPLE, {}, HUGE, NEVER),
        (replace(SIMPLE, enabled=False), {}, ONE, NEVER),
        # The job is under the limit, the only type is not: BEST_FIT on demand does not exceed it, others may.
        (fleet(max_vcpus=3, offerings=(XLARGE,), allocation_strategy="BEST_FIT"), {}, ONE, BEYOND_LIMIT),
        (fleet(max_vcpus=3, offerings=(XLARGE,)), {}, ONE, LAUNCHABLE),
    ],
)
def test_ec2(spec, there, request_, answer):
    environment = ec2(spec, **there)
    assert environment.availability(request_, 0.0) == answer
    assert environment.has_room(request_, 0.0) is (answer == NOW)
    assert environment.start(JOB_OF[request_], request_, 0.0) is (answer == NOW)


POOL = {"pools": [{"vcpus": 2}]}


@pytest.mark.parametrize(
    ("there", "request_", "answer"),
    [
        ({}, ONE, LAUNCHABLE),
        ({"launched": 1}, ONE, COMING),
        # The pool is used up, and the limit would allow for one more.
        ({"launched": 1, "registered": 1, "started": 2}, ONE, UNAVAILABLE),
        # Neither the pool nor the limit allows for it: it is the limit.
        ({"launched": 2, "registered": 2, "started": 4}, ONE, AT_LIMIT),
    ],
)
def test_ec2_where_capacity_runs_out(there, request_, answer):
    assert ec2(SIMPLE, capacity=POOL, **there).availability(request_, 0.0) == answer


def test_an_instance_with_its_spot_notice_takes_no_job():
    environment = ec2(fleet(max_vcpus=2, purchase_option="SPOT"), launched=1, registered=1)
    assert environment.availability(ONE, 0.0) == NOW
    environment.ledger.withdraw(environment.ledger.instances[0])
    assert environment.availability(ONE, 0.0) == AT_LIMIT


#: Two of 2 vCPUs, and a job that needs both of them, or three.
NODES = Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)
THREE = Shape(6.0, 3000, nodes=(Shape(2.0, 1000),) * 3)
MULTI_NODE = jobs([0, 0, 0], 100, [1, 4, 6], nodes={4.0: NODES, 6.0: THREE})


@pytest.mark.parametrize(
    ("launched", "registered", "started", "answer"),
    [
        (0, 0, 0, LAUNCHABLE),  # both
        (1, 1, 0, LAUNCHABLE),  # what it lacks
        (2, 1, 0, COMING),
        (2, 2, 0, NOW),
        (2, 2, 1, AT_LIMIT),  # one of them is shared with nobody
    ],
)
def test_all_instances_of_a_multi_node_job_or_none(launched, registered, started, answer):
    environment = simulation(MULTI_NODE, SIMPLE).lifecycle.environments[0]
    for number in range(launched):
        instance = environment.ledger.launch(LARGE, 0, 0.0, 0.0)
        if number < registered:
            environment.ledger.register(instance, 0.0)
    if started:
        assert environment.start(0, 0, 0.0)
    assert environment.availability(1, 0.0) == answer
    # Its nodes' 6 vCPUs pass maxvCpus 4, though each of them fits.
    assert environment.availability(2, 0.0) == BEYOND_LIMIT


PRICES = {"X86_64": FargatePrices(0.04, 0.004, 0.0001)}


def fargate(max_vcpus: int = 4) -> ComputeEnvironment:
    return ComputeEnvironment("tasks", "FARGATE", True, max_vcpus, fargate=PRICES)


@pytest.mark.parametrize(
    ("settings", "started", "request_", "answer"),
    [
        ({}, 0, ONE, NOW),
        ({}, 4, ONE, AT_LIMIT),
        ({}, 3, TWO, AT_LIMIT),
        ({}, 0, SIX, BEYOND_LIMIT),
        ({}, 0, GPU, NEVER),
        # Two launches, and another one a second later.
        ({"fargate": {"launchBurst": 2, "launchesPerSecond": 1}}, 1, ONE, NOW),
        ({"fargate": {"launchBurst": 2, "launchesPerSecond": 1}}, 2, ONE, THROTTLED),
        # The account's vCPUs are used up before the environment's.
        ({"capacity": {"accountvCpus": {"FARGATE": 2}}}, 2, ONE, UNAVAILABLE),
        ({"capacity": {"accountvCpus": {"FARGATE": 2}}}, 1, TWO, UNAVAILABLE),
    ],
)
def test_fargate(settings, started, request_, answer):
    environment = simulation(WORK, fargate(), **settings).lifecycle.environments[0]
    for job in range(started):
        assert environment.start(job, ONE, 0.0)
    assert environment.availability(request_, 0.0) == answer


def test_fargate_environments_share_the_accounts_quota():
    made = simulation(
        WORK, fargate(), replace(fargate(), name="more"), capacity={"accountvCpus": {"FARGATE": 2}}
    ).lifecycle.environments
    assert made[0].start(0, ONE, 0.0)
    assert made[1].start(1, ONE, 0.0)
    assert [each.availability(ONE, 0.0) for each in made] == [UNAVAILABLE, UNAVAILABLE]


@pytest.mark.parametrize(
    ("spec", "started", "request_", "answer"),
    [
        (servers(4), 0, ONE, NOW),
        (servers(4), 4, ONE, AT_LIMIT),
        (servers(4), 3, TWO, AT_LIMIT),
        (servers(4), 0, SIX, BEYOND_LIMIT),
        (servers(4), 0, GPU, NEVER),
        (servers(4), 0, HUGE, NOW),  # its memory is the user's own affair
        (replace(servers(4), enabled=False), 0, ONE, NEVER),
    ],
)
def test_unmanaged(spec, started, request_, answer):
    environment: SimulatedEnvironment = simulation(WORK, spec).lifecycle.environments[0]
    for job in range(started):
        assert environment.start(job, ONE, 0.0)
    assert environment.availability(request_, 0.0) == answer


def test_what_ends_gives_back_what_it_had():
    for spec in (SIMPLE, fargate(), servers(4)):
        made = simulation(WORK, spec)
        environment = made.lifecycle.environments[0]
        if spec is SIMPLE:
            for _ in range(2):
                environment.ledger.register(environment.ledger.launch(LARGE, 0, 0.0, 0.0), 0.0)
        for job in range(4):
            assert environment.start(job, ONE, 0.0)
        assert environment.availability(ONE, 0.0) == AT_LIMIT
        environment.stop(made.lifecycle.running[0], 10.0)
        assert environment.availability(ONE, 10.0) == NOW
        assert environment.availability(TWO, 10.0) == AT_LIMIT


def test_a_question_changes_nothing():
    environment = ec2(SIMPLE, launched=2, registered=1, started=1)
    before = environment.changes.generation, environment.changes.outlook_generation
    for request in range(5):
        environment.availability(request, 0.0)
        environment.places(request, 0.0, True)
    assert (environment.changes.generation, environment.changes.outlook_generation) == before


@pytest.mark.parametrize(
    ("there", "within", "without"),
    [
        # Jobs of 1 vCPU: what is free, boots, and may be launched; without the limit there is no end.
        ({}, 4, float("inf")),
        ({"launched": 1}, 4, float("inf")),
        ({"launched": 2, "registered": 1, "started": 1}, 3, float("inf")),
        ({"launched": 2, "registered": 2, "started": 4}, 0, float("inf")),
    ],
)
def test_places(there, within, without):
    environment = ec2(SIMPLE, **there)
    assert environment.places(ONE, 0.0, True) == within
    assert environment.places(ONE, 0.0, False) == without
