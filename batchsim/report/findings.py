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
