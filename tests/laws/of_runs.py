"""What holds of every run of every scenario, whatever it mixes: of what was recorded.

Where something changes while a run goes on, what holds is restated: of a limit that is lowered not the level, which may
be above it for long, but that nothing is started or launched above it. Before and after an update of the same instant
either side of it may have come first, so the more generous one counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from batchsim.recording import Recording, Status
from batchsim.results.run import Run
from batchsim.spec.configuration import ComputeEnvironment, Configuration
from batchsim.spec.workload import Workload
from tests.laws.test_engine_laws import peak
from tests.laws.test_laws_of_everything import outside_reservations
from tests.laws.test_reservation_laws import assert_reservation_laws

#: What AWS is told where an update cancels or terminates jobs.
AS_SCHEDULED = "as scheduled"
CLOSED = "SubmitJob was refused"


@dataclass(frozen=True)
class Checked:
    """A run that laws are held against.

    Attributes
    ----------
    done : list
        What its processes did: instant, what, of which.
    """

    run: Run
    done: list[tuple[float, str, str]]

    @property
    def workload(self) -> Workload:
        """Its jobs."""
        return self.run.workload

    @property
    def recording(self) -> Recording:
        """What happened."""
        return self.run.recording

    @property
    def configuration(self) -> Configuration:
        """Its configuration, with all types that instances may have."""
        return self.run.scenario.recorded_configuration

    @property
    def environments(self) -> tuple[ComputeEnvironment, ...]:
        """Its compute environments as they begin."""
        return self.configuration.environments

    @cached_property
    def vcpus(self) -> np.ndarray:
        """Of each attempt."""
        shapes = np.array([shape.vcpus for shape in self.workload.shapes])
        return shapes[self.workload.shape[self.recording.attempts.job]]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Vcpus of each instance."""
        instances = self.recording.instances
        kinds = zip(instances.environment, instances.offering, strict=True)
        return np.array([self.environments[e].offerings[o].vcpus for e, o in kinds], float)

    @cached_property
    def ended(self) -> np.ndarray:
        """Whether each job has."""
        return self.recording.status >= Status.SUCCEEDED

    @cached_property
    def stopped(self) -> np.ndarray:
        """When each attempt ended, or the run."""
        stopped = self.recording.attempts.stopped_at
        return np.where(np.isnan(stopped), self.recording.ended_at, stopped)

    @cached_property
    def groups(self) -> list[Any]:
        """The group of each job."""
        return [self.workload.groups[group] for group in self.workload.group]

    @cached_property
    def reasons(self) -> list[str]:
        """The status reason of each job."""
        return [self.recording.reasons[code] for code in self.recording.reason]

    @cached_property
    def _states(self) -> dict[tuple[str, str], list[tuple[float, Any]]]:
        """From when on each object was in which state, by kind and name."""
        made: dict[tuple[str, str], list[tuple[float, Any]]] = {}
        updates = self.run.scenario.updates
        for kind, objects in (("environment", updates.environments), ("queue", updates.queues),
                              ("consumable", updates.consumables)):  # fmt: skip
            for each in objects:
                moves, state = {(s, u): after for s, u, after in each.moves}, 0
                states = made[kind, each.name] = [(-1.0, each.states[0])]
                for applied in self.recording.updates:
                    if not applied.refused and moves.get((state, applied.number), state) != state:
                        state = moves[state, applied.number]
                        states.append((applied.at, each.states[state]))
        return made

    def around(self, kind: str, spec: Any, at: float) -> list[Any]:
        """The states of an object at an instant: before its updates, between them and after."""
        states = self._states.get((kind, spec.name))
        if states is None:
            return [spec]
        before = [state for since, state in states if since < at][-1:]
        found = before + [state for since, state in states if since == at]
        return [state.environment if kind == "environment" else state for state in found]

    def changes(self, kind: str, spec: Any) -> bool:
        """Whether updates ever change an object."""
        return len(self._states.get((kind, spec.name), ())) > 1

    def at_end(self, kind: str, spec: Any) -> Any:
        """The last state of an object."""
        states = self._states.get((kind, spec.name))
        if states is None:
            return spec
        return states[-1][1].environment if kind == "environment" else states[-1][1]


