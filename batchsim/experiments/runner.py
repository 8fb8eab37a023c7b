"""Runs that are finished once: those that are stored are not executed again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batchsim.experiments.executors.protocol import Executor
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.tasks import Finished, Task


class Runner:
    """Finishes tasks: from a store, or by an executor.

    Parameters
    ----------
    store : FinishedRuns
        What is finished; each new run is in it before it is given.
    executor : Executor
        Executes what is not, entered by the caller.
    retry_failed : bool
        Whether runs that are stored as failed are tried again.
    """

    def __init__(self, store: FinishedRuns, executor: Executor, *, retry_failed: bool = False) -> None:
        self._store = store
        self._executor = executor
        self._retry_failed = retry_failed

    def finish(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Finished]]:
        """Give each task with what came of it.

        Tasks are asked for as there is room. One that is stored is given at once; of several with the same key one is
        executed, and its outcome given for each.
        """
        waiting: dict[str, list[Task]] = {}
        try:
            for task in tasks:
                while self._executor.is_full:
                    yield from self._kept(self._executor.take(), waiting)
                if task.key in waiting:
                    waiting[task.key].append(task)
                    continue
                stored = self._store.get(task.key)
                if stored is not None and not (self._retry_failed and stored.status == "failed"):
                    yield task, stored
                    continue
                waiting[task.key] = [task]
                self._executor.submit(task)
            while self._executor.pending:
                yield from self._kept(self._executor.take(), waiting)
        except KeyboardInterrupt:
            for finished in self._executor.take_ready():
                self._store.add(waiting[finished.key][0], finished)
            raise

    def _kept(self, finished: Finished, waiting: dict[str, list[Task]]) -> Iterator[tuple[Task, Finished]]:
        tasks = waiting.pop(finished.key)
        self._store.add(tasks[0], finished)
        for task in tasks:
            yield task, finished
