"""What executes runs: it takes tasks, and gives what is finished as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self

from batchsim.experiments.tasks import Finished, Task


class Executor(Protocol):
    """Executes tasks; a context manager, which ends what it started."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def submit(self, task: Task) -> None:
        """Take a task that is to be executed."""

    @property
    def is_full(self) -> bool:
        """Whether one should be taken before another is submitted."""

    @property
    def pending(self) -> int:
        """How many tasks were submitted and not yet taken."""

    def take(self) -> Finished:
        """Give one of the runs that finished since, or the next one that does: it waits, in no certain order."""

    def take_ready(self) -> Iterator[Finished]:
        """Give those that have finished already; it does not wait."""

    def finished(self, tasks: Iterable[Task]) -> Iterator[Finished]:
        """Execute tasks, which are asked for as there is room, and give each when it is finished."""


class Submitting:
    """What all executors have in common: many tasks through `submit` and `take`."""

    def finished(self: Executor, tasks: Iterable[Task]) -> Iterator[Finished]:
        """See `Executor.finished`."""
        for task in tasks:
            while self.is_full:
                yield self.take()
            self.submit(task)
        while self.pending:
            yield self.take()
