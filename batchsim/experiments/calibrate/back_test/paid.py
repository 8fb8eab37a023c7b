"""What an account paid for instances, as far as Auto Scaling and ECS, or a run's results, tell of each of them.

Nothing in a history has prices. Seen are hours; an hour of a type costs what it costs in the simulation on the average,
root volume and plans included, so that what differs is how many hours of which types there were.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import History, RecordedInstance, ScalingActivity
from batchsim.experiments.calibrate.back_test.measures import FigureKey, Figures
from batchsim.experiments.calibrate.back_test.split import Split
from batchsim.results.outcome import Outcome
from batchsim.units import HOUR

NO_INSTANCES = (
    "cost_usd: a job history has no bill (launch, end and type of every instance would tell it, or a run's results); "
    "what is predicted stands alone"
)
HOURS = "cost_usd: seen are hours of instances, at what an hour of their type costs in the simulation"

#: Purchase option and instance type.
Kind = tuple[str, str]


def hours_seen(history: History, configuration: AccountConfiguration, where: Split) -> dict[Kind, float] | None:
    """Hours of instances from the cut to the record's end; None where not all of them are known."""
    options = frozenset().union(*configuration.environments.values())
    if not options <= {"EC2", "SPOT"} or not history.activities:
        return None
    machines = {each.ec2_instance: each for each in history.instances}
    launches = _launches(history)
    launched = {machines[each.ec2_instance].instance for each in launches if each.ec2_instance in machines}
    if not _used(history, where) <= launched:
        return None
    only = next(iter(options)) if len(options) == 1 else ""
    hours: dict[Kind, float] = defaultdict(float)
    for instance, ran_s in _times(history, launches, where):
        kind = _kind(machines.get(instance), only)
        if kind is None:
            return None
        hours[kind] += ran_s / HOUR
    return dict(hours)


def _launches(history: History) -> list[ScalingActivity]:
    """Launches that are over."""
    return [each for each in history.activities if each.launches and not math.isnan(each.ended_at)]


def _times(history: History, launches: Sequence[ScalingActivity], where: Split) -> Iterator[tuple[str, float]]:
    """The instances that ran after the cut, and how long."""
    ends = {each.ec2_instance: each.begun_at for each in history.activities if not each.launches}
    for each in launches:
        begin, end = max(each.ended_at, where.cut), min(ends.get(each.ec2_instance, where.end), where.end)
        if begin < end:
            yield each.ec2_instance, end - begin


def _kind(machine: RecordedInstance | None, only: str) -> Kind | None:
    """Purchase option and type of an instance, `only` where its option is not said; None where one is not known."""
    if machine is None or not machine.instance_type:
        return None
    option = machine.purchase_option or only
    return (option, machine.instance_type) if option else None


def _used(history: History, where: Split) -> set[str]:
    """The instances that attempts ran on since the cut; empty names where nothing says which."""
    return {
        attempt.instance
        for job in history.jobs
        for attempt in job.attempts
        if not attempt.started_at + attempt.length_s < where.cut and not math.isnan(attempt.started_at)
    }


def prices(outcome: Outcome) -> Iterator[tuple[FigureKey, float]]:
    """What an hour of each type cost in a simulation, on the average."""
    instances, billed = outcome.recording.instances, outcome.costs.instance_total
    hours = (instances.terminated_at - instances.paid_from) / HOUR
    for number, environment in enumerate(outcome.configuration.environments):
        here = np.flatnonzero((instances.environment == number) & (hours > 0))
        for offering in np.unique(instances.offering[here]).tolist():
            rows = here[instances.offering[here] == offering]
            kind = f"{environment.purchase_option} {environment.offerings[offering].instance_type}"
            yield FigureKey("prices", kind, "usd_per_hour"), float(billed[rows].sum() / hours[rows].sum())


def cost_seen(hours: Mapping[Kind, float] | None, simulated: Sequence[Figures]) -> Figures:
    """The cost of the hours that were seen; nothing where a type's price is not known."""
    if hours is None:
        return {}
    usd = 0.0
    for (option, instance_type), of in hours.items():
        key = FigureKey("prices", f"{option} {instance_type}", "usd_per_hour")
        known = [each[key] for each in simulated if key in each]
        if not known:
            return {}
        usd += of * math.fsum(known) / len(known)
    return {FigureKey("", "", "cost_usd"): usd}
