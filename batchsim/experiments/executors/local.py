"""Runs executed on this machine: in this process, or in several others."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self

from batchsim.errors import ExecutionError
from batchsim.experiments.executors.protocol import Submitting
from batchsim.experiments.executors.worker import WorkerProcess, interrupts_held
from batchsim.experiments.tasks import Finished, Task, execute

#: Tasks that are asked for, for each process: one that it executes, and one that waits for the next to be free.
AHEAD = 2
#: Where runs take less, the one that waits waits in the process; seconds. It costs nothing to speak of when it then
#: waits behind one that takes longer, and saves the time in which the parent is busy otherwise.
SHORT_S = 0.1
#: So many processes in a row that die before their first run are not let down by one of them.
FAILED_STARTS = 10


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalExecutor(Submitting):
    """Executes tasks in processes of their own, or in this one.

    A process that dies costs its own run only: it is replaced, and what it had not begun is given to others. The run
    that it died of is tried once more when all others are done, alone, with no other process beside it; when that is
    killed too the run has failed, and the error names the signal.

    Parameters
    ----------
    workers : int, optional
        How many processes; as many as there are cores without it. With one, runs are executed in this process.
    isolated : bool
        Whether one is a process of its own too, so that a run that is killed does not end this one.
    """

    def __init__(self, workers: int | None = None, *, isolated: bool = False) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"workers must be 1 or more, not {workers}")
        self._most = workers or cores()
        self._is_here = self._most == 1 and not isolated
        self._workers: list[WorkerProcess] = []
        #: Tasks that no process has been given.
        self._waiting: deque[Task] = deque()
        #: Tasks whose process died, and that are tried again at the end.
        self._suspects: deque[Task] = deque()
        self._tried_alone: set[str] = set()
        self._answers: deque[Finished] = deque()
        self._failed_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        while self._workers:
            self._workers.pop().close()

    def submit(self, task: Task) -> None:
        """See `Executor.submit`."""
        self._waiting.append(task)
        self._hand_out()

    @property
    def is_full(self) -> bool:
        """See `Executor.is_full`."""
        return self._underway >= (1 if self._is_here else AHEAD * self._most)

    @property
    def pending(self) -> int:
        """See `Executor.pending`."""
        return self._underway + len(self._suspects)

    @property
    def _underway(self) -> int:
        return len(self._waiting) + len(self._answers) + sum(len(worker.tasks) for worker in self._workers)

    def take(self) -> Finished:
        """See `Executor.take`.

        Raises
        ------
        ExecutionError
            If processes can't be started.
        """
        if self._is_here:
            finished = execute(self._waiting[0])
            self._waiting.popleft()
            return finished
        while not self._answers:
            if not self._underway:
                self._try_alone()
            wait([worker.connection for worker in self._workers])
            self._collect()
        return self._answers.popleft()

    def take_ready(self) -> Iterator[Finished]:
        """See `Executor.take_ready`."""
        self._collect()
        while self._answers:
            yield self._answers.popleft()

    def _hand_out(self) -> None:
        """Give tasks that wait to the processes that have the fewest, and to new ones."""
        while self._waiting and not self._is_here:
            chosen = min(self._workers, key=lambda worker: len(worker.tasks), default=None)
            if (chosen is None or chosen.tasks) and len(self._workers) < self._most:
                chosen = WorkerProcess()
                self._workers.append(chosen)
            elif chosen is None or len(chosen.tasks) >= (AHEAD if chosen.last_s < SHORT_S else 1):
                return
            chosen.send(self._waiting.popleft())

    def _collect(self) -> None:
        """Take what processes have answered, and see after those that died."""
        with interrupts_held():  # half a message read would be the end of all others
            for worker in list(self._workers):
                try:
                    self._answers.extend(worker.received())
                except EOFError:
                    self._workers.remove(worker)
                    self._died(worker)
                if worker.is_ready:
                    self._failed_starts = 0
            self._hand_out()

    def _died(self, worker: WorkerProcess) -> None:
        how = worker.how_it_ended()
        worker.close()
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts == FAILED_STARTS:
                raise ExecutionError("worker processes", f"{how} before the first run, {FAILED_STARTS} in a row")
        elif worker.tasks:
            culprit = worker.tasks.popleft()
            if culprit.key in self._tried_alone:
                self._tried_alone.discard(culprit.key)
                memory = ": out of memory?" if "SIGKILL" in how else ""
                self._answers.append(Finished(culprit.key, "failed", error=f"{how}, twice{memory}"))
            else:
                self._suspects.append(culprit)
        self._waiting.extendleft(reversed(worker.tasks))

    def _try_alone(self) -> None:
        """Execute a task whose process died once more, in the only process there is."""
        while len(self._workers) > 1:
            self._workers.pop().close()
        task = self._suspects.popleft()
        self._tried_alone.add(task.key)
        self._waiting.append(task)
        self._hand_out()
