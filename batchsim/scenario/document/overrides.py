"""Overrides: one value of a scenario, by a dotted path in which a named thing of a list goes by its name.

``batch.computeEnvironments.spot.computeResources.maxvCpus`` is the maxvCpus of the compute environment named spot,
``….resourceRequirements.MEMORY.value`` the memory of a definition.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario.batch import service_model
from batchsim.scenario.document.document import KEY, Document, Place, Where, name_of, parse_scalar

#: An instance type in a dotted path.
_TYPE = re.compile(r"\b[a-z][a-z0-9-]*\d[a-z0-9-]*\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)\b")

Overrides = Iterable[tuple[str, Any]]


def parse_value(text: str) -> Any:
    """The value of ``--set PATH=VALUE``, read as YAML reads it.

    Raises
    ------
    ScenarioError
        If it is not a YAML value.
    """
    return parse_scalar(text)


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
        if isinstance(found, str):
            finding = Finding("unknown-path", path, "leads nowhere in the scenario", suggestion=found).at(*place)
            findings.append(finding)
            continue
        values = _replaced(values, found, service_model.as_text(copy.deepcopy(value), found), (), places, place)
        places[found] = places[*found, KEY] = place
        for known in [known for known in places if len(known) > len(found) and known[: len(found)] == found]:
            del places[known]
    if findings:
        raise ScenarioError(findings)
    return Document(values, document.file, places, document.written or document)


def place_of(values: Any, path: str) -> Where | str:
    """The place that a dotted path leads to, there or not; where it leads nowhere the nearest path ('' for none)."""
    return _find(values, _steps(path), ())


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


def _find(value: Any, parts: list[str], done: Where, shown: tuple[str, ...] = ()) -> Where | str:
    """The place that a path leads to, or the nearest path that leads somewhere ('' for none).

    Names may hold dots: the longest run of parts that is a name is taken. `shown` is what was found so far as a person
    writes it.
    """
    if not parts:
        return done
    if not isinstance(value, (dict, list)):
        return ""
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        found = _step(value, name)
        if found is not None:
            called = name if isinstance(value, dict) else _name(value[int(found)]) or name
            return _find(value[found], parts[length:], (*done, found), (*shown, called))  # type: ignore[index]
    near = _nearest(value, parts, done)
    if near:
        return ".".join([*shown, near, *parts[1:]])
    return (*done, *parts) if isinstance(value, dict) else ""


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
