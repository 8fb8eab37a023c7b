"""Conditions of a template: ``Fn::Equals``, ``Fn::And``, ``Fn::Or``, ``Fn::Not``, and others by their names."""

from __future__ import annotations

from typing import Any

from batchsim.aws.importers.template_functions import Evaluation, FunctionError, arguments, holes
from batchsim.aws.importers.template_values import Unresolved, text_of
from batchsim.errors import nearest
from batchsim.scenario.document.document import Where

#: Functions that stand in conditions only.
IN_CONDITIONS = ("Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not")


def truth(template: Evaluation, value: Any, where: Where) -> bool | Unresolved:
    """Whether a condition holds, as it is written."""
    function, argument = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
    inner = (*where, function)
    if function == "Condition" and isinstance(argument, str):
        return template.condition(argument, inner)
    if function == "Fn::Equals":
        return _equal(template, argument, inner)
    if function == "Fn::Not":
        (held,) = _truths(template, function, argument, inner, most=1)
        return held if isinstance(held, Unresolved) else not held
    if function in IN_CONDITIONS:
        return _settled(_truths(template, function, argument, inner, most=10), settling=function == "Fn::Or")
    expected = f"one of {', '.join(IN_CONDITIONS)}, Condition"
    raise FunctionError(where, "wrong-shape", "not a condition", expected, nearest(function, IN_CONDITIONS))


def _truths(template: Evaluation, function: str, argument: Any, where: Where, *, most: int) -> list[bool | Unresolved]:
    parts = arguments(function, argument, where, "a list of conditions", 1, most)
    return [truth(template, part, (*where, index)) for index, part in enumerate(parts)]


def _settled(truths: list[bool | Unresolved], *, settling: bool) -> bool | Unresolved:
    """One that is false settles `and`, one that is true settles `or`, whatever is not known."""
    if any(each is settling for each in truths):
        return settling
    return next((each for each in truths if isinstance(each, Unresolved)), not settling)


def _equal(template: Evaluation, argument: Any, where: Where) -> bool | Unresolved:
    sides = arguments("Fn::Equals", argument, where, "two values", 2)
    values = [template.value(side, (*where, index)) for index, side in enumerate(sides)]
    unknown = next(holes(values), None)
    if unknown is not None:
        return unknown
    first, second = (value if text_of(value) is None else text_of(value) for value in values)
    return bool(first == second)
