"""What rules look at, and their registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.errors import Finding, Severity, nearest
from batchsim.scenario.document.access import mappings
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.sections.deployment import filled
from batchsim.spec.configuration import Configuration


@dataclass(frozen=True)
class Context:
    """A scenario's document, seen as AWS Batch objects.

    Attributes
    ----------
    configuration : Configuration or None
        What the document was resolved to, where it could be: instance types, usable memory, prices.
    catalog : Catalog
        The catalog that the document names, or the bundled one.
    """

    document: Document
    configuration: Configuration | None = None
    catalog: Catalog = BUNDLED

    def items(self, kind: str) -> Iterator[tuple[Where, dict[str, Any]]]:
        """The objects of one list of the batch section, with their places."""
        return mappings(self.document.values, (), "batch", kind)

    @cached_property
    def environments(self) -> dict[str, tuple[Where, dict[str, Any]]]:
        """Compute environments by name."""
        return self._by_name("computeEnvironments", "computeEnvironmentName")

    @cached_property
    def queues(self) -> dict[str, tuple[Where, dict[str, Any]]]:
        """Job queues by name."""
        return self._by_name("jobQueues", "jobQueueName")

    @cached_property
    def definitions(self) -> dict[str, tuple[Where, dict[str, Any]]]:
        """Job definitions by name; of several revisions the last."""
        return self._by_name("jobDefinitions", "jobDefinitionName")

    @cached_property
    def policies(self) -> dict[str, tuple[Where, dict[str, Any]]]:
        """Scheduling policies by name."""
        return self._by_name("schedulingPolicies", "name")

    @cached_property
    def consumables(self) -> dict[str, tuple[Where, dict[str, Any]]]:
        """Consumable resources by name."""
        return self._by_name("consumableResources", "consumableResourceName")

    def _by_name(self, kind: str, member: str) -> dict[str, tuple[Where, dict[str, Any]]]:
        return {
            str(value[member]): (where, value)
            for where, value in self.items(kind)
            if isinstance(value.get(member), str)
        }

    def workflows(self) -> Iterator[tuple[Where, dict[str, Any], list[tuple[Where, dict[str, Any]]]]]:
        """Workflows with their jobs."""
        for where, entry in mappings(self.document.values, (), "workload"):
            if isinstance(entry.get("jobs"), list):
                yield where, entry, list(mappings(entry, where, "jobs"))

    def traces(self) -> Iterator[tuple[Where, dict[str, Any]]]:
        """Traces."""
        entries = self.document.values.get("workload")
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and isinstance(entry.get("trace"), dict):
                yield ("workload", index, "trace"), entry["trace"]

    def finding(self, where: Where, message: str, **more: Any) -> Finding:
        """A finding without its rule, which `check_all` adds."""
        return self.document.finding(where, "", message, **more)

    def unknown(self, where: Where, what: str, name: str, known: Any) -> Finding:
        """A reference that leads nowhere."""
        return self.finding(where, f"there is no {what} {name!r}", suggestion=nearest(name, known))


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
