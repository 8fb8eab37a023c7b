"""Runs that are executed once: what is stored is given, what is not is executed and stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from batchsim.errors import ExecutionError
from batchsim.experiments.executors.protocol import Executor
from batchsim.experiments.finished_runs import FinishedRuns
from batchsim.experiments.tasks import Finished, Task


class Runner:
    """Finishes tasks, each once in a store's life.

    Parameters
    ----------
    store : FinishedRuns
        What is finished; each new run is in it before it is given.
    executor : Executor
        Executes what is not; the caller has entered it, and leaves it.
    retry_failed : bool
        Whether runs that are stored as failed are tried again.
    """

    def __init__(self, store: FinishedRuns, executor: Executor, *, retry_failed: bool = False) -> None:
        self._store = store
        self._executor = executor
        self._retry_failed = retry_failed
        #: Submitted and not stored; some of them nobody may wait for any more.
        self._underway: dict[str, Task] = {}
        self._digests: dict[Path, str] = {}

    def finish(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Finished]]:
        """Give each task with what came of it, as they finish.

        Tasks are asked for as the executor has room, so that they can be many. One that is stored is given when its
        turn comes, at once. Of several with the same key one is executed, and what came of it given for each. Whoever
        stops asking loses nothing: what was submitted is stored when somebody asks for more.

        Raises
        ------
        ScenarioError
            If a trace can't be read, or was changed since the first run that was made of it: runs of both would stand
            side by side.
        ExecutionError
            If no more runs can be executed; all that has finished by then is stored.
        OutputError
            If the store can't be written.
        KeyboardInterrupt
            When the user interrupts; all that has finished by then is stored.
        """
        wanted: dict[str, list[Task]] = {}
        try:
            for task in tasks:
                self._refuse_changed(task)
                while self._executor.is_full:
                    yield from self._stored(self._executor.take(), wanted)
                if (known := self._known(task)) is not None:
                    yield task, known
                    continue
                wanted.setdefault(task.key, []).append(task)
                if task.key not in self._underway:
                    self._underway[task.key] = task
                    self._executor.submit(task)
            while wanted:
                yield from self._stored(self._executor.take(), wanted)
        except (KeyboardInterrupt, ExecutionError):
            with suppress(ExecutionError):
                for finished in self._executor.take_ready():
                    self._keep(finished)
            raise

    def _known(self, task: Task) -> Finished | None:
        """What is stored of a task that need not be executed."""
        stored = None if task.key in self._underway else self._store.get(task.key)
        is_tried_again = self._retry_failed and stored is not None and stored.status == "failed"
        return None if is_tried_again else stored

    def _stored(self, finished: Finished, wanted: dict[str, list[Task]]) -> Iterator[tuple[Task, Finished]]:
        """Keep a run, and give it to all who want it."""
        self._keep(finished)
        for task in wanted.pop(finished.key, ()):
            yield task, finished

    def _keep(self, finished: Finished) -> None:
        self._store.add(self._underway[finished.key], finished)
        del self._underway[finished.key]

    def _refuse_changed(self, task: Task) -> None:
        for file in task.traces:
            if self._digests.setdefault(file.path, file.digest) != file.digest:
                raise file.changed()
