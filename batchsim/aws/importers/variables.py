"""The variables of a Terraform configuration: given by the user as texts, by their defaults, or missing.

A given text becomes what the variable's type asks for, as ``terraform plan -var`` makes it (Terraform, *Input
Variables on the Command Line*); a list may also be written with commas alone, as CloudFormation takes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from batchsim.aws.importers.parameters import option
from batchsim.aws.importers.template_values import FAULTY, hole
from batchsim.errors import Finding
from batchsim.scenario.document.document import Document, Where

_TYPE = re.compile(r"\s*(?:\$\{)?\s*(\w+)\s*(?:\((.*)\))?\s*\}?\s*", re.DOTALL)
_LISTS = ("list", "set", "tuple")
_MAPPINGS = ("map", "object")
_TRUTHS = {"true": True, "false": False}


class Variables:
    """The values of a configuration's variables.

    Parameters
    ----------
    given : mapping of str to str
        By the user; names that the configuration does not know are not looked at.
    declared : mapping
        What is written of each variable.

    Attributes
    ----------
    names : tuple of str
        Of the declared variables.
    findings : list of Finding
        About given values that are not of their variable's type.
    """

    def __init__(self, document: Document, given: Mapping[str, str], declared: Mapping[str, Any]) -> None:
        self.names = tuple(declared)
        self.findings: list[Finding] = []
        self._known: dict[str, Any] = {}
        for name, block in declared.items():
            written = block[0] if isinstance(block, list) and block else block
            written = written if isinstance(written, dict) else {}
            if name in given:
                kind = written.get("type") or _kind_of(written.get("default"))
                self._known[name] = self._typed(document, name, given[name], str(kind))
            elif "default" in written:
                self._known[name] = written["default"]

    def value(self, name: str, where: Where) -> Any:
        """The value of a variable; unresolved when it has none."""
        if name in self._known:
            return self._known[name]
        return hole(f"variable {name} has no default", option(name), where)

    def _typed(self, document: Document, name: str, text: str, kind: str) -> Any:
        try:
            return _converted(text, kind)
        except ValueError as error:
            message = f"variable {name}: {text!r} is not {error}"
            self.findings.append(document.finding(("variable", name), "parameter", message, expected=str(error)))
            return FAULTY


def _kind_of(default: Any) -> str:
    """The type of a variable that is declared without one, as far as its default tells."""
    return "list" if isinstance(default, list) else "map" if isinstance(default, dict) else "any"


def _converted(text: str, kind: str) -> Any:
    """A text as a value of a type.

    Raises
    ------
    ValueError
        With what is expected, if it is none.
    """
    match = _TYPE.fullmatch(kind)
    outer, inner = (match[1], match[2] or "any") if match is not None else ("any", "any")
    if outer in _LISTS:
        return _list(text, "any" if outer == "tuple" else inner)
    if outer in _MAPPINGS:
        return _json(text, dict, "a mapping, as JSON")
    convert = {"bool": _truth, "number": _number}.get(outer, str)
    return convert(text)


def _list(text: str, item: str) -> list[Any]:
    if text.lstrip().startswith("["):
        return list(_json(text, list, "a list, as JSON or with commas"))
    return [_converted(each.strip(), item) for each in text.split(",")] if text.strip() else []


def _truth(text: str) -> bool:
    if text.strip() not in _TRUTHS:
        raise ValueError("true or false")
    return _TRUTHS[text.strip()]


def _number(text: str) -> int | float:
    if re.fullmatch(r"[-+]?[0-9]{1,100}", text.strip()):
        return int(text)
    if re.fullmatch(r"[-+]?[0-9]{1,100}\.[0-9]{1,100}", text.strip()):
        return float(text)
    raise ValueError("a number")


def _json(text: str, expected: type, description: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, expected):
        raise ValueError(description)
    return value
