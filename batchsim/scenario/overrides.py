"""Overrides: one value of a scenario, by a dotted path in which a named thing of a list goes by its name.

``batch.computeEnvironments.spot.computeResources.maxvCpus`` is the maxvCpus of the compute environment named spot.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario.document import Document, Where, name_of, parse_scalar

Overrides = Iterable[tuple[str, Any]]


def parse_value(text: str) -> Any:
    """The value of ``--set PATH=VALUE``, read as YAML reads it.

    Raises
    ------
    ScenarioError
        If it is not a YAML value.
    """
    return parse_scalar(text)


def apply(document: Document, overrides: Overrides, place: tuple[str, int, int]) -> Document:
    """A new document with values changed, in their order; later ones see earlier ones.

    Parameters
    ----------
    place : tuple
        Where the overrides stand: file, line and column.

    Raises
    ------
    ScenarioError
        With a finding for each path that leads nowhere.
    """
    values = copy.deepcopy(document.values)
    places = dict(document.places)
    findings: list[Finding] = []
    for path, value in overrides:
        found = _find(values, path.split("."), ())
        # What is absent and resembles nothing may be set: whether it is known is checked with everything else.
        if isinstance(found, str):
            finding = Finding("unknown-path", path, "leads nowhere in the scenario", suggestion=found).at(*place)
            findings.append(finding)
            continue
        container: Any = values
        for step in found[:-1]:
            container = container.setdefault(step, {}) if isinstance(container, dict) else container[step]
        container[found[-1]] = copy.deepcopy(value)
        places[found] = place
        for known in [known for known in places if len(known) > len(found) and known[: len(found)] == found]:
            del places[known]
    if findings:
        raise ScenarioError(findings)
    return Document(values, document.file, places)


def _find(value: Any, parts: list[str], done: Where) -> Where | str:
    """The place that a path leads to, or the nearest path that leads somewhere ('' for none).

    Names may hold dots: the longest run of parts that is a name is taken.
    """
    if not parts:
        return done
    if isinstance(value, dict):
        for length in range(len(parts), 0, -1):
            key = ".".join(parts[:length])
            if key in value:
                return _find(value[key], parts[length:], (*done, key))
        # A section that is merely absent resembles another one by chance only.
        known = done == ("environment",) and parts[0] in _sections()
        near = nearest(parts[0], value) if len(parts) > 1 and not known else ""
        return _suggest(done, parts, near) if near else (*done, *parts)
    if isinstance(value, list):
        names = {name_of(item): index for index, item in enumerate(value) if name_of(item) is not None}
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            if name in names:
                return _find(value[names[name]], parts[length:], (*done, names[name]))
        if parts[0].isdecimal() and int(parts[0]) < len(value):
            return _find(value[int(parts[0])], parts[1:], (*done, int(parts[0])))
        return _suggest(done, parts, nearest(parts[0], [name for name in names if name]))
    return ""


def _sections() -> set[str]:
    from batchsim.scenario.environment import Environment

    return {field.alias or name for name, field in Environment.model_fields.items()}


def _suggest(done: Where, parts: list[str], word: str) -> str:
    return ".".join([*map(str, done), word, *parts[1:]]) if word else ""


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
            found += paths_of_key(item, key, (*done, name_of(item) or str(index)))
    return found
