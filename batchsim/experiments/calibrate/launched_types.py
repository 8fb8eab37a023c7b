"""Which instance types were launched, beside those that the allocation strategy's words let one expect.

For each launch the jobs that waited at its begin are known: the strategy is asked what it launches for them, once by
each reading of BEST_FIT_PROGRESSIVE (docs/defaults.md). What was booting then, and what capacity there was, is not
known; Spot strategies go by capacity that nobody publishes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import History, RecordedJob, ScalingActivity
from batchsim.engine.compute.allocation_strategies import READINGS, Demand, choose
from batchsim.errors import ScenarioError
from batchsim.scenario.loading import loads
from batchsim.scenario.scenario import Scenario
from batchsim.spec.configuration import ComputeEnvironment, Shape
from batchsim.units import MINUTE

#: Launches within this time of the first are one decision's.
_TOGETHER_S = MINUTE


@dataclass(frozen=True)
class TypesLearned:
    """What was learnt of the types that one compute environment launched.

    Attributes
    ----------
    launched : mapping
        How many instances of each type, the most first.
    expected : mapping
        By the reading, of how many decisions the type is the one that the strategy launches for the jobs that waited.
    n : int
        Decisions of which the waiting jobs are known.
    """

    environment: str
    strategy: str
    launched: Mapping[str, int]
    expected: Mapping[str, int]
    n: int
    why: str


def learn_types(history: History, configuration: AccountConfiguration | None) -> Iterator[TypesLearned]:
    """The types of each environment whose launches are known."""
    kinds = {each.ec2_instance: each.instance_type for each in history.instances if each.instance_type}
    by_environment = _launches(history, kinds, _only_environment(configuration))
    if not by_environment:
        return
    scenario, fault = _scenario(history, configuration)
    known = _environments(scenario)
    for name, launches in sorted(by_environment.items()):
        launched = dict(Counter(kinds[each.ec2_instance] for each in launches).most_common())
        environment = known.get(name)
        if scenario is None or environment is None:
            why = fault or "the configuration does not have it"
            yield TypesLearned(name, "", launched, {}, 0, f"what was to be expected is not known: {why}")
            continue
        expected, n = _expected(launches, kinds, environment, _waiting_for(history.jobs, environment, scenario))
        why = _judgement(environment, expected, n)
        yield TypesLearned(name, environment.allocation_strategy, launched, expected, n, why)


def _launches(history: History, kinds: Mapping[str, str], alone: str) -> dict[str, list[ScalingActivity]]:
    """The launches of instances whose type is known, by environment; `alone` where none is said."""
    found: dict[str, list[ScalingActivity]] = defaultdict(list)
    for each in history.activities:
        if each.launches and each.ec2_instance in kinds:
            found[each.environment or alone].append(each)
    return found


def _judgement(environment: ComputeEnvironment, expected: Mapping[str, int], n: int) -> str:
    """What is compared, and the reading that is nearer to the record where the two differ."""
    about = f"of {n:,} decisions with jobs waiting" if n else "no job is known to have waited at any launch"
    if len(environment.offerings) == 1:
        return f"{about}; there is but one type"
    if len(set(expected.values())) < 2:
        return about
    better = max(expected, key=lambda reading: expected[reading])
    return f"{about}; scheduler.bestFitProgressive: {better} is nearer to the record (not written: look at it)"


def _only_environment(configuration: AccountConfiguration | None) -> str:
    """The one environment of instances that there is; empty where there are several."""
    types = {} if configuration is None else configuration.environment_types
    names = [name for name, kind in types.items() if kind in ("EC2", "SPOT")]
    return names[0] if len(names) == 1 else ""


def _scenario(history: History, configuration: AccountConfiguration | None) -> tuple[Scenario | None, str]:
    """The configuration with its prices and types resolved; else why there is none."""
    if configuration is None:
        return None, "without the configuration (--config)"
    often = Counter((job.queue, job.definition) for job in history.jobs if job.definition in configuration.definitions)
    known = [each for each, _ in often.most_common() if each[0] in configuration.queues]
    if not known:
        return None, "no job ran in a queue and of a definition of the configuration"
    try:
        return loads(configuration.to_scenario(history.region, *known[0])), ""
    except ScenarioError as error:
        return None, f"the configuration can't be simulated ({error.findings[0].message})"


def _environments(scenario: Scenario | None) -> dict[str, ComputeEnvironment]:
    """Compute environments by name; none without a scenario."""
    return {} if scenario is None else {each.name: each for each in scenario.configuration.environments}


_Waiting = Sequence[tuple[float, float, Shape]]


def _waiting_for(jobs: Sequence[RecordedJob], environment: ComputeEnvironment, scenario: Scenario) -> _Waiting:
    """From when to when each job waited that goes to an environment first, and what it asked for, in order."""
    attached = {queue.name: scenario.configuration.attached(queue) for queue in scenario.configuration.queues}
    found = []
    for job in jobs:
        shape = _shape(job)
        if shape is None:
            continue
        first = next((each for each in attached.get(job.queue, ()) if each.can_hold(shape)), None)
        if first is not None and first.name == environment.name:
            since, until = _waited(job)
            if since < until:
                found.append((since, until, shape))
    return sorted(found, key=lambda each: each[0])


def _shape(job: RecordedJob) -> Shape | None:
    """What a job asked for; None where that is not known, and of the parent of an array."""
    asked = job.asked
    if job.size or math.isnan(asked.vcpus) or math.isnan(asked.memory_mib):
        return None
    return Shape(asked.vcpus, int(asked.memory_mib), int(asked.gpus))


def _waited(job: RecordedJob) -> tuple[float, float]:
    """From when to when a job waited; NaN where its end is not known."""
    since = job.runnable[0] if job.runnable else job.created_at
    if job.starting:
        return since, job.starting[0]
    return since, min((each.started_at for each in job.attempts), default=math.nan)


def _expected(
    launches: Sequence[ScalingActivity], kinds: Mapping[str, str], environment: ComputeEnvironment, waiting: _Waiting
) -> tuple[dict[str, int], int]:
    """How often each reading launches what was launched, and how often that can be told."""
    agreed: dict[str, int] = dict.fromkeys(READINGS, 0)
    n = 0
    decisions = list(_decisions(launches, kinds))
    for (_, types), demand in zip(decisions, _demands([at for at, _ in decisions], waiting), strict=True):
        offerings = environment.offerings_at(0.0)
        able = {shape: count for shape, count in demand.items() if any(each.holds(shape) for each in offerings)}
        if not able:
            continue
        n += 1
        for reading in READINGS:
            packing, _ = choose(environment.allocation_strategy, offerings, dict(able), reading)
            agreed[reading] += packing.offering.instance_type in types
    return agreed, n


def _demands(instants: Sequence[float], waiting: _Waiting) -> Iterator[Demand]:
    """What waited at each of the instants, which are in order; those that waited longest come first."""
    there: dict[int, Shape] = {}
    ends: list[tuple[float, int]] = []
    ahead = 0
    for at in instants:
        while ahead < len(waiting) and waiting[ahead][0] <= at:
            _, until, there[ahead] = waiting[ahead]
            heappush(ends, (until, ahead))
            ahead += 1
        while ends and ends[0][0] <= at:
            del there[heappop(ends)[1]]
        yield Counter(there.values())


def _decisions(launches: Sequence[ScalingActivity], kinds: Mapping[str, str]) -> Iterator[tuple[float, set[str]]]:
    """When instances were launched, and the types of those that were launched together."""
    begun, types = -math.inf, set[str]()
    for launch in sorted(launches, key=lambda each: each.begun_at):
        if launch.begun_at - begun >= _TOGETHER_S:
            if types:
                yield begun, types
            begun, types = launch.begun_at, set()
        types.add(kinds[launch.ec2_instance])
    if types:
        yield begun, types
