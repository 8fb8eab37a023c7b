"""What a run needs of a scenario: plain values, without the document, the requests and the catalog they are made of."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from batchsim.errors import Finding
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.configuration import Configuration
from batchsim.spec.objectives import Objective
from batchsim.spec.price_sources import PriceSources
from batchsim.spec.traces import Trace
from batchsim.spec.updates import NO_UPDATES, Updates
from batchsim.spec.workflows import ResolvedWorkflow

#: By what a warm-up is known.
WarmUpBy = Literal["stated", "MSER-5"]
#: Members that bear on no figure but by what is read or drawn with them: the files' content and the seed decide.
BESIDES = ("name", "seed", "base")


@dataclass(frozen=True, eq=False, kw_only=True)
class ResolvedScenario:
    """A scenario as it is simulated and summed up; small enough to be sent to another process for each run.

    Attributes
    ----------
    name, region : str
        What it is called and where it runs.
    start : datetime
        Wall-clock time of simulated second 0, UTC.
    duration_s, horizon_s : float or None
        Until when jobs arrive, and when the run ends at the latest; seconds since the start.
    warm_up_s : float or None
        What figures leave out of the beginning of a steady scenario; None where it is to be found first.
    warm_up_by : {"stated", "MSER-5"} or None
        By what it is known, or to be found; None of a terminating scenario.
    seed : int
        Of all random numbers.
    sources : tuple of ResolvedWorkflow or Trace
        The workload: what each job asks for, definitions and overrides taken together.
    environment : Assumptions
        Delays, market, prices.
    objectives : tuple of Objective
        The promise.
    configuration : Configuration
        AWS's side of it, with prices.
    price_sources : PriceSources
        Where these prices come from.
    base : Path
        Folder that the paths of traces are relative to.
    updates : Updates
        What is updated while the simulation runs.
    """

    name: str
    region: str
    start: datetime
    duration_s: float | None
    horizon_s: float | None
    warm_up_s: float | None = None
    warm_up_by: WarmUpBy | None = None
    seed: int
    sources: tuple[ResolvedWorkflow | Trace, ...]
    environment: Assumptions
    objectives: tuple[Objective, ...]
    configuration: Configuration
    price_sources: PriceSources
    base: Path
    updates: Updates = NO_UPDATES

    @cached_property
    def recorded_configuration(self) -> Configuration:
        """The configuration as recordings number its types: with those that updates bring."""
        return self.updates.recorded(self.configuration)

    @property
    def resolved(self) -> ResolvedScenario:
        """These values alone, of what may hold more."""
        return ResolvedScenario(**{each.name: getattr(self, each.name) for each in fields(ResolvedScenario)})

    def placed(self, findings: Iterable[Finding], entry: tuple[str | int, ...] = ()) -> list[Finding]:  # noqa: ARG002
        """Findings with their file and line, where it is known what the scenario was read from."""
        return list(findings)

    @property
    def warm_up_is_open(self) -> bool:
        """Whether its warm-up is still to be found."""
        return self.warm_up_by is not None and self.warm_up_s is None

    @cached_property
    def content_digest(self) -> str:
        """SHA-256 of all values that decide a run's figures, but for its seed and the content of traces.

        Two scenarios that are written differently and mean the same have the same.
        """
        names = [each.name for each in fields(ResolvedScenario) if each.name not in BESIDES]
        content = [(name, _plain(getattr(self, name))) for name in names]
        # In the order in which they stand, which an order of compute environments or of prices may depend on.
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def packed(self) -> bytes:
        """These values alone, pickled for another process of ours."""
        return pickle.dumps(self.resolved, pickle.HIGHEST_PROTOCOL)


def _plain(value: Any) -> Any:
    """A value as JSON has it, the kind of each object said."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(member) for member in value]
    if isinstance(value, Mapping):
        return [[_plain(key), _plain(member)] for key, member in value.items()]
    if isinstance(value, BaseModel):
        return [type(value).__name__, *(_plain(member) for _, member in value)]
    if is_dataclass(value):
        return [type(value).__name__, *(_plain(getattr(value, each.name)) for each in fields(value))]
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no digest")
