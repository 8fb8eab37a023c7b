"""Exporting what was imported gives the same back."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from batchsim.aws.deployment.deployable import deployable
from batchsim.aws.exporters import export
from batchsim.aws.importers.config import import_config
from batchsim.scenario.document.document import Document
from tests.aws.configurations import everything, prepared, small

PARAMETERS = {"Namespace": "lab", "BatchComputeInstanceTypes": "c5,m5,r5"}


def written(folder: Path, batch: dict, format_: str) -> list[Path]:
    """The files of an export; a job is added, which a scenario needs."""
    batch = copy.deepcopy(batch)
    requirements = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1000"}]
    container = {"image": "busybox", "resourceRequirements": requirements}
    batch.setdefault(
        "jobDefinitions", [{"jobDefinitionName": "task", "type": "container", "containerProperties": container}]
    )
    job = {
        "jobName": "job",
        "jobQueue": batch["jobQueues"][0]["jobQueueName"],
        "jobDefinition": batch["jobDefinitions"][0]["jobDefinitionName"],
        "runtime": "5m",
    }
    values = {"name": "imported", "batch": batch, "workload": [{"workflow": "work", "jobs": [job]}]}
    folder.mkdir(exist_ok=True)
    paths = []
    for name, text in export(deployable(Document(values, "imported")), format_).items():
        path = folder / name.replace("/", "-")
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def template(folder: Path, values: dict) -> Path:
    path = folder / "template.yaml"
    path.write_text(export(prepared(values), "cloudformation")["template.yaml"], encoding="utf-8")
    return path


@pytest.mark.parametrize("values", [small(), everything()], ids=["small", "everything"])
def test_a_template_of_ours_is_imported_as_what_it_was_made_from(values, tmp_path):
    configuration = prepared(values)
    found = import_config([template(tmp_path, values)]).batch
    expected = {
        kind: [{**request, "tags": {"team": "data", **request.get("tags", {})}} for request in requests]
        for kind, requests in configuration.batch.items()
        if requests
    }
    for resource in expected.get("consumableResources", ()):
        resource.setdefault("resourceType", "REPLENISHABLE")  # a template has to say so
    assert found == expected


@pytest.mark.parametrize("format_", ["cloudformation", "boto3"])
def test_import_export_import_is_a_fixed_point(tmp_path, format_):
    once = import_config([template(tmp_path, small())]).batch
    twice = import_config(written(tmp_path / "again", once, format_)).batch
    assert twice == once


@pytest.mark.parametrize(
    "name", ["batch-large-scale.yaml", "sam-eventbridge-batch.yaml", "gwfcore-batch.template.yaml"]
)
def test_public_templates_are_fixed_points(shared_data, tmp_path, name):
    source = shared_data / "configs" / name
    if not source.is_file():
        pytest.skip("the public configurations are not beside the repository")
    parameters = PARAMETERS if name.startswith("gwf") else {}
    once = import_config([source], parameters=parameters).batch
    for environment in once["computeEnvironments"]:
        for image in environment["computeResources"].get("ec2Configuration", ()):
            image["imageType"] = "ECS_AL2023"  # Amazon Linux 2 is refused by now
    again = import_config(written(tmp_path / "again", once, "cloudformation")).batch
    without = {kind: objects for kind, objects in again.items() if kind in once}
    assert without == once
