"""What no simulation is needed for: candidates that can't be run, or can't keep an objective whatever happens.

Each is a proof for the jobs of the first replications: in each of them the objective's figure is beyond its limit even
if nothing waits for more than it must. An objective of ends is kept only when its jobs succeed, and then

- a job ends no earlier than the shortest of its attempts that can succeed after it was submitted, and after all that
  it depends on has ended (the critical path);
- jobs of one arrival, or of all, take no less than their vCPU-seconds divided by the vCPUs that there can be at most,
  and the same of memory and of GPUs (a conservation law: what is served in a period is at most capacity times period).

An objective of queue times is kept only when so many of its jobs start in time, and then the work of these is done
soon after the last of them may start: of all jobs together, and of each arrival. That is said where nothing cuts
attempts off, for one that is has done less: no instance is taken back, no Capacity Block ends, and no update terminates
jobs or replaces instances.

Where an objective allows jobs to fail, jobs need not be served, and where figures are of the steady state, a part of
the jobs and of the time alone counts: nothing is said then but for configurations that are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats
from batchsim.results.durations import Durations
from batchsim.results.objectives import chosen, finished_at
from batchsim.spec.configuration import ComputeEnvironment, Configuration, Shape
from batchsim.spec.memory_margin import MARGIN, as_asked, at_the_edge
from batchsim.spec.objectives import Objective
from batchsim.spec.placeable import why_never
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.spec.updates import Updates
from batchsim.spec.workload import Workload
from batchsim.statistics.intervals import QUANTILES
from batchsim.validation.workload import earliest_ends
from batchsim.workload.build import build_workload

#: Numbers of rows.
Places = NDArray[np.intp]
#: Replications whose jobs a bound is shown for: those of the first look at a candidate in the race.
REPLICATIONS = 5
#: More attempts than this are not drawn: of jobs that may be tried again, nothing is then known but that they run.
MOST_DRAWN = 200_000
#: A job may be RUNNABLE a moment later than it was submitted.
_LATE_S = 60.0
#: Rounding is no proof.
_ABOVE = 1.0 + 1e-9


@dataclass(frozen=True)
class Bound:
    """Why a candidate can't keep the objectives.

    Attributes
    ----------
    why : str
        In words.
    objective : int or None
        Which one it can't keep; None where no run can be made of it.
    """

    why: str
    objective: int | None = None


class Bounds:
    """Looks for proofs that a configuration misses an objective, for the jobs of a scenario.

    Parameters
    ----------
    scenario : ResolvedScenario
        Whose jobs they are.
    objectives : sequence of Objective
        Those to keep.
    """

    def __init__(self, scenario: ResolvedScenario, objectives: Sequence[Objective], seed: int) -> None:
        self._scenario = scenario
        self._objectives = objectives
        self._workloads = [build_workload(scenario, seed=seed, replication=each) for each in range(REPLICATIONS)]
        self._shortest = [replace(each, runtime_s=shortest_success_s(each)) for each in self._workloads]
        self._ends = [_earliest(each) for each in self._shortest]
        self._kinds = {each.where: _kinds(self.first, chosen(each, self.first)) for each in objectives}
        self._enough: list[dict[str, tuple[float, ...]]] = []
        failures = any(each.metric == "failed" and each.comparison.startswith("<") for each in objectives)
        self._says_nothing = failures or scenario.warm_up_by is not None

    @property
    def first(self) -> Workload:
        """The jobs of the first replication."""
        return self._workloads[0]

    def of(self, configuration: Configuration, updates: Updates | None = None) -> Bound | None:
        """Why a configuration can't keep the objectives; None where it may.

        Parameters
        ----------
        updates : Updates, optional
            What comes while it runs; what they add of capacity is a part of the configuration.
        """
        if self._says_nothing:
            return None
        cut_off = _cut_off(configuration, updates)
        capacity = _capacity(configuration)
        # What is enough for one configuration is enough for all that have no less.
        is_enough = any(_has_no_less(capacity, each) for each in self._enough)
        for index, objective in enumerate(self._objectives):
            if not _needs_its_jobs(objective):
                continue
            if (never := self._never(configuration, objective)) is not None:
                return Bound(never, index)
            if is_enough or (cut_off and objective.metric == "queue_time"):
                continue
            if all(self._is_late(number, configuration, objective) for number in range(REPLICATIONS)):
                return Bound("jobs can't be done in time by so much capacity, or one after the other", index)
        if not is_enough and not cut_off:
            self._enough.append(capacity)
        return None

    def _never(self, configuration: Configuration, objective: Objective) -> str | None:
        """Why some of an objective's jobs never run."""
        queues = {queue.name: queue for queue in configuration.queues}
        for name, wanted in self._kinds[objective.where]:
            queue = queues[name]
            attached = configuration.attached(queue)
            refusal = why_never(queue, attached, wanted)
            if refusal is None or at_the_edge(wanted, attached) is not None:
                continue
            if not (queue.enabled and _finds_room(attached, wanted)):
                return refusal.message
        return None

    def _is_late(self, number: int, configuration: Configuration, objective: Objective) -> bool:
        """Whether in one replication the figure of an objective of ends must be beyond its limit."""
        workload, ends = self._shortest[number], self._ends[number]
        mask = chosen(objective, workload)
        if not mask.any():
            return False
        submitted_at = workload.submitted_at
        if objective.metric == "turnaround":
            least = Durations((ends - submitted_at)[mask], np.zeros(int(mask.sum()), bool))
            value = least.statistic(objective.statistic)[0]
        elif objective.metric == "finished_at":
            later = _no_sooner(workload, mask, ends, configuration, by_run=True)
            value = finished_at(objective, workload, later, self._scenario)[0]
        elif objective.metric == "queue_time":
            return self._is_short(number, mask, configuration, objective)
        elif objective.metric == "makespan":
            later = _no_sooner(workload, mask, ends, configuration, by_run=False)
            value = float(later[mask].max() - submitted_at[mask].min())
        else:
            return False
        return value is not None and value > objective.limit * _ABOVE

    def _is_short(self, number: int, mask: np.ndarray, configuration: Configuration, objective: Objective) -> bool:
        """Whether too few jobs can start in time, for all that capacity can do."""
        workload = self._workloads[number]
        attached = _attached(workload, np.flatnonzero(mask), configuration)
        if any(map(_may_interrupt, attached)) or objective.statistic not in {"max", *QUANTILES}:
            return False
        n = int(np.count_nonzero(mask))
        share = QUANTILES.get(objective.statistic, 1.0)
        needed = math.floor(share * (n - 1) + 1e-9) + 1  # so many are no later than their quantile
        # Of what depends on others nothing is known: it may start at once, whenever that is.
        rows = np.flatnonzero(mask & (workload.open_dependencies[: len(workload)] == 0))
        if not len(rows):
            return False
        parts = (_parts(workload, rows), np.zeros(len(rows), np.intp))
        return any(n - len(rows) + _in_time(workload, rows, part, attached, objective.limit) < needed for part in parts)


