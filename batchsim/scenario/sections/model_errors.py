"""What pydantic finds wrong with a section, in a person's words and at its place in the document."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.document import Document, Where
from batchsim.spec.fields import Section

S = TypeVar("S", bound=Section)

#: So many words are listed in a message; of more only the nearest is named.
MOST_LISTED = 11


def validated(
    kind: type[S],
    value: Any,
    where: Where,
    document: Document,
    findings: list[Finding],
    *,
    known: tuple[str, ...] = (),
) -> S | None:
    """A model of a value, or None and findings that say what is wrong where.

    Parameters
    ----------
    known : tuple of str
        Keys besides the model's own that may be meant.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        for given in error.errors(include_url=False, include_context=False):
            fault = _Fault(given, kind, where, document, known)
            findings.append(_TOLD.get(given["type"], _wrong_value)(fault))
    return None


def message_parts(message: str) -> tuple[str, str, str]:
    """What is wrong, what was expected and what was probably meant, of a ValueError's message.

    Examples
    --------
    >>> message_parts("'5x' is not a duration; expected a text such as 5m; did you mean '5s'?")
    ("'5x' is not a duration", 'a text such as 5m', "'5s'")
    """
    message, _, suggestion = message.partition("; did you mean ")
    before, _, expected = message.partition("expected ")
    return before.strip().rstrip(":;"), expected, suggestion.removesuffix("?")


def short(value: Any) -> str:
    """A value as a message names it."""
    if isinstance(value, (dict, list, tuple)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value)


@dataclass(frozen=True)
class _Fault:
    """One of pydantic's errors about a model of the value at a place."""

    given: Any
    kind: type[Section]
    where: Where
    document: Document
    known: tuple[str, ...]

    @property
    def steps(self) -> tuple[Any, ...]:
        """Where pydantic says it is; a step such as <figure> is a tag: which of several forms was taken."""
        return tuple(step for step in self.given["loc"] if not re.fullmatch("<.*>", str(step)))

    @property
    def message(self) -> str:
        """What pydantic, or the model itself, says."""
        return str(self.given["msg"]).removeprefix("Value error, ")

    @property
    def place(self) -> Where:
        """Where it is in the document: steps that are not there name a member of a union, or a validator."""
        steps = self.steps
        place: Where = self.where
        value: Any = self.document.values
        for step in self.where:
            value = value[step]
        for step in steps:
            if isinstance(value, dict) and (step in value or step == steps[-1]):
                place, value = (*place, str(step)), value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                place, value = (*place, step), value[step]
        return place


def _unknown_key(fault: _Fault) -> Finding:
    steps = fault.steps
    words = [*_members(fault.kind, steps[:-1]), *(fault.known if len(steps) == 1 else ())]
    near = nearest(str(steps[-1]), words)
    expected = f"one of {', '.join(words)}" if words and len(words) <= MOST_LISTED and not near else ""
    return fault.document.finding(
        fault.place, "unknown-key", "unknown key", suggestion=near, expected=expected, key=True
    )


def _missing_key(fault: _Fault) -> Finding:
    place, name = fault.place, fault.steps[-1]
    around = place[:-1] if place and place[-1] == name else place
    return fault.document.finding(around, "missing-key", f"{name} is missing")


def _unknown_word(fault: _Fault) -> Finding:
    listed = fault.message.partition("should be ")[2].replace(" or ", ", ").split(",")
    words = [word.strip().strip("'") for word in listed]
    given = fault.given["input"]
    return fault.document.finding(
        fault.place,
        "unknown-word",
        f"{given!r} is not one of the allowed words",
        expected=f"one of {', '.join(words)}",
        suggestion=nearest(str(given), words),
    )


def _not_finite(fault: _Fault) -> Finding:
    message = f"{fault.given['input']} is not a figure"
    return fault.document.finding(fault.place, "not-finite", message, expected="a finite number")


def _wrong_value(fault: _Fault) -> Finding:
    given, message = fault.given["input"], fault.message
    if given in (float("inf"), float("-inf")):
        return _not_finite(fault)
    problem, expected, suggestion = message_parts(message)
    problem = problem or f"{short(given)} does not fit"
    if not expected and message.startswith("Input should be"):
        problem, expected = f"{short(given)} does not fit", _bound(message.removeprefix("Input should be "))
    return fault.document.finding(fault.place, "wrong-value", problem, expected=expected, suggestion=suggestion)


#: By pydantic's type of error; any other is a wrong value.
_TOLD: dict[str, Callable[[_Fault], Finding]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "literal_error": _unknown_word,
    "finite_number": _not_finite,
}


def _bound(text: str) -> str:
    """A bound as a person says it."""
    for words, said in (("greater than or equal to ", " or more"), ("less than or equal to ", " or less")):
        if text.startswith(words):
            return text.removeprefix(words) + said
    return text.replace("greater than ", "more than ")


def _members(kind: type[Section], loc: tuple[Any, ...]) -> list[str]:
    """The keys that the section at a place within a model knows."""
    for step in loc:
        field = next((f for n, f in kind.model_fields.items() if step in (f.alias, n)), None)
        if field is not None:
            options = sections_in(field.annotation)
            if len(options) != 1:
                return []
            kind = options[0]
    return [field.alias or name for name, field in kind.model_fields.items()]


def sections_in(annotation: Any) -> list[type[Section]]:
    """The sections that a type is made of, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [section for inner in get_args(annotation) for section in sections_in(inner)]
