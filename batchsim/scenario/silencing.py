"""Findings that the user has seen and does not want to see again: ``ignore:`` of a scenario, ``--ignore`` of a command.

An entry names a rule by its code. What makes a simulation impossible stays whatever is ignored, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.document import Document, Place, Where
from batchsim.scenario.rules import RULES
from batchsim.scenario.rules.registry import Rule, rule_of

#: Where an entry of the command line stands.
COMMAND_LINE: Place = ("--ignore", 0, 0)


def with_ignored(document: Document, codes: Iterable[str]) -> Document:
    """A document that ignores more rules: those of the command line."""
    given = document.values.get("ignore")
    listed = given if isinstance(given, list) else [] if given is None else [given]
    known = {_code(entry) for entry in listed}
    codes = [code for code in dict.fromkeys(codes) if code not in known]
    if not codes:
        return document
    places: dict[Where, Place] = {
        ("ignore", index): COMMAND_LINE for index in range(len(listed), len(listed) + len(codes))
    }
    values = {**document.values, "ignore": [*listed, *codes]}
    return replace(document, values=values, places={**document.places, **places})


def silence(findings: Iterable[Finding], document: Document) -> list[Finding]:
    """Findings without those of rules that a document ignores; an error that can't be ignored says so too."""
    findings = list(findings)
    ignored = {code: where for where, code in _entries(document)}
    kept = [finding for finding in findings if finding.code not in ignored or _stops(finding)]
    for code in dict.fromkeys(finding.code for finding in kept if finding.code in ignored):
        message = f"{code} can't be ignored here: its errors make the simulation impossible"
        kept.append(document.finding(ignored[code], "ignore", message, expected="what the error asks for"))
    return kept


def unknown(document: Document) -> Iterator[Finding]:
    """Entries that name no rule."""
    codes = [rule.code for rule in RULES]
    for where, code in _entries(document):
        if rule_of(code) is None:
            near = nearest(code, codes)
            expected = "" if near else "a code of docs/rules.md"
            yield document.finding(where, "ignore", f"there is no rule {code!r}", suggestion=near, expected=expected)


def unused(findings: Iterable[Finding], document: Document) -> Iterator[Finding]:
    """Entries that silence nothing; on the command line, which may serve many scenarios, that is a remark only.

    Parameters
    ----------
    findings : iterable of Finding
        Of all rules, before any was silenced.
    """
    found = {finding.code for finding in findings}
    for where, code in _entries(document):
        if code not in found and rule_of(code) is not None:
            given = document.place(where) == COMMAND_LINE
            message = f"nothing of {code} is found: there is nothing to ignore"
            yield document.finding(where, "unused-ignore", message, severity="info" if given else "warning")


def _stops(finding: Finding) -> bool:
    rule: Rule | None = rule_of(finding.code)
    return finding.severity == "error" and (rule is None or rule.stops)


def _entries(document: Document) -> Iterator[tuple[Where, str]]:
    """Places and codes of what a document ignores; nothing where its shape is wrong."""
    given = document.values.get("ignore")
    if isinstance(given, str):
        yield ("ignore",), given
    for index, entry in enumerate(given if isinstance(given, list) else []):
        code = _code(entry)
        if code is not None:
            yield ("ignore", index), code


def _code(entry: Any) -> str | None:
    code = entry.get("rule") if isinstance(entry, dict) else entry
    return code if isinstance(code, str) else None