def jobs_are_in_one_state(run: Checked) -> None:
    """Jobs that ended have an end and no other; without a horizon nothing is left running."""
    recording = run.recording
    assert np.array_equal(run.ended, ~np.isnan(recording.stopped_at))
    if run.run.scenario.horizon_s is None:
        assert set(recording.status) <= {Status.SUCCEEDED, Status.FAILED, Status.RUNNABLE, Status.PENDING}
    assert (recording.stopped_at[run.ended] <= recording.ended_at).all()
    assert (run.workload.submitted_at[run.ended] <= recording.stopped_at[run.ended]).all()


def attempts_follow_each_other(run: Checked) -> None:
    """An attempt goes through its states in order; of a job no more than allowed, and only the last may succeed."""
    attempts, recording = run.recording.attempts, run.recording
    assert (attempts.runnable_at <= attempts.starting_at).all()
    assert (attempts.starting_at <= run.stopped).all()
    ran = ~np.isnan(attempts.started_at) & ~np.isnan(attempts.stopped_at)
    assert (attempts.started_at[ran] <= attempts.stopped_at[ran]).all()
    assert (attempts.pull_at[ran] <= attempts.started_at[ran]).all()
    assert (recording.runnable_at[attempts.job] <= attempts.runnable_at).all()
    assert (run.workload.submitted_at[attempts.job] <= attempts.runnable_at).all()
    order = np.lexsort((attempts.number, attempts.job))
    job, number = attempts.job[order], attempts.number[order]
    first = np.append(True, job[1:] != job[:-1])[: len(job)]
    assert (number[first] == 1).all()
    assert (np.diff(number)[~first[1:]] == 1).all()
    allowed = np.array([each.attempts for each in run.groups], int)
    assert (number <= allowed[job]).all()
    later = np.flatnonzero(~first)
    assert (attempts.starting_at[order][later] >= attempts.stopped_at[order][later - 1]).all()
    assert (attempts.status[order][later - 1] == Status.FAILED).all()
    last = np.append(job[1:] != job[:-1], True)[: len(job)]
    over = run.ended[job[last]]
    assert (attempts.status[order][last][over] == recording.status[job[last]][over]).all()
    succeeded = np.flatnonzero(recording.status == Status.SUCCEEDED)
    assert np.isin(succeeded, attempts.job).all()


def dependencies_hold(run: Checked) -> None:
    """No job is RUNNABLE before what it waits for has succeeded; what failed takes its dependents with it."""
    workload, recording = run.workload, run.recording
    start = workload.dependents_start
    for needed in range(len(workload)):
        for dependent in workload.dependents[start[needed] : start[needed + 1]]:
            if dependent >= len(workload) or (workload.think_s is not None and workload.think_s[dependent] >= 0):
                continue
            if not math.isnan(recording.runnable_at[dependent]):
                assert recording.status[needed] == Status.SUCCEEDED
                assert recording.runnable_at[dependent] >= recording.stopped_at[needed]
            submitted = run.workload.submitted_at[dependent] + 1 <= recording.ended_at
            if recording.status[needed] == Status.FAILED and submitted:
                assert recording.status[dependent] == Status.FAILED


def _levels(start: np.ndarray, stop: np.ndarray, size: np.ndarray) -> Iterator[tuple[float, float]]:
    """Each instant at which something starts, and how much is held then."""
    held = start < stop
    start, stop, size = start[held], stop[held], size[held]
    for at in np.unique(start):
        yield float(at), float(size[(start <= at) & (at < stop)].sum())


def running_jobs_keep_to_limits(run: Checked) -> None:
    """Where maxvCpus counts jobs, none starts beyond it; nor beyond an account's quota on Fargate."""
    attempts = run.recording.attempts
    account = run.run.scenario.environment.capacity.account_vcpus
    by_option: dict[str, list[int]] = {}
    for index, spec in enumerate(run.environments):
        by_option.setdefault(spec.account_option, []).append(index)
        if not spec.limits_instances:
            here = attempts.environment == index
            for at, level in _levels(attempts.starting_at[here], run.stopped[here], run.vcpus[here]):
                assert level <= max(each.max_vcpus for each in run.around("environment", spec, at)) + 1e-9
    for option in ("FARGATE", "FARGATE_SPOT"):
        here = np.isin(attempts.environment, by_option.get(option, []))
        most = account.get(option, math.inf)
        assert peak(attempts.starting_at[here], run.stopped[here], run.vcpus[here]) <= most + 1e-9


