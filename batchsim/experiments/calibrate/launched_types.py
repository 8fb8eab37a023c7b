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
    by_environment: dict[str, list[ScalingActivity]] = defaultdict(list)
    alone = _only_environment(configuration)
    for each in history.activities:
        if each.launches and each.ec2_instance in kinds:
            by_environment[each.environment or alone].append(each)
    if not by_environment:
        return
    scenario, fault = _scenario(history, configuration)
    for name, launches in sorted(by_environment.items()):
        launched = dict(Counter(kinds[each.ec2_instance] for each in launches).most_common())
        known = scenario.configuration.environments if scenario is not None else ()
        environment = next((each for each in known if each.name == name), None)
        if scenario is None or environment is None:
            why = fault or "the configuration does not have it"
            yield TypesLearned(name, "", launched, {}, 0, f"what was to be expected is not known: {why}")
            continue
        expected, n = _expected(launches, kinds, environment, _waiting_for(history.jobs, environment, scenario))
        why = f"of {n:,} decisions with jobs waiting" if n else "no job is known to have waited at any launch"
        if len(environment.offerings) == 1:
            why += "; there is but one type"
        elif len(set(expected.values())) > 1:
            better = max(expected, key=lambda reading: expected[reading])
            why += f"; scheduler.bestFitProgressive: {better} is nearer to the record (not written: look at it)"
        yield TypesLearned(name, environment.allocation_strategy, launched, expected, n, why)


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


_Waiting = Sequence[tuple[float, float, Shape]]


def _waiting_for(jobs: Sequence[RecordedJob], environment: ComputeEnvironment, scenario: Scenario) -> _Waiting:
    """From when to when each job waited that goes to an environment first, and what it asked for."""
    attached = {queue.name: scenario.configuration.attached(queue) for queue in scenario.configuration.queues}
    found = []
    for job in jobs:
        asked = job.asked
        if job.size or math.isnan(asked.vcpus) or math.isnan(asked.memory_mib):
            continue
        shape = Shape(asked.vcpus, int(asked.memory_mib), int(asked.gpus))
        first = next((each for each in attached.get(job.queue, ()) if each.can_hold(shape)), None)
        if first is not None and first.name == environment.name:
            since = job.runnable[0] if job.runnable else job.created_at
            started = min((each.started_at for each in job.attempts), default=math.nan)
            found.append((since, job.starting[0] if job.starting else started, shape))
    return sorted(found, key=lambda each: each[0])


def _expected(
    launches: Sequence[ScalingActivity], kinds: Mapping[str, str], environment: ComputeEnvironment, waiting: _Waiting
) -> tuple[dict[str, int], int]:
    """How often each reading launches what was launched, and how often that can be told."""
    agreed: dict[str, int] = dict.fromkeys(READINGS, 0)
    n = 0
    for at, types in _decisions(launches, kinds):
        demand: Demand = Counter(shape for since, until, shape in waiting if since <= at < until)
        offerings = environment.offerings_at(0.0)
        able = {shape: count for shape, count in demand.items() if any(each.holds(shape) for each in offerings)}
        if not able:
            continue
        n += 1
        for reading in READINGS:
            packing, _ = choose(environment.allocation_strategy, offerings, dict(able), reading)
            agreed[reading] += packing.offering.instance_type in types
    return agreed, n


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
