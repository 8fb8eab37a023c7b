"""The ``sweep:`` and ``search:`` sections: what is varied, and the values that it takes.

A parameter is a dotted path of the scenario with its values, or a word with choices, each of which sets several paths
together. The forms::

    batch.computeEnvironments.spot.computeResources.maxvCpus: {from: 32, to: 512, step: 32}
    batch.computeEnvironments.spot.computeResources.instanceTypes: {values: [[c6i], [m6i, m6a]]}
    environment.spot.together: [0, 0.5, 1]
    size: {choices: {small: {path: value, …}, large: {path: value, …}}}
    night: {schedule: {path: path, outside: 0, inside: [32, 64], from: ["18:00", "20:00"], until: "06:00"}}

What is found here is of form and of paths; whether a value fits where it is put, `batchsim.scenario.checking` finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from batchsim.errors import Finding, nearest
from batchsim.scenario.batch.update_calls import changes_of
from batchsim.scenario.document.document import Document, Place, Where
from batchsim.scenario.document.overrides import NOWHERE, Nowhere, paths_of_key, place_of
from batchsim.scenario.sections.model_errors import short, validated
from batchsim.scenario.sections.models import Frame
from batchsim.scenario.sections.schedules import UPDATES, ScheduledLevels
from batchsim.spec.fields import Section, written
from batchsim.units import parse_instant

#: More values of one parameter are a mistake in its range.
MOST_VALUES = 1_000_000
_MOST_COUNTED = 10**18

#: What stands in ``search:`` beside its parameters.
REQUIRE = "require"

#: Sections of a scenario that bear on no result.
WITHOUT_EFFECT = ("name", "variants", "sweep", "search", "deployment", "ignore", "versions")

_FORMS = (
    "{from, to, step}, {values: […]}, a list, or under a word {choices: {label: {path: value}}} "
    "or {schedule: {path, outside, inside, from, until}}"
)


@dataclass(frozen=True)
class Value:
    """One value of a parameter.

    Attributes
    ----------
    label : str
        What tables show, different for each value of a parameter.
    overrides : mapping
        What it makes of the scenario: dotted path → value.
    number : int or float or None
        The value where it is a number.
    place : tuple
        Where it is written: file, line and column.
    """

    label: str
    overrides: Mapping[str, Any]
    number: int | float | None = None
    place: Place = field(default=("", 0, 0), compare=False, repr=False)


@dataclass(frozen=True)
class Parameter:
    """What is varied: a dotted path, or a word that stands for several together, and its values in their order."""

    name: str
    values: tuple[Value, ...]


def _share(value: object) -> object:
    """A share as a number, also from its text in percent."""
    if isinstance(value, str) and value.endswith("%"):
        try:
            return float(value.removesuffix("%")) / 100
        except ValueError:
            pass
    return value


class Requirements(Section):
    """What every configuration that ``optimize`` recommends has to keep, whatever is cheapest.

    Attributes
    ----------
    instance_types : int or None
        So many instance types at least in each SPOT compute environment that takes part.
    families : int or None
        So many families of them at least, likewise.
    on_demand_share : float or None
        So much of the vCPUs that can be had at once is not Spot, from 0 to 1.
    """

    instance_types: Annotated[int, Field(ge=1)] | None = None
    families: Annotated[int, Field(ge=1)] | None = None
    on_demand_share: (
        Annotated[
            float,
            BeforeValidator(_share),
            Field(ge=0, le=1),
            written("share", "A share: 0 to 1, or a text such as 25%.", r"[\s\d.eE+-]*%", minimum=0, maximum=1),
        ]
        | None
    ) = None


class _Range(Section):
    first: Annotated[int | float, Field(alias="from")]
    to: int | float
    step: Annotated[int | float, Field(gt=0)]


class _Listed(Section):
    values: list[Any]


class _Chosen(Section):
    choices: dict[str, dict[str, Any] | None]


class _Scheduled(Section):
    schedule: ScheduledLevels


#: The forms of a parameter that are mappings; a bare list is its values.
FORMS: tuple[type[Section], ...] = (_Range, _Listed, _Chosen, _Scheduled)


def label_of(value: Any) -> str:
    """A value as tables show it: as a person writes it in YAML, in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case dict():
            return f"{{{', '.join(f'{key}: {label_of(each)}' for key, each in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(label_of, value))}]"
        case _:
            return str(value)


def requirements(document: Document, findings: list[Finding]) -> Requirements | None:
    """What ``search.require`` says; None where there is none, or it has faults."""
    section = document.values.get("search")
    if not isinstance(section, dict) or section.get(REQUIRE) is None:
        return None
    return validated(Requirements, section[REQUIRE], ("search", REQUIRE), document, findings)


