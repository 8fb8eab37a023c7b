"""batchsim's own sections as frozen models that know every key, and the workload's entries."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from batchsim.scenario.sections.deployment import Deployment
from batchsim.spec.assumptions import Environment
from batchsim.spec.distributions import Delay
from batchsim.spec.fields import Probability, Seconds, Section
from batchsim.units import DAY, HOUR, MINUTE, parse_duration, parse_instant, parse_timezone

_RATE = re.compile(r"\s*(\d+(?:\.\d+)?(?:[eE]\d+)?)\s*/\s*(s|m|h|d)\s*")
_PER = {"s": 1.0, "m": MINUTE, "h": HOUR, "d": DAY}


def _rate(value: object) -> float:
    """Arrivals per hour of ``120/h``, ``2/m`` or a plain number per hour."""
    if isinstance(value, str) and (match := _RATE.fullmatch(value)):
        rate = float(match[1]) * HOUR / _PER[match[2]]
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        rate = float(value)
    else:
        raise ValueError(f"{value!r} is not a rate; expected arrivals per hour, or a text such as 120/h or 2/m")
    if not 0 < rate < float("inf"):
        raise ValueError(f"{value!r} is not a rate; expected more than 0")
    return rate


def _instant(value: object) -> str | float:
    """An instant: an ISO text is kept until the start is known, anything else is a duration since it."""
    if isinstance(value, str) and re.match(r"\s*\d{4}-", value):
        parse_instant(value)
        return value
    return parse_duration(value)


Instant = Annotated[str | float, BeforeValidator(_instant)]


def _as_list(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,)


CRON_FIELDS = 5

Instants = Annotated[tuple[Instant, ...], BeforeValidator(_as_list), Field(min_length=1)]
Factors = Annotated[
    tuple[Annotated[float, Field(ge=0)], ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)
]


class Profile(Section):
    """How a Poisson rate varies: factors by hour of day (24, from midnight UTC) and day of week (7, from Monday)."""

    hour_of_day: Annotated[Factors, Field(min_length=24, max_length=24)] = (1.0,) * 24
    day_of_week: Annotated[Factors, Field(min_length=7, max_length=7)] = (1.0,) * 7

    @model_validator(mode="after")
    def _some(self) -> Profile:
        if not any(self.hour_of_day) or not any(self.day_of_week):
            raise ValueError("expected at least one factor above 0")
        return self


class Poisson(Section):
    """Arrivals at random, so many an hour; `rate` holds where the profile's factors are 1."""

    rate: Annotated[float, BeforeValidator(_rate)]
    profile: Profile = Profile()


class Arrivals(Section):
    """When a workflow is submitted: exactly one of the five ways, each over the scenario's duration.

    ``jitter`` delays each arrival: a duration by a uniform share of it, a distribution by a draw.
    """

    at: Instants | None = None
    every: Annotated[float, BeforeValidator(parse_duration), Field(gt=0)] | None = None
    cron: str | None = None
    poisson: Poisson | None = None
    trace: Instants | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    from_: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None
    timezone: str = "UTC"
    jitter: Delay | None = None

    @field_validator("cron")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None:
            from datetime import UTC, datetime

            from cronsim import CronSim, CronSimError

            # The library takes six since 2.7, and reads the first as seconds; the last of EventBridge's is years.
            if len(value.split()) == CRON_FIELDS + 1:
                raise ValueError(
                    f"{value!r} is not a cron expression (six fields: neither seconds nor years are read); "
                    "expected five fields such as 0 2 * * *"
                )
            try:
                CronSim(value, datetime(2026, 1, 1, tzinfo=UTC))
            except CronSimError as error:
                raise ValueError(
                    f"{value!r} is not a cron expression ({error}); expected five fields such as 0 2 * * *"
                ) from None
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        return parse_timezone(value)

    @model_validator(mode="after")
    def _one(self) -> Arrivals:
        given = [name for name in ("at", "every", "cron", "poisson", "trace") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("expected exactly one of at, every, cron, poisson, trace")
        return self


class Failure(Section):
    """How a job's attempts fail: so likely, with this exit code, so long into the run (default: at its end).

    ``reason`` is what ECS says of the container (API ContainerSummary.reason), for ``evaluateOnExit``. With ``toStart``
    the container never runs: the attempt ends when it would have, with "Task failed to start" and no exit code.
    """

    probability: Probability
    exit_code: Annotated[int, Field(ge=1, le=255)] = 1
    after: Delay | None = None
    reason: Annotated[str, Field(max_length=255)] = ""
    to_start: bool = False

    @model_validator(mode="after")
    def _starts(self) -> Failure:
        if self.to_start and self.model_fields_set & {"exit_code", "after"}:
            raise ValueError("what fails to start has no exitCode and no after")
        return self


class WorkflowJob(Section):
    """One job of a workflow: SubmitJob's own members, and what only the simulation knows."""

    submit: dict[str, Any]
    runtime: Delay
    failure: Failure | None = None

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, dict) and "submit" not in value:
            own = {key: value[key] for key in ("runtime", "failure") if key in value}
            return {"submit": {key: item for key, item in value.items() if key not in own}, **own}
        return value


