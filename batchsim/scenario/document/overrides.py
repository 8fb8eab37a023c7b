"""Overrides: one value of a scenario, by a dotted path in which a named thing of a list goes by its name.

``batch.computeEnvironments.spot.computeResources.maxvCpus`` is the maxvCpus of the compute environment named spot,
``….resourceRequirements.MEMORY.value`` the memory of a definition.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from batchsim.errors import Finding, ScenarioError, nearest, pointed_out
from batchsim.scenario.batch import service_model
from batchsim.scenario.document.document import KEY, VALUE, Document, Place, Where, name_of, parse_scalar

#: An instance type in a dotted path.
_TYPE = re.compile(r"\b[a-z][a-z0-9-]*\d[a-z0-9-]*\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)\b")

Overrides = Iterable[tuple[str, Any]]


#: What findings about the command line stand at.
COMMAND_LINE = "--set"

#: What is said of a path that leads nowhere.
NOWHERE = "leads nowhere in the scenario"


def parse_value(text: str) -> Any:
    """The value of ``--set PATH=VALUE``, read as YAML reads it.

    Raises
    ------
    ScenarioError
        If it is not a YAML value.
    """
    return parse_scalar(text)


def parse_assignments(texts: Iterable[tuple[str, str]]) -> list[tuple[str, Any]]:
    """The overrides that ``--set PATH=VALUE`` says, path and value apart.

    Raises
    ------
    ScenarioError
        With a finding for each that is not a YAML value.
    """
    read: list[tuple[str, Any]] = []
    findings: list[Finding] = []
    for path, text in texts:
        try:
            read.append((path, parse_value(text)))
        except ScenarioError as error:
            for finding in error.findings:
                at = len(f"{path}=") + max(finding.column - 1 - len(VALUE), 0)
                excerpt = pointed_out(f"{path}={text}", at)
                findings.append(replace(finding, path=path, excerpt=excerpt, line=0, column=0))
    if findings:
        raise ScenarioError(findings)
    return read


def assignment_pointed_out(finding: Finding, texts: Iterable[tuple[str, str]]) -> Finding:
    """A finding about what ``--set`` says, with a mark under the key or the value; any other as it is."""
    if finding.file != COMMAND_LINE or finding.excerpt:
        return finding
    for path, text in texts:
        if is_unknown_key_of(finding, path):
            return replace(finding, excerpt=step_pointed_out(path, finding.path.count(".")))
        if finding.path == path or finding.path.startswith(f"{path}."):
            return replace(finding, excerpt=pointed_out(f"{path}={text}", len(path) + 1, len(text)))
    return finding


def is_unknown_key_of(finding: Finding, path: str) -> bool:
    """Whether a finding is that a step of a path is unknown."""
    return finding.code == "unknown-key" and f"{path}.".startswith(f"{finding.path}.")


def apply(document: Document, overrides: Overrides, place: Place) -> Document:
    """A new document with values changed, in their order; later ones see earlier ones.

    Both share what is not changed, which therefore stays as it is.

    A number for a member that AWS has as text (the ``value`` of a resource requirement) is written as its text: quotes
    are for files.

    Parameters
    ----------
    place : tuple
        Where the overrides stand: file, line and column.

    Raises
    ------
    ScenarioError
        With a finding for each path that leads nowhere.
    """
    values = document.values
    places = dict(document.places)
    findings: list[Finding] = []
    for path, value in overrides:
        found = place_of(values, path)
        # What is absent and resembles nothing may be set: whether it is known is checked with everything else.
        if isinstance(found, Nowhere):
            finding = Finding("unknown-path", path, NOWHERE, suggestion=found.suggestion, excerpt=found.excerpt)
            findings.append(finding.at(*place))
            continue
        values = _replaced(values, found, service_model.as_text(copy.deepcopy(value), found), (), places, place)
        places[found] = places[*found, KEY] = place
        for known in [known for known in places if len(known) > len(found) and known[: len(found)] == found]:
            del places[known]
    if findings:
        raise ScenarioError(findings)
    return Document(values, document.file, places, document.written or document)


@dataclass(frozen=True)
class Nowhere:
    """A path that leads nowhere.

    Attributes
    ----------
    path : str
        As it was given.
    left : int
        How many of its last steps were not found.
    suggestion : str
        The nearest path that leads somewhere; empty for none.
    """

    path: str
    left: int
    suggestion: str = ""

    @property
    def excerpt(self) -> str:
        """The path with a mark under the first step that was not found."""
        return step_pointed_out(self.path, -self.left)


def step_pointed_out(path: str, number: int = -1) -> str:
    """A dotted path with a mark under one of its steps; see `batchsim.errors.pointed_out`."""
    steps = _steps(path)
    number = number % len(steps)
    return pointed_out(path, sum(len(step) + 1 for step in steps[:number]), len(steps[number]))


def place_of(values: Any, path: str) -> Where | Nowhere:
    """The place that a dotted path leads to; what is not there and resembles nothing may be set."""
    steps = _steps(path)
    found = _find(values, steps, ())
    return Nowhere(path, *found) if isinstance(found, _Missed) else found


class _Missed(NamedTuple):
    """How many steps were left where a search ended, and the nearest path."""

    left: int
    suggestion: str = ""


def value_at(values: Any, path: str) -> Any:
    """What a dotted path leads to; None where it leads nowhere, or to what is not there yet."""
    found = place_of(values, path)
    for step in () if isinstance(found, Nowhere) else found:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return None
    return None if isinstance(found, Nowhere) else values


def _replaced(container: Any, steps: Where, value: Any, done: Where, places: dict[Where, Place], place: Place) -> Any:
    """A container with what stands at a place replaced; all that is not on the way there is shared.

    Sections on the way that are not there yet are made, and noted in `places`.
    """
    step, rest = steps[0], steps[1:]
    changed: Any = dict(container) if isinstance(container, dict) else list(container)
    if rest and isinstance(changed, dict) and step not in changed:
        changed[step] = {}
        places[*done, step] = places[*done, step, KEY] = place
    changed[step] = _replaced(changed[step], rest, value, (*done, step), places, place) if rest else value
    return changed


def _steps(path: str) -> list[str]:
    """The steps of a dotted path; the dot of an instance type is none: ``environment.prices.overrides.c6i.large``."""
    joined = _TYPE.sub(lambda found: found[0].replace(".", "\0"), path)
    return [step.replace("\0", ".") for step in joined.split(".")]


def _find(value: Any, parts: list[str], done: Where, shown: tuple[str, ...] = ()) -> Where | _Missed:
    """The place that a path leads to, or where the search for it ended.

    Names may hold dots: the longest run of parts that is a name is taken. `shown` is what was found so far as a person
    writes it.
    """
    if not parts:
        return done
    if not isinstance(value, (dict, list)):
        return _Missed(len(parts))
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        found = _step(value, name)
        if found is not None:
            called = name if isinstance(value, dict) else _name(value[int(found)]) or name
            return _find(value[found], parts[length:], (*done, found), (*shown, called))  # type: ignore[index]
    near = _nearest(value, parts, done)
    if near:
        return _Missed(len(parts), ".".join([*shown, near, *parts[1:]]))
    return (*done, *parts) if isinstance(value, dict) else _Missed(len(parts))


def _nearest(value: dict[str, Any] | list[Any], parts: list[str], done: Where) -> str:
    """What the first of the parts was probably meant for; empty for a member that may be set."""
    if isinstance(value, list):
        return nearest(parts[0], _names(value))
    # A section that is merely absent resembles another one by chance only.
    absent = done == ("environment",) and parts[0] in _sections()
    return nearest(parts[0], value) if len(parts) > 1 and not absent else ""


def _step(value: dict[str, Any] | list[Any], name: str) -> str | int | None:
    """The key or the index that a name stands for; None where there is none."""
    if isinstance(value, dict):
        return name if name in value else None
    index = _names(value).get(name)
    return int(name) if index is None and name.isdecimal() and int(name) < len(value) else index


def _names(items: list[Any]) -> dict[str, int]:
    """Where the named things of a list stand."""
    return {name: index for index, item in enumerate(items) if (name := _name(item)) is not None}


def _name(item: Any) -> str | None:
    """What an item of a list goes by in a path: its name, or as a resource requirement its type."""
    if isinstance(item, dict) and item.keys() == {"type", "value"}:
        return str(item["type"])
    return name_of(item)


def _sections() -> set[str]:
    from batchsim.spec.assumptions import Assumptions

    return {field.alias or name for name, field in Assumptions.model_fields.items()}


def keys(value: Any) -> Iterator[str]:
    """Every key of a scenario's values, at any depth."""
    for inside in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(inside)
    if isinstance(value, dict):
        yield from (key for key in value if isinstance(key, str))


def paths_of_key(value: Any, key: str, done: tuple[str, ...] = ()) -> list[str]:
    """The dotted paths of every member of that name in a scenario's configuration."""
    found: list[str] = []
    if isinstance(value, dict):
        for member, content in value.items():
            if member == key:
                found.append(".".join((*done, member)))
            found += paths_of_key(content, key, (*done, member))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += paths_of_key(item, key, (*done, _name(item) or str(index)))
    return found
