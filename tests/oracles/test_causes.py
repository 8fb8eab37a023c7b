"""For which limit jobs wait where several hold them at once: worked by hand, and against runs without each limit.

The rule is batchsim's own (docs/what-is-modelled.md, *Why a job waits*): a second belongs to the limit whose removal
alone would end it. Where r run and k of n that wait would start without a limit, those k would wait no longer and the
others k / (r + k) shorter. What that leaves is for the next limit outwards: of computeReservation, consumable
resources, maxvCpus, capacity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchsim.recording import LIMITS as COLUMN
from batchsim.recording import Cause, Recording
from batchsim.results.outcome import Outcome
from batchsim.spec.configuration import ComputeEnvironment, Consumable, JobQueue, Shape, SpotTrace
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup, Workload
from tests.worlds import LARGE, XLARGE, by_job, configuration, fleet, jobs, offering, run, servers

LICENCE = (("licence", 1),)


def share(identifier: str | None = "a", consumables: tuple[tuple[str, int], ...] = ()) -> JobGroup:
    return JobGroup("work", "queue", "definition", share_identifier=identifier, consumables=consumables)


def reserving(percent: int, *environments: str) -> JobQueue:
    return JobQueue("queue", 1, True, environments or ("fleet",), fair_share=FairShare(compute_reservation=percent))


def quota(vcpus: int, option: str = "EC2", backoff: float = 0.0) -> dict:
    return {"accountvCpus": {option: vcpus}, "backoff": backoff}


def waited(
    workload: Workload,
    *built: ComputeEnvironment,
    queues: Sequence[JobQueue] = (),
    consumables: Sequence[Consumable] = (),
    **members,
) -> dict[str, float]:
    """Job-seconds by cause, the limits by their own names; those that nobody waited for are left out."""
    recording = run(workload, *built, queues=queues, consumables=consumables, **members)
    outcome = Outcome(workload, configuration(*built, queues=queues, consumables=consumables), recording)
    causes, limits = outcome.waits.with_limits(np.arange(len(workload)))
    assert sum(np.sum(seconds) for seconds in limits.values()) == pytest.approx(np.sum(causes["limit"]))
    totals = {name: float(np.sum(seconds)) for name, seconds in {**causes, **limits}.items() if name != "limit"}
    return {name: pytest.approx(seconds) for name, seconds in totals.items() if abs(seconds) > 1e-9}


def test_a_reservation_is_blamed_for_what_it_keeps_from_starting():
    # 16 servers, 10 % reserved for a second share: 14 jobs of a vCPU run at a time, 100 s each. Two more would start
    # without it, of the 26 that wait in the first 100 s and of the 12 that wait in the next.
    workload = jobs([0] * 40, 100, groups=[share()])
    found = waited(workload, servers(16), queues=[reserving(10, "servers")])
    assert found == {
        "computeReservation": (2 + 24 * 2 / 16) * 100 + (2 + 10 * 2 / 16) * 100,
        "maxvCpus": 24 * 14 / 16 * 100 + 10 * 14 / 16 * 100,
    }


def test_a_reservation_that_alone_holds_all_is_blamed_for_all():
    # Half of 16 servers: 8 run, and the other 8 would have one.
    found = waited(jobs([0] * 16, 100, groups=[share()]), servers(16), queues=[reserving(50, "servers")])
    assert found == {"computeReservation": 8 * 100}


def test_capacity_that_could_be_launched_is_room_as_well():
    # Of 16 vCPUs that may be launched 8 are reserved; 4 instances of 2 vCPUs hold 8 jobs, nothing is launched for more.
    found = waited(jobs([0] * 20, 100, groups=[share()]), fleet(max_vcpus=16), queues=[reserving(50)])
    assert found == {"computeReservation": (8 + 4 * 8 / 16) * 100 + 4 * 100, "maxvCpus": 4 * 8 / 16 * 100}


def test_room_that_memory_takes_is_none_that_a_reservation_keeps():
    # c6i.large has 3,775 MiB: one job of 2,500. Eight instances, of whose 16 vCPUs the share may use 8: eight jobs run,
    # one on each. Without the reservation the ninth would have no memory.
    workload = jobs([0] * 12, 100, memory_mib=2500, groups=[share()])
    assert waited(workload, fleet(max_vcpus=16), queues=[reserving(50)]) == {"maxvCpus": 4 * 100}


def test_a_licence_is_blamed_only_where_there_is_room():
    # Four servers and four licences, 8 jobs of 100 s: both run out at once, and without more servers more licences are
    # of no use.
    workload = jobs([0] * 8, 100, groups=[share(None, LICENCE)])
    assert waited(workload, servers(4), consumables=[Consumable("licence", 4)]) == {"maxvCpus": 4 * 100}
    # With three licences a server is free: for one of the five that wait, and at 100 for one of two.
    found = waited(workload, servers(4), consumables=[Consumable("licence", 3)])
    assert found == {
        "consumableResources": (1 + 4 * 1 / 4) * 100 + (1 + 1 * 1 / 4) * 100,
        "maxvCpus": 4 * 3 / 4 * 100 + 1 * 3 / 4 * 100,
    }


def test_a_licence_that_alone_holds_all_is_blamed_for_all():
    workload = jobs([0] * 4, 100, groups=[share(None, LICENCE)])
    found = waited(workload, servers(4), consumables=[Consumable("licence", 2)])
    assert found == {"consumableResources": 2 * 100}


@pytest.mark.parametrize(("licences", "reserved"), [(8, 0), (10, 2 + 6 * 2 / 10), (16, 8)])
def test_a_reservation_is_blamed_only_where_a_licence_would_be_there(licences, reserved):
    # 16 servers, half of them reserved: 8 jobs run and 8 wait, with licences for none, two or all of them.
    workload = jobs([0] * 16, 100, groups=[share("a", LICENCE)])
    resource = Consumable("licence", licences)
    found = waited(workload, servers(16), queues=[reserving(50, "servers")], consumables=[resource])
    limits = {"computeReservation": reserved * 100, "consumableResources": (8 - reserved) * 100}
    assert found == {name: seconds for name, seconds in limits.items() if seconds}


@pytest.mark.parametrize(("vcpus", "limit"), [(4, 0), (6, 1 + 1 * 1 / 3), (8, 2)])
def test_the_limit_is_blamed_only_where_capacity_would_be_there(vcpus, limit):
    # Two instances of 2 vCPUs are the limit, two more jobs wait; the account's quota has capacity for none, one, both.
    found = waited(jobs([0] * 4, 100, 2), fleet(max_vcpus=4), capacity=quota(vcpus))
    causes = {"maxvCpus": limit * 100, "capacity": (2 - limit) * 100}
    assert found == {name: seconds for name, seconds in causes.items() if seconds}


def test_the_limit_is_blamed_only_where_the_recorded_market_has_more():
    market = SpotTrace((0.0,), (3,), 1e6)
    spec = fleet(purchase_option="SPOT", max_vcpus=4, spot_trace=market)
    assert waited(jobs([0] * 4, 100, 2), spec) == {"maxvCpus": (1 + 1 * 1 / 3) * 100, "capacity": 2 / 3 * 100}


@pytest.mark.parametrize(("vcpus", "limit"), [(4, 0), (5, 1 + 3 * 1 / 5)])
def test_fargate_s_limit_is_blamed_only_where_the_quota_has_room(vcpus, limit):
    fargate = ComputeEnvironment("fargate", "FARGATE", True, 4)
    found = waited(jobs([0] * 8, 100), fargate, capacity=quota(vcpus, "FARGATE"))
    causes = {"maxvCpus": limit * 100, "capacity": (4 - limit) * 100}
    assert found == {name: seconds for name, seconds in causes.items() if seconds}


def test_a_licence_and_a_quota():
    # Two licences and a quota of three instances: two jobs of 2 vCPUs run; for one more there would be capacity.
    workload = jobs([0] * 5, 100, 2, groups=[share(None, LICENCE)])
    found = waited(workload, fleet(), consumables=[Consumable("licence", 2)], capacity=quota(6))
    # At 100 two start, and the last one would have room.
    assert found == {"consumableResources": (1 + 2 * 1 / 3) * 100 + 100, "capacity": 2 * 2 / 3 * 100}


def test_a_reservation_and_a_quota():
    # Half of 16 vCPUs are reserved, and the quota is 10: four jobs of 2 vCPUs run, one more would have capacity.
    found = waited(
        jobs([0] * 8, 100, 2, groups=[share()]), fleet(max_vcpus=16), queues=[reserving(50)], capacity=quota(10)
    )
    assert found == {"computeReservation": (1 + 3 * 1 / 5) * 100, "capacity": 3 * 4 / 5 * 100}


def test_all_of_them_at_once():
    # 20 vCPUs, of which 10 are reserved; licences for 6; a quota of 24. Jobs of 2 vCPUs: five run, ten wait. One more
    # would run without the reservation; five without licences as well; seven without the limit as well. The pace of
    # what is behind goes from 5 to 6, 10 and 12.
    workload = jobs([0] * 15, 100, 2, groups=[share("a", LICENCE)])
    found = waited(
        workload,
        fleet(max_vcpus=20),
        queues=[reserving(50)],
        consumables=[Consumable("licence", 6)],
        capacity=quota(24),
        horizon_s=100.0,
    )
    assert found == {
        "computeReservation": (1 + 9 * (1 - 5 / 6)) * 100,
        "consumableResources": ((5 - 1) * 5 / 6 + 5 * (5 / 6 - 5 / 10)) * 100,
        "maxvCpus": ((7 - 5) * 5 / 10 + 3 * (5 / 10 - 5 / 12)) * 100,
        "capacity": 3 * 5 / 12 * 100,
    }


def test_of_several_environments_any_one_would_do():
    # The first has no capacity left under the quota, the second is at its limit: raising that alone ends the wait.
    queues = [JobQueue("queue", 1, True, ("fleet", "fargate"))]
    fargate = ComputeEnvironment("fargate", "FARGATE", True, 2)
    found = waited(jobs([0] * 4, 100, 2), fleet(), fargate, queues=queues, capacity=quota(4))
    assert found == {"maxvCpus": 100}


def test_a_multi_node_job_that_keeps_waiting_at_the_first_waits_for_no_other_s_limit():
    # Two nodes of 2 vCPUs: the first environment's quota is used by the other queue's job until 100, and the job does
    # not go on to the second, which is at its limit.
    gang = Shape(4.0, 2000, nodes=(Shape(2.0, 1000),) * 2)
    queues = [JobQueue("queue", 1, True, ("first", "second")), JobQueue("other", 2, True, ("second",))]
    groups = [share(None), JobGroup("work", "other", "definition")]
    types = offering("c6i.large", 2, 3775, 0.085), offering("m6i.large", 2, 7700, 0.096)
    empty = {"pools": [{"instanceTypes": ["c6i"], "vcpus": 0, "schedule": [{"at": 100, "vcpus": 64}]}]}
    found = waited(
        jobs([0, 1], [300, 10], [2, 4], nodes={4.0: gang}, groups=groups, group=[1, 0]),
        fleet("first", offerings=types[:1]),
        fleet("second", offerings=types[1:], max_vcpus=4),
        queues=queues,
        capacity=empty,
    )
    assert found == {"capacity": 99}


def test_a_job_larger_than_the_limit_waits_for_the_limit():
    # It would run on 8 servers; and a type for it is listed, but under the limit no instance of it may be launched.
    assert waited(jobs([0], 10, 8), servers(4), duration_s=50.0) == {"maxvCpus": 50}
    small = fleet(max_vcpus=2, offerings=(LARGE, XLARGE), allocation_strategy="BEST_FIT")
    assert waited(jobs([0], 10, 4), small, duration_s=50.0) == {"maxvCpus": 50}
    # No type holds it: more vCPUs would not help.
    assert waited(jobs([0], 10, 8), fleet(), duration_s=50.0) == {"capacity": 50}
    # Nor would they where the environment takes no jobs.
    assert waited(jobs([0], 10), fleet(enabled=False), duration_s=50.0) == {"capacity": 50}


def test_shapes_share_the_room_that_a_reservation_keeps():
    # Ten shapes of a job each, of 1.0 to 1.9 vCPUs. Of 24 servers 12 are reserved: those of 1.0 to 1.7 vCPUs run,
    # 10.8 vCPUs. Both that wait would have room: 13.2 are left.
    sizes = [1 + n / 10 for n in range(10)]
    queues = [reserving(50, "servers")]
    assert waited(jobs([0] * 10, 100, sizes, groups=[share()]), servers(24), queues=queues) == {
        "computeReservation": 2 * 100
    }
    # With 14 servers, 7 for the share, those of 1.0 to 1.4 vCPUs run, 6.0 vCPUs. Of the 8.0 that are left the next
    # five ask for 1.5 to 1.9: four have 6.6, and the fifth does not fit; it would wait shorter by that part of 12.6.
    found = waited(jobs([0] * 10, 100, sizes, groups=[share()]), servers(14), queues=queues, horizon_s=100.0)
    assert found == {"computeReservation": (4 + 6.6 / 12.6) * 100, "maxvCpus": 6.0 / 12.6 * 100}


def test_a_share_that_waits_for_its_own_licence_is_not_blocked_by_another_s_wait():
    # a's job of 2 vCPUs waits for servers; b's of 1 would have one, but for the licence that its first job holds.
    groups = [share("c"), share("a"), share("b", LICENCE)]
    workload = jobs([0, 0, 1, 2], [100, 100, 10, 10], [2, 1, 4, 1], groups=groups, group=[0, 2, 1, 2])
    found = waited(workload, servers(4), queues=[reserving(0, "servers")], consumables=[Consumable("licence", 1)])
    # a's waits from 1 to 100 for four servers, b's from 2 to 100 for the licence; then a's has all four until 110.
    assert found == {"maxvCpus": 99 + 10, "consumableResources": 98}


def test_a_job_that_may_overtake_and_lacks_its_licence_is_not_blocked():
    groups = [share(None), share(None, LICENCE)]
    workload = jobs([0, 0, 1, 2], [100, 150, 10, 10], [2, 1, 4, 1], groups=groups, group=[0, 1, 0, 1])
    found = waited(workload, servers(4), consumables=[Consumable("licence", 1)], scheduler={"overtake": "fitting"})
    # The wide job waits for servers from 1 to 150; the last one for its licence from 2 to 150, then for servers to 160.
    assert found == {"maxvCpus": 149 + 10, "consumableResources": 148}


def test_jobs_that_are_alike_share_their_causes():
    # Three jobs wait, of which the quota has capacity for one beyond the limit.
    workload = jobs([0] * 4, 90, 2)
    recording = run(workload, fleet(max_vcpus=2), capacity=quota(4), horizon_s=90.0)
    waits = Outcome(workload, configuration(fleet(max_vcpus=2)), recording).waits.of(np.arange(4))
    # (1 + 2 / 2) / 3 of the time of each.
    assert sorted(waits["limit"]) == pytest.approx([0, 60, 60, 60])
    assert sorted(waits["capacity"]) == pytest.approx([0, 30, 30, 30])


def test_attribution_changes_nothing_of_the_run():
    # What was judged is not what happens: the same starts with a reservation that holds nothing back.
    workload = jobs([0] * 40, 100, groups=[share()])
    plain = run(workload, servers(14), queues=[reserving(0, "servers")])
    held = run(workload, servers(16), queues=[reserving(10, "servers")])
    assert by_job(plain, "starting_at") == by_job(held, "starting_at")


def test_behind_a_head_that_waits_for_something_else_capacity_is_not_on_its_way():
    # The head lacks the licence until 100; the plain job of another shape behind it would have an instance launched,
    # were it the head.
    groups = [share(None, LICENCE), share(None)]
    workload = jobs([0, 1, 2], [100, 10, 10], [2, 2, 1], groups=groups, group=[0, 0, 1])
    found = waited(workload, fleet(), consumables=[Consumable("licence", 1)])
    assert found == {"consumableResources": 99, "blocked": 98}


# Against runs without the limits

LIMITS = ("computeReservation", "consumableResources", "maxvCpus", "capacity")


def without(world: dict, removed: Sequence[str]) -> dict:
    """The same world without some of its limits."""
    members = dict(zip(LIMITS, ("reservation", "licences", "max_vcpus", "quota"), strict=True))
    return {**world, **{members[name]: 0 if name == "computeReservation" else 10_000 for name in removed}}


def simulated(world: dict, workload: Workload, **members) -> tuple[Recording, Outcome]:
    size = world["max_vcpus"]
    built = {
        "servers": servers(size, "fleet"),
        "fargate": ComputeEnvironment("fleet", "FARGATE", True, size),
        "fleet": fleet(max_vcpus=size),
    }[world["kind"]]
    limits = {"queues": [reserving(world["reservation"])], "consumables": [Consumable("licence", world["licences"])]}
    capacity = {"accountvCpus": {"EC2": world["quota"], "FARGATE": world["quota"]}, "backoff": 0.0}
    recording = run(workload, built, **limits, capacity=capacity, **members)
    return recording, Outcome(workload, configuration(built, **limits), recording)


def at_once(recording: Recording, waiting: int) -> dict[str, float]:
    """How many jobs each limit holds at the end of a run whose jobs are of one shape."""
    causes = recording.causes
    first = int(np.flatnonzero(causes.place == 0)[-1])
    names = {Cause.CAPACITY: "capacity", **COLUMN}
    beyond = [*causes.beyond[first:].tolist(), waiting]
    return {
        names[Cause(cause)]: beyond[place + 1] - beyond[place]
        for place, cause in enumerate(causes.cause[first:].tolist())
    }


@given(
    world=st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["servers", "fargate", "fleet"]),
            "max_vcpus": st.integers(1, 8).map(lambda n: 2 * n),
            "quota": st.integers(1, 10).map(lambda n: 2 * n),
            "licences": st.integers(1, 12),
            "reservation": st.sampled_from([0, 10, 25, 50, 80]),
        }
    ),
    number=st.integers(1, 24),
    vcpus=st.sampled_from([1, 2]),
    memory=st.sampled_from([500, 1700, 2500]),
    licensed=st.booleans(),
)
@settings(max_examples=40)
def test_whom_a_limit_holds_starts_without_it_and_those_inside_of_it(world, number, vcpus, memory, licensed):
    workload = jobs([0] * number, 100, vcpus, memory_mib=memory, groups=[share("a", LICENCE if licensed else ())])

    def begun(removed: Sequence[str]) -> int:
        recording, _ = simulated(without(world, removed), workload, duration_s=50.0, horizon_s=50.0)
        return len(recording.attempts.job)

    recording, _ = simulated(world, workload, duration_s=50.0, horizon_s=50.0)
    base = before = len(recording.attempts.job)
    held = at_once(recording, number - base) if base < number else {}
    for place, name in enumerate(LIMITS):
        now = begun(LIMITS[: place + 1])
        assert held.get(name, 0) == now - before, f"jobs that {name} holds"
        before = now
    # So those that one removal alone would let start are blamed on one that does.
    alone = {name: begun([name]) - base for name in LIMITS}
    assert sum(min(held.get(name, 0), alone[name]) for name in LIMITS) >= max(alone.values())


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        ("servers", {"reservation": 10}),
        ("fleet", {"reservation": 80}),
        ("servers", {"licences": 3}),
        ("fargate", {"quota": 34}),
        ("fleet", {"reservation": 50, "licences": 20, "quota": 40}),
    ],
)
def test_what_a_limit_is_blamed_for_is_what_its_removal_saves(kind, limits):
    # 600 jobs of about 100 s at once on 32 vCPUs: in so long a queue the ends of jobs are spread evenly.
    world = {"kind": kind, "reservation": 0, "licences": 10_000, "max_vcpus": 32, "quota": 10_000, **limits}
    runtimes = np.random.default_rng(3).exponential(100, 600)
    workload = jobs([0] * 600, runtimes, 1, memory_mib=500, groups=[share("a", LICENCE)])
    every = np.arange(len(workload))

    def total(outcome: Outcome) -> float:
        return float(sum(np.sum(seconds) for seconds in outcome.waits.of(every).values()))

    _, outcome = simulated(world, workload)
    causes, blamed = outcome.waits.with_limits(every)
    before = whole = total(outcome)
    for place, name in enumerate(LIMITS):
        now = total(simulated(without(world, LIMITS[: place + 1]), workload)[1])
        assert np.sum({**causes, **blamed}.get(name, 0.0)) / whole == pytest.approx((before - now) / whole, abs=0.04)
        before = now


def test_a_token_that_comes_back_is_noticed_though_another_queue_took_it():
    """By hand: one token in 100 s, three at first; `b` waits on its own 4 vCPUs, of which a job of 2 has its half."""
    groups = [JobGroup(name, name, "definition") for name in ("a", "b")]
    # b: 2 vCPUs run until 5000, a head of 4 waits for the limit, 1 vCPU behind it. a takes three at 100.
    at, runtime_s = [0, 1, 1, 100, 100, 100], [5000, 10, 10, 150, 150, 150]
    work = jobs(at, runtime_s, [2, 4, 1, 1, 1, 1], groups=groups, group=[1, 1, 1, 0, 0, 0])
    recording = run(
        work,
        ComputeEnvironment("first", "FARGATE", True, 64),
        ComputeEnvironment("second", "FARGATE", True, 4),
        queues=[JobQueue("a", 1, True, ("first",)), JobQueue("b", 1, True, ("second",))],
        fargate={"launchBurst": 3, "launchesPerSecond": 0.01},
    )
    small = int(work.shape[2])
    causes = recording.causes
    told = zip(causes.at.tolist(), causes.shape.tolist(), causes.queue.tolist(), causes.cause.tolist(), strict=True)
    assert [(at, Cause(cause)) for at, shape, queue, cause in told if (shape, queue) == (small, 1)] == [
        (1.0, Cause.BLOCKED),
        (100.0, Cause.CAPACITY),  # no token is left
        (200.0, Cause.BLOCKED),  # one is back: only the head keeps the small job from it
        (5000.0, Cause.LIMIT),  # which takes all 4 vCPUs
    ]


def test_a_job_waits_for_the_launch_token_of_its_environment_whatever_the_next_one_has():
    """By hand: one token in 100 s, one at first; `a` waits before it comes to Spot, which `b` fills until 60."""
    groups = [JobGroup(name, name, "definition") for name in ("a", "b")]
    work = jobs([0, 0, 1], [5000, 60, 10], [2, 2, 2], groups=groups, group=[0, 1, 0])
    recording = run(
        work,
        ComputeEnvironment("first", "FARGATE", True, 64),
        ComputeEnvironment("second", "FARGATE_SPOT", True, 2),
        queues=[JobQueue("a", 1, True, ("first", "second")), JobQueue("b", 1, True, ("second",))],
        fargate={"launchBurst": 1, "launchesPerSecond": 0.01},
    )
    causes = recording.causes
    told = zip(causes.at.tolist(), causes.queue.tolist(), causes.cause.tolist(), strict=True)
    assert [(at, Cause(cause)) for at, queue, cause in told if queue == 0] == [
        (1.0, Cause.CAPACITY),
        (100.0, Cause.BLOCKED),
    ]
    assert recording.attempts.starting_at[recording.attempts.job == 2].tolist() == [100.0]


def test_nor_does_a_job_behind_it_wait_for_the_head_because_of_the_next_one():
    """By hand: one token in 100 s. Each waits before it comes to Spot, where there is room and a token all the time."""
    work = jobs([0, 1, 2], [1000, 10, 10], [1, 2, 1])
    first = ComputeEnvironment("first", "FARGATE", True, 100)
    second = ComputeEnvironment("second", "FARGATE_SPOT", True, 100)
    rate = {"fargate": {"launchBurst": 1, "launchesPerSecond": 0.01}}
    alone, both = run(work, first, **rate), run(work, first, second, **rate)
    for recording in (alone, both):
        assert by_job(recording, "starting_at") == [0, 100, 200]
        assert set(recording.attempts.environment.tolist()) == {0}
    assert both.causes.at.tolist() == alone.causes.at.tolist()
    assert both.causes.cause.tolist() == alone.causes.cause.tolist()
