"""Expressions of a Terraform configuration, followed as far as its file goes: variables, local values, resources."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from batchsim.aws.importers.template_values import FAULTY, TooLongError, Unresolved, hole, joined, text_of
from batchsim.aws.importers.terraform_source import NAME_ATTRIBUTES, name_of
from batchsim.aws.importers.variables import Variables
from batchsim.aws.launch_templates import TERRAFORM, VERSIONS
from batchsim.scenario.document.document import Where

#: An escaped beginning, an expression, or the beginning of one that is not followed: the rest of the text is its own.
_EXPRESSION = re.compile(r"\$\$\{|%%\{|\$\{([^{}]*)\}|[$%]\{.*", re.DOTALL)
_ATTRIBUTE = re.compile(r"((?:aws|awscc)_batch_\w+|aws_launch_template)\.([\w-]+)(?:\[[^\]]*\])?\.(\w+)")
_NAMED_VALUE = re.compile(r"(var|local)\.([\w-]+)((?:\.[\w-]+|\[(?:\d+|\"[^\"]*\")\])*)")
_STEP = re.compile(r"\.([\w-]+)|\[(?:(\d+)|\"([^\"]*)\")\]")
#: Attributes that mean the resource itself: a request refers to it by its name.
_IDENTITIES = frozenset({"arn", "arn_prefix", "compute_environment_arn", "id", "name", "compute_environment_name"})


class Expressions:
    """Evaluates the values of one configuration.

    Parameters
    ----------
    variables, locals_ : Variables, mapping
        Its variables, and its local values as they are written.
    block : callable
        What is written of a resource, by its type and label; None where there is no such resource.
    fault : callable
        Told of an expression that refers to itself, and of a text that grows too long: place, code, message, what is
        expected.
    """

    def __init__(
        self,
        variables: Variables,
        locals_: Mapping[str, Any],
        block: Callable[[str, str], Any],
        fault: Callable[[Where, str, str, str], None],
    ) -> None:
        self._variables = variables
        self._locals = locals_
        self._block = block
        self._fault = fault
        # The expressions that are being followed: one of them that comes again refers to itself.
        self._followed: list[str] = []

    def value(self, value: Any, where: Where) -> Any:
        """A value with its expressions followed."""
        if isinstance(value, dict):
            return {key: self.value(content, (*where, key)) for key, content in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*where, index)) for index, item in enumerate(value)]
        return self._text(value, where) if isinstance(value, str) else value

    def _text(self, text: str, where: Where) -> Any:
        pieces: list[Any] = []
        end = 0
        for match in _EXPRESSION.finditer(text):
            pieces += [text[end : match.start()], self._piece(match, where)]
            end = match.end()
        pieces = [piece for piece in [*pieces, text[end:]] if piece != ""]
        if len(pieces) == 1:
            return pieces[0]
        try:
            return joined(piece if isinstance(piece, Unresolved) else _within_text(piece, where) for piece in pieces)
        except TooLongError:
            self._fault(where, "too-large", "a text grows too long", "")
            return FAULTY

    def _piece(self, match: re.Match[str], where: Where) -> Any:
        if match[0] in ("$${", "%%{"):
            return match[0][1:]
        if match[1] is None:
            return hole("an expression is known to Terraform only", where=where)
        return self._expression(match[1].strip(), where)

    def _expression(self, expression: str, where: Where) -> Any:
        """What an expression stands for: a variable, a local value, a resource; a hole for any other."""
        if expression in self._followed:
            self._fault(where, "circular", f"{expression} refers to itself", "a value")
            return FAULTY
        self._followed.append(expression)
        try:
            value = self._meant(expression, where)
        finally:
            self._followed.pop()
        return hole(f"{expression} is known to Terraform only", where=where) if value is _NOTHING else value

    def _meant(self, expression: str, where: Where) -> Any:
        named = _NAMED_VALUE.fullmatch(expression)
        if named is not None:
            kind, name, steps = named.groups()
            if kind == "var":
                return _member_at(self._variables.value(name, where), steps)
            # Only what is asked for is followed: a map of local values may refer to members of itself by another one.
            return self.value(_member_at(self._locals.get(name, _NOTHING), steps), where)
        attribute = _ATTRIBUTE.fullmatch(expression)
        return _NOTHING if attribute is None else self._attribute(attribute, where)

    def _attribute(self, match: re.Match[str], where: Where) -> Any:
        resource, label, attribute = match.groups()
        if resource == TERRAFORM and attribute in VERSIONS:
            return VERSIONS[attribute]
        values = self._block(resource, label)
        if not isinstance(values, dict):
            return _NOTHING
        if attribute not in _IDENTITIES:
            return self.value(values.get(attribute, _NOTHING), where)
        return name_of({key: self.value(values[key], where) for key in NAME_ATTRIBUTES if key in values}) or label


#: Stands for a value that there is not, as null is one.
_NOTHING = object()


def _member_at(value: Any, steps: str) -> Any:
    """What stands in a value at steps such as ``.a[0]["b"]``."""
    for match in _STEP.finditer(steps):
        step: Any = int(match[2]) if match[2] is not None else match[1] if match[1] is not None else match[3]
        if isinstance(value, Unresolved):
            return value
        try:
            value = value[step] if isinstance(value, list if isinstance(step, int) else dict) else _NOTHING
        except (KeyError, IndexError):
            return _NOTHING
    return value


def _within_text(value: Any, where: Where) -> str | Unresolved:
    text = text_of(value)
    return hole(f"{json.dumps(value, default=str)} has no text", where=where) if text is None else text
