"""Findings in the forms that others read: lines, JSON, and SARIF for code review."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from batchsim.errors import Finding, Severity
from batchsim.redaction import redacted
from batchsim.scenario.rules import RULES
from batchsim.scenario.rules.registry import AWS_STAGES, stage_of

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


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
