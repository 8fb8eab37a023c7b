"""What Terraform knows of AWS Batch, as requests: a plan, a state, and its JSON syntax.

``terraform show -json`` prints a plan or a state with resolved values (Terraform, *JSON Output Format*); a state file
holds the same as attributes of instances; ``main.tf.json`` is configuration, whose expressions are followed as far as
the file goes. HCL itself is not read: Terraform is asked for what it makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchsim.aws.importers.found_requests import SourceRequests
from batchsim.aws.importers.terraform_configuration import TerraformConfiguration
from batchsim.aws.importers.terraform_plan import ShownPlan, StateFile
from batchsim.aws.importers.terraform_source import KINDS, TerraformSource
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.document.document import Document


def is_terraform(values: Any) -> bool:
    """Whether a document is a plan, a state or a configuration of Terraform."""
    if not isinstance(values, dict):
        return False
    shown = "format_version" in values and ("planned_values" in values or "values" in values)
    state = "terraform_version" in values and isinstance(values.get("resources"), list)
    return shown or state or isinstance(values.get("resource"), (dict, list))


def convert(document: Document, parameters: Mapping[str, str]) -> SourceRequests:
    """The Batch resources of a document.

    Parameters
    ----------
    parameters : mapping of str to str
        Values of a configuration's variables.
    """
    source = _source(document, parameters)
    resources = list(source.resources())
    told = any(finding.severity == "error" for finding in source.findings)
    requests = tuple(source.request(resource) for resource in resources)
    if not told and all(resource.kind == SECTION for resource in resources):
        expected = ", ".join(kind for kind, section in KINDS.items() if section != SECTION)
        finding = document.finding((), "nothing-to-import", "Terraform's file has no Batch resource", expected=expected)
        source.findings.append(finding)
    return SourceRequests(requests, tuple(source.findings), source.variables, tuple(source.schedules()))


def _source(document: Document, parameters: Mapping[str, str]) -> TerraformSource:
    values = document.values
    if "planned_values" in values or "values" in values:
        return ShownPlan(document)
    if isinstance(values.get("resources"), list):
        return StateFile(document)
    return TerraformConfiguration(document, parameters)
