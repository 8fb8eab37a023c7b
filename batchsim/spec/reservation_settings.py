"""``environment.capacity.reservations``: capacity reservations as a scenario states them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from batchsim.errors import did_you_mean
from batchsim.spec.arrivals import Instant
from batchsim.spec.fields import Names, Section
from batchsim.units import seconds_after

_KINDS = ("on-demand", "capacity-block")
_LINUX = "Linux/UNIX"


def _kind(value: Any) -> Any:
    if value in _KINDS:
        return value
    raise ValueError("expected on-demand or capacity-block" + did_you_mean(str(value), _KINDS))


def _only(word: str, why: str) -> BeforeValidator:
    """A member of the reservation's own that has one value here; any other is refused by name."""

    def check(value: Any) -> Any:
        if value != word:
            raise ValueError(f"{value!r} is not modelled: {why}; expected {word}")
        return value

    return BeforeValidator(check, json_schema_input_type=Literal[word])


class CapacityReservation(Section):
    """An On-Demand Capacity Reservation, paid whether used or not, or a Capacity Block, paid in advance.

    ``matching`` is EC2's ``InstanceMatchCriteria``; ``id`` and ``groups`` are what launch templates may target, besides
    the ``name``. ``price`` is what a Capacity Block's offer says, of all its instances for its whole time.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"kind": {"const": "capacity-block"}}, "required": ["kind"]},
            "then": {"required": ["until", "price"]},
            "else": {"properties": {"price": False}},
        }
    )

    name: Annotated[str, Field(min_length=1)]
    kind: Annotated[Literal["on-demand", "capacity-block"], BeforeValidator(_kind)] = "on-demand"
    instance_type: str
    zone: str
    instances: int = Field(ge=1)
    from_: Instant = Field(default=0.0, alias="from")
    until: Instant | None = None
    matching: Literal["open", "targeted"] | None = None
    price: Annotated[float, Field(ge=0)] | None = None
    id: Annotated[str, Field(min_length=1)] | None = None
    groups: Names = ()
    tenancy: Annotated[str, _only("default", "Batch's instances share hardware")] = "default"
    platform: Annotated[str, _only(_LINUX, "Batch's instances run Linux")] = _LINUX

    @model_validator(mode="after")
    def _whole(self) -> CapacityReservation:
        if not self.is_block:
            if self.price is not None:
                raise ValueError(
                    "price is a Capacity Block's; a reservation costs the on-demand rate, which prices.overrides states"
                )
        elif self.price is None or self.until is None:
            lacking = "price" if self.price is None else "until"
            raise ValueError(f"a Capacity Block without {lacking}; expected what its offer says: price, until")
        elif self.matching == "open":
            raise ValueError("a Capacity Block takes only instances that target it; expected matching: targeted")
        return self

    @property
    def is_block(self) -> bool:
        """Whether it is a Capacity Block."""
        return self.kind == "capacity-block"

    @property
    def is_open(self) -> bool:
        """Whether instances that target nothing run in it; EC2's default of a reservation."""
        return not self.is_block and self.matching != "targeted"

    def span(self, start: datetime) -> tuple[float, float]:
        """From when until when, in seconds since the scenario's start; infinite without an end."""
        return seconds_after(self.from_, start), math.inf if self.until is None else seconds_after(self.until, start)
