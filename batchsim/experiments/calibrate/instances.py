"""What a history says of instances: how long they take to be there, how long they stay idle, and their memory."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import History, RecordedInstance, ScalingActivity
from batchsim.catalog.instance_types import instance_types
from batchsim.catalog.memory import usable_memory_mib
from batchsim.experiments.calibrate.delays import DelayLearned, measured
from batchsim.experiments.calibrate.spot import InstanceLife
from batchsim.scenario.batch.offerings import boot_factor
from batchsim.scenario.document.access import dig

#: What Auto Scaling's cause of a termination has in it that is no scale-in: capacity that AWS took, or that broke.
_INTERRUPTED = "spot interruption"
_NOT_SCALED_IN = (_INTERRUPTED, "health check", "rebalance", "max instance lifetime", "instance refresh")

UNKNOWN_OPTION = "nothing says which of them are Spot (--config)"


@dataclass(frozen=True)
class MemoryLearned:
    """What instances of a type registered for tasks.

    Attributes
    ----------
    mib : int
        The least of them.
    known_mib : int or None
        What the catalog has; None of a type that it does not have.
    n : int
        Instances.
    """

    instance_type: str
    mib: int
    known_mib: int | None
    n: int
    why: str


def learn_memory(history: History) -> tuple[MemoryLearned, ...]:
    """The memory of each type: one instance tells it, as far as the machine image is the same."""
    seen: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for instance in history.instances:
        if instance.instance_type and instance.memory_mib > 0:
            seen[instance.instance_type].append((instance.memory_mib, instance.image))
    return tuple(_memory(kind, told) for kind, told in sorted(seen.items()))


def _memory(kind: str, told: Sequence[tuple[float, str]]) -> MemoryLearned:
    known = instance_types().get(kind)
    amounts = sorted({int(mib) for mib, _ in told})
    images = {image for _, image in told if image}
    why = "all alike" if len(amounts) == 1 else f"the least of {amounts[0]} to {amounts[-1]} MiB"
    if len(images) > 1:
        why += f", of {len(images)} machine images"
    return MemoryLearned(kind, amounts[0], None if known is None else usable_memory_mib(known), len(told), why)


def learn_instance_delays(history: History, configuration: AccountConfiguration | None) -> Iterator[DelayLearned]:
    """From the launch to a registered instance, and from its last job to its end."""
    if not history.activities:
        yield DelayLearned(
            "launch, registration and idle time of instances", math.nan, math.nan, 0,
            "only Auto Scaling's activities tell them (aws autoscaling describe-scaling-activities)",
        )  # fmt: skip
        return
    launches = {each.ec2_instance: each for each in history.activities if each.launches}
    yield from _launches(history, launches, configuration)
    yield from _registrations(history, launches)
    yield _idle(history, configuration)


def _launches(
    history: History, launches: Mapping[str, ScalingActivity], configuration: AccountConfiguration | None
) -> Iterator[DelayLearned]:
    """From the request to a running instance, on demand and Spot, whose fulfilment is in it."""
    by_option = _launch_times(history, launches, configuration)
    of = "Auto Scaling's launches, from begin to end"
    on_demand, spot = by_option.pop("EC2", []), by_option.pop("SPOT", [])
    if on_demand:
        yield measured("launch of an instance on demand", ("ec2", "launch"), on_demand, of)
    if spot and on_demand:
        reason = "how much of it is the launch, and how much the choice of a pool, is not told"
        yield measured("launch of a Spot instance", ("ec2", "spotFulfilment"), spot, of, not_written=reason)
    elif spot:
        found = measured("launch of a Spot instance", ("ec2", "launch"), spot, f"{of}, with the choice of a pool")
        yield found
        if found.written is not None:
            pool = ("ec2", "spotFulfilment")
            yield DelayLearned("choice of a Spot pool", 0.0, 0.0, found.n, "it is in the launch", pool, 0)
    others = [each for told in by_option.values() for each in told]
    if others:
        yield measured("launch of an instance", (), others, of, not_written=UNKNOWN_OPTION)


def _launch_times(
    history: History, launches: Mapping[str, ScalingActivity], configuration: AccountConfiguration | None
) -> dict[str, list[float]]:
    """Seconds that launches took which are over, by the instance's purchase option."""
    machines = {each.ec2_instance: each for each in history.instances}
    found: dict[str, list[float]] = defaultdict(list)
    for name, launch in launches.items():
        if not math.isnan(launch.ended_at):
            option = _option(machines.get(name), launch, configuration)
            found[option].append(launch.ended_at - launch.begun_at)
    return found


