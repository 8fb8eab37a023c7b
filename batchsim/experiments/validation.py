"""``validate``: every finding about a scenario, without simulating it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from batchsim.errors import Finding, ScenarioError
from batchsim.experiments.review import review
from batchsim.scenario import rules
from batchsim.scenario.checking import check, check_batch, in_order
from batchsim.scenario.document import Document
from batchsim.scenario.loading import document_of, from_document
from batchsim.scenario.overrides import Overrides
from batchsim.scenario.rules.context import Stage
from batchsim.scenario.scenario import Scenario

STAGES: tuple[Stage, ...] = ("simulation", "deployment", "review")

#: What `import config` prints has these members at most.
_CONFIGURATION = {"batch", "deployment", "region"}


@dataclass(frozen=True)
class Validation:
    """What was found.

    Attributes
    ----------
    findings : tuple of Finding
        In the order of their places, each once.
    scenario : Scenario or None
        The scenario, when it has no errors.
    """

    findings: tuple[Finding, ...]
    scenario: Scenario | None = None

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


def validate(path: str | Path, *, overrides: Overrides = (), variant: str | None = None) -> Validation:
    """Find everything that is wrong with a scenario, or worth a second look.

    A file with a ``batch:`` section alone, as ``import config`` prints it, is validated as a configuration.

    Raises
    ------
    ScenarioError
        If the file can't be read, or the variant or an override leads nowhere.
    """
    overrides = tuple(overrides)
    document = document_of(path, overrides=overrides, variant=variant)
    if set(document.values) <= _CONFIGURATION:
        return _configuration(document)
    findings = list(check(document, STAGES).findings)
    scenario = None
    if not any(finding.severity == "error" for finding in findings):
        try:
            scenario = from_document(document, Path(path).parent, variants=not overrides)
            findings += scenario.warnings
            findings += rules.check_all(document, STAGES, scenario.configuration, catalog=scenario.catalog)
            findings += review(scenario)
        except ScenarioError as error:
            findings += error.findings
    return Validation(tuple(in_order(map(_weighed, findings))), scenario)


#: A run shows what such a job does to its queue, so that it only warns; that AWS never runs it is an error here.
_NEVER_RUN = {"never-placeable", "above-max-vcpus", "no-gpu-type", "node-vcpus"}


def _weighed(finding: Finding) -> Finding:
    return replace(finding, severity="error") if finding.code in _NEVER_RUN else finding


def _configuration(document: Document) -> Validation:
    found = [*check_batch(document), *rules.check_all(document, STAGES)]
    # A part of a configuration lacks what other parts have: that is no fault of it.
    partial = [finding for finding in found if finding.code == "missing-key" and finding.path == "batch"]
    findings = [finding for finding in found if finding not in partial and finding.code != "unused"]
    told = "there is no workload: the configuration alone is looked at"
    findings.append(document.finding((), "no-workload", told, severity="info"))
    return Validation(tuple(in_order(findings)))