def parameters(document: Document, section: str, findings: list[Finding]) -> tuple[Parameter, ...]:
    """The parameters of a section without faults; findings for the others.

    Parameters
    ----------
    section : str
        The key of the document under which they stand.
    """
    given = document.values.get(section)
    if given is None:
        return ()
    if not isinstance(given, dict):
        findings.append(document.finding((section,), "wrong-type", f"{short(given)} does not fit", expected=_FORMS))
        return ()
    reader = _ParameterReader(document, section, findings)
    read = [reader.parameter(name, form) for name, form in given.items() if (section, name) != ("search", REQUIRE)]
    return tuple(each for each in read if each is not None)


class _ParameterReader:
    """Reads the parameters of one section, one after the other."""

    def __init__(self, document: Document, section: str, findings: list[Finding]) -> None:
        self._document = document
        self._section = section
        self._findings = findings
        self._taken: dict[Where, str] = {}
        self._schedules: set[str] = set()

    def parameter(self, name: str, form: Any) -> Parameter | None:
        """A parameter as it is given; None and findings where it has faults."""
        before = len(self._findings)
        values = tuple(self._values(name, form))
        if len(self._findings) == before and not values:
            self._fault((name,), "no-values", "there is no value to take", expected=_FORMS)
        self._findings += chain(self._doubles(name, values), self._paths(name, form, values))
        return Parameter(name, values) if len(self._findings) == before else None

    def _fault(self, where: Where, code: str, message: str, *, key: bool = False, **more: str) -> None:
        self._findings.append(self._document.finding((self._section, *where), code, message, key=key, **more))

    def _values(self, name: str, form: Any) -> Iterator[Value]:
        if isinstance(form, list):
            yield from self._listed(name, form, (name,))
        elif not isinstance(form, dict):
            self._fault((name,), "wrong-type", f"{short(form)} does not fit", expected=_FORMS)
        elif "choices" in form:
            yield from self._chosen(name, form)
        elif "schedule" in form:
            yield from self._scheduled(name, form)
        elif "values" in form:
            listed = validated(_Listed, form, (self._section, name), self._document, self._findings)
            yield from self._listed(name, listed.values, (name, "values")) if listed else ()
        elif form.keys() & {"from", "to", "step"}:
            within = validated(_Range, form, (self._section, name), self._document, self._findings)
            yield from self._within(name, within) if within else ()
        else:
            self._no_form(name, form)

    def _no_form(self, name: str, form: Mapping[str, Any]) -> None:
        if not form:
            self._fault((name,), "no-values", "there is no value to take", expected=_FORMS)
        for key in form:
            near = nearest(key, ("from", "to", "step", "values", "choices", "schedule"))
            self._fault((name, key), "unknown-key", "unknown key", key=True, expected=_FORMS, suggestion=near)

    def _listed(self, name: str, values: list[Any], where: Where) -> Iterator[Value]:
        for index, value in enumerate(values):
            number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
            yield Value(label_of(value), {name: value}, number, self._document.place((self._section, *where, index)))

    def _within(self, name: str, within: _Range) -> Iterator[Value]:
        # Decimal, so that 0.1 and 0.2 make 0.3.
        first, last, step = (Decimal(str(each)) for each in (within.first, within.to, within.step))
        if first > last:
            self._fault((name, "to"), "wrong-value", f"{within.to} is below {within.first}", expected="from <= to")
            return
        about = (last - first) / step
        if about >= _MOST_COUNTED:  # divmod has no answer beyond the digits of a Decimal
            message = f"some {about:.0e} values are too many"
            self._fault((name, "step"), "too-large", message, expected=f"at most {MOST_VALUES:,}")
            return
        steps, rest = divmod(last - first, step)
        if rest:
            reached = last - rest
            message = f"steps of {within.step} from {within.first} do not reach {within.to}"
            expected = f"to: {reached} or to: {reached + step}"
            self._fault((name, "to"), "wrong-value", message, expected=expected)
        elif steps >= MOST_VALUES:
            message = f"{int(steps) + 1:,} values are too many"
            self._fault((name, "step"), "too-large", message, expected=f"at most {MOST_VALUES:,}")
        else:
            whole = all(isinstance(each, int) for each in (within.first, within.step))
            place = self._document.place((self._section, name))
            for number in range(int(steps) + 1):
                value = int(first + number * step) if whole else float(first + number * step)
                yield Value(label_of(value), {name: value}, value, place)

    def _chosen(self, name: str, form: Mapping[str, Any]) -> Iterator[Value]:
        if "." in name:
            self._fault((name,), "wrong-value", "choices have paths of their own", key=True, expected="a word")
            return
        chosen = validated(_Chosen, form, (self._section, name), self._document, self._findings)
        for label, overrides in chosen.choices.items() if chosen else ():
            place = self._document.place((self._section, name, "choices", label))
            yield Value(label, overrides or {}, None, place)

    def _scheduled(self, name: str, form: Mapping[str, Any]) -> Iterator[Value]:
        if "." in name:
            self._fault((name,), "wrong-value", "a schedule has a path of its own", key=True, expected="a word")
            return
        read = validated(_Scheduled, form, (self._section, name), self._document, self._findings)
        if read is None or not self._may_be_scheduled(name, read.schedule) or not (start := self._start()):
            return
        self._schedules.add(name)
        place = self._document.place((self._section, name, "schedule"))
        others = self._document.values[self._section]
        names = [each for each, given in others.items() if isinstance(given, dict) and "schedule" in given]
        for label, overrides in read.schedule.labelled(name, names, self._document.values, start):
            yield Value(label, overrides, None, place)

    def _may_be_scheduled(self, name: str, schedule: ScheduledLevels) -> bool:
        """Whether an update may set the values; a finding tells of the first that none may."""
        where = (self._section, name, "schedule", "path")
        for level in (*schedule.outside, *schedule.inside):
            found: list[Finding] = []
            changes_of({schedule.path: level}, where, self._document, found)
            if found:
                self._findings.append(replace(found[0], path=".".join(where)).at(*self._document.place(where)))
                return False
        return True

    def _start(self) -> str:
        """When the simulation begins; empty where that is at fault."""
        start = self._document.values.get("start", Frame.model_fields["start"].default)
        try:
            parse_instant(start)
        except ValueError:  # told of the scenario's own members
            return ""
        return str(start)

    def _doubles(self, name: str, values: tuple[Value, ...]) -> Iterator[Finding]:
        """Values that come twice."""
        seen: set[str | float] = set()
        for value in values:
            if not seen.isdisjoint((value.label, value.number)):
                path = f"{self._section}.{name}"
                yield Finding("duplicate-value", path, f"{value.label} comes twice", "each value once").at(*value.place)
            seen |= {value.label} if value.number is None else {value.label, value.number}

    def _paths(self, name: str, form: Any, values: tuple[Value, ...]) -> Iterator[Finding]:
        """Paths that lead nowhere, have no effect, or are set by another parameter too."""
        for path, where in self._stated(name, form, values):
            found = self._found(path)
            if isinstance(found, Nowhere):
                message, near = NOWHERE if path == name else f"{path} {NOWHERE}", found.suggestion
                finding = self._document.finding(where, "unknown-path", message, suggestion=near, key=True)
                yield replace(finding, excerpt=found.excerpt)
            elif found[0] in WITHOUT_EFFECT:
                yield self._document.finding(where, "without-effect", f"{found[0]} bears on no result", key=True)
            else:
                other = next((by for at, by in self._others(name, found) if _overlap(at, found)), None)
                if other is not None:
                    message, expected = f"{other} sets {path} too", "each path set by one parameter"
                    yield self._document.finding(where, "duplicate-path", message, expected=expected, key=True)
                self._taken[found] = name

    def _others(self, name: str, found: Where) -> Iterator[tuple[Where, str]]:
        """Places that other parameters set; schedules share the list of updates, each with its own entries."""
        for at, by in self._taken.items():
            shared = found == at == (UPDATES,) and {name, by} <= self._schedules
            if by != name and not shared:
                yield at, by

    def _stated(self, name: str, form: Any, values: tuple[Value, ...]) -> Iterator[tuple[str, Where]]:
        """The paths that a parameter sets, and where they are written."""
        if name in self._schedules:
            for path in dict.fromkeys(path for value in values for path in value.overrides):
                yield path, (self._section, name, "schedule")
            return
        if not (isinstance(form, dict) and "choices" in form):
            yield name, (self._section, name)
            return
        for value in values:
            for path in value.overrides:
                yield path, (self._section, name, "choices", value.label, path)

    def _found(self, path: str) -> Where | Nowhere:
        """The place of a path; a member's name alone is told where the member is."""
        values = self._document.values
        if "." not in path and path not in {*values, *Frame.model_fields}:
            others = {*WITHOUT_EFFECT, self._section}
            known = [each for each in paths_of_key(values, path) if each.partition(".")[0] not in others]
            if known:
                return Nowhere(path, 1, known[0])
        return place_of(values, path)


def _overlap(one: Where, other: Where) -> bool:
    """Whether one place is the other, or lies within it."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]
