"""Utilisation, peaks, interruptions and vCPUs of environments: in windows, of tasks, of multi-node jobs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.recording import TASK_INTERRUPTED, LimitChange
from batchsim.results.limits import limit, minimum, open_limit
from batchsim.results.outcome import Outcome
from batchsim.results.series import most_vcpus, vcpus_in_all
from batchsim.results.step_functions import integral, sample, total
from batchsim.results.utilisation import Environments
from batchsim.results.vcpus import Vcpus
from batchsim.results.window import Window
from batchsim.spec.configuration import ComputeEnvironment, FargatePrices, JobQueue, Shape
from tests.unit.results import recorded
from tests.unit.results.recorded import NAN, attempt, instance, outcome
from tests.worlds import LARGE, XLARGE, fleet, jobs, servers

TASKS = ComputeEnvironment("tasks", "FARGATE", True, 64, fargate={"X86_64": FargatePrices(0.04, 0.004, 0.0001)})


def cut(found: Outcome, start: float, end: float) -> Environments:
    return Environments(replace(found, window=Window(start, end)))


@pytest.fixture(scope="module")
def mixed() -> Outcome:
    """A c6i.large and a c6i.xlarge, a task of 2 vCPUs, 4 servers; jobs of 1, 2 and 4 vCPUs with 1,000 MiB each."""
    return outcome(
        jobs([0] * 4, 60, [1, 4, 2, 2]),
        fleet(offerings=(LARGE, XLARGE)),
        TASKS,
        servers(4),
        attempts=[
            attempt(0, 0, 100, 110, 300, instance=0),
            attempt(1, 0, 200, 200, NAN, instance=1),
            attempt(2, 0, 50, 60, 250, environment=1),
            attempt(3, 0, 0, 0, 400, environment=2),
        ],
        instances=[instance(0, 40, 100, 500), instance(0, 60, 150, 1000, offering=1)],
    )


def test_of_instances_both_sizes_count_while_they_are_registered(mixed):
    # 2 vCPUs for 400 s and 4 for 850 s; held were 1 for 200 s and 4 for 800 s.
    found = Environments(mixed).utilisation([0])
    assert found["vcpu"] == pytest.approx((200 + 3200) / (800 + 3400))
    assert found["memory"] == pytest.approx(1000 * (200 + 800) / (3775 * 400 + 7738 * 850))


def test_of_tasks_all_is_used_and_together_they_count_by_their_size(mixed):
    environments = Environments(mixed)
    assert environments.utilisation([1]) == {"vcpu": 1.0, "memory": 1.0}
    assert environments.utilisation([2]) == {"vcpu": 400 * 2 / 4000, "memory": None}
    assert environments.utilisation([0, 1, 2])["vcpu"] == pytest.approx((3400 + 400 + 800) / (4200 + 400 + 4000))
    assert environments.utilisation([]) == {"vcpu": None, "memory": None}


def test_a_window_counts_its_own_time(mixed):
    # From 200 to 260 s: all there is, the first job and the second; of the task 50 s; the servers held half.
    found = cut(mixed, 200.0, 260.0)
    assert found.utilisation([0])["vcpu"] == pytest.approx((60 + 240) / (120 + 240))
    assert found.utilisation([2])["vcpu"] == pytest.approx(2 / 4)
    assert found.utilisation([0, 1])["vcpu"] == pytest.approx((300 + 100) / (360 + 100))
    # Nothing is there before instances are registered.
    assert cut(mixed, 0.0, 50.0).utilisation([0, 1]) == {"vcpu": None, "memory": None}


def test_peaks_of_a_window(mixed):
    assert [Environments(mixed).peak_vcpus([index]) for index in range(3)] == [6, 2, 2]
    assert Environments(mixed).peak_vcpus(range(3)) == 2 + 4 + 2 + 2
    # Up to 60 s one instance runs, with the task and the server's job; from 500 s on the larger one.
    assert cut(mixed, 0.0, 60.0).peak_vcpus(range(3)) == 2 + 2 + 2
    assert cut(mixed, 0.0, 60.5).peak_vcpus(range(3)) == 10
    assert cut(mixed, 500.0, 1000.0).peak_vcpus(range(3)) == 4


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=3, unique=True))
def test_what_servers_hold_in_windows_adds_up(mixed, ends):
    first, middle, last = sorted(map(float, ends))
    held = [
        (end - start) * (cut(mixed, start, end).utilisation([2])["vcpu"] or 0.0)
        for start, end in ((first, middle), (middle, last), (first, last))
    ]
    assert held[0] + held[1] == pytest.approx(held[2])
    assert held[2] == pytest.approx(2 / 4 * (min(last, 400) - min(first, 400)))


def test_interruptions_count_when_they_happen(monkeypatch):
    monkeypatch.setattr(recorded, "REASONS", ("", TASK_INTERRUPTED, "still there"))
    made = outcome(
        jobs([0] * 3, 60),
        fleet(),
        TASKS,
        attempts=[attempt(n, 0, 0, 0, at, reason=1, environment=1) for n, at in enumerate((100, 199, 200))],
        instances=[instance(0, 0, 0, at, reclaimed=True) for at in (99, 100, 150, 200)],
    )
    assert Environments(made).interruptions().tolist() == [4, 3]
    assert cut(made, 100.0, 200.0).interruptions().tolist() == [2, 2]


def changed(found: Outcome, *changes: LimitChange) -> Outcome:
    return replace(found, recording=replace(found.recording, limits=changes))


def test_limits_that_change_at_an_instant_have_the_last_of_it():
    plain = outcome(jobs([0], 60), servers(4), fleet(min_vcpus=2, enabled=False))
    made = changed(
        plain,
        LimitChange(50.0, 0, 8, 0, True),
        LimitChange(50.0, 0, 6, 0, True),
        LimitChange(70.0, 1, 32, 2, True),
        LimitChange(80.0, 1, 32, 4, False),
        LimitChange(90.0, 0, 6, 0, False),
    )
    listed = [
        [column.tolist() for column in function(made, index)]
        for function in (limit, minimum, open_limit)
        for index in (0, 1)
    ]
    assert listed == [
        [[0, 50], [4, 6]], [[0, 70], [64, 32]],
        [[0], [0]], [[0, 80], [2, 4]],
        [[0, 50, 90], [4, 6, 0]], [[0, 70, 80], [0, 32, 0]],
    ]  # fmt: skip


def test_servers_that_an_update_adds_are_there_within_a_window():
    # 4 processors, 8 from 100 s on; a job of 4 vCPUs from 0 to 200 s. From 50 to 150 s: 400 of 4 * 50 + 8 * 50.
    plain = outcome(jobs([0], 60, 4), servers(4), attempts=[attempt(0, 0, 0, 0, 200)])
    made = changed(plain, LimitChange(100.0, 0, 8, 0, True))
    assert cut(made, 50.0, 150.0).utilisation([0])["vcpu"] == pytest.approx(400 / 600)
    # To the end of the run at 1,000 s: 800 of 400 + 8 * 900.
    assert Environments(made).utilisation([0])["vcpu"] == pytest.approx(800 / 7600)


def test_of_limits_those_count_that_a_queue_with_jobs_may_use():
    environments = fleet("a", max_vcpus=8), fleet("b", max_vcpus=16), fleet("c", max_vcpus=32)
    queues = [JobQueue("queue", 1, True, ("a", "b")), JobQueue("unused", 1, True, ("c",))]
    made = outcome(jobs([0], 60), *environments, queues=queues)
    at, level = most_vcpus(changed(made, LimitChange(60.0, 1, 0, 0, True)))
    assert (at.tolist(), level.tolist()) == ([0, 60], [24, 8])


def test_a_multi_node_job_runs_on_all_of_its_instances():
    # Two c6i.xlarge of 4 vCPUs, held whole by a job that asks for 2 on each, and one of 2 beside it.
    wide = Shape(4, 2000, nodes=(Shape(2, 1000), Shape(2, 1000)))
    work = jobs([0, 0, 0], 60, [1, 4, 1], nodes={4: wide})
    made = outcome(
        work,
        fleet(offerings=(LARGE, XLARGE)),
        attempts=[
            attempt(0, 0, 100, 100, 300, instance=2),
            attempt(1, 0, 200, 200, 400, instance=0),
            attempt(2, 0, 300, 300, 350, instance=2),
        ],
        instances=[instance(0, 0, 0, 500, offering=kind) for kind in (1, 1, 0)],
        nodes=[(1, 1)],
    )
    found = Vcpus(made).of(0)
    assert sample(*found["running"], np.array([150.0, 250.0, 325.0, 380.0, 450.0])).tolist() == [1, 9, 9, 8, 0]
    assert sample(*found["idle"], np.array([150.0, 250.0, 325.0, 380.0, 450.0])).tolist() == [9, 1, 1, 2, 10]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 1)), max_size=5, unique_by=lambda row: row[0]))
def test_states_sum_to_what_there_is_whatever_is_stranded(mixed, noted):
    rows = sorted(noted)
    columns = replace(
        mixed.recording.stranded,
        at=np.array([at for at, _ in rows], float),
        environment=np.zeros(len(rows), np.int32),
        stranded=np.array([on for _, on in rows], np.int8),
    )
    made = replace(mixed, recording=replace(mixed.recording, stranded=columns))
    curves = [curve for index in range(3) for curve in Vcpus(made).of(index).values()]
    instants = np.arange(0.0, 1001.0, 7.0)
    assert sample(*total(curves), instants) == pytest.approx(sample(*vcpus_in_all(made), instants))
    unused = Vcpus(made).of(0)
    in_vain = unused.get("stranded", (np.empty(0), np.empty(0)))
    edges = np.array([*(float(at) for at, _ in rows), 1000.0])
    on = [bool(state) for _, state in rows]
    areas = np.diff(integral(*in_vain, edges))
    assert all(area == 0 for area, stranded in zip(areas, on, strict=True) if not stranded)
    idle = np.diff(integral(*unused["idle"], edges))
    assert idle[on] == pytest.approx(0, abs=1e-9)
