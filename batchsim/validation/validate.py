"""``validate``: every finding about a scenario, without simulating it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario import rules
from batchsim.scenario.checking import check, in_order
from batchsim.scenario.document.document import Document
from batchsim.scenario.document.overrides import Overrides
from batchsim.scenario.loading import document_of, variant_findings
from batchsim.scenario.rules.registry import AWS_STAGES, Stage, rule_of, stage_of
from batchsim.scenario.scenario import Scenario, from_document
from batchsim.scenario.sections.batch import check_batch
from batchsim.scenario.silencing import silence, unknown, unused
from batchsim.validation.workload import review

STAGES: tuple[Stage, ...] = ("simulation", "deployment", "submission", "review")

#: What `import config` prints has these members at most.
_CONFIGURATION = {"batch", "launchTemplates", "deployment", "region", "ignore"}


@dataclass(frozen=True)
class Validation:
    """What was found.

    Attributes
    ----------
    findings : tuple of Finding
        In the order of their places, each once.
    scenario : Scenario or None
        The scenario, when it has no errors.
    deploys : bool
        Whether there is a ``deployment:`` section.
    """

    findings: tuple[Finding, ...]
    scenario: Scenario | None = None
    deploys: bool = False

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop a run or a deployment."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is legal and probably not meant."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Errors and warnings; what only a deployment lacks is none as long as nothing is to be deployed."""
        lacking = () if self.deploys else tuple(each for each in self.warnings if stage_of(each) in AWS_STAGES)
        return tuple(each for each in (*self.errors, *self.warnings) if each not in lacking)


def validate(
    path: str | Path, *, overrides: Overrides = (), variant: str | None = None, ignore: Iterable[str] = ()
) -> Validation:
    """Find everything that is wrong with a scenario, or worth a second look.

    A file with a ``batch:`` section alone, as ``import config`` prints it, is validated as a configuration.

    Parameters
    ----------
    ignore : iterable of str
        Codes of rules that are ignored besides those that the scenario ignores itself.

    Raises
    ------
    ScenarioError
        If the file can't be read, or the variant or an override leads nowhere.
    """
    overrides = tuple(overrides)
    document = document_of(path, overrides=overrides, variant=variant, ignore=ignore)
    deploys = isinstance(document.values.get("deployment"), dict)
    if set(document.values) <= _CONFIGURATION:
        return Validation(_told(_configuration(document), document), deploys=deploys)
    base = Path(path).parent
    findings = list(check(document, STAGES).findings)
    scenario = None
    if not any(finding.severity == "error" for finding in silence(findings, document)):
        try:
            scenario = from_document(document, base)
            findings += [*scenario.warnings, *scenario.silenced]
            findings += rules.check_all(document, STAGES, scenario.configuration, catalog=scenario.catalog)
            findings += review(scenario)
        except ScenarioError as error:
            findings += error.findings
    if not overrides:
        # Variants are changes to the scenario as it was written; with other changes they need not make sense.
        findings += variant_findings(document, base, findings)
    # What is ignored in vain is known only where everything was looked at.
    everything = scenario is not None and not overrides
    return Validation(_told(findings, document, everything=everything), scenario, deploys)


def _told(findings: list[Finding], document: Document, *, everything: bool = True) -> tuple[Finding, ...]:
    """Findings as they are shown: weighed, without what is ignored, with what is ignored in vain."""
    vain = unused(findings, document) if everything else ()
    return tuple(in_order(map(_weighed, silence([*findings, *vain], document))))


def _weighed(finding: Finding) -> Finding:
    """A run shows what a job that can never run does to its queue, so that it warns; here it is the error it is."""
    rule = rule_of(finding.code)
    never_runs = rule is not None and rule.stage == "simulation" and rule.severity == "error" and not rule.stops
    return replace(finding, severity="error") if never_runs else finding


def _configuration(document: Document) -> list[Finding]:
    found = [*check_batch(document), *rules.check_all(document, STAGES), *unknown(document)]
    # A part of a configuration lacks what other parts have: that is no fault of it.
    partial = [finding for finding in found if finding.code == "missing-key" and finding.path == "batch"]
    findings = [finding for finding in found if finding not in partial and finding.code != "unused"]
    told = "there is no workload: the configuration alone is looked at"
    return [*findings, document.finding((), "no-workload", told, severity="info")]
