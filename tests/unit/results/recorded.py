"""Recordings written down by hand, without the engine that would make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from batchsim.recording import (
    AttemptColumns,
    Cause,
    CauseColumns,
    InstanceColumns,
    NodeColumns,
    Recording,
    Status,
    StrandedColumns,
)
from batchsim.results.outcome import Outcome
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.spec.workload import Workload
from tests.worlds import configuration

NAN = float("nan")
REASONS = ("", "Host EC2 ({instance}) terminated.", "still there")


def attempt(job: int, runnable: float, starting: float, started: float, stopped: float, **members: Any) -> dict:
    """One attempt; it succeeded unless it is said otherwise."""
    known = {"number": 1, "status": Status.SUCCEEDED, "reason": 0, "exit_code": 0, "environment": 0, "instance": -1}
    times = {"runnable_at": runnable, "starting_at": starting, "pull_at": starting}
    return {"job": job, **times, "started_at": started, "stopped_at": stopped, **known, **members}


def instance(requested: float, running: float, registered: float, terminated: float, **members: Any) -> dict:
    """One instance."""
    times = {"requested_at": requested, "running_at": running, "registered_at": registered}
    known = {"environment": 0, "offering": 0, "zone": 0, "reclaimed": False, "reason": 2}
    return {**times, "terminated_at": terminated, **known, **members}


def cause(at: float, which: Cause, *, shape: int = -1, queue: int = 0, place: int = 0, **members: Any) -> dict:
    """From now on jobs wait for this."""
    known = {"beyond": 0, "vcpus": 0.0}
    return {"at": at, "queue": queue, "shape": shape, "cause": which, "place": place, **known, **members}


FLOATS = ("_at", "vcpus")


def _columns(kind: type, rows: Sequence[dict], **changes: Any) -> Any:
    found = {}
    for name in kind.__dataclass_fields__:
        dtype = float if name == "at" or name.endswith(FLOATS) else np.int32
        found[name] = np.array([row[name] for row in rows], changes.get(name, dtype))
    return kind(**found)


def outcome(
    workload: Workload,
    *environments: ComputeEnvironment,
    attempts: Sequence[dict] = (),
    instances: Sequence[dict] = (),
    causes: Sequence[dict] = (),
    stranded: Sequence[tuple[float, int, int]] = (),
    nodes: Sequence[tuple[int, int]] = (),
    ended_at: float = 1000.0,
    runnable_at: Sequence[float] | None = None,
    stopped_at: Sequence[float] | None = None,
    status: Sequence[int] | None = None,
    **members: Any,
) -> Outcome:
    """What came of a workload; jobs are RUNNABLE when submitted, and end with their last attempt, where not said."""
    ends, states = [NAN] * len(workload), [int(Status.RUNNABLE)] * len(workload)
    for row in attempts:
        ends[row["job"]], states[row["job"]] = row["stopped_at"], row["status"]
    recording = Recording(
        ended_at=ended_at,
        runnable_at=np.array(workload.submitted_at if runnable_at is None else runnable_at, float),
        stopped_at=np.array(ends if stopped_at is None else stopped_at, float),
        status=np.array(states if status is None else status, np.int8),
        reason=np.zeros(len(workload), np.int32),
        reasons=REASONS,
        attempts=_columns(AttemptColumns, attempts, status=np.int8),
        instances=_columns(InstanceColumns, instances, reclaimed=bool),
        causes=_columns(CauseColumns, causes, cause=np.int8, place=np.int8),
        stranded=StrandedColumns(
            np.array([at for at, _, _ in stranded], float),
            np.array([environment for _, environment, _ in stranded], np.int32),
            np.array([on for _, _, on in stranded], np.int8),
        ),
        nodes=NodeColumns(np.array([n for n, _ in nodes], np.int32), np.array([n for _, n in nodes], np.int32)),
    )
    return Outcome(workload, configuration(*environments, **members), recording)