def _option(
    machine: RecordedInstance | None, launch: ScalingActivity | None, configuration: AccountConfiguration | None
) -> str:
    """Whether an instance is ``EC2`` or ``SPOT``, by what is said of it or by its environment; empty if not known."""
    if machine is not None and machine.purchase_option:
        return machine.purchase_option
    if configuration is None:
        return ""
    types = configuration.environment_types
    named = (each.environment for each in (launch, machine) if each is not None and each.environment in types)
    environment = next(named, None)
    if environment is not None:
        return types[environment]
    options = {"EC2", "SPOT"}.intersection(types.values())
    return options.pop() if len(options) == 1 else ""


def _registrations(history: History, launches: Mapping[str, ScalingActivity]) -> Iterator[DelayLearned]:
    """From the running instance to the registered one, as long as a type takes that needs no longer than others."""
    catalog = instance_types()
    seconds, early = [], 0
    for machine in history.instances:
        launch = launches.get(machine.ec2_instance)
        if launch is None or math.isnan(machine.registered_at - launch.ended_at):
            continue
        kind = catalog.get(machine.instance_type)
        took = (machine.registered_at - launch.ended_at) / (1.0 if kind is None else boot_factor(kind))
        if took < 0:
            early += 1
        else:
            seconds.append(took)
    left_out = f" ({early} that registered before were left out)" if early else ""
    why = f"instances from the end of their launch to registeredAt{left_out}"
    if seconds or early:
        yield measured("boot and registration", ("ec2", "register"), seconds, why)
    else:
        yield DelayLearned("boot and registration", math.nan, math.nan, 0,
                           "only container instances tell it (aws ecs describe-container-instances)")  # fmt: skip


def _idle(history: History, configuration: AccountConfiguration | None) -> DelayLearned:
    """From the end of an instance's last job until it was scaled in.

    What an instance spent idle before it was used again, or was taken away, or what is still idle, is longer than it
    was seen to be: of an instance that was not scaled in the longest of these is known.
    """
    ends = {each.ec2_instance: each for each in history.activities if not each.launches}
    names = {each.instance: each.ec2_instance for each in history.instances}
    complete, censored = [], []
    for instance, spans in _busy(history).items():
        end = ends.get(names.get(instance, instance))
        stops, longest = _stops(spans)
        if end is not None and _is_scale_in(end) and end.begun_at >= stops:
            complete.append(end.begun_at - stops)
        elif longest > 0:
            censored.append(longest)
    why = "instances from the end of their last job to the begin of their termination, where nothing else ended them"
    reason = _kept_by(configuration)
    return measured(
        "idle time before scale-in",
        ("scheduler", "scaleDownIdle"),
        complete,
        why,
        censored=censored,
        not_written=reason,
    )


def lives_of(history: History, configuration: AccountConfiguration | None) -> dict[str, InstanceLife]:
    """What is known of instances beside their jobs, by what attempts call them."""
    launches = {each.ec2_instance: each for each in history.activities if each.launches}
    ends = {each.ec2_instance: each for each in history.activities if not each.launches}
    found = {}
    for machine in history.instances:
        launch, end = launches.get(machine.ec2_instance), ends.get(machine.ec2_instance)
        found[machine.instance] = InstanceLife(
            option=_option(machine, launch, configuration),
            running_at=math.nan if launch is None else launch.ended_at,
            ended_at=math.nan if end is None else end.begun_at,
            interrupted=end is not None and _INTERRUPTED in end.cause.lower(),
        )
    return found


def _kept_by(configuration: AccountConfiguration | None) -> str:
    """Why idle times are not the scheduler's alone; empty where they are."""
    if configuration is None:
        return ""
    for name, resources in configuration.resources.items():
        if resources.get("minvCpus"):
            return f"minvCpus keeps instances of {name} too"
        if dig(resources, "scalingPolicy", "minScaleDownDelayMinutes"):
            return f"minScaleDownDelayMinutes keeps instances of {name} too"
    return ""


def _is_scale_in(end: ScalingActivity) -> bool:
    return not any(reason in end.cause.lower() for reason in _NOT_SCALED_IN)


def _busy(history: History) -> Mapping[str, list[tuple[float, float]]]:
    """When attempts held each instance: from STARTING, where that is known, to their end."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for job in history.jobs:
        for attempt in job.attempts:
            if attempt.instance and not math.isnan(attempt.stopped_at):
                before = [at for at in job.starting if not at > attempt.started_at]
                spans[attempt.instance].append((max(before, default=attempt.started_at), attempt.stopped_at))
    return spans


def _stops(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The last end, and the longest time between jobs."""
    busy_until, longest = -math.inf, 0.0
    for begun, stopped in sorted(span for span in spans if not math.isnan(span[0])):
        if busy_until > -math.inf:
            longest = max(longest, begun - busy_until)
        busy_until = max(busy_until, stopped)
    return busy_until, longest