def instances_keep_to_limits(run: Checked) -> None:
    """Nothing is launched at maxvCpus; BEST_FIT on demand passes it by nothing, others by less than an instance."""
    instances = run.recording.instances
    for index, spec in enumerate(run.environments):
        if not spec.launches_instances or not spec.limits_instances:
            continue
        mine = np.flatnonzero(instances.environment == index)
        sizes, gone = run.sizes[mine], instances.terminated_at[mine]
        for place, at in enumerate(instances.requested_at[mine]):
            before = sizes[:place][gone[:place] > at].sum()
            states = run.around("environment", spec, at)
            assert before < max(each.max_vcpus for each in states)
            if not any(each.overshoots for each in states):
                kept = max(max(each.min_vcpus, each.desired_vcpus) for each in states)
                assert before + sizes[place] <= max(each.max_vcpus for each in states) or before < kept


def jobs_fit_their_instances(run: Checked) -> None:
    """An instance is there while jobs run on it, has their architecture, and holds no more than it has."""
    attempts, instances, workload = run.recording.attempts, run.recording.instances, run.workload
    nodes = run.recording.nodes
    shapes = [workload.shapes[shape] for shape in workload.shape[attempts.job]]
    memory = np.array([shape.memory_mib for shape in shapes], float)
    multi_node = np.array([bool(shape.nodes) for shape in shapes], bool)
    for instance in range(len(instances.environment)):
        on = np.flatnonzero((attempts.instance == instance) & ~multi_node)
        kind = run.environments[instances.environment[instance]].offerings[instances.offering[instance]]
        assert (attempts.environment[on] == instances.environment[instance]).all()
        assert peak(attempts.starting_at[on], run.stopped[on], run.vcpus[on]) <= kind.vcpus + 1e-9
        assert peak(attempts.starting_at[on], run.stopped[on], memory[on]) <= kind.memory_mib
        assert (attempts.starting_at[on] >= instances.registered_at[instance]).all()
        assert (run.stopped[on] <= instances.terminated_at[instance]).all()
        assert {shapes[place].architecture for place in on} <= {"", kind.architecture}
    # All nodes of a multi-node job or none, each on an instance of its own that nobody else uses meanwhile.
    host = np.concatenate([attempts.instance, nodes.instance])
    start = np.concatenate([attempts.starting_at, attempts.starting_at[nodes.attempt]])
    stop = np.concatenate([run.stopped, run.stopped[nodes.attempt]])
    for attempt in np.flatnonzero(multi_node):
        mine = [attempts.instance[attempt], *nodes.instance[nodes.attempt == attempt]]
        assert len(set(mine)) == len(mine) == len(shapes[attempt].nodes)
        for instance in mine:
            others = (host == instance) & (start < stop[attempt]) & (stop > start[attempt])
            assert others.sum() <= 1
            assert instances.registered_at[instance] <= start[attempt]
            assert stop[attempt] <= instances.terminated_at[instance]
    assert np.isin(nodes.attempt, np.flatnonzero(multi_node)).all()


def disabled_is_disabled(run: Checked) -> None:
    """Nothing starts in a DISABLED environment, nor in one that a process drained; a DISABLED queue refuses jobs."""
    attempts, instances = run.recording.attempts, run.recording.instances
    for index, spec in enumerate(run.environments):
        for at in np.unique(attempts.starting_at[attempts.environment == index]):
            assert any(each.enabled for each in run.around("environment", spec, at))
        if not run.changes("environment", spec):
            since = None
            for at, what, which in [*run.done, (math.inf, "reopen", spec.name)]:
                if which == spec.name and what == "drain" and since is None:
                    since = at
                elif which == spec.name and what == "reopen" and since is not None:
                    begun = attempts.starting_at[attempts.environment == index]
                    assert not ((begun > since) & (begun < at)).any()
                    launched = instances.requested_at[instances.environment == index]
                    if spec.min_vcpus == 0:
                        assert not ((launched > since) & (launched < at)).any()
                    since = None
    queues = {queue.name: queue for queue in run.configuration.queues}
    for job, reason in enumerate(run.reasons):
        submitted_at, spec = float(run.workload.submitted_at[job]), queues[run.groups[job].job_queue]
        refuses = not run.around("queue", spec, submitted_at)[-1].enabled
        if reason.endswith(CLOSED):
            assert refuses
            assert run.recording.status[job] == Status.FAILED
        elif refuses and run.workload.open_dependencies[job] == 0 and run.ended[job]:
            raise AssertionError(f"job {job} was taken by a DISABLED queue: {reason}")


