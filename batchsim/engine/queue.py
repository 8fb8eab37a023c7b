"""A job queue: RUNNABLE jobs in the order in which the scheduler looks at them.

Order is by time of submission, not by the moment a job became RUNNABLE (API ``FrontOfQueueDetail``), and a retried job
goes to the front (User Guide, *Best practices*); retried jobs keep their order of submission among themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sortedcontainers import SortedList

from batchsim.scenario import configuration

if TYPE_CHECKING:
    from batchsim.engine.station import Station


class JobQueue:
    """RUNNABLE jobs of one queue; a job's row number is its place in the order of submission.

    Attributes
    ----------
    index : int
        Place in the configuration; what recordings refer to.
    stations : tuple of Station
        Its compute environments in the order in which they are tried.
    changed : bool
        Whether a scheduling cycle has to look at it.
    unplanned : bool
        Whether jobs came or capacity went since the last look at scaling out.
    """

    def __init__(self, index: int, spec: configuration.JobQueue, stations: tuple[Station, ...], jobs: int) -> None:
        self.index = index
        self.name = spec.name
        self.priority = spec.priority
        self.stations = stations
        self.changed = False
        self.unplanned = False
        self.shapes: Counter[int] = Counter()
        self._rows = jobs
        self._waiting = SortedList()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: int, shape: int, *, retried: bool) -> None:
        """Put a job in its place: retried ones before all others."""
        self._waiting.add(job - self._rows if retried else job)
        self.shapes[shape] += 1
        self.changed = self.unplanned = True

    def head(self) -> int:
        """The job that the scheduler looks at first; the queue must not be empty."""
        return int(self._waiting[0] % self._rows)

    def pop(self, position: int, shape: int) -> None:
        """Take the job at a position out of the queue."""
        del self._waiting[position]
        self.shapes[shape] -= 1
        if not self.shapes[shape]:
            del self.shapes[shape]

    def __getitem__(self, position: int) -> int:
        return int(self._waiting[position] % self._rows)

    def __iter__(self) -> Iterator[int]:
        rows = self._rows
        return (key % rows for key in self._waiting)
