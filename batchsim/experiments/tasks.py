"""One run as a task: what decides its result, the key of that, and executing it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel

from batchsim._version import __version__
from batchsim.errors import BatchsimError
from batchsim.experiments.run import run_once
from batchsim.scenario.scenario import Scenario
from batchsim.spec.traces import Trace


@dataclass(frozen=True, eq=False)
class Task:
    """One replication of a scenario.

    Attributes
    ----------
    scenario : Scenario
        What is run.
    seed, replication : int
        Of the random numbers.
    labels : dict of str to str
        What tells it from others of an experiment: by parameter the label of its value. They do not bear on the result.
    """

    scenario: Scenario
    seed: int
    replication: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that decides the result."""
        scenario = self.scenario
        decides = {
            "version": __version__,
            "region": scenario.region,
            "start": scenario.start.isoformat(),
            "duration": scenario.duration_s,
            "horizon": scenario.horizon_s,
            "configuration": _plain(scenario.configuration),
            "environment": _plain(scenario.environment),
            "sources": _plain(scenario.sources),
            "objectives": _plain(scenario.objectives),
            "catalog": scenario.catalog.digest,
            "traces": [
                hashlib.sha256((scenario.base / source.path).read_bytes()).hexdigest()
                for source in scenario.sources
                if isinstance(source, Trace)
            ],
            "seed": self.seed,
            "replication": self.replication,
        }
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a task.

    Attributes
    ----------
    key : str
        That of the task.
    summary : str or None
        The run's summary as JSON; None of one that failed.
    error : str or None
        Why it failed, in one line.
    """

    key: str
    status: Literal["done", "failed"]
    summary: str | None = None
    error: str | None = None


def execute(task: Task) -> Finished:
    """Run a task; what goes wrong in it makes it a failed one."""
    try:
        summary = run_once(task.scenario, task.seed, task.replication).summary
    except BatchsimError as error:
        return Finished(task.key, "failed", error=" ".join(str(error).split("\n")))
    return Finished(task.key, "done", json.dumps(summary, allow_nan=False, separators=(",", ":")))


def _plain(value: Any) -> Any:
    """Values as JSON has them, the kind of each object included."""
    if isinstance(value, BaseModel):
        members = {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        return {"": type(value).__name__, **members}
    if is_dataclass(value):
        return {"": type(value).__name__, **{each.name: _plain(getattr(value, each.name)) for each in fields(value)}}
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    return value.isoformat() if isinstance(value, date) else value
