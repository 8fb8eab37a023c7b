"""Findings as SARIF, which editors and code hosts read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batchsim._version import __version__
from batchsim.errors import Finding
from batchsim.redaction import redacted
from batchsim.scenario.rules.registry import rule_of, stage_of

#: SARIF's word for each severity (OASIS, SARIF 2.1.0, section 3.27.10).
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


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