def consumables_suffice(run: Checked) -> None:
    """No job starts without its consumable resources."""
    attempts = run.recording.attempts
    for spec in run.configuration.consumables:
        by_job = np.array([dict(group.consumables).get(spec.name, 0) for group in run.groups], float)
        wants = by_job[attempts.job]
        stop = run.stopped if spec.replenishable else np.full(len(wants), math.inf)
        for at, level in _levels(attempts.starting_at, stop, wants):
            begun = wants[(attempts.starting_at == at) & (attempts.starting_at < stop)].sum()
            assert level <= max(each.total for each in run.around("consumable", spec, at)) or not begun


def shares_leave_what_is_reserved(run: Checked) -> None:
    """Active shares leave the reservation of their policy: of three that is its third power."""
    attempts = run.recording.attempts
    by_name = {spec.name: spec for spec in run.environments}
    for spec in run.configuration.queues:
        here = np.array([run.groups[job].job_queue == spec.name for job in attempts.job], bool)
        for at, level in _levels(attempts.starting_at[here], run.stopped[here], run.vcpus[here]):
            most = 0.0
            for state in run.around("queue", spec, at):
                kept = 0 if state.fair_share is None else state.fair_share.compute_reservation
                orders = {name for each in run.around("queue", spec, at) for name in each.environments}
                whole = sum(max(e.max_vcpus for e in run.around("environment", by_name[name], at)) for name in orders)
                most = max(most, whole * (1 - (kept / 100) ** 3) if kept else math.inf)
            assert level <= most + 1e-9


def capacity_is_not_overdrawn(run: Checked) -> None:
    """Nothing is launched beyond a pool of capacity, an account's quota, a recorded market."""
    recording, capacity = run.recording, run.run.scenario.environment.capacity
    instances, reserved = recording.instances, run.configuration.reservations
    kinds = [run.environments[e].offerings[o] for e, o in zip(instances.environment, instances.offering, strict=True)]
    zones = [run.environments[e].zones[z] for e, z in zip(instances.environment, instances.zone, strict=True)]
    option = [run.environments[e].account_option for e in instances.environment]
    outside, since, until = outside_reservations(recording)
    launched = np.array([since[row] == instances.requested_at[i] for row, i in enumerate(outside)], bool)

    def held(mine: np.ndarray) -> Iterator[tuple[float, float]]:
        """When instances of some are launched outside reservations, and how much of them is there then."""
        chosen = mine[outside] & (since < until)
        for at in np.unique(since[chosen & launched]):
            there = chosen & (since <= at) & (at < until)
            yield float(at), float(run.sizes[outside][there].sum())

    for pool in capacity.pools:
        mine = np.array([
            (not pool.instance_types or any(f"{kind.instance_type}.".startswith(f"{e}.") for e in pool.instance_types))
            and (not pool.zones or zone in pool.zones)
            and pool.purchase_option in (None, its)
            for kind, zone, its in zip(kinds, zones, option, strict=True)
        ], bool)  # fmt: skip
        steps = [(0.0, pool.vcpus), *((step.at, step.vcpus) for step in pool.schedule)]
        for at, level in held(mine):
            before = [vcpus for since_, vcpus in steps if since_ < at][-1:]
            assert level <= max(before + [vcpus for since_, vcpus in steps if since_ == at])
    for name in ("EC2", "SPOT"):
        for at, level in held(np.array([its == name for its in option], bool)):
            ours = [each for each in reserved if name == "EC2" and not each.is_block]
            sizes = [each.instances * each.vcpus for each in ours if each.starts_at < at < each.ends_at]
            assert level + sum(sizes) <= capacity.account_vcpus.get(name, math.inf)
    for index, spec in enumerate(run.environments):
        if spec.spot_trace is not None:
            mine = instances.environment == index
            most = max(spec.spot_trace.available)
            assert peak(instances.requested_at[mine], instances.terminated_at[mine], np.ones(mine.sum())) <= most


def reservations_are_used_first(run: Checked) -> None:
    """Who is in a capacity reservation matches it, none holds more than it has, nobody is outside one that takes it."""
    assert_reservation_laws(run.recording, run.environments, run.configuration.reservations)