def _needs_its_jobs(objective: Objective) -> bool:
    """Whether an objective has an upper limit that is kept only when its jobs run."""
    return objective.comparison.startswith("<") and objective.metric not in {"failed", "utilisation"}


def _finds_room(attached: Sequence[ComputeEnvironment], wanted: Shape) -> bool:
    """Whether a job of more than ``maxvCpus`` may run on a larger instance that was launched for other jobs."""
    return any(each.overshoots and each.max_vcpus > 0 and each.suits(wanted) for each in attached)


def _kinds(workload: Workload, mask: np.ndarray) -> list[tuple[str, Shape]]:
    """The queue of some jobs and what they ask for, each pair once."""
    pairs = np.unique(np.column_stack([workload.group[mask], workload.shape[mask]]), axis=0).tolist()
    asked = ((workload.groups[group].job_queue, as_asked(workload.shapes[shape])) for group, shape in pairs)
    return list(dict.fromkeys(asked))


def _earliest(workload: Workload) -> Floats:
    """When each job ends at the earliest; of those whose dependencies need not succeed, only run times are known."""
    if workload.think_s is not None:
        return workload.submitted_at + workload.runtime_s
    return earliest_ends(workload)[: len(workload)]


def shortest_success_s(workload: Workload) -> Floats:
    """The shortest run time of an attempt that may be the one that succeeds, of each job.

    That is the first attempt's where a job has one only. Where it may be tried again, because it fails or its instance
    is taken back, later attempts may be shorter.
    """
    attempts = np.array([group.attempts for group in workload.groups])[workload.group]
    shortest = np.where(workload.exit_code == 0, workload.runtime_s, np.inf)
    if int((attempts - 1).sum()) > MOST_DRAWN:
        return np.where(attempts > 1, 0.0, workload.runtime_s)
    for job in np.flatnonzero(attempts > 1).tolist():
        for number in range(2, int(attempts[job]) + 1):
            runtime_s, exit_code = workload.later_attempt(job, number)
            if exit_code == 0 and runtime_s < shortest[job]:
                shortest[job] = runtime_s
    # One that can't succeed misses its objective, whatever it takes.
    return np.asarray(np.where(np.isinf(shortest), 0.0, shortest))


