"""What is varied as a command or a program says it: in place of a scenario's ``sweep:`` section, in the same forms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from batchsim.errors import Finding, ScenarioError, pointed_out
from batchsim.scenario.checking import Checked, misfits
from batchsim.scenario.document.document import MOST_DIGITS, Document, Place, Where, compose
from batchsim.scenario.document.overrides import is_unknown_key_of, step_pointed_out
from batchsim.scenario.sections.parameters import Parameter, parameters

#: What findings about the command line stand at.
COMMAND_LINE = "--vary"

_NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\.\.({_NUMBER})(?:\.\.({_NUMBER}))?\s*")


def varied(checked: Checked, vary: Mapping[str, Any], findings: list[Finding]) -> tuple[Parameter, ...]:
    """The parameters of a mapping in the forms of a ``sweep:`` section.

    Parameters
    ----------
    checked : Checked
        The scenario, which has the paths.
    """
    forms = {str(path): list(form) if isinstance(form, (tuple, range)) else form for path, form in vary.items()}
    return _read(checked, Document({**checked.document.values, "vary": forms}, "vary"), findings)


def varied_by_command(checked: Checked, texts: Iterable[str], findings: list[Finding]) -> tuple[Parameter, ...]:
    """The parameters of texts: ``PATH=64,128,256``, values read as YAML reads them, or ``PATH=32..512..32``."""
    given: dict[str, str] = {}
    forms: dict[str, Any] = {}
    places: dict[Where, Place] = {}
    found: list[Finding] = []
    for text in texts:
        path, equals, values = text.partition("=")
        path = path.strip()
        if not (equals and path):
            at = 0 if equals else len(text)
            expected, excerpt = "PATH=VALUE,VALUE or PATH=FROM..TO..STEP", pointed_out(text, at)
            found.append(Finding("usage", "", "it says not what to vary", expected, file=COMMAND_LINE, excerpt=excerpt))
        elif path in forms:
            excerpt = pointed_out(text, 0, len(path))
            found.append(Finding("duplicate-path", path, "it comes twice", file=COMMAND_LINE, excerpt=excerpt))
        else:
            given[path] = text
            forms[path] = _form(text, path, len(text) - len(values), places, found)
    read = (
        ()
        if found
        else _read(checked, Document({**checked.document.values, "vary": forms}, COMMAND_LINE, places), found)
    )
    findings += (_pointed_out(finding, given) for finding in found)
    return read


def _read(checked: Checked, document: Document, findings: list[Finding]) -> tuple[Parameter, ...]:
    found: list[Finding] = []
    read = parameters(document, "vary", found)
    findings += found or misfits(checked, read)
    return read


def _form(text: str, path: str, begin: int, places: dict[Where, Place], findings: list[Finding]) -> Any:
    """What a text says after its path, in a form of a ``sweep:`` section; the columns of values are noted."""
    where: Where = ("vary", path)
    places[where] = COMMAND_LINE, 1, begin + 1
    if match := _RANGE.fullmatch(text[begin:]):
        names = [
            name for name, number in zip(("from", "to", "step"), match.groups(), strict=True) if number is not None
        ]
        places |= {(*where, name): (COMMAND_LINE, 1, begin + match.start(at) + 1) for at, name in enumerate(names, 1)}
        return {name: _number(match[at]) for at, name in enumerate(names, 1)}
    try:
        values, columns = compose(f"[{text[begin:]}]", COMMAND_LINE)
    except ScenarioError as error:
        column = error.findings[0].column + begin - 1
        findings.append(replace(error.findings[0], path=path, line=1, column=min(column, len(text) + 1)))
        return None
    # The bracket before the values is none of the text.
    places |= {(*where, *at): (file, line, column - 1 + begin) for at, (file, line, column) in columns.items() if at}
    if re.search(r",\s*$", text):
        findings.append(Finding("no-values", path, "there is no value at the end").at(COMMAND_LINE, 1, len(text) + 1))
    return values


def _number(text: str) -> int | float:
    return int(text) if len(text) <= MOST_DIGITS and not re.search(r"[.eE]", text) else float(text)


def _pointed_out(finding: Finding, given: Mapping[str, str]) -> Finding:
    """A finding with a mark under the text that it is about, instead of a column."""
    finding = replace(finding, path=finding.path.removeprefix("vary."))
    excerpt = finding.excerpt or next(filter(None, (_excerpt(finding, *each) for each in given.items())), "")
    return replace(finding, excerpt=excerpt, line=0, column=0)


def _excerpt(finding: Finding, path: str, text: str) -> str:
    """A text with a mark under what a finding is about; empty where it is not about this text."""
    if is_unknown_key_of(finding, path):
        return step_pointed_out(path, finding.path.count("."))
    about = finding.path == path or finding.path.startswith(f"{path}.")
    return pointed_out(text, max(finding.column - 1, 0)) if about else ""
