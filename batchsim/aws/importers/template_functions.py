"""What CloudFormation's functions have in common: what they may ask, how they fail, how arguments are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from batchsim.aws.importers.parameters import Parameters
from batchsim.aws.importers.stacks import Stacks, Template
from batchsim.aws.importers.template_values import Unresolved, text_of
from batchsim.scenario.document.document import Where


class Evaluation(Template, Protocol):
    """The template that a function stands in, with what it may ask of it.

    Attributes
    ----------
    parameters : Parameters
        The template's own.
    given : mapping of str to str
        Parameters and pseudo parameters that the user gave.
    region : str
        What ``AWS::Region`` is.
    resources, mappings, conditions : dict
        Sections of the template.
    transformed : bool
        Whether a transform adds resources that are not written.
    stacks : Stacks
        The templates that are imported together.
    """

    parameters: Parameters
    given: Mapping[str, str]
    region: str
    resources: dict[str, Any]
    mappings: dict[str, Any]
    conditions: dict[str, Any]
    transformed: bool
    stacks: Stacks

    def value(self, value: Any, where: Where) -> Any:
        """A value with every function in it evaluated."""

    def condition(self, name: str, where: Where) -> bool | Unresolved:
        """Whether a named condition holds."""

    def name(self, logical: str) -> str | Unresolved:
        """The name of a Batch resource."""


#: A function of CloudFormation: its value by the template, its argument, and where it stands.
Function = Callable[[Evaluation, Any, Where], Any]


class FunctionError(Exception):
    """A function that can't be evaluated; caught where the function stands, which makes it a finding."""

    def __init__(self, where: Where, code: str, message: str, expected: str = "", suggestion: str = "") -> None:
        super().__init__(where, code, message, expected, suggestion)
        self.where, self.code, self.message = where, code, message
        self.expected, self.suggestion = expected, suggestion


def arguments(function: str, argument: Any, where: Where, what: str, least: int, most: int = 0) -> list[Any]:
    """The arguments of a function that takes a list of so many."""
    if not isinstance(argument, list) or not least <= len(argument) <= max(least, most):
        raise FunctionError(where, "wrong-shape", f"{function} takes {what}", "a list of these")
    return argument


def as_text(value: Any, where: Where, what: str) -> str | Unresolved:
    """An evaluated value as a text."""
    if isinstance(value, Unresolved):
        return value
    text = text_of(value)
    if text is None:
        raise FunctionError(where, "wrong-shape", f"{what} is not a text", "a text or a number")
    return text


def text_at(template: Evaluation, value: Any, where: Where, what: str) -> str | Unresolved:
    """A value, evaluated, as a text."""
    return as_text(template.value(value, where), where, what)


def list_at(template: Evaluation, value: Any, where: Where, what: str) -> list[Any] | Unresolved:
    """A value, evaluated, as a list."""
    found = template.value(value, where)
    if not isinstance(found, (list, Unresolved)):
        raise FunctionError(where, "wrong-shape", f"{what} is not a list", "a list")
    return found


def holes(value: Any) -> Iterator[Unresolved]:
    """What is not known in a value."""
    if isinstance(value, Unresolved):
        yield value
    elif isinstance(value, (dict, list)):
        for content in value.values() if isinstance(value, dict) else value:
            yield from holes(content)
