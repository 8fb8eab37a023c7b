"""An executor in this process, in which tasks wait until they are taken: how, a test says."""

from __future__ import annotations

from typing import Self

from batchsim.experiments.executors.protocol import Submitting
from batchsim.experiments.tasks import Task


class WaitingTasks(Submitting):
    """Has room for so many tasks at a time."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.waiting: list[Task] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, task: Task) -> None:
        self.waiting.append(task)

    @property
    def is_full(self) -> bool:
        return len(self.waiting) >= self.room

    @property
    def pending(self) -> int:
        return len(self.waiting)
