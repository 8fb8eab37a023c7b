"""What tasks of ECS say of images: how long a pull takes where the image is not there, and where it is."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import History, RecordedTask
from batchsim.catalog.instance_types import instance_types
from batchsim.experiments.calibrate.delays import DelayLearned, measured
from batchsim.experiments.calibrate.durations import learn, rounded
from batchsim.units import MIB_PER_GIB

#: Where a pull's rate stands in a scenario, by where the pull was.
_RATES = {
    "an instance": "pullRate",
    "an instance with local storage": "localStoragePullRate",
    "Fargate": "fargatePullRate",
}


@dataclass
class _Pulls:
    """Seconds: cold ones by where and by definition, later ones of the same image, and those beside another."""

    cold: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    warm: list[float] = field(default_factory=list)
    beside: int = 0


def learn_image_delays(history: History, configuration: AccountConfiguration | None) -> Iterator[DelayLearned]:
    """Pulls, starts of containers, and of Fargate what comes before."""
    if not history.tasks:
        why = "only tasks of ECS tell it (aws ecs describe-tasks, or their events)"
        yield DelayLearned("image pull and start of the container", math.nan, math.nan, 0, why)
        return
    pulls = _sorted_pulls(history)
    yield from _cold(pulls, configuration)
    yield from _warm(pulls)
    yield from _starts(history)


def _warm(pulls: _Pulls) -> Iterator[DelayLearned]:
    beside = f" ({pulls.beside} that began while the first was pulling were left out)" if pulls.beside else ""
    if pulls.warm or pulls.beside:
        why = f"tasks whose image an earlier one on their instance had pulled, pullStartedAt to pullStoppedAt{beside}"
        yield measured("pull of an image that is there", ("image", "warm"), pulls.warm, why, is_distribution=False)


def _starts(history: History) -> Iterator[DelayLearned]:
    """Of the container after the pull, and of a Fargate task before it."""
    starts = [each.started_at - each.pull_stopped_at for each in history.tasks]
    starts = [each for each in starts if each >= 0]
    why = "tasks from pullStoppedAt to startedAt"
    yield measured("start of the container", ("image", "containerStart"), starts, why, is_distribution=False)
    fargate = [each.pull_started_at - each.created_at for each in history.tasks if not each.instance]
    if fargate:
        why = "Fargate tasks from createdAt to pullStartedAt"
        yield measured("start of a Fargate task", ("fargate", "start"), [e for e in fargate if e >= 0], why)


def _sorted_pulls(history: History) -> _Pulls:
    definitions = {each.task: job.definition for job in history.jobs for each in job.attempts if each.task}
    kinds = {each.instance: each.instance_type for each in history.instances}
    pulls = _Pulls()
    first: dict[tuple[str, str], RecordedTask] = {}
    for task in sorted(history.tasks, key=lambda task: (task.pull_started_at, task.task)):
        seconds = task.pull_stopped_at - task.pull_started_at
        if math.isnan(seconds):
            continue
        before = first.get((task.instance, task.image))
        if not task.instance or before is None:
            first[task.instance, task.image] = task
            definition = definitions.get(task.task, "")
            pulls.cold[_where(task, kinds), definition].append(seconds)
        elif task.pull_started_at < before.pull_stopped_at:
            pulls.beside += 1
        else:
            pulls.warm.append(seconds)
    return pulls


def _where(task: RecordedTask, kinds: Mapping[str, str]) -> str:
    if not task.instance:
        return "Fargate"
    kind = instance_types().get(kinds.get(task.instance, ""))
    return "an instance with local storage" if kind is not None and kind.local_storage_gb else "an instance"


def _stated_mib(definition: str, configuration: AccountConfiguration | None) -> float | None:
    """The stated size of a definition's image; None where none is, or of tasks of no job."""
    return configuration.image_mib(definition) if configuration is not None and definition else None


def _cold(pulls: _Pulls, configuration: AccountConfiguration | None) -> Iterator[DelayLearned]:
    """Seconds by definition; where their images' sizes are stated, the rate, and how far single pulls are from it."""
    rates: dict[str, list[float]] = defaultdict(list)
    for (where, definition), seconds in sorted(pulls.cold.items()):
        size = _stated_mib(definition, configuration)
        if size is not None and size > 0:
            rates[where] += [size / each for each in seconds if each > 0]
        reason = f"a scenario has sizes and rates: state image.jobDefinitions.{definition or 'NAME'}.size"
        told = "the rate is, where there are enough" if size is not None else reason
        name = f"first pull of the image of {definition or 'tasks of no job in the history'} on {where}"
        yield measured(name, (), seconds, "tasks from pullStartedAt to pullStoppedAt", not_written=told)
    for where, each in rates.items():
        yield from _rate(where, each)


def _rate(where: str, rates: Sequence[float]) -> Iterator[DelayLearned]:
    """The median rate, as what a GiB takes, and how single pulls stray from it."""
    gib = [MIB_PER_GIB / each for each in rates]
    why = "pulls of images whose size is stated"
    found = measured(f"pull of 1 GiB on {where}", ("image", _RATES[where]), gib, why)
    if found.written is None:
        yield found
        return
    median = float(np.quantile(rates, 0.5))
    yield replace(found, written=rounded(median), why=f"{why}; written as {rounded(median):g} MiB/s, their median rate")
    if where == "an instance":
        spread = learn([median / each for each in rates])
        yield replace(found, delay="spread of such pulls", key=("image", "jitter"), written=spread.written,
                      why=f"{why}, as a factor; {spread.by}: {spread.why}")  # fmt: skip
