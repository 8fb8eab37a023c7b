"""Recording: what happened, appended to columns as it happens."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

import numpy as np

from batchsim.recording import (
    AttemptColumns,
    CauseColumns,
    InstanceColumns,
    NodeColumns,
    Recording,
    Status,
    StrandedColumns,
)

if TYPE_CHECKING:
    from batchsim.engine.attempt import Attempt

NAN: Final = float("nan")


class Reasons:
    """Texts by number: a million jobs share a handful of reasons."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {"": 0}

    def code(self, text: str) -> int:
        """The number of a text."""
        return self._codes.setdefault(text, len(self._codes))

    def texts(self) -> tuple[str, ...]:
        """All texts in the order of their numbers."""
        return tuple(self._codes)


class Recorder:
    """The columns of a `Recording` while they grow.

    Parameters
    ----------
    jobs : int
        Rows of the workload.
    """

    def __init__(self, jobs: int) -> None:
        self.reasons = Reasons()
        self.runnable_at = array("d", [NAN]) * jobs
        self.stopped_at = array("d", [NAN]) * jobs
        self.status = array("b", [Status.SUBMITTED]) * jobs
        self.reason = array("i", [0]) * jobs
        self._attempt_times = tuple(array("d") for _ in range(4))
        self._pull_attempt, self._pull_at = array("i"), array("d")  # of those that pull later than they start
        self._attempt_codes = tuple(array("i") for _ in range(6))
        self._add_times = tuple(column.append for column in self._attempt_times)
        self._add_codes = tuple(column.append for column in self._attempt_codes)
        self._attempt_status = array("b")
        self._node_attempt, self._node_instance = array("i"), array("i")
        self.instance_times = tuple(array("d") for _ in range(4))
        self._instance_codes = tuple(array("i") for _ in range(3))
        self._reclaimed = array("b")
        self._instance_reason = array("i")
        self._cause_at = array("d")
        self._cause_queue = array("i")
        self._cause_shape = array("i")
        self._cause_cause = array("b")
        self._cause_place = array("b")
        self._cause_beyond = array("i")
        self._cause_vcpus = array("d")
        self._stranded_at = array("d")
        self._stranded_environment = array("i")
        self._stranded_stranded = array("b")

    def attempt(self, attempt: Attempt, status: int, stopped_at: float) -> None:
        """Append one attempt, when it has ended."""
        self._append(attempt, status, stopped_at, stopped_at, attempt.reason, attempt.exit_code)

    def cut_off(self, attempt: Attempt, status: int, ended_at: float) -> None:
        """Append one attempt that the end of the run cut off."""
        self._append(attempt, status, ended_at, NAN, 0, -1)

    def _append(
        self, attempt: Attempt, status: int, until: float, stopped_at: float, reason: int, exit_code: int
    ) -> None:
        number = len(self._attempt_status)
        for node in attempt.nodes:
            self._node_attempt.append(number)
            self._node_instance.append(node)
        if attempt.pull_at != attempt.starting_at:
            self._pull_attempt.append(number)
            self._pull_at.append(attempt.pull_at if attempt.pull_at <= until else NAN)
        add_runnable, add_starting, add_started, add_stopped = self._add_times
        add_runnable(attempt.runnable_at)
        add_starting(attempt.starting_at)
        add_started(attempt.started_at if attempt.started_at <= until else NAN)
        add_stopped(stopped_at)
        add_job, add_number, add_reason, add_exit_code, add_environment, add_instance = self._add_codes
        add_job(attempt.job)
        add_number(attempt.number)
        add_reason(reason)
        add_exit_code(exit_code)
        add_environment(attempt.station.index)
        add_instance(attempt.instance)
        self._attempt_status.append(status)

    def instance(self, *, environment: int, offering: int, zone: int, requested_at: float, running_at: float) -> int:
        """Append one instance at its launch request and return its number."""
        requested, running, registered, terminated = self.instance_times
        ordinal = len(requested)
        requested.append(requested_at)
        running.append(running_at)
        registered.append(NAN)
        terminated.append(NAN)
        for column, code in zip(self._instance_codes, (environment, offering, zone), strict=True):
            column.append(code)
        self._reclaimed.append(0)
        self._instance_reason.append(0)
        return ordinal

    def registered(self, instance: int, at: float) -> None:
        """Note that an instance is ACTIVE."""
        self.instance_times[2][instance] = at

    def terminated(self, instance: int, at: float, reason: str, *, reclaimed: bool = False) -> None:
        """Note that an instance is gone."""
        self.instance_times[3][instance] = at
        self._instance_reason[instance] = self.reasons.code(reason)
        self._reclaimed[instance] = reclaimed

    def cause(self, at: float, queue: int, shape: int, cause: int, place: int, beyond: int, vcpus: float) -> None:
        """From now on jobs of this shape (-1: all) wait in this queue for this cause; see `CauseColumns`."""
        self._cause_at.append(at)
        self._cause_queue.append(queue)
        self._cause_shape.append(shape)
        self._cause_cause.append(cause)
        self._cause_place.append(place)
        self._cause_beyond.append(beyond)
        self._cause_vcpus.append(vcpus)

    def stranded(self, at: float, environment: int, stranded: bool) -> None:
        """From now on unused room of this environment is stranded, or idle."""
        self._stranded_at.append(at)
        self._stranded_environment.append(environment)
        self._stranded_stranded.append(stranded)

    def recording(self, ended_at: float) -> Recording:
        """Everything as arrays; instances that are still there end with the run."""
        requested, running, registered, terminated = (np.frombuffer(a, np.float64) for a in self.instance_times)
        alive = np.isnan(terminated)
        gone_at = np.where(alive, ended_at, terminated)
        reason = np.where(
            alive,
            self.reasons.code("still there at the end of the run"),
            np.frombuffer(self._instance_reason, np.int32),
        ).astype(np.int32)
        environments, offerings, zones = (np.frombuffer(a, np.int32) for a in self._instance_codes)
        jobs, numbers, reasons, exit_codes, attempt_environments, attempt_instances = (
            np.frombuffer(a, np.int32) for a in self._attempt_codes
        )
        runnable, starting, started, stopped = (np.frombuffer(a, np.float64) for a in self._attempt_times)
        pull = starting
        if self._pull_attempt:
            pull = starting.copy()
            pull[np.frombuffer(self._pull_attempt, np.int32)] = np.frombuffer(self._pull_at, np.float64)
        return Recording(
            ended_at=ended_at,
            runnable_at=np.frombuffer(self.runnable_at, np.float64),
            stopped_at=np.frombuffer(self.stopped_at, np.float64),
            status=np.frombuffer(self.status, np.int8),
            reason=np.frombuffer(self.reason, np.int32),
            reasons=self.reasons.texts(),
            attempts=AttemptColumns(
                job=jobs,
                number=numbers,
                runnable_at=runnable,
                starting_at=starting,
                pull_at=pull,
                started_at=started,
                stopped_at=stopped,
                status=np.frombuffer(self._attempt_status, np.int8),
                reason=reasons,
                exit_code=exit_codes,
                environment=attempt_environments,
                instance=attempt_instances,
            ),
            instances=InstanceColumns(
                environment=environments,
                offering=offerings,
                zone=zones,
                requested_at=requested,
                running_at=np.where(running > gone_at, NAN, running),
                registered_at=registered,
                terminated_at=gone_at,
                reclaimed=np.frombuffer(self._reclaimed, np.int8).astype(np.bool_),
                reason=reason,
            ),
            causes=CauseColumns(
                at=np.frombuffer(self._cause_at, np.float64),
                queue=np.frombuffer(self._cause_queue, np.int32),
                shape=np.frombuffer(self._cause_shape, np.int32),
                cause=np.frombuffer(self._cause_cause, np.int8),
                place=np.frombuffer(self._cause_place, np.int8),
                beyond=np.frombuffer(self._cause_beyond, np.int32),
                vcpus=np.frombuffer(self._cause_vcpus, np.float64),
            ),
            stranded=StrandedColumns(
                at=np.frombuffer(self._stranded_at, np.float64),
                environment=np.frombuffer(self._stranded_environment, np.int32),
                stranded=np.frombuffer(self._stranded_stranded, np.int8),
            ),
            nodes=NodeColumns(
                attempt=np.frombuffer(self._node_attempt, np.int32),
                instance=np.frombuffer(self._node_instance, np.int32),
            ),
        )
