"""The state of every job, in columns by its row in the workload."""

from __future__ import annotations

from array import array
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Bytes, Floats, Ints
from batchsim.recording import AttemptColumns, Status
from batchsim.spec.ids import ShapeId
from batchsim.spec.workload import Workload

# As plain integers, which cost less to store and compare than members of an enumeration.
SUBMITTED: Final = int(Status.SUBMITTED)
PENDING: Final = int(Status.PENDING)
RUNNABLE: Final = int(Status.RUNNABLE)
STARTING: Final = int(Status.STARTING)
RUNNING: Final = int(Status.RUNNING)
SUCCEEDED: Final = int(Status.SUCCEEDED)
FAILED: Final = int(Status.FAILED)

NAN: Final = float("nan")


def _floats(column: NDArray[np.float64], copy: bool = False) -> memoryview[float]:
    """A column as Python floats: a memory view gives scalars several times faster than an array does."""
    return cast("memoryview[float]", memoryview(cast("Any", np.array(column, np.float64, copy=copy or None))))


def _ints(column: NDArray[Any], copy: bool = False, dtype: type[np.signedinteger[Any]] = np.int32) -> memoryview[int]:
    """A column as Python integers."""
    return cast("memoryview[int]", memoryview(cast("Any", np.array(column, dtype, copy=copy or None))))


class JobTable:
    """What is known of jobs, and what becomes of them.

    A job without dependencies is RUNNABLE from its arrival on, so its columns say so from the beginning; of the rows
    from `admitted` on none has arrived. What the attempt of a job that SUCCEEDED says of it stands with the attempt
    alone, until the run is over.

    Attributes
    ----------
    rows : int
        How many jobs there are, reserved ones included; nodes from there on are parents of arrays.
    listed : int
        How many there are without those that are reserved and were not submitted (`engine/submissions.py`).
    admitted : int
        How many have arrived at the scheduler.
    any_dependencies : bool
        Whether any node waits for another.
    arrives_at : memoryview of float
        When the scheduler first looks at a job: some time after its submission.
    status : bytearray
        `Status` of each job.
    origin : memoryview of int, or None
        The row of each job in the workload, where rows are reserved; None where it is its own.
    """

    def __init__(self, workload: Workload, admit_s: float) -> None:
        self.rows = len(workload)
        self.listed = self.rows - workload.reserved
        self.admitted = 0
        own = workload.reserved > 0  # rows will be moved
        # Looked at several times for every attempt: a list gives its items several times faster than a memory view.
        self.group: list[int] = workload.group.tolist()
        self.request: list[ShapeId] = workload.shape.tolist()
        self.runtime_s = _floats(workload.runtime_s, own)
        self.exit_code = _ints(workload.exit_code, own)
        self.open = _ints(workload.open_dependencies, True)
        self.any_dependencies = len(workload.dependents) > 0
        self.dependents = _ints(workload.dependents, own)
        self.dependents_start = _ints(workload.dependents_start, own, np.int64)
        self.think_s = None if workload.think_s is None else _floats(workload.think_s, own)
        self.origin = _ints(np.arange(self.rows)) if own else None
        arrives_at = workload.submitted_at + admit_s
        self.arrives_at = _floats(arrives_at)
        waits = workload.open_dependencies[: self.rows] > 0
        self.status = bytearray(np.where(waits, PENDING, RUNNABLE).astype(np.int8).tobytes())
        self.runnable_at = array("d", np.where(waits, NAN, arrives_at).tobytes())
        self._stopped_at = array("d", [NAN]) * self.rows
        self._reason = array("i", [0]) * self.rows

    def fail(self, job: int, at: float) -> None:
        """Note that a job is FAILED."""
        self.status[job] = FAILED
        self._stopped_at[job] = at

    def explain(self, job: int, reason: int) -> None:
        """Note why a job is in the state that it is in."""
        self._reason[job] = reason

    def columns(self, attempts: AttemptColumns) -> tuple[Floats, Floats, Bytes, Ints]:
        """When jobs were RUNNABLE, when they ended, their state and its reason, when the run is over."""
        listed = self.listed
        runnable_at = np.frombuffer(self.runnable_at, np.float64)[:listed]
        status = np.frombuffer(self.status, np.int8)[:listed]
        stopped_at = np.frombuffer(self._stopped_at, np.float64)[:listed]
        reason = np.frombuffer(self._reason, np.int32)[:listed]
        # What has not arrived is SUBMITTED.
        runnable_at[self.admitted :] = NAN
        status[self.admitted :] = SUBMITTED
        good = attempts.status == SUCCEEDED
        stopped_at[attempts.job[good]] = attempts.stopped_at[good]
        reason[attempts.job[good]] = attempts.reason[good]
        return runnable_at, stopped_at, status, reason
