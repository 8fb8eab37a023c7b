"""Where it matters how AWS's words on BEST_FIT_PROGRESSIVE are read: an estimate, without simulating.

Batch "selects additional instance types that are large enough", with a "preference for instance types with lower cost
vCPUs" (API ``ComputeResource.allocationStrategy``): by that the type of the lowest price per vCPU comes first, though
another may hold more of the jobs for the money. The strategy is also said to be for when the best fitting type is
short: by that the best fit comes first. ``scheduler.bestFitProgressive`` chooses (docs/defaults.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from batchsim.engine.compute.allocation_strategies import READINGS, Demand, Reading, choose, choose_for_nodes
from batchsim.errors import Finding
from batchsim.scenario.scenario import Scenario
from batchsim.spec.configuration import ComputeEnvironment, Offering, Shape
from batchsim.spec.workload import Workload
from batchsim.units import HOUR

#: A difference in cost up to which it is not worth a word.
WORTH_A_WORD = 1.1
#: So many shapes are looked at, those that run longest; a log may have thousands.
MOST_SHAPES = 200


@dataclass(frozen=True)
class _Kind:
    """The jobs of one shape that an environment gets: how long they run in all, and how many come at once at most."""

    shape: Shape
    job_hours: float
    at_once: int


def differing_readings(scenario: Scenario, workload: Workload) -> Iterator[Finding]:
    """Environments for whose jobs the two readings differ by more than a tenth in cost.

    For each shape, the jobs that come within one look at scaling out are launched for, as far as ``maxvCpus`` goes;
    what a job then costs an hour counts as long as jobs of that shape run. They all go to the first environment of
    their queue that can hold them.
    """
    found = _kinds(scenario, workload)
    for index, environment in enumerate(scenario.configuration.environments):
        kinds = found.get(environment.name, [])
        by_price, by_fit = ([_launch(environment, kind, reading) for kind in kinds] for reading in ("price", "fit"))
        cost = [kind.job_hours * usd for kind, (usd, _) in zip(kinds, by_price, strict=True)]
        other = [kind.job_hours * usd for kind, (usd, _) in zip(kinds, by_fit, strict=True)]
        low, high = sorted((sum(cost), sum(other)))
        if high <= WORTH_A_WORD * low:
            continue
        # The shape that most of the difference is of.
        place = max(range(len(kinds)), key=lambda place: abs(cost[place] - other[place]))
        apart = f"{high / low:.1f} times" if low else "wholly"
        yield scenario.document.finding(
            ("batch", "computeEnvironments", index, "computeResources", "allocationStrategy"),
            "two-readings",
            f"AWS's words on {environment.allocation_strategy} allow two readings, {apart} apart in what these jobs "
            f"cost: for {_asked(kinds[place].shape)} {_launched('price', by_price[place])}, and "
            f"{_launched('fit', by_fit[place])}; {scenario.environment.scheduler.best_fit_progressive} is simulated",
            expected="a look at both: environment.scheduler.bestFitProgressive: price, or fit",
            severity="warning",
            source="AWS Batch API, ComputeResource.allocationStrategy",
        )


def _asked(shape: Shape) -> str:
    gpus = f", {shape.gpus} GPU" if shape.gpus else ""
    return f"jobs of {shape.vcpus:g} vCPU, {shape.memory_mib} MiB{gpus}"


def _launched(reading: Reading, launch: tuple[float, Offering]) -> str:
    return f"{reading} launches {launch[1].instance_type}, {launch[0]:.3g} USD an hour of a job"


def _kinds(scenario: Scenario, workload: Workload) -> dict[str, list[_Kind]]:
    """The kinds of jobs that each environment gets, where the reading bears on its strategy and it has a choice."""
    concerned = {each.name for each in scenario.configuration.environments if _has_choice(each)}
    if not concerned or not len(workload):
        return {}
    queues = {queue.name: scenario.configuration.attached(queue) for queue in scenario.configuration.queues}
    found: dict[str, list[_Kind]] = {}
    for queue, shape, job_hours, at_once in _demand(scenario, workload):
        environment = _launching(queues[queue], shape, concerned)
        if environment is not None:
            most = max(int(environment.max_vcpus // shape.vcpus), 1)
            found.setdefault(environment.name, []).append(_Kind(shape, job_hours, min(at_once, most)))
    for kinds in found.values():
        kinds.sort(key=lambda kind: -kind.job_hours * kind.shape.vcpus)
        del kinds[MOST_SHAPES:]
    return found


def _launching(
    attached: Sequence[ComputeEnvironment], shape: Shape, concerned: Collection[str]
) -> ComputeEnvironment | None:
    """The environment that gets such jobs of a queue, where it is a concerned one and may launch for them."""
    first = next((each for each in attached if each.can_hold(shape)), None)
    return first if first is not None and first.name in concerned and _able(first, shape) else None


def _has_choice(environment: ComputeEnvironment) -> bool:
    """Whether the reading bears on what an environment launches."""
    price, fit = (READINGS[reading].get(environment.allocation_strategy) for reading in ("price", "fit"))
    return price is not fit and len(environment.offerings_at(0.0)) > 1


def _demand(scenario: Scenario, workload: Workload) -> Iterator[tuple[str, Shape, float, int]]:
    """What each queue is asked for: its job-hours, and how many such jobs come between two evaluations at most."""
    numbers = {queue.name: number for number, queue in enumerate(scenario.configuration.queues)}
    queue = np.array([numbers[group.job_queue] for group in workload.groups])[workload.group]
    evaluation = workload.submitted_at // max(scenario.environment.scheduler.scale_up_interval, 1.0)
    pairs, of_pair = np.unique(np.column_stack([queue, workload.shape]), axis=0, return_inverse=True)
    of_pair = of_pair.ravel()
    job_hours = np.bincount(of_pair, workload.runtime_s) / HOUR
    together, counts = np.unique(np.column_stack([of_pair, evaluation]), axis=0, return_counts=True)
    at_once = np.zeros(len(pairs), np.int64)
    np.maximum.at(at_once, together[:, 0].astype(np.int64), counts)
    names = list(numbers)
    for place, (number, code) in enumerate(pairs.tolist()):
        yield names[number], workload.shapes[code], float(job_hours[place]), int(at_once[place])


def _able(environment: ComputeEnvironment, shape: Shape) -> list[Offering]:
    """The types that may be launched for a job, or for all nodes of one."""
    return [
        offering
        for offering in environment.offerings_at(0.0)
        if offering.holds(shape) and len(shape.nodes) * offering.vcpus <= environment.max_vcpus
    ]


def _launch(environment: ComputeEnvironment, kind: _Kind, reading: Reading) -> tuple[float, Offering]:
    """What an hour of a job costs on what is launched for the jobs, and the type of the first instance."""
    strategy = environment.allocation_strategy
    able = _able(environment, kind.shape)
    if kind.shape.nodes:
        offering = choose_for_nodes(strategy, able, kind.shape.nodes, reading)
        volumes = environment.volumes_usd_per_hour(offering)
        return len(kind.shape.nodes) * (offering.price_usd_per_hour + volumes), offering
    usd, types = 0.0, []
    left: Demand = {kind.shape: kind.at_once}
    while left:
        packing, _ = choose(strategy, able, left, reading)
        types.append(packing.offering)
        volumes = environment.volumes_usd_per_hour(packing.offering)
        usd += packing.repeats * (packing.offering.price_usd_per_hour + volumes)
        left[kind.shape] -= packing.repeats * packing.first[kind.shape]
        if not left[kind.shape]:
            del left[kind.shape]
    return usd / kind.at_once, types[0]
