"""How large images are by how long Fargate tasks take from STARTING to RUNNING, where nothing states it.

A Fargate task pulls its image each time: from STARTING to RUNNING it starts, pulls, and its container starts. What the
start and the rate of pulls are assumed as leaves a size with which all three take as long as was recorded. On EC2 some
find the image there, so that events do not tell it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import History
from batchsim.experiments.calibrate.delays import LEAST_TO_WRITE, DelayLearned, starting_times
from batchsim.spec.assumptions import Assumptions

_FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})

_NAME = "STARTING to RUNNING on Fargate"


def learn_fargate_images(history: History, configuration: AccountConfiguration | None) -> Iterator[DelayLearned]:
    """Sizes by job definition, of those whose size is not stated; nothing where tasks of ECS tell of pulls."""
    if configuration is None or history.tasks:
        return
    by_definition = _by_definition(history, configuration)
    seconds = [each for of in by_definition.values() for each in of]
    if not seconds:
        return
    sizes, why = _sizes(by_definition, configuration)
    p50_s, p95_s = (float(np.quantile(seconds, share)) for share in (0.5, 0.95))
    written = {name: {"size": f"{mib:.4g}MiB"} for name, mib in sizes.items()} or None
    yield DelayLearned(_NAME, p50_s, p95_s, len(seconds), why, ("image", "jobDefinitions"), written)


def _by_definition(history: History, configuration: AccountConfiguration) -> dict[str, list[float]]:
    """Seconds from STARTING to RUNNING of jobs that can run on Fargate alone, and whose image's size is not stated."""
    environments = configuration.environments
    found: dict[str, list[float]] = defaultdict(list)
    for job in history.jobs:
        kinds = environments.get(job.queue, frozenset())
        if kinds and kinds <= _FARGATE:
            found[job.definition] += starting_times(job)
    return {name: seconds for name, seconds in sorted(found.items()) if configuration.image_mib(name) is None}


def _sizes(by_definition: dict[str, list[float]], configuration: AccountConfiguration) -> tuple[dict[str, float], str]:
    """MiB by definition, and how they come about."""
    try:
        assumed = Assumptions.model_validate(dict(configuration.environment))
    except ValueError:  # told where the scenario is read
        return {}, "not written: the configuration's environment has faults"
    rest = assumed.fargate.start.mean_s() + assumed.image.container_start
    per_s = assumed.image.fargate_pull_rate / assumed.image.jitter.mean_s()
    sizes, left = {}, []
    for name, seconds in by_definition.items():
        pull = float(np.mean(seconds)) - rest
        if len(seconds) < LEAST_TO_WRITE:
            left.append(f"{name} not: {len(seconds)} of the {LEAST_TO_WRITE} that it takes")
        elif pull <= 0:
            left.append(f"{name} not: a task's start is assumed to take longer, {rest:.0f} s")
        else:
            sizes[name] = pull * per_s
    told = ", ".join(f"{name} {mib:.4g} MiB" for name, mib in sizes.items())
    why = f"no image's size is stated; written as sizes that take so long on the average ({told})"
    return sizes, "; ".join([why if told else "no image's size is stated", *left])
