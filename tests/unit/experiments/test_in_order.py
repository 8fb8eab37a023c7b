"""Replications in several processes: the same bytes, in the same order."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.errors import ExecutionError
from batchsim.experiments.in_order import _Ahead, in_order
from batchsim.experiments.run import summary_of
from batchsim.experiments.tasks import Finished, Task, execute
from batchsim.results.store import as_text
from tests.builders import environment, job, scenario, workflow

MOST = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
SIZE = "workload.work.jobs.j.arrayProperties.size"


@pytest.fixture(scope="module")
def busy():
    return scenario(
        workflow(job("j", {"lognormal": {"median": 600, "p95": 3000}}, arrayProperties={"size": 20})),
        environments=[environment()],
        variants={"all": {}, "few": {MOST: 4}, "same": {}},
        objectives=["p95(queue_time) <= 10m"],
    )


class Shuffled:
    """An executor that gives the last of so many first."""

    def __init__(self, room, fails=()):
        self.room, self.fails, self.held, self.submitted = room, fails, [], []

    @property
    def is_full(self):
        return len(self.held) >= self.room

    def submit(self, task):
        self.held.append(task)
        self.submitted.append(task)

    def take(self):
        task = self.held.pop()
        if task.replication in self.fails:
            return Finished(task.key, "failed", error="killed by SIGKILL")
        return execute(task)


def tasks(made, n):
    return [Task(made, 1, number) for number in range(n)]


def test_summaries_come_in_order_whatever_finishes_first(busy):
    expected = [as_text(summary_of(task)) for task in tasks(busy, 8)]
    assert [as_text(summary) for summary in _Ahead(tasks(busy, 8), Shuffled(3))] == expected
    with in_order(tasks(busy, 8), 1, summary_of) as here:
        assert [as_text(summary) for summary in here] == expected


def test_of_two_tasks_alike_one_is_executed(busy):
    executor = Shuffled(4)
    same, again = busy.variant("all"), busy.variant("same")
    both = [Task(each, 1, number) for number in range(3) for each in (same, again)]
    found = list(_Ahead(both, executor))
    assert len(executor.submitted) == 3
    assert [each["cost_usd"] for each in found[::2]] == [each["cost_usd"] for each in found[1::2]]


def test_what_is_not_asked_for_is_not_run_for_long(busy):
    executor = Shuffled(2)
    ahead = _Ahead(tasks(busy, 1000), executor)
    for _ in range(3):
        next(ahead)
    assert len(executor.submitted) < 20


def test_one_that_failed_is_told_when_its_turn_comes(busy):
    ahead = _Ahead(tasks(busy, 5), Shuffled(3, fails=[2]))
    assert [next(ahead)["replications"] for _ in range(2)] == [1, 1]
    with pytest.raises(ExecutionError, match=r"test: .*replication 2 failed: killed by SIGKILL"):
        next(ahead)


def test_two_processes_give_the_bytes_of_one(busy):
    run = [bs.run(busy, replications=4, workers=workers).summary_json() for workers in (1, 2)]
    assert run[0] == run[1]
    precise = [bs.run(busy, precision=0.2, workers=workers).summary_json() for workers in (1, 2)]
    assert precise[0] == precise[1]
    rows = [as_text({"rows": bs.compare(busy, replications=3, workers=workers).rows}) for workers in (1, 2)]
    assert rows[0] == rows[1]
    told = [bs.break_even(busy, volume=f"{SIZE}=5,10", replications=2, workers=workers) for workers in (1, 2)]
    assert told[0].as_json() == told[1].as_json()


def test_variants_to_a_precision_too(busy):
    rows = [bs.compare(busy, precision=0.3, workers=workers).rows for workers in (1, 2)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused(busy, workers):
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        bs.run(busy, replications=2, workers=workers)


def test_processes_beside_the_engine_stay_in_this_one(busy):
    with pytest.raises(ValueError, match="with one worker"):
        bs.run(busy, replications=2, workers=2, processes=[lambda live: iter(())])
