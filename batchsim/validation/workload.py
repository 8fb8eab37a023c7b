"""Findings about the workload as it would be submitted, without simulating it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from batchsim.arrays import Floats
from batchsim.errors import Finding
from batchsim.results.durations import Durations
from batchsim.results.objectives import chosen, finished_at
from batchsim.scenario.rules.placeable import margin_finding
from batchsim.scenario.scenario import Scenario
from batchsim.scenario.sections.models import Workflow
from batchsim.spec.configuration import ComputeEnvironment, Shape
from batchsim.spec.memory_margin import as_asked, at_the_edge
from batchsim.spec.objectives import Objective
from batchsim.spec.placeable import asks, why_never
from batchsim.spec.workload import JobGroup, Workload
from batchsim.units import format_count, format_duration
from batchsim.validation.readings import differing_readings
from batchsim.validation.saturation import saturated_queues
from batchsim.workload.build import build_workload

#: Arrivals at fewer instants are bursts, not a load that goes on.
FEWEST_ARRIVALS = 10


def review(scenario: Scenario) -> Iterator[Finding]:
    """Load, saturation, deadlines, doubtful records, jobs that nothing holds, arrivals, readings of a strategy."""
    workload = build_workload(scenario)
    yield from _no_arrivals(scenario, workload)
    yield from _doubtful(scenario, workload)
    if len(workload):
        yield from _never_placeable(scenario, workload)
        yield from _overload(scenario, workload)
        yield from saturated_queues(scenario, workload, _spans(scenario, workload))
        yield from _deadlines(scenario, workload)
        yield from differing_readings(scenario, workload)


def _finding(scenario: Scenario, code: str, where: tuple[str | int, ...], message: str, expected: str = "") -> Finding:
    return scenario.document.finding(where, code, message, expected=expected, severity="warning")


def _no_arrivals(scenario: Scenario, workload: Workload) -> Iterator[Finding]:
    submitted = {workload.groups[group].workflow for group in np.unique(workload.group).tolist()}
    for index, entry in enumerate(scenario.workload):
        if isinstance(entry, Workflow) and entry.workflow not in submitted:
            message = f"{entry.workflow} never arrives"
            yield _finding(scenario, "no-arrivals", ("workload", index), message, "arrivals within the duration")


def _doubtful(scenario: Scenario, workload: Workload) -> Iterator[Finding]:
    """Records of traces that were kept and doubted, or taken otherwise than they were."""
    traces = [index for index, entry in enumerate(scenario.workload) if not isinstance(entry, Workflow)]
    where = ("workload", traces[0]) if len(traces) == 1 else ("workload",)
    for reason, count in workload.notes.items():
        yield _finding(scenario, "doubtful-records", where, f"{count:,} {reason}")


def _queue_place(scenario: Scenario, name: str) -> tuple[str | int, ...]:
    names = [queue.name for queue in scenario.configuration.queues]
    return ("batch", "jobQueues", names.index(name))


def _attached(scenario: Scenario) -> dict[str, tuple[ComputeEnvironment, ...]]:
    configuration = scenario.configuration
    return {queue.name: configuration.attached(queue) for queue in configuration.queues}


def _kinds(workload: Workload) -> Iterator[tuple[JobGroup, Shape, int]]:
    """Group, shape and number of jobs."""
    pairs = np.column_stack([workload.group, workload.shape])
    unique, counts = np.unique(pairs, axis=0, return_counts=True)
    for (group, shape), count in zip(unique.tolist(), counts.tolist(), strict=True):
        yield workload.groups[group], workload.shapes[shape], count


def _never_placeable(scenario: Scenario, workload: Workload) -> Iterator[Finding]:
    """Of traces; those of workflows are told where they stand."""
    queues = {queue.name: queue for queue in scenario.configuration.queues}
    told = {entry.workflow for entry in scenario.workload if isinstance(entry, Workflow)}
    for group, shape, count in _kinds(workload):
        if group.workflow in told:
            continue
        queue = queues[group.job_queue]
        attached, place = scenario.configuration.attached(queue), _queue_place(scenario, queue.name)
        if (refusal := why_never(queue, attached, shape)) is not None:
            verb = "asks" if count == 1 else "ask"
            message = f"{format_count(count, 'job')} of {group.workflow} {verb} for {asks(shape)}: {refusal.message}"
            yield _finding(scenario, refusal.code, place, message, refusal.expected)
        elif shape.beyond_mib and (edge := at_the_edge(as_asked(shape), attached)) is not None:
            yield margin_finding(scenario.document, place, *edge)


def _overload(scenario: Scenario, workload: Workload) -> Iterator[Finding]:
    """Per queue, then per group of queues that share environments: vCPUs asked for on average, and there at most."""
    attached, asked = _attached(scenario), _average_vcpus(scenario, workload)
    told: set[str] = set()
    for names in [*([name] for name in asked), *_connected(attached)]:
        environments = {environment.name: environment for name in names for environment in attached[name]}
        there = sum(environment.max_vcpus for environment in environments.values() if environment.enabled)
        wanted = sum(asked.get(name, 0.0) for name in names)
        if wanted > there * (1 + 1e-9) and not told & set(names):
            told |= set(names)
            whose = " and ".join(names)
            message = (
                f"jobs of {whose} ask for {wanted:,.0f} vCPU on average, and {', '.join(environments)} have {there:,}"
                " at most: the queue grows as long as jobs arrive"
            )
            place = _queue_place(scenario, names[0])
            yield _finding(scenario, "overload", place, message, f"maxvCpus above {wanted:,.0f} in all")


def _average_vcpus(scenario: Scenario, workload: Workload) -> dict[str, float]:
    """The vCPUs that jobs of each queue ask for on average while they arrive; of bursts nothing is said."""
    queue_of = np.array([group.job_queue for group in workload.groups])[workload.group]
    vcpus = np.array([shape.vcpus for shape in workload.shapes])[workload.shape]
    return {
        name: float((vcpus[queue_of == name] * workload.runtime_s[queue_of == name]).sum()) / span
        for name, span in _spans(scenario, workload).items()
    }


def _spans(scenario: Scenario, workload: Workload) -> dict[str, float]:
    """The time in which jobs of each queue arrive, where they are no bursts."""
    queue_of = np.array([group.job_queue for group in workload.groups])[workload.group]
    spans: dict[str, float] = {}
    for queue in scenario.configuration.queues:
        instants = np.unique(workload.submitted_at[queue_of == queue.name])
        span = scenario.duration_s or (float(instants[-1] - instants[0]) if len(instants) else 0.0)
        if len(instants) >= FEWEST_ARRIVALS and span > 0:
            spans[queue.name] = span
    return spans


def _connected(attached: dict[str, tuple[ComputeEnvironment, ...]]) -> list[list[str]]:
    """Queues that share environments, directly or through others; only groups of two and more."""
    groups: list[tuple[set[str], set[str]]] = []
    for queue, environments in attached.items():
        queues, names = {queue}, {environment.name for environment in environments}
        for other in [group for group in groups if group[1] & names]:
            groups.remove(other)
            queues |= other[0]
            names |= other[1]
        groups.append((queues, names))
    return [sorted(queues) for queues, _ in groups if len(queues) > 1]


def earliest_ends(workload: Workload) -> Floats:
    """When each node could end at the earliest: unlimited capacity, no delays, first attempts that succeed.

    Returns
    -------
    ndarray of float, shape (nodes,)
    """
    rows = len(workload)
    runtime_s = np.zeros(workload.nodes)
    runtime_s[:rows] = workload.runtime_s
    think_s = np.zeros(workload.nodes)
    if workload.think_s is not None:
        think_s[:rows] = np.maximum(workload.think_s, 0)
    starts = np.zeros(workload.nodes)
    starts[:rows] = workload.submitted_at
    ends = starts + runtime_s
    waiting = workload.open_dependencies.copy()
    ready = np.flatnonzero(waiting == 0)
    first, last = workload.dependents_start[:-1], workload.dependents_start[1:]
    while len(ready):
        counts = last[ready] - first[ready]
        ready, counts = ready[counts > 0], counts[counts > 0]
        if not len(ready):
            break
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        following = workload.dependents[np.repeat(first[ready], counts) + offsets]
        np.maximum.at(starts, following, np.repeat(ends[ready], counts) + think_s[following])
        np.subtract.at(waiting, following, 1)
        ready = np.unique(following[waiting[following] == 0])
        ends[ready] = starts[ready] + runtime_s[ready]
    return ends


def _deadlines(scenario: Scenario, workload: Workload) -> Iterator[Finding]:
    ends: Floats | None = None
    for index, objective in enumerate(scenario.objectives):
        if objective.goal != "keep" or not objective.comparison.startswith("<"):
            continue
        if objective.metric not in {"finished_at", "turnaround", "makespan"}:
            continue
        if ends is None:
            ends = earliest_ends(workload)
        value = _earliest(objective, workload, ends[: len(workload)], scenario)
        if value is not None and value > objective.limit * (1 + 1e-12):
            chain = " → ".join(_critical_path(objective, workload, ends))
            late = format_duration(value - objective.limit)
            message = f"even without any waiting it is missed by {late}: {chain}"
            yield _finding(scenario, "deadline", ("objectives", index), message, "a later deadline, or shorter jobs")


def _earliest(objective: Objective, workload: Workload, ends: Floats, scenario: Scenario) -> float | None:
    mask = chosen(objective, workload)
    if not mask.any():
        return None
    if objective.metric == "finished_at":
        return finished_at(objective, workload, ends, scenario)[0]
    if objective.metric == "makespan":
        return float(ends[mask].max() - workload.submitted_at[mask].min())
    return Durations((ends - workload.submitted_at)[mask], np.zeros(int(mask.sum()), bool)).statistic(
        objective.statistic
    )[0]


def _critical_path(objective: Objective, workload: Workload, ends: Floats) -> list[str]:
    """Names of the jobs on the way to the last end of the first run that ends last, an array once."""
    mask = chosen(objective, workload)
    turnaround = np.where(mask, ends[: len(workload)] - workload.submitted_at, -np.inf)
    node = int(np.argmax(turnaround))
    needed = np.repeat(np.arange(workload.nodes), np.diff(workload.dependents_start))
    names: list[str] = []
    while True:
        if node < len(workload):
            name = workload.job_names[workload.job_name[node]]
            if not names or names[-1] != name:
                names.append(name)
        before = needed[workload.dependents == node]
        if not len(before):
            return names[::-1]
        latest = int(before[np.argmax(ends[before])])
        if node < len(workload) and ends[latest] <= workload.submitted_at[node]:
            return names[::-1]
        node = latest
