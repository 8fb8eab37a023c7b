"""The kinds of value that batchsim's own sections are made of: durations, sizes, rates, and the models' common base.

Keys are spelled in camelCase as in AWS's API; the attributes that hold them in Python are snake_case, with the unit
that they have been converted to.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from batchsim.units import parse_duration, parse_rate_mib_per_s, parse_size_mib


class Section(BaseModel):
    """Base of every section: frozen, equal by value, and deaf to no key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, strict=True, allow_inf_nan=False
    )


Seconds = Annotated[float, BeforeValidator(parse_duration)]
MiB = Annotated[float, BeforeValidator(parse_size_mib)]
MiBPerSecond = Annotated[float, BeforeValidator(parse_rate_mib_per_s)]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]
Probability = Annotated[float, Field(ge=0, le=1), AllowInfNan(False)]
