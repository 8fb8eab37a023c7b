"""Findings in the forms that others read: lines, JSON, and SARIF for code review."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from batchsim._version import __version__
from batchsim.errors import Finding, Severity
from batchsim.redaction import redacted
from batchsim.scenario.rules import RULES
from batchsim.scenario.rules.context import AWS_STAGES, rule_of, stage_of

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
#: SARIF's word for each severity (OASIS, SARIF 2.1.0, section 3.27.10).
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    """A line for each finding, those about what AWS takes under a heading of their own; then how many there are."""
    apart = [finding for finding in findings if stage_of(finding) in AWS_STAGES]
    for finding in findings:
        if finding not in apart:
            yield _line(finding)
    if apart:
        yield "For a deployment only:"
        yield from map(_line, apart)
    yield counted(findings)


def _line(finding: Finding) -> str:
    prefix = "" if finding.severity == "error" else f"{finding.severity}: "
    return redacted(f"{prefix}{finding}")


def counted(findings: Sequence[Finding]) -> str:
    """How many findings there are of each severity."""
    counts = Counter(finding.severity for finding in findings)
    words = {"error": "error", "warning": "warning", "info": "remark"}
    parts = [f"{counts[word]} {words[word]}{'s' * (counts[word] != 1)}" for word in SEVERITIES if counts[word]]
    return ", ".join(parts) or "nothing to find fault with"


def _numbers() -> dict[str, str]:
    return {rule.code: rule.number for rule in RULES}


def as_json(findings: Sequence[Finding]) -> str:
    """Findings and their counts as JSON."""
    numbers = _numbers()
    counts = Counter(finding.severity for finding in findings)
    content = {
        "counts": {word: counts[word] for word in SEVERITIES},
        "findings": [
            {
                "code": finding.code,
                "number": numbers.get(finding.code, ""),
                "severity": finding.severity,
                "stage": stage_of(finding),
                "path": finding.path,
                "message": redacted(finding.message),
                "expected": redacted(finding.expected),
                "suggestion": finding.suggestion,
                "file": finding.file,
                "line": finding.line,
                "column": finding.column,
                "source": finding.source,
            }
            for finding in findings
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def as_sarif(findings: Sequence[Finding]) -> str:
    """Findings as SARIF 2.1.0."""
    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "batchsim",
        "version": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes.index(finding.code)) for finding in findings],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> dict[str, Any]:
    known = rule_of(code)
    if known is None:
        return {"id": code, "shortDescription": {"text": code}}
    described = {
        "id": code,
        "shortDescription": {"text": known.title},
        "defaultConfiguration": {"level": _LEVELS[known.severity]},
    }
    if known.source:
        described["help"] = {"text": f"Source: {known.source}"}
    return described


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    parts = [f"{finding.path}: {finding.message}" if finding.path else finding.message]
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"did you mean {finding.suggestion}?"] if finding.suggestion else []
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": redacted("; ".join(parts))},
        "properties": {"stage": stage_of(finding)},
    }
    if finding.file:
        location: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
        if finding.line:
            location["region"] = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
        result["locations"] = [{"physicalLocation": location}]
    return result


def _uri(file: str) -> str:
    """A file as a URI reference: relative as it was given, absolute with its scheme."""
    from urllib.parse import quote

    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def catalogue() -> str:
    """The page of all rules, in Markdown."""
    shown = {
        "simulation": "every command",
        "deployment": "`validate`, `export`, `deploy`",
        "submission": "`validate`, `deploy --submit`",
        "review": "`validate`",
    }
    rows = sorted({(r.number or "~", r.code, r.severity, shown[r.stage], r.title, r.source) for r in RULES})
    table = [
        f"| {number.replace('~', '')} | `{code}` | {severity} | {stage} | {title} | {source} |"
        for number, code, severity, stage, title, source in rows
    ]
    return "\n".join(
        [
            "# Rules",
            "",
            "What `batchsim validate` looks for. Errors are what AWS refuses or what can never run; warnings are legal",
            "and probably not meant; the rest is worth knowing. A finding may be milder than its rule: what only a",
            "deployment needs is a warning while the scenario has no `deployment:` section; of jobs that can never",
            "run, `run` and `compare` warn, and show what comes of them. The last column says where AWS says so;",
            "rules without a source are batchsim's own. This page is made from the rules themselves.",
            "",
            "A finding that was seen and is meant can be silenced by its code: in the scenario",
            "(`ignore: [spot-only, {rule: memory-cliff, reason: measured}]`) or with `--ignore RULE`. A code that does",
            "not exist is an error, one that silences nothing is told. An error that makes the simulation impossible",
            "can't be silenced (in the table: errors that every command looks at, but for those of jobs that can never",
            "run). What `export` and `deploy` look at besides bears on no result: it stands apart, and",
            "`validate --strict` does not mind its warnings while the scenario has no `deployment:` section.",
            "",
            "| number | code | severity | looked at by | what holds | source |",
            "|---|---|---|---|---|---|",
            *table,
            "",
        ]
    )
