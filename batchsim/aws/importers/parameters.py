"""The parameters of a template: given by the user, by their defaults, or missing.

CloudFormation checks types and constraints before it touches a resource, and so do we. Types that AWS looks up in its
parameter store have no value offline, whatever their default.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from batchsim.aws.importers.template_values import FAULTY, hole, text_of
from batchsim.errors import Finding
from batchsim.scenario.document.document import Document, Where

#: Pseudo parameters that belong to an account or a stack: they may be given like parameters.
GIVEN_PSEUDO = ("AWS::AccountId", "AWS::StackName", "AWS::StackId")

_STORED = "AWS::SSM::Parameter::Value<"


def option(name: str) -> str:
    """The option of the command line that gives a parameter."""
    return f"--parameter {name}=VALUE"


class Parameters:
    """The values of a template's parameters.

    Parameters
    ----------
    given : mapping of str to str
        By the user; names that the template does not know are not looked at.

    Attributes
    ----------
    names : tuple of str
        Of the declared parameters.
    findings : list of Finding
        About given values at once, about defaults when they are first used.
    """

    def __init__(self, document: Document, given: Mapping[str, str]) -> None:
        self._document = document
        self._given = given
        self._known: dict[str, Any] = {}
        self.findings: list[Finding] = []
        declared = document.values.get("Parameters")
        self._declared: dict[str, Any] = declared if isinstance(declared, dict) else {}
        self.names = tuple(self._declared)
        for name in given:
            if name in self._declared:
                self.value(name)

    def value(self, name: str, where: Where = ()) -> Any:
        """The value of a declared parameter; unresolved when it has none.

        Parameters
        ----------
        where : tuple
            The place that asks, for findings.
        """
        declared = self._declared[name]
        if not isinstance(declared, dict):
            return self._fault(name, ("Parameters", name), "wrong-shape", "not a parameter", "a mapping with a Type")
        kind = str(declared.get("Type", "String"))
        if name not in self._given and kind.startswith(_STORED):
            return hole(f"parameter {name} is looked up in AWS's parameter store", option(name), where)
        if name not in self._given and declared.get("Default") is None:
            return hole(f"parameter {name} has no default", option(name), where)
        if name not in self._known:
            self._known[name] = self._typed(name, kind, declared)
        return self._known[name]

    def _typed(self, name: str, kind: str, declared: dict[str, Any]) -> Any:
        source: Where = ("Parameters", name) if name in self._given else ("Parameters", name, "Default")
        kind = kind.removeprefix(_STORED).removesuffix(">") if kind.startswith(_STORED) else kind
        listed = kind.startswith("List<") or kind == "CommaDelimitedList"
        item = kind.removeprefix("List<").removesuffix(">")
        texts = _texts(self._given.get(name, declared.get("Default")), listed=listed)
        if texts is None:
            return self._fault(name, source, "wrong-type", f"parameter {name}: not a text", "a text or a number")
        problem = next(_all_problems(texts, item, declared), None)
        if problem is not None:
            return self._fault(name, source, "parameter", f"parameter {name}: {problem[0]}", problem[1])
        values = [_number(text) if item == "Number" else text for text in texts]
        return values if listed else values[0]

    def _fault(self, name: str, source: Where, code: str, message: str, expected: str) -> Any:
        if name not in self._known:
            self.findings.append(self._document.finding(source, code, message, expected=expected))
        self._known[name] = FAULTY
        return FAULTY


def _texts(raw: Any, *, listed: bool) -> list[str] | None:
    """The texts of a value or, where it is a list, of its items; None where one has no text."""
    if listed and not isinstance(raw, list):
        text = text_of(raw)
        return None if text is None else [part.strip() for part in text.split(",")]
    # A default may be written as a list: a person means the same.
    texts = [text_of(each) for each in (raw if listed else [raw])]
    known = [text for text in texts if text is not None]
    return known if len(known) == len(texts) else None


def _number(text: str) -> int | float | None:
    """A number written as CloudFormation takes it; None for anything else."""
    if re.fullmatch(r"[-+]?[0-9]{1,100}", text.strip()):
        return int(text)
    if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?", text.strip()[:100]):
        return float(text)
    return None


def _all_problems(texts: Iterable[str], kind: str, declared: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with each of some values, and what would be right."""
    # What a person marked as not to be shown is not shown.
    hidden = declared.get("NoEcho") in (True, "true", "True")
    for text in texts:
        for problem, expected in _problems(text, kind, declared):
            yield f"{'the value' if hidden else repr(text)} {problem}", expected


def _problems(text: str, kind: str, declared: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with a value, and what would be right."""
    number = _number(text)
    if kind == "Number" and number is None:
        yield "is not a number", "a number"
        return
    allowed = _allowed(declared)
    if allowed is not None and text not in allowed:
        yield "is not one of the allowed values", f"one of {', '.join(map(str, allowed))}"
    if kind == "Number":
        yield from _out_of_bounds(number, declared, "Value", "")
        return
    pattern = declared.get("AllowedPattern")
    if isinstance(pattern, str) and not _matches(pattern, text):
        yield "does not match the allowed pattern", str(declared.get("ConstraintDescription") or pattern)
    yield from _out_of_bounds(len(text), declared, "Length", "characters ")


def _allowed(declared: dict[str, Any]) -> list[str | None] | None:
    """The texts of the allowed values; None where all are."""
    allowed = declared.get("AllowedValues")
    return [text_of(value) for value in allowed] if isinstance(allowed, list) else None


def _out_of_bounds(size: float | None, declared: dict[str, Any], of: str, unit: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a size by ``MinValue`` and ``MaxValue``, or ``MinLength`` and ``MaxLength``."""
    least, most = (_number(text_of(declared.get(f"{end}{of}")) or "") for end in ("Min", "Max"))
    if least is not None and size is not None and size < least:
        yield "is out of range", f"{least} {unit}or more"
    if most is not None and size is not None and size > most:
        yield "is out of range", f"{most} {unit}or less"


def _matches(pattern: str, text: str) -> bool:
    """Whether a text matches; CloudFormation's patterns are Java's, and one that Python can't read is passed over."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.fullmatch(pattern, text) is not None
    except (re.error, OverflowError, RecursionError):
        return True
