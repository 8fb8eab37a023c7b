"""The kinds of value that batchsim's own sections are made of: durations, sizes, rates, and the models' common base.

Keys are spelled in camelCase as in AWS's API; the attributes that hold them in Python are snake_case, with the unit
that they have been converted to.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict

from batchsim.units import DURATION, MOST_MIB, MOST_SECONDS, SIZE, parse_duration, parse_rate_mib_per_s, parse_size_mib


class Section(BaseModel):
    """Base of every section: frozen, equal by value, and deaf to no key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, strict=True, allow_inf_nan=False
    )


def as_tuple(value: object) -> object:
    """A list as it is kept; anything else is pydantic's to judge."""
    return tuple(value) if isinstance(value, list) else value


def one_or_more(value: object) -> object:
    """One entry, or a list of some."""
    return tuple(value) if isinstance(value, list) else (value,)


def written(title: str, description: str, pattern: str, **number: float) -> WithJsonSchema:
    """What an editor is told of a value that is a number or a text: JSON Schema of how it is written.

    Parameters
    ----------
    title : str
        The name of the kind of value, under which the schema of a scenario holds it once.
    pattern : str
        Of the whole text.
    **number
        Bounds of the number.
    """
    schema = {"type": ["number", "string"], **number, "pattern": f"^(?:{pattern})$"}
    # The last is what editors say instead of the pattern.
    return WithJsonSchema({"title": title, "description": description, **schema, "patternErrorMessage": description})


#: A duration as a text: with units, or a bare number of seconds.
DURATION_TEXT = rf"{DURATION.pattern}|\s*\d+(\.\d+)?\s*"

Seconds = Annotated[
    float,
    BeforeValidator(parse_duration),
    written(
        "duration",
        "A duration: seconds, or a text such as 250ms, 8m, 1h30m, 7d.",
        DURATION_TEXT,
        minimum=0,
        maximum=MOST_SECONDS,
    ),
]
MiB = Annotated[
    float,
    BeforeValidator(parse_size_mib),
    written("size", "A size: MiB, or a text such as 500MiB, 30GiB.", SIZE.pattern, minimum=0, maximum=MOST_MIB),
]
MiBPerSecond = Annotated[
    float,
    BeforeValidator(parse_rate_mib_per_s),
    written(
        "transfer rate",
        "A rate of transfer: MiB per second, or a text such as 45MiB/s.",
        rf"{SIZE.pattern}(/s)?\s*",
        exclusiveMinimum=0,
        maximum=MOST_MIB,
    ),
]
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Probability = Annotated[float, Field(ge=0, le=1), AllowInfNan(False)]


def one_of(*members: str) -> JsonDict:
    """JSON Schema of a section that has exactly one of some members."""
    return {"oneOf": [{"required": [member]} for member in members]}


def none_beside(condition: JsonDict, *members: str) -> JsonDict:
    """JSON Schema of a section that has none of some members where a condition holds."""
    return {"if": condition, "then": {"properties": dict.fromkeys(members, False)}}
