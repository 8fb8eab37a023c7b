"""Runs executed on this machine: in this process, or in several others."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from types import TracebackType
from typing import Self

from batchsim.experiments.executors.protocol import Submitting
from batchsim.experiments.tasks import Finished, Task, execute


class LocalExecutor(Submitting):
    """Executes tasks in so many processes; with one, in this process.

    Parameters
    ----------
    workers : int
        How many.
    """

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers
        self._waiting: deque[Task] = deque()
        self._futures: set[Future[Finished]] = set()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._workers > 1:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=multiprocessing.get_context("spawn"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def submit(self, task: Task) -> None:
        """See `Executor.submit`."""
        if self._pool is None:
            self._waiting.append(task)
        else:
            self._futures.add(self._pool.submit(execute, task))

    @property
    def is_full(self) -> bool:
        """See `Executor.is_full`."""
        return self.pending >= (1 if self._pool is None else 3 * self._workers)

    @property
    def pending(self) -> int:
        """See `Executor.pending`."""
        return len(self._waiting) + len(self._futures)

    def take(self) -> Finished:
        """See `Executor.take`."""
        if self._waiting:
            return execute(self._waiting.popleft())
        done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
        return self._taken(done.pop())

    def take_ready(self) -> Iterator[Finished]:
        """See `Executor.take_ready`."""
        for future in [future for future in self._futures if future.done()]:
            yield self._taken(future)

    def _taken(self, future: Future[Finished]) -> Finished:
        self._futures.remove(future)
        return future.result()
