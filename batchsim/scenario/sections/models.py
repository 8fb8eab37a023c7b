"""batchsim's own sections as frozen models that know every key, and the workload's entries."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from batchsim.scenario.sections.deployment import Deployment
from batchsim.spec.arrivals import Arrivals
from batchsim.spec.assumptions import Assumptions, measured
from batchsim.spec.distributions import Delay
from batchsim.spec.fields import DURATION_TEXT, Seconds, Section, as_tuple, one_or_more, written
from batchsim.spec.traces import Trace
from batchsim.spec.workflows import Failure
from batchsim.units import MOST_SECONDS, parse_duration, parse_instant

AUTO: Final = "auto"


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
    jobs: Annotated[tuple[WorkflowJob, ...], BeforeValidator(as_tuple)] = Field(min_length=1)


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


#: A rule as it is written: its code alone, or with a reason.
_Rule = Annotated[str, Field(json_schema_extra={"title": "rule"})] | Ignored


def _warm_up(value: object) -> str | float:
    """A duration, or ``auto``."""
    if value == AUTO:
        return AUTO
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or {AUTO}") from None


WarmUp = Annotated[
    Literal["auto"] | float,
    BeforeValidator(_warm_up),
    written(
        "warm-up",
        "A duration, such as 2h, or auto: as MSER-5 finds it.",
        rf"{AUTO}|{DURATION_TEXT}",
        minimum=0,
        maximum=MOST_SECONDS,
    ),
]


class Frame(Section):
    """A scenario's own top-level members, without those that are checked elsewhere."""

    name: Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME}$"})]
    region: str = "us-east-1"
    start: Annotated[str, Field(json_schema_extra={"pattern": r"^\s*\d{4}"})] = "2026-01-01T00:00:00Z"
    duration: Seconds | None = None
    horizon: Seconds | None = None
    warm_up: WarmUp | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    environment: Assumptions = Field(default_factory=measured)
    deployment: Deployment | None = None
    ignore: Annotated[
        tuple[Annotated[Ignored, BeforeValidator(_ignored)], ...],
        BeforeValidator(one_or_more, json_schema_input_type=_Rule | list[_Rule]),
    ] = ()

    @field_validator("start")
    @classmethod
    def _start(cls, value: str) -> str:
        return parse_instant(value).isoformat().replace("+00:00", "Z")
