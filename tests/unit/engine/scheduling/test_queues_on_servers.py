"""Queues on c servers are what a plain loop over instants makes of them.

First come, first served, by priority of the queues; and fair share, its use worked out from the attempts by definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from hypothesis import given
from hypothesis import strategies as st

from batchsim.spec.configuration import JobQueue
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup
from tests.worlds import by_job, jobs, run, servers

#: Arrival, run time, vCPUs, queue, and how many attempts fail.
Row = tuple[int, int, int, int, int]


def starts_by_priority(rows: Sequence[Row], priorities: Sequence[int], free: int) -> list[float]:
    """When each attempt starts, job by job.

    At each instant what ends gives its servers back, what failed goes to the front, what arrives to the end; then each
    queue in turn, by priority and name, starts its jobs until one of them finds too few servers.
    """
    waiting: list[list[tuple[bool, int]]] = [[] for _ in priorities]  # those not retried come later
    turns = sorted(range(len(priorities)), key=lambda queue: (-priorities[queue], queue))
    instants = [row[0] for row in rows]
    instants.sort()
    running: list[tuple[int, int]] = []
    begun: list[list[float]] = [[] for _ in rows]
    arrived = 0
    while instants:
        now = heappop(instants)
        for _, job in [each for each in running if each[0] == now]:
            running.remove((now, job))
            free += rows[job][2]
            if len(begun[job]) <= rows[job][4]:
                waiting[rows[job][3]].append((False, job))
        while arrived < len(rows) and rows[arrived][0] == now:
            waiting[rows[arrived][3]].append((True, arrived))
            arrived += 1
        for queue in turns:
            waiting[queue].sort()
            while waiting[queue] and rows[waiting[queue][0][1]][2] <= free:
                _, job = waiting[queue].pop(0)
                free -= rows[job][2]
                begun[job].append(now)
                running.append((now + rows[job][1], job))
                heappush(instants, now + rows[job][1])
    return [at for each in begun for at in each]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 20), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2)),
        min_size=1,
        max_size=14,
    ),
    priorities=st.lists(st.integers(1, 3), min_size=3, max_size=3),
    count=st.integers(3, 5),
)
def test_first_come_first_served_by_priority_and_the_retried_first(rows, priorities, count):
    rows = sorted(rows, key=lambda row: row[0])
    arrivals, runtimes, vcpus, queues, failures = (list(column) for column in zip(*rows, strict=True))
    # A group for each queue and number of attempts that fail: all of a job's attempts but the last do.
    groups = [JobGroup("work", f"q{queue}", "definition", attempts=fail + 1) for queue in range(3) for fail in range(3)]
    work = jobs(
        arrivals,
        runtimes,
        vcpus,
        exit_code=1,
        groups=groups,
        group=[3 * queue + fail for queue, fail in zip(queues, failures, strict=True)],
    )
    made = [JobQueue(f"q{number}", priority, True, ("servers",)) for number, priority in enumerate(priorities)]
    recording = run(work, servers(count), queues=made)
    assert by_job(recording, "starting_at") == starts_by_priority(rows, priorities, count)


#: With a window of 64 s, whole seconds and weights that are powers of two every figure is exact.
WINDOW = 64


def use_of(attempts: Sequence[tuple[int, int, int]], now: int) -> float:
    """What vCPU-seconds of attempts (start, end, vCPUs) count by their age; what runs also counts half a window.

    AWS publishes no more than that use fades over ``shareDecaySeconds`` (API FairsharePolicy).
    """
    used = 0.0
    for start, end, vcpus in attempts:
        first, last = max(start, now - WINDOW), min(end, now)
        if last > first:
            used += vcpus * (last - first) * (1 - (now - (first + last) / 2) / WINDOW)
        if end > now:
            used += vcpus * WINDOW / 2
    return used


def starts_by_share(rows: Sequence[Row], weights: Sequence[float], free: int) -> list[float]:
    """When each job starts; a row is arrival, run time, vCPUs, share and scheduling priority.

    At each instant the share of the lowest weighed use starts its next job, the earlier job where two are equal, again
    and again; a share whose next job finds too few servers is left out.
    """
    attempts: list[list[tuple[int, int, int]]] = [[] for _ in weights]
    begun = [0.0] * len(rows)
    waiting: list[int] = []
    instants = sorted(row[0] for row in rows)
    arrived = 0
    while instants:
        now = heappop(instants)
        if instants and instants[0] == now:
            continue
        while arrived < len(rows) and rows[arrived][0] <= now:
            waiting.append(arrived)
            arrived += 1
        open_shares = set(range(len(weights)))
        while left := [job for job in waiting if rows[job][3] in open_shares]:
            following = {}
            for job in sorted(left, key=lambda job: (-rows[job][4], job)):
                following.setdefault(rows[job][3], job)
            share = min(following, key=lambda each: (weights[each] * use_of(attempts[each], now), following[each]))
            job = following[share]
            _, runtime, vcpus, _, _ = rows[job]
            in_use = sum(each[2] for those in attempts for each in those if each[1] > now)
            if in_use + vcpus > free:
                open_shares.remove(share)
                continue
            waiting.remove(job)
            begun[job] = now
            attempts[share].append((now, now + runtime, vcpus))
            heappush(instants, now + runtime)
    return begun


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 40), st.integers(1, 3), st.integers(0, 2), st.integers(0, 1)),
        min_size=1,
        max_size=16,
    ),
    weights=st.lists(st.sampled_from([0.25, 0.5, 1.0, 2.0]), min_size=3, max_size=3),
    count=st.integers(3, 5),
)
def test_the_share_that_used_least_for_its_weight_is_served_next(rows, weights, count):
    rows = sorted(rows, key=lambda row: row[0])
    arrivals, runtimes, vcpus, shares, priorities = (list(column) for column in zip(*rows, strict=True))
    groups = [
        JobGroup("work", "queue", "definition", share_identifier=f"s{share}", scheduling_priority=priority)
        for share in range(3)
        for priority in range(2)
    ]
    group = [2 * share + priority for share, priority in zip(shares, priorities, strict=True)]
    policy = FairShare(float(WINDOW), weights=tuple((f"s{share}", weight) for share, weight in enumerate(weights)))
    queue = JobQueue("queue", 1, True, ("servers",), fair_share=policy)
    recording = run(jobs(arrivals, runtimes, vcpus, groups=groups, group=group), servers(count), queues=[queue])
    assert by_job(recording, "starting_at") == starts_by_share(rows, weights, count)
