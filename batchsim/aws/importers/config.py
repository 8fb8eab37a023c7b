"""``import config``: what is deployed, or about to be, as the ``batch:`` section of a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchsim.aws import launch_templates
from batchsim.aws.importers import cloudformation, requests, terraform
from batchsim.aws.importers.found_requests import SourceRequests, merged
from batchsim.aws.importers.found_schedules import updates_of
from batchsim.aws.importers.parameters import GIVEN_PSEUDO
from batchsim.aws.importers.source_text import files_of, read
from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.checking import in_order, raise_errors
from batchsim.scenario.document.document import Document


@dataclass(frozen=True)
class Imported:
    """A configuration in request shapes.

    Attributes
    ----------
    batch : dict
        The ``batch:`` section: lists of requests, only those that hold something.
    notes : tuple of Finding
        Warnings, and what was left out; ordered by place.
    updates : tuple of dict
        The ``updates:`` section: what schedules of the same sources change.
    launch_templates : tuple of dict
        Those that compute environments refer to, as far as they were found.
    """

    batch: dict[str, list[dict[str, Any]]]
    notes: tuple[Finding, ...]
    updates: tuple[dict[str, Any], ...] = ()
    launch_templates: tuple[dict[str, Any], ...] = ()

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of a scenario, of which all but ``batch:`` may be missing."""
        held = {SECTION: list(self.launch_templates)} if self.launch_templates else {}
        return {**held, "batch": self.batch, **({"updates": list(self.updates)} if self.updates else {})}

    def to_yaml(self) -> str:
        """A document with these sections and nothing else."""
        from batchsim.aws.importers.writing import to_yaml

        return to_yaml(self.sections)


def import_config(
    sources: Sequence[Path], *, parameters: Mapping[str, str] | None = None, region: str = "us-east-1"
) -> Imported:
    """Import configurations from files.

    Parameters
    ----------
    sources : sequence of Path
        CloudFormation templates, requests of the AWS CLI, or what its describe commands print.
    parameters : mapping of str to str, optional
        Values of the templates' parameters.
    region : str
        What ``AWS::Region`` is in the templates.

    Raises
    ------
    ScenarioError
        With every finding, if one of them is an error.
    """
    given = dict(parameters or {})
    documents, findings = _documents(sources)
    try:
        found = list(_converted(documents, given, region))
    except RecursionError:
        shown = ", ".join(map(str, sources))
        raise ScenarioError([*findings, Finding("too-large", "", "nested too deeply", file=shown)]) from None
    if not findings:
        findings += _unknown(given, found)
    return together(found, findings)


def _documents(sources: Sequence[Path]) -> tuple[list[Document], list[Finding]]:
    """The documents of all sources that can be read, and what is wrong with the others."""
    findings: list[Finding] = []
    documents: list[Document] = []
    for source in sources:
        try:
            documents += [document for file in files_of(source) for document in read(file)]
        except ScenarioError as error:
            findings += error.findings
    return documents, findings


def _converted(documents: Sequence[Document], given: Mapping[str, str], region: str) -> Iterator[SourceRequests]:
    """What each document holds, in their order; templates are read together, since one may import of another."""
    templates = [document for document in documents if cloudformation.is_template(document.values)]
    of_templates = iter(cloudformation.convert(templates, given, region))
    for document in documents:
        if cloudformation.is_template(document.values):
            yield next(of_templates)
        elif terraform.is_terraform(document.values):
            yield terraform.convert(document, given)
        else:
            yield requests.convert(document)


def together(found: Iterable[SourceRequests], findings: Iterable[Finding] = ()) -> Imported:
    """What several sources hold, as one section.

    Raises
    ------
    ScenarioError
        With every finding, if one of them is an error.
    """
    found = tuple(found)
    requests_ = [request for each in found for request in each.requests]
    batch, more = merged(requests_)
    templates = [each.request for each in requests_ if each.kind == SECTION]
    launch_templates.by_name(batch, templates)
    updates, unread = updates_of((schedule for each in found for schedule in each.schedules), batch)
    notes = [*findings, *(finding for each in found for finding in each.findings), *more, *unread]
    raise_errors(notes)
    return Imported(batch, tuple(in_order(notes)), tuple(updates), tuple(launch_templates.referred(batch, templates)))


def _unknown(given: Mapping[str, str], found: Sequence[SourceRequests]) -> list[Finding]:
    """Parameters that no template has."""
    known = [*(name for each in found for name in each.parameters or ()), *GIVEN_PSEUDO]
    findings = []
    for name in given:
        if name not in known:
            expected, near = ("--region", "") if name == "AWS::Region" else ("", nearest(name, known))
            message = "no template has this parameter"
            findings.append(Finding("unknown-parameter", name, message, expected, near, file="--parameter"))
    return findings