class Workflow(Section):
    """A DAG of jobs; one arrival submits all of it."""

    workflow: Annotated[str, Field(min_length=1)]
    arrivals: Arrivals | None = None
    jobs: tuple[WorkflowJob, ...] = Field(min_length=1)

    @field_validator("jobs", mode="before")
    @classmethod
    def _tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class Trace(Section):
    """A recorded workload, replayed: once at the scenario's start, or at each of its arrivals."""

    format: Literal["swf", "wfformat", "describe-jobs", "csv", "parquet"]
    path: str
    name: str | None = None
    job_queue: str | None = None
    job_definition: str | None = None
    memory_per_vcpu: Annotated[float, Field(gt=0)] | None = None
    queues: dict[str, str] = Field(default_factory=dict)
    leave_out: tuple[Literal["tooWide", "overrun", "overlap"], ...] = ()
    arrivals: Arrivals | None = None

    @field_validator("leave_out", mode="before")
    @classmethod
    def _tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _of_swf(self) -> Trace:
        for name, member in (("memory_per_vcpu", "memoryPerVcpu"), ("queues", "queues"), ("leave_out", "leaveOut")):
            if self.format != "swf" and name in self.model_fields_set:
                raise ValueError(f"{member} is of the format swf; a trace of {self.format} has no use for it")
        return self

    @property
    def workflow(self) -> str:
        """The name that its jobs have for a workflow's."""
        return self.name or Path(self.path).name.partition(".")[0]


class TraceSource(Section):
    """An entry of the workload that replays a trace."""

    trace: Trace


#: A scenario's and a variant's name are those of folders too.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


def _name(value: str) -> str:
    if not re.fullmatch(NAME, value):
        raise ValueError(f"{value!r} is no name; expected letters, digits, - _ . and a letter or digit first")
    return value


class Ignored(Section):
    """A rule whose findings are not told, by its code, and why."""

    rule: str
    reason: str | None = None


def _ignored(value: object) -> object:
    return {"rule": value} if isinstance(value, str) else value


class Frame(Section):
    """A scenario's own top-level members, without those that are checked elsewhere."""

    name: Annotated[str, AfterValidator(_name)]
    region: str = "us-east-1"
    start: str = "2026-01-01T00:00:00Z"
    duration: Seconds | None = None
    horizon: Seconds | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    environment: Environment = Environment()
    deployment: Deployment | None = None
    ignore: Annotated[tuple[Annotated[Ignored, BeforeValidator(_ignored)], ...], BeforeValidator(_as_list)] = ()

    @field_validator("start")
    @classmethod
    def _start(cls, value: str) -> str:
        return parse_instant(value).isoformat().replace("+00:00", "Z")
