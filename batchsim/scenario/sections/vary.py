"""What is varied as a command or a program says it: in place of a scenario's ``sweep:`` section, in the same forms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.document import Document, compose
from batchsim.scenario.sections.parameters import Parameter, parameters

#: What findings about the command line stand at.
COMMAND_LINE = "--vary"

_NUMBER = r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\.\.({_NUMBER})(?:\.\.({_NUMBER}))?\s*")


def read_parameters(document: Document, vary: Mapping[str, Any], findings: list[Finding]) -> tuple[Parameter, ...]:
    """The parameters of a mapping in the forms of a ``sweep:`` section.

    Parameters
    ----------
    document : Document
        Of the scenario, which has the paths.
    """
    values = {str(path): list(form) if isinstance(form, (tuple, range)) else form for path, form in vary.items()}
    return parameters(Document({**document.values, "vary": values}, "vary"), "vary", findings)


def given_parameters(document: Document, texts: Iterable[str], findings: list[Finding]) -> tuple[Parameter, ...]:
    """The parameters of texts: ``PATH=64,128,256``, values read as YAML reads them, or ``PATH=32..512..32``."""
    forms: dict[str, Any] = {}
    for text in texts:
        path, equals, given = text.partition("=")
        path = path.strip()
        if not (equals and path):
            findings.append(
                Finding("usage", "", f"{text!r} says not what to vary", "PATH=VALUE,VALUE").at(COMMAND_LINE, 0, 0)
            )
        elif path in forms:
            findings.append(
                Finding("duplicate-path", path, "comes twice", "one --vary with all values").at(COMMAND_LINE, 0, 0)
            )
        else:
            forms[path] = _form(given, findings)
    if findings:
        return ()
    return parameters(Document({**document.values, "vary": forms}, COMMAND_LINE), "vary", findings)


def _form(given: str, findings: list[Finding]) -> Any:
    if match := _RANGE.fullmatch(given):
        return _range(match)
    try:
        values, _ = compose(f"[{given}]", COMMAND_LINE)
    except ScenarioError as error:
        findings += error.findings
        return None
    return values


def _range(match: re.Match[str]) -> Any:
    first, last, step = (
        None if text is None else float(text) if re.search(r"[.eE]", text) else int(text) for text in match.groups()
    )
    return {"from": first, "to": last} | ({} if step is None else {"step": step})