def order_of_first_starts(run: Checked) -> None:
    """First attempts of a queue, or of a share and priority, begin in the order of submission, unless overtaking.

    Priorities of queues, orders of environments and limits may change: within a queue they hold alike for all.
    """
    if run.run.scenario.environment.scheduler.overtake == "fitting":
        return
    attempts, recording = run.recording.attempts, run.recording
    first = np.full(len(run.workload), math.nan)
    begun = attempts.number == 1
    first[attempts.job[begun]] = attempts.starting_at[begun]
    lines: dict[tuple[Any, ...], list[int]] = {}
    fair = {queue.name for queue in run.configuration.queues if queue.fair_share is not None}
    for row, group in enumerate(run.groups):
        share = (group.share_identifier, group.scheduling_priority) if group.job_queue in fair else ()
        lines.setdefault((group.job_queue, share), []).append(row)
    for line in lines.values():
        rows = np.array([row for row in line if not math.isnan(first[row])], int)
        for place, row in enumerate(rows):
            later = rows[place + 1 :]
            ready = recording.runnable_at[row] < first[later]
            assert (first[row] <= first[later][ready]).all(), (row, later[ready & (first[row] > first[later])])


def failures_are_explained(run: Checked) -> None:
    """A job that failed has used its attempts, or was told to stop; what was cancelled and terminated is counted."""
    attempts, recording = run.recording.attempts, run.recording
    last = np.full(len(run.workload), -1)
    order = np.argsort(attempts.number, kind="stable")
    last[attempts.job[order]] = order
    for row in np.flatnonzero(recording.status == Status.FAILED):
        assert run.reasons[row]
        if last[row] < 0:
            continue
        group, reason = run.groups[row], recording.reasons[attempts.reason[last[row]]]
        told = run.reasons[row].startswith("Canceled") or run.reasons[row] == AS_SCHEDULED or "timeout" in reason
        stopped = group.evaluate_on_exit and not reason.startswith("Host EC2")
        assert attempts.number[last[row]] == group.attempts or told or stopped
    # Where rules say what is retried (here of lost hosts alone), nothing else is.
    again = np.flatnonzero(attempts.number < attempts.number[last[attempts.job]])
    by_rule = [row for row in again if run.groups[attempts.job[row]].evaluate_on_exit]
    assert all(recording.reasons[attempts.reason[row]].startswith("Host EC2") for row in by_rule)
    ended = sum(each.jobs for each in recording.updates)
    told = sum(reason == AS_SCHEDULED for reason in run.reasons)
    # Those that are to be cancelled when they become RUNNABLE may fail before, or with what they depend on.
    assert told <= ended


def nobody_is_forgotten(run: Checked) -> None:
    """Where a run ends by itself, not all jobs that wait in a queue have an empty environment that could take them."""
    recording, scenario = run.recording, run.run.scenario
    capacity = scenario.environment.capacity
    scarce = capacity.pools or capacity.account_vcpus or scenario.configuration.reservations
    if recording.ended_at == scenario.horizon_s or scarce or scenario.configuration.consumables:
        return
    by_name = {spec.name: index for index, spec in enumerate(run.environments)}
    drained: dict[str, str] = {which: what for _, what, which in run.done if what in ("drain", "reopen")}
    there = recording.instances.terminated_at >= recording.ended_at
    running = ~np.isin(recording.attempts.status, (Status.SUCCEEDED, Status.FAILED))
    for queue in run.configuration.queues:
        last = run.at_end("queue", queue)
        left = [row for row in np.flatnonzero(recording.status == Status.RUNNABLE)
                if run.groups[row].job_queue == queue.name]  # fmt: skip
        if not left or (last.fair_share is not None and last.fair_share.compute_reservation):
            continue
        empty = []
        for name in last.environments:
            index = by_name[name]
            spec = run.at_end("environment", run.environments[index])
            bids = any(offering.above_bid for offering in spec.offerings)
            busy = (running & (recording.attempts.environment == index)).any()
            busy |= (there & (recording.instances.environment == index)).any()
            if not busy and not bids and spec.spot_trace is None and drained.get(name) != "drain":
                empty.append(spec)
        shapes = [run.workload.shapes[run.workload.shape[row]] for row in left]
        assert not all(any(spec.can_hold(shape) for spec in empty) for shape in shapes), (queue.name, left)


LAWS_OF_RUNS: Sequence[Any] = (
    jobs_are_in_one_state,
    attempts_follow_each_other,
    dependencies_hold,
    running_jobs_keep_to_limits,
    instances_keep_to_limits,
    jobs_fit_their_instances,
    disabled_is_disabled,
    consumables_suffice,
    shares_leave_what_is_reserved,
    capacity_is_not_overdrawn,
    reservations_are_used_first,
    order_of_first_starts,
    failures_are_explained,
    nobody_is_forgotten,
)
