"""Recording: what happened, appended to columns as it happens."""

from __future__ import annotations

from array import array
from typing import Any, Final

import numpy as np

from batchsim.arrays import Floats, Ints
from batchsim.engine.attempt import Attempt
from batchsim.recording import (
    STILL_THERE,
    AttemptColumns,
    CauseColumns,
    InstanceColumns,
    NodeColumns,
    ReservationColumns,
    StrandedColumns,
)
from batchsim.spec.ids import EnvironmentId, ShapeId

NAN: Final = float("nan")
#: Ended attempts are put into columns so many at a time: while a processor's cache still has them.
FLUSHED: Final = 256


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
    """The columns of attempts, instances, causes of waiting and stranded capacity while they grow."""

    def __init__(self) -> None:
        self.reasons = Reasons()
        #: Attempts that have ended; `flush` when there are `FLUSHED` of them.
        self.ended: list[Attempt] = []
        self._times = [array("d") for _ in range(4)]
        self._codes = [array("i") for _ in range(6)]
        self._status = array("b")
        self._pull_attempt, self._pull_at = array("i"), array("d")  # of those that pull later than they start
        self._node_attempt, self._node_instance = array("i"), array("i")
        self.instance_times = [array("d") for _ in range(4)]
        self._instance_codes = [array("i") for _ in range(3)]
        self._reclaimed = array("b")
        self._stay_times = [array("d"), array("d")]
        self._stay_codes = [array("i"), array("i")]
        self._instance_reason = array("i")
        self._cause_times = [array("d"), array("d")]
        self._cause_codes = [array("i") for _ in range(5)]
        self._stranded_at = array("d")
        self._stranded_codes = [array("i"), array("b")]

    def flush(self) -> None:
        """Put the attempts that have ended into columns; an array takes a list faster than what is iterated over."""
        ended, first = self.ended, len(self._status)
        runnable, starting, started, stopped = self._times
        starting_at, pull_at = [each.starting_at for each in ended], [each.pull_at for each in ended]
        if pull_at != starting_at:
            later = [place for place, at in enumerate(pull_at) if at != starting_at[place]]
            self._pull_attempt.extend([first + place for place in later])
            self._pull_at.extend([pull_at[place] for place in later])
        for place in [place for place, each in enumerate(ended) if each.nodes]:
            self._node_attempt.extend([first + place] * len(ended[place].nodes))
            self._node_instance.extend(ended[place].nodes)
        runnable.fromlist([each.runnable_at for each in ended])
        starting.fromlist(starting_at)
        started.fromlist([each.started_at for each in ended])
        stopped.fromlist([each.at for each in ended])
        jobs, numbers, reasons, exit_codes, environments, instances = self._codes
        jobs.fromlist([each.job for each in ended])
        numbers.fromlist([each.number for each in ended])
        reasons.fromlist([each.reason for each in ended])
        exit_codes.fromlist([each.exit_code for each in ended])
        environments.fromlist([each.environment for each in ended])
        instances.fromlist([each.instance for each in ended])
        self._status.fromlist([each.status for each in ended])
        ended.clear()

    def instance(
        self, environment: EnvironmentId, offering: int, zone: int, requested_at: float, running_at: float
    ) -> int:
        """Append one instance at its launch request and return its number."""
        requested, running, registered, terminated = self.instance_times
        number = len(requested)
        requested.append(requested_at)
        running.append(running_at)
        registered.append(NAN)
        terminated.append(NAN)
        environments, offerings, zones = self._instance_codes
        environments.append(environment)
        offerings.append(offering)
        zones.append(zone)
        self._reclaimed.append(0)
        self._instance_reason.append(0)
        return number

    def registered(self, instance: int, at: float) -> None:
        """Note that an instance is ACTIVE."""
        self.instance_times[2][instance] = at

    def terminated(self, instance: int, at: float, reason: str, reclaimed: bool) -> None:
        """Note that an instance is gone."""
        self.instance_times[3][instance] = at
        self._instance_reason[instance] = self.reasons.code(reason)
        self._reclaimed[instance] = reclaimed

    def entered(self, instance: int, reservation: int, at: float) -> int:
        """Note that an instance runs in a reservation from now on; the number of the note."""
        since, until = self._stay_times
        row = len(since)
        since.append(at)
        until.append(NAN)
        instances, reservations = self._stay_codes
        instances.append(instance)
        reservations.append(reservation)
        return row

    def left(self, row: int, at: float) -> None:
        """Note that it does no longer."""
        self._stay_times[1][row] = at

    def cause(self, at: float, queue: int, request: ShapeId, cause: int, place: int, beyond: int, vcpus: float) -> None:
        """From now on jobs of this request (-1: all) wait in this queue for this cause; see `CauseColumns`."""
        times, vcpu_column = self._cause_times
        times.append(at)
        vcpu_column.append(vcpus)
        queues, requests, causes, places, beyonds = self._cause_codes
        queues.append(queue)
        requests.append(request)
        causes.append(cause)
        places.append(place)
        beyonds.append(beyond)

    def stranded(self, at: float, environment: EnvironmentId, stranded: bool) -> None:
        """From now on unused room of this environment is stranded, or idle."""
        self._stranded_at.append(at)
        environments, flags = self._stranded_codes
        environments.append(environment)
        flags.append(stranded)

    # The columns

    def attempts(self, cut_off: int) -> tuple[AttemptColumns, NodeColumns]:
        """The attempts, the last `cut_off` of which the end of the run cut off."""
        self.flush()
        jobs, numbers, reasons, exit_codes, environments, instances = map(_ints, self._codes)
        runnable, starting, started, stopped = map(_floats, self._times)
        if cut_off:
            # Copied, as the arrays' memory is not numpy's to change; they have no end, reason and exit code.
            stopped, reasons, exit_codes = stopped.copy(), reasons.copy(), exit_codes.copy()
            stopped[-cut_off:], reasons[-cut_off:], exit_codes[-cut_off:] = NAN, 0, -1
        pull = starting
        if self._pull_attempt:
            pull = starting.copy()
            pull[_ints(self._pull_attempt)] = _floats(self._pull_at)
        made = AttemptColumns(
            job=jobs,
            number=numbers,
            runnable_at=runnable,
            starting_at=starting,
            pull_at=pull,
            started_at=started,
            stopped_at=stopped,
            status=np.frombuffer(self._status, np.int8),
            reason=reasons,
            exit_code=exit_codes,
            environment=environments,
            instance=instances,
        )
        return made, NodeColumns(_ints(self._node_attempt), _ints(self._node_instance))

    def instances(self, ended_at: float) -> InstanceColumns:
        """The instances; those that are still there end with the run."""
        requested, running, registered, terminated = map(_floats, self.instance_times)
        alive = np.isnan(terminated)
        gone_at = np.where(alive, ended_at, terminated)
        still_there = self.reasons.code(STILL_THERE)
        environments, offerings, zones = map(_ints, self._instance_codes)
        return InstanceColumns(
            environment=environments,
            offering=offerings,
            zone=zones,
            requested_at=requested,
            running_at=np.where(running > gone_at, NAN, running),
            registered_at=registered,
            terminated_at=gone_at,
            reclaimed=np.frombuffer(self._reclaimed, np.int8).astype(np.bool_),
            reason=np.where(alive, still_there, _ints(self._instance_reason)).astype(np.int32),
        )

    def stays(self, ended_at: float) -> ReservationColumns:
        """Which instances were in which reservation, until the end of the run where they still are."""
        since, until = map(_floats, self._stay_times)
        instance, reservation = map(_ints, self._stay_codes)
        until = np.where(np.isnan(until), ended_at, until)
        held = until > since
        return ReservationColumns(instance[held], reservation[held], since[held], until[held])

    def causes(self) -> CauseColumns:
        """For what jobs waited."""
        at, vcpus = map(_floats, self._cause_times)
        queue, request, cause, place, beyond = map(_ints, self._cause_codes)
        return CauseColumns(at, queue, request, cause.astype(np.int8), place.astype(np.int8), beyond, vcpus)

    def stranded_columns(self) -> StrandedColumns:
        """When unused room was stranded."""
        environment, flag = self._stranded_codes
        return StrandedColumns(_floats(self._stranded_at), _ints(environment), np.frombuffer(flag, np.int8))


def _floats(column: Any) -> Floats:
    return np.frombuffer(column, np.float64)


def _ints(column: Any) -> Ints:
    return np.frombuffer(column, np.int32)
