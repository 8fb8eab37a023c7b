"""When a workflow or a trace is submitted: the ways to say it, each over the scenario's duration."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from batchsim.spec.cron import CRON_PATTERN, parse_cron
from batchsim.spec.distributions import Delay
from batchsim.spec.fields import DURATION_TEXT, Seconds, Section, one_of, one_or_more, written
from batchsim.units import DAY, HOUR, MINUTE, MOST_SECONDS, parse_duration, parse_instant, parse_timezone

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


Rate = Annotated[
    float,
    BeforeValidator(_rate),
    written("rate", "Arrivals per hour, or a text such as 120/h, 2/m.", _RATE.pattern, exclusiveMinimum=0),
]
Instant = Annotated[
    str | float,
    BeforeValidator(_instant),
    written(
        "instant",
        "An instant: a duration since the start, such as 6h, or ISO 8601 such as 2026-11-02T20:00:00Z.",
        rf"\s*\d{{4}}-.*|{DURATION_TEXT}",
        minimum=0,
        maximum=MOST_SECONDS,
    ),
]


#: The ways to say when.
WAYS = ("at", "every", "cron", "poisson", "trace", "days")

_INSTANTS = Annotated[list[Instant], Field(min_length=1)]
Instants = Annotated[
    tuple[Instant, ...], Field(min_length=1), BeforeValidator(one_or_more, json_schema_input_type=Instant | _INSTANTS)
]
_ListAsTuple = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
_Factors = tuple[Annotated[float, Field(ge=0)], ...]


class Profile(Section):
    """How a Poisson rate varies: factors by hour of day (24, from midnight UTC) and day of week (7, from Monday)."""

    hour_of_day: Annotated[_Factors, Field(min_length=24, max_length=24), _ListAsTuple] = (1.0,) * 24
    day_of_week: Annotated[_Factors, Field(min_length=7, max_length=7), _ListAsTuple] = (1.0,) * 7

    @model_validator(mode="after")
    def _some(self) -> Profile:
        if not any(self.hour_of_day) or not any(self.day_of_week):
            raise ValueError("expected at least one factor above 0")
        return self


class Poisson(Section):
    """Arrivals at random, so many an hour; `rate` holds where the profile's factors are 1."""

    rate: Rate
    profile: Profile = Profile()


def _date(value: str) -> str:
    try:
        if date.fromisoformat(value).isoformat() == value:  # which takes other forms of the same day, too
            return value
    except ValueError:
        pass
    raise ValueError(f"{value!r} is not a date; expected one such as 2026-11-02")


_Date = Annotated[str, AfterValidator(_date)]
_TimesOfDay = Annotated[tuple[Annotated[Seconds, Field(lt=DAY)], ...], _ListAsTuple]


class Days(Section):
    """Arrivals as on whole recorded days, one drawn for each day that is simulated.

    ``record`` holds the times since midnight (UTC) by date; a day without any is a day, too. With ``draw: weekday`` one
    is drawn of those of the same weekday, or of all where there is none; with ``any`` of all.
    """

    record: Annotated[dict[_Date, _TimesOfDay], Field(min_length=1)]
    draw: Literal["weekday", "any"] = "weekday"

    @model_validator(mode="after")
    def _some(self) -> Days:
        if not any(self.record.values()):
            raise ValueError("nothing arrives on any day of the record; expected at least one arrival")
        return self


def varies(arrivals: Arrivals) -> str:
    """Why arrivals do not come at one rate: they follow the clock; empty where they do."""
    if arrivals.cron is not None:
        return "arrives by cron"
    if arrivals.days is not None:
        return "arrives as on recorded days"
    profile = None if arrivals.poisson is None else arrivals.poisson.profile
    if profile is not None and any(len(set(each)) > 1 for each in (profile.hour_of_day, profile.day_of_week)):
        return "arrives by the hour of day or the day of week"
    return ""


class Arrivals(Section):
    """When a workflow is submitted: exactly one of the six ways, each over the scenario's duration.

    ``jitter`` delays each arrival: a duration by a uniform share of it, a distribution by a draw.
    """

    model_config = ConfigDict(json_schema_extra=one_of(*WAYS))

    at: Instants | None = None
    every: Annotated[Seconds, Field(gt=0)] | None = None
    cron: Annotated[str, Field(json_schema_extra={"pattern": CRON_PATTERN})] | None = None
    poisson: Poisson | None = None
    trace: Instants | None = None
    days: Days | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    from_: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None
    timezone: str = "UTC"
    jitter: Delay | None = None

    @field_validator("cron")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        return None if value is None else parse_cron(value)

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        return parse_timezone(value)

    @model_validator(mode="after")
    def _one(self) -> Arrivals:
        if sum(getattr(self, name) is not None for name in WAYS) != 1:
            raise ValueError(f"expected exactly one of {', '.join(WAYS)}")
        return self
