"""The registry of rules: what is known of each, and looking at all of a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.errors import Finding, Severity
from batchsim.scenario.document.document import Document
from batchsim.scenario.rules.context import Context
from batchsim.scenario.sections.deployment import filled
from batchsim.spec.configuration import Configuration

#: When a rule is looked at: before every run; before anything is sent to AWS; before jobs are; or only by ``validate``,
#: as advice.
Stage = Literal["simulation", "deployment", "submission", "review"]
#: Stages whose rules bear on no result: they are about what AWS takes, when it is asked to.
AWS_STAGES: tuple[Stage, ...] = ("deployment", "submission")


@dataclass(frozen=True)
class Rule:
    """A rule and what is known of it.

    Attributes
    ----------
    code : str
        Its stable name.
    title : str
        What holds, as a sentence.
    source : str
        Where AWS says so; empty for rules of our own.
    severity : Severity
        Of its findings, where they do not state their own.
    stage : Stage
        When it is looked at.
    number : str
        Its place in the catalogue of rules: V-04.
    stops : bool
        Whether its errors make a simulation impossible, so that they can't be silenced. Those of jobs that can never
        run do not: a run shows what comes of them, and only warns.
    """

    code: str
    title: str
    source: str
    severity: Severity
    stage: Stage
    number: str
    check: Callable[[Context], Iterator[Finding]]
    stops: bool


RULES: list[Rule] = []


def rule(
    code: str,
    title: str,
    source: str = "",
    *,
    severity: Severity = "error",
    stage: Stage = "simulation",
    number: str = "",
) -> Callable[[Callable[[Context], Iterator[Finding]]], Callable[[Context], Iterator[Finding]]]:
    """Register a rule."""

    def register(check: Callable[[Context], Iterator[Finding]]) -> Callable[[Context], Iterator[Finding]]:
        stops = stage == "simulation" and severity == "error"
        RULES.append(Rule(code, title, source, severity, stage, number, check, stops))
        return check

    return register


def declare(
    code: str,
    title: str,
    source: str = "",
    *,
    severity: Severity = "error",
    stage: Stage = "simulation",
    number: str = "",
    stops: bool = True,
) -> None:
    """Register a rule whose findings come from elsewhere: the shapes, the resolver, an importer."""
    stops = stops and stage == "simulation" and severity == "error"
    RULES.append(Rule(code, title, source, severity, stage, number, _nothing, stops))


def rule_of(code: str) -> Rule | None:
    """The rule of a code."""
    return next((rule for rule in RULES if rule.code == code), None)


def stage_of(finding: Finding) -> Stage:
    """When a finding's rule is looked at; that of every run for a finding without one."""
    known = rule_of(finding.code)
    return "simulation" if known is None else known.stage


def _nothing(_context: Context) -> Iterator[Finding]:
    return iter(())


def check_all(
    document: Document,
    stages: Sequence[Stage],
    configuration: Configuration | None = None,
    *,
    catalog: Catalog = BUNDLED,
) -> Iterator[Finding]:
    """Findings of the rules of some stages.

    A rule sees the document with the values of its ``deployment:`` section filled in where AWS wants them.

    Parameters
    ----------
    configuration : Configuration, optional
        What the document was resolved to; without it, rules on instance types and prices have nothing to say.
    """
    context = Context(filled(document), configuration, catalog)
    for each in RULES:
        if each.stage in stages:
            for finding in each.check(context):
                # A finding that says of itself that it is milder stays so.
                severity = each.severity if finding.severity == "error" else finding.severity
                source = finding.source or each.source
                yield replace(finding, code=each.code, source=source, severity=severity)
