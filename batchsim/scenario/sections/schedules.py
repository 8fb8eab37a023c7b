"""A parameter that is a schedule: one value between two times of day, another one for the rest of the day.

It becomes two entries of ``updates:`` and the value that the simulation begins with::

    night: {schedule: {path: …minvCpus, outside: 0, inside: [0, 32, 64], from: ["18:00", "20:00"], until: "06:00"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import product
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from batchsim.spec.fields import Section
from batchsim.units import parse_instant, parse_timezone

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
UPDATES = "updates"


def _clock(value: str) -> str:
    if not re.fullmatch(_CLOCK, value):
        raise ValueError(f"{value!r} is not a time of day; expected one such as 06:00 or 20:30")
    return value


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


_SOME = Field(min_length=1)
_Clock = Annotated[str, AfterValidator(_clock), Field(json_schema_extra={"pattern": f"^{_CLOCK}$"})]
_Clocks = Annotated[
    tuple[_Clock, ...], BeforeValidator(_listed, json_schema_input_type=_Clock | Annotated[list[_Clock], _SOME]), _SOME
]
_Level = str | int | float | bool
_Levels = Annotated[
    tuple[_Level, ...], BeforeValidator(_listed, json_schema_input_type=_Level | Annotated[list[_Level], _SOME]), _SOME
]


def _others(given: Any, names: Iterable[str]) -> list[Any]:
    """The entries of ``updates:`` that are not those of a schedule."""
    own = [f"{each}-{end}" for each in names for end in ("from", "until")]
    entries = given if isinstance(given, list) else []
    return [each for each in entries if not (isinstance(each, dict) and each.get("name") in own)]


class ScheduledLevels(Section):
    """Values of one path by the time of day: all combinations are tried, and each value alone, without a schedule.

    Attributes
    ----------
    path : str
        Dotted, of what an update may set.
    outside, inside : tuple
        The values for the rest of the day, and between the two times.
    from_, until : tuple of str
        Times of day; a night ends on the next day.
    timezone : str
        Whose times they are.
    """

    path: str
    outside: _Levels
    inside: _Levels
    from_: Annotated[_Clocks, Field(alias="from")]
    until: _Clocks
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        return parse_timezone(value)

    def labelled(
        self, name: str, names: Iterable[str], values: Mapping[str, Any], start: str
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """A label and what it makes of a scenario, of each combination once.

        Parameters
        ----------
        name : str
            The parameter's, by which its entries are known again.
        names : iterable of str
            Of all parameters that are schedules.
        values : mapping
            Of the scenario, whose other entries stay.
        start : str
            When the simulation begins.
        """
        given = values.get(UPDATES)
        others = _others(given, names)
        without = {UPDATES: others} if given is not None else {}
        told: set[str] = set()
        for outside, inside, begin, end in product(self.outside, self.inside, self.from_, self.until):
            if begin == end:
                continue
            if outside == inside:
                label, overrides = str(outside), {self.path: outside, **without}
            else:
                entries = [self._entry(f"{name}-from", begin, inside), self._entry(f"{name}-until", end, outside)]
                first = inside if self._is_within(start, begin, end) else outside
                label = f"{inside} from {begin} to {end} else {outside}"
                overrides = {self.path: first, UPDATES: [*others, *entries]}
            if label not in told:
                told.add(label)
                yield label, overrides

    def _entry(self, name: str, clock: str, value: Any) -> dict[str, Any]:
        hour, minute = map(int, clock.split(":"))
        zone = {} if self.timezone == "UTC" else {"timezone": self.timezone}
        return {"name": name, "cron": f"{minute} {hour} * * *", **zone, "set": {self.path: value}}

    def _is_within(self, start: str, begin: str, end: str) -> bool:
        """Whether the simulation begins between the two times."""
        from zoneinfo import ZoneInfo

        instant: datetime = parse_instant(start)
        clock = f"{instant.astimezone(ZoneInfo(self.timezone)):%H:%M}"
        return begin <= clock < end if begin < end else clock >= begin or clock < end
