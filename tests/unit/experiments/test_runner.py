"""What a runner executes and what it takes from the store, whatever the executor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.errors import ExecutionError, OutputError, ScenarioError
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.runner import Runner
from batchsim.experiments.tasks import Finished, Task
from tests.builders import scenario
from tests.unit.experiments.waiting_tasks import WaitingTasks

SCENARIO = scenario()


class Recorded(WaitingTasks):
    """Executes nothing: gives the last of what was submitted, of `failing` a failure."""

    def __init__(self, room: int = 3, failing: Iterable[int] = ()) -> None:
        super().__init__(room)
        self.submitted: list[int] = []
        self.failing = set(failing)
        self.interrupted_at = -1
        self.interrupt: BaseException = KeyboardInterrupt()

    def submit(self, task: Task) -> None:
        assert not self.is_full
        self.submitted.append(task.seed)
        super().submit(task)

    def take(self) -> Finished:
        if len(self.submitted) == self.interrupted_at:
            raise self.interrupt
        return self._of(self.waiting.pop())

    def take_ready(self) -> Iterator[Finished]:
        while self.waiting:
            yield self._of(self.waiting.pop())

    def _of(self, task: Task) -> Finished:
        if task.seed in self.failing:
            return Finished(task.key, "failed", error="no luck")
        return Finished(task.key, "done", f'{{"seed": {task.seed}}}')


def tasks(*seeds: int) -> Iterator[Task]:
    return (Task(SCENARIO, seed, 0) for seed in seeds)


def seeds(found: Iterable[tuple[Task, Finished]]) -> list[int]:
    return [task.seed for task, _ in found]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FinishedRuns]:
    with FinishedRuns(tmp_path / "runs.sqlite") as made:
        yield made


def test_what_is_stored_is_not_executed_again(store):
    assert sorted(seeds(Runner(store, Recorded()).finish(tasks(1, 2, 3)))) == [1, 2, 3]
    again = Recorded()
    assert sorted(seeds(Runner(store, again).finish(tasks(1, 2, 3, 4)))) == [1, 2, 3, 4]
    assert again.submitted == [4]


def test_a_run_is_stored_before_it_is_given(store):
    for task, finished in Runner(store, Recorded()).finish(tasks(*range(10))):
        assert store.get(task.key) == finished


def test_what_failed_is_tried_again_only_when_asked(store):
    assert sorted(seeds(Runner(store, Recorded(failing=[2])).finish(tasks(1, 2)))) == [1, 2]
    patient = Recorded()
    outcomes = {task.seed: finished for task, finished in Runner(store, patient).finish(tasks(1, 2))}
    assert (outcomes[2].status, outcomes[2].error, patient.submitted) == ("failed", "no luck", [])
    asked = Recorded()
    outcomes = {task.seed: finished for task, finished in Runner(store, asked, retry_failed=True).finish(tasks(1, 2))}
    assert (outcomes[2].status, asked.submitted) == ("done", [2])


def test_equal_runs_are_executed_once_and_given_to_all(store):
    executor = Recorded(room=2)
    same = [Task(SCENARIO, 1, 0, {"size": label}) for label in ("64", "65")]
    found = list(Runner(store, executor).finish([*same, *tasks(2, 3), Task(SCENARIO, 1, 0, {"size": "66"})]))
    assert sorted(executor.submitted) == [1, 2, 3]
    labels = sorted(task.labels["size"] for task, _ in found if task.seed == 1)
    assert labels == ["64", "65", "66"]
    assert len({finished for task, finished in found if task.seed == 1}) == 1


def test_tasks_are_asked_for_as_there_is_room(store):
    asked = []

    def many() -> Iterator[Task]:
        for task in tasks(*range(100)):
            asked.append(task.seed)
            yield task

    found = Runner(store, Recorded(room=5)).finish(many())
    next(found)
    assert len(asked) <= 7


def test_stored_runs_are_given_while_others_wait(store):
    _ = seeds(Runner(store, Recorded()).finish(tasks(5, 6)))
    found = Runner(store, Recorded(room=100)).finish(tasks(1, 5, 2, 6))
    assert [next(found)[0].seed, next(found)[0].seed] == [5, 6]


def test_whoever_stops_loses_nothing(store):
    executor = Recorded(room=4)
    runner = Runner(store, executor)
    found = runner.finish(tasks(1, 2, 3, 4, 5))
    next(found)
    found.close()
    assert sorted(seeds(runner.finish(tasks(*range(1, 8))))) == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(executor.submitted) == [1, 2, 3, 4, 5, 6, 7]
    assert len(store) == 7


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ExecutionError("tcp://here:8786", "it is gone")], ids=repr)
def test_an_interrupt_stores_what_has_finished(store, error):
    executor = Recorded(room=4)
    executor.interrupted_at, executor.interrupt = 6, error
    with pytest.raises(type(error)):
        list(Runner(store, executor).finish(tasks(*range(10))))
    assert len(store) == len(executor.submitted) == 6
    again = Recorded()
    _ = seeds(Runner(store, again).finish(tasks(*range(10))))
    assert sorted([*executor.submitted, *again.submitted]) == list(range(10))


def test_a_trace_that_changes_while_runs_are_made_of_it_stops_them(store, tmp_path):
    def replaying(*rows: str) -> Task:
        (tmp_path / "jobs.csv").write_text("\n".join(("job_name,submitted_at,runtime_s", *rows)))
        entry = {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}
        return Task(scenario({"trace": entry}, base=tmp_path), 1, 0)

    runner = Runner(store, Recorded())
    _ = list(runner.finish([replaying("a,0,60")]))
    with pytest.raises(ScenarioError, match="changed while runs were made of it"):
        list(runner.finish([replaying("a,0,60", "b,0,60")]))
    assert len(store) == 1


def test_a_run_that_can_t_be_stored_is_not_given(store):
    runner = Runner(store, Recorded())
    store._file.execute("PRAGMA query_only = ON")
    with pytest.raises(OutputError, match="readonly"):
        next(runner.finish(tasks(1)))


@given(st.lists(st.integers(0, 5), max_size=20), st.lists(st.integers(0, 5), max_size=20), st.integers(1, 4), st.data())
def test_each_task_is_given_once_and_each_key_executed_once(first, second, room, data):
    with TemporaryDirectory() as folder, FinishedRuns(Path(folder) / "runs.sqlite") as store:
        before, after = Recorded(room), Recorded(room)
        stopped = Runner(store, before).finish(tasks(*first))
        taken = [next(stopped)[0].seed for _ in range(data.draw(st.integers(0, len(first))))]
        given_before = set(before.submitted) if len(taken) == len(first) else {*taken}
        assert given_before <= {run.seed for run in store}
        stored = {run.seed for run in store}
        assert sorted(seeds(Runner(store, after).finish(tasks(*second)))) == sorted(second)
        assert sorted(after.submitted) == sorted({*second} - stored)
