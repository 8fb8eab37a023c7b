"""Replications in processes of their own, ahead of when they are asked for, and given in order: the same bytes."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import cast

from batchsim.errors import ExecutionError
from batchsim.experiments.executors.local import LocalExecutor
from batchsim.experiments.executors.protocol import Executor
from batchsim.experiments.tasks import Finished, Task
from batchsim.results.summary_type import Summary


@contextmanager
def in_order(tasks: Iterable[Task], workers: int, here: Callable[[Task], Summary]) -> Iterator[Iterator[Summary]]:
    """Give the summaries of tasks in their order, and end at leaving what runs ahead.

    Parameters
    ----------
    tasks : iterable of Task
        Asked for when they are executed; they can be more than are needed.
    workers : int
        In how many processes; with one, in this process, each when it is asked for.
    here : callable
        Executes a task in this process.

    Raises
    ------
    ExecutionError
        When it is asked for one that failed, or no more can be executed.
    ScenarioError
        If the workload's traces can't be read.
    ValueError
        If `workers` is below 1.
    """
    if workers == 1:
        yield map(here, tasks)
        return
    with LocalExecutor(workers) as executor:
        yield _Ahead(tasks, executor)


class _Ahead:
    """Summaries in the order of their tasks; what others finish meanwhile is kept, so much and no more."""

    def __init__(self, tasks: Iterable[Task], executor: Executor) -> None:
        self._tasks = iter(tasks)
        self._executor = executor
        self._ahead: deque[Task] = deque()
        self._finished: dict[str, Finished | None] = {}
        self._submit()
        self._most = 4 * len(self._ahead)

    def __iter__(self) -> Iterator[Summary]:
        return self

    def __next__(self) -> Summary:
        self._submit()
        if not self._ahead:
            raise StopIteration
        task = self._ahead[0]
        while (finished := self._finished[task.key]) is None:
            answer = self._executor.take()
            self._finished[answer.key] = answer
            if len(self._ahead) < self._most:
                self._submit()
        self._ahead.popleft()
        if all(each.key != task.key for each in self._ahead):
            del self._finished[task.key]
        return _summary(task, finished)

    def _submit(self) -> None:
        """As many as there is room for; of several with one key one is executed."""
        while not self._executor.is_full and (task := next(self._tasks, None)) is not None:
            self._ahead.append(task)
            if task.key not in self._finished:
                self._finished[task.key] = None
                self._executor.submit(task)


def _summary(task: Task, finished: Finished) -> Summary:
    if finished.summary is None:
        raise ExecutionError(task.scenario.name, f"replication {task.replication} failed: {finished.error}")
    return cast("Summary", {**json.loads(finished.summary), "scenario": task.scenario.name})