def _no_sooner(
    workload: Workload, mask: np.ndarray, ends: Floats, configuration: Configuration, *, by_run: bool
) -> Floats:
    """Ends of which the last one of each run, or of all, is as late as the capacity for it makes it."""
    rows = np.flatnonzero(mask)
    part = _parts(workload, rows) if by_run else np.zeros(len(rows), np.intp)
    first = np.full(part.max() + 1, np.inf)
    np.minimum.at(first, part, workload.submitted_at[rows])
    least_s = _least_s(workload, rows, part, configuration)
    later = ends.copy()
    order = np.lexsort((ends[rows], part))
    last = rows[order[np.searchsorted(part[order], np.arange(len(first)), side="right") - 1]]
    later[last] = np.maximum(later[last], first + least_s)
    return later


def _parts(workload: Workload, rows: Places) -> Places:
    """Which arrival of a workflow some jobs are of, numbered from 0."""
    names = [group.workflow for group in workload.groups]
    places = {name: index for index, name in enumerate(dict.fromkeys(names))}
    workflow = np.array([places[name] for name in names])[workload.group[rows]]
    _, part = np.unique(workflow * (int(workload.run.max(initial=0)) + 1) + workload.run[rows], return_inverse=True)
    return part.astype(np.intp)


def _in_time(
    workload: Workload, rows: Places, part: Places, attached: Sequence[ComputeEnvironment], limit_s: float
) -> int:
    """How many of some jobs can start within a limit at most, each part for itself.

    What starts in time ends no later than the longest of it after the last of it may start. Those that ask for least
    are taken to be the ones that do.
    """
    held_s = _first_attempt_s(workload)[rows]
    submitted_at = workload.submitted_at[rows]
    first, last = np.full(part.max() + 1, np.inf), np.full(part.max() + 1, -np.inf)
    np.minimum.at(first, part, submitted_at)
    np.maximum.at(last, part, submitted_at)
    longest = np.zeros(len(first))
    np.maximum.at(longest, part, held_s)
    period_s = last - first + limit_s + longest + _LATE_S
    least = len(rows)
    for resource in ("vcpus", "gpus"):
        most = sum(_most(each, resource) for each in attached)
        asked = np.array([getattr(shape, resource) for shape in workload.shapes], float)[workload.shape[rows]]
        if most < np.inf:
            work = asked * held_s
            order = np.lexsort((work, part))
            done = np.cumsum(work[order])
            starts = np.searchsorted(part[order], np.arange(len(first)))
            before = np.where(starts > 0, done[np.maximum(starts - 1, 0)], 0.0)
            least = min(
                least, int(np.count_nonzero(done - before[part[order]] <= most * period_s[part[order]] * _ABOVE))
            )
    return least


