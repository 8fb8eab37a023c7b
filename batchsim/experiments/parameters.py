"""The grid of an experiment: every combination of the values of its parameters, each made when asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from batchsim.errors import Finding
from batchsim.scenario.checking import raise_errors
from batchsim.scenario.scenario import Scenario
from batchsim.scenario.sections.parameters import Parameter, Value
from batchsim.scenario.sections.schedules import UPDATES
from batchsim.scenario.vary import varied, varied_by_command


@dataclass(frozen=True)
class Point:
    """One combination of values.

    Attributes
    ----------
    index : int
        Its number in the grid, from 0.
    values : mapping of str to Value
        By the name of the parameter.
    """

    index: int
    values: Mapping[str, Value]

    @property
    def overrides(self) -> dict[str, Any]:
        """What it makes of the scenario: dotted path → value; schedules each have their entries in one list."""
        made: dict[str, Any] = {}
        for value in self.values.values():
            for path, each in value.overrides.items():
                before = made.get(path, [])
                made[path] = [*before, *(one for one in each if one not in before)] if path == UPDATES else each
        return made

    @property
    def labels(self) -> dict[str, str]:
        """What tables show: name of the parameter → label of its value."""
        return {name: value.label for name, value in self.values.items()}

    def __str__(self) -> str:
        return ", ".join(f"{name}={label}" for name, label in self.labels.items())


@dataclass(frozen=True)
class Grid:
    """Every combination of the values of some parameters, in their order, the last one's changing first.

    Attributes
    ----------
    parameters : tuple of Parameter
        None at all make a grid of the scenario alone.
    """

    parameters: tuple[Parameter, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each parameter has."""
        return tuple(len(parameter.values) for parameter in self.parameters)

    @cached_property
    def size(self) -> int:
        """How many points there are; `len` can't say more than `sys.maxsize`."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Point:
        place = index + self.size if index < 0 else index
        if not 0 <= place < self.size:
            raise IndexError(f"the grid has {self.size} points, not one of number {index}")
        chosen: list[tuple[str, Value]] = []
        rest = place
        for parameter in reversed(self.parameters):
            rest, number = divmod(rest, len(parameter.values))
            chosen.append((parameter.name, parameter.values[number]))
        return Point(place, dict(reversed(chosen)))

    def __iter__(self) -> Iterator[Point]:
        return (self[index] for index in range(self.size))

    def coordinates(self, index: int) -> tuple[int, ...]:
        """The numbers of a point's values, from 0, one for each parameter."""
        numbers = []
        for size in reversed(self.shape):
            index, number = divmod(index, size)
            numbers.append(number)
        return tuple(reversed(numbers))


def grid_of(
    scenario: Scenario,
    section: Literal["sweep", "search"] = "sweep",
    vary: Mapping[str, Any] | Iterable[str] | None = None,
) -> Grid:
    """The grid that a scenario's section describes, or that is asked for in its place.

    Parameters
    ----------
    section
        Of the scenario.
    vary : mapping or iterable of str, optional
        Instead of the section: the same forms in plain values, or texts as ``--vary`` has them, such as
        ``environment.spot.together=0,0.5,1``.

    Raises
    ------
    ScenarioError
        If `vary` has faults: a path that leads nowhere, a value that does not fit; with every finding.
    """
    if not vary:
        return Grid(getattr(scenario, section))
    findings: list[Finding] = []
    if isinstance(vary, Mapping):
        parameters = varied(scenario.checked, vary, findings)
    else:
        parameters = varied_by_command(scenario.checked, vary, findings)
    raise_errors(findings)
    return Grid(parameters)