def _first_attempt_s(workload: Workload) -> Floats:
    """How long the first attempt of each job holds its place at least."""
    limit_s = np.array([np.inf if group.timeout_s is None else group.timeout_s for group in workload.groups])
    never = np.array([group.fails_to_start for group in workload.groups])[workload.group] & (workload.exit_code != 0)
    return np.where(never, 0.0, np.minimum(workload.runtime_s, limit_s[workload.group]))


def _cut_off(configuration: Configuration, updates: Updates | None) -> bool:
    """Whether attempts may be cut off by a Capacity Block that ends, or by updates."""
    if any(each.is_block for each in configuration.reservations):
        return True
    return updates is not None and (
        any(entry.action is not None for entry in updates.entries)
        or any(len({state.infrastructure for state in each.states}) > 1 for each in updates.environments)
    )


def _may_interrupt(environment: ComputeEnvironment) -> bool:
    """Whether an environment may lose what runs in it."""
    return (
        environment.interruptions_per_hour > 0
        or environment.spot_trace is not None
        or any(each.interruptions_per_hour > 0 or each.above_bid for each in environment.offerings)
    )


def _attached(workload: Workload, rows: Places, configuration: Configuration) -> list[ComputeEnvironment]:
    """The environments that some jobs may run in."""
    queues = {workload.groups[group].job_queue for group in np.unique(workload.group[rows]).tolist()}
    found = {
        each.name: each
        for queue in configuration.queues
        if queue.name in queues
        for each in configuration.attached(queue)
        if each.enabled
    }
    return list(found.values())


def _capacity(configuration: Configuration) -> dict[str, tuple[float, ...]]:
    """What the jobs of each queue can hold at one time at most, and whether none of it may be taken back."""
    found = {}
    for queue in configuration.queues:
        attached = [each for each in configuration.attached(queue) if each.enabled]
        most = (sum(_most(each, resource) for each in attached) for resource in ("vcpus", "memory_mib", "gpus"))
        found[queue.name] = (*most, float(any(map(_may_interrupt, attached))))
    return found


def _has_no_less(one: dict[str, tuple[float, ...]], other: dict[str, tuple[float, ...]]) -> bool:
    """Whether one configuration has no less of any capacity than another."""
    return one.keys() == other.keys() and all(
        mine >= theirs for name in one for mine, theirs in zip(one[name], other[name], strict=True)
    )


def _least_s(workload: Workload, rows: Places, part: Places, configuration: Configuration) -> Floats:
    """How long each part of some jobs takes at least, all capacity that their queues have being theirs."""
    attached = _attached(workload, rows, configuration)
    least = np.zeros(int(part.max()) + 1)
    for resource in ("vcpus", "memory_mib", "gpus"):
        most = sum(_most(each, resource) for each in attached)
        asked = np.array([getattr(shape, resource) for shape in workload.shapes], float)[workload.shape[rows]]
        if 0 < most < np.inf:
            # Within the margin, jobs are placed as if they asked for less memory.
            part_of = 1.0 - MARGIN if resource == "memory_mib" else 1.0
            work = np.bincount(part, part_of * asked * workload.runtime_s[rows], minlength=len(least))
            least = np.maximum(least, work / most)
    return least


def _most(environment: ComputeEnvironment, resource: str) -> float:
    """How much of a resource jobs can hold in an environment at one time, at most."""
    if not environment.limits_instances:
        return float(environment.max_vcpus) if resource == "vcpus" else np.inf
    if not environment.offerings or environment.max_vcpus <= 0:
        return 0.0
    # A limit is passed by less than one instance.
    vcpus = environment.max_vcpus + environment.overshoots * (max(each.vcpus for each in environment.offerings) - 1)
    return vcpus * max(float(getattr(each, resource)) / each.vcpus for each in environment.offerings)
