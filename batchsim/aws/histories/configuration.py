"""The configuration that a history ran on: of a scenario or `import config`, or of anything that can be imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchsim.aws.importers.config import import_config
from batchsim.aws.importers.source_text import read
from batchsim.aws.importers.writing import to_yaml
from batchsim.errors import Finding
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.batch.resource_requests import main_container
from batchsim.scenario.document.access import base_name, dig, entries, mappings, requirement
from batchsim.units import parse_size_mib


@dataclass(frozen=True)
class AccountConfiguration:
    """Queues, environments and definitions, in request shapes, with what is known of their surroundings.

    Attributes
    ----------
    batch, environment : mapping
        Sections of a scenario; the second may be empty.
    notes : tuple of Finding
        What was left out of an import.
    updates : tuple of dict
        The ``updates:`` that come by cron; what is due once belongs to the time that it was said for.
    launch_templates : tuple of mapping
        Those that its environments refer to, as far as they are known.
    """

    batch: Mapping[str, Any]
    environment: Mapping[str, Any]
    notes: tuple[Finding, ...] = ()
    updates: tuple[dict[str, Any], ...] = ()
    launch_templates: tuple[Mapping[str, Any], ...] = ()

    @property
    def queues(self) -> frozenset[str]:
        """The names of the job queues."""
        return frozenset(str(each["jobQueueName"]) for each in self._of("jobQueues", "jobQueueName"))

    @property
    def definitions(self) -> Mapping[str, Mapping[str, Any]]:
        """The job definitions by name."""
        return {str(each["jobDefinitionName"]): each for each in self._of("jobDefinitions", "jobDefinitionName")}

    @property
    def environments(self) -> Mapping[str, frozenset[str]]:
        """The types of the environments that each queue has: ``EC2``, ``SPOT``, ``FARGATE``, ``FARGATE_SPOT``."""
        kinds = self.environment_types
        return {
            str(queue["jobQueueName"]): frozenset(
                kinds.get(base_name(dig(order, "computeEnvironment") or ""), "")
                for order in entries(queue, "computeEnvironmentOrder")
            )
            for queue in self._of("jobQueues", "jobQueueName")
        }

    @property
    def environment_types(self) -> Mapping[str, str]:
        """The type of each compute environment: ``EC2``, ``SPOT``, ``FARGATE``, ``FARGATE_SPOT``, ``UNMANAGED``."""
        return {name: str(dig(each, "type") or "UNMANAGED") for name, each in self.resources.items()}

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """What each compute environment has as its ``computeResources``."""
        return {
            str(each["computeEnvironmentName"]): dig(each, "computeResources") or {}
            for each in self._of("computeEnvironments", "computeEnvironmentName")
        }

    def image_mib(self, definition: str) -> float | None:
        """The size of a definition's image as the surroundings state it; None where they do not, or state none."""
        image = dig(dict(self.environment), "image")
        stated = dig(image, "jobDefinitions", definition, "size") or dig(image, "size")
        try:
            return None if stated is None else parse_size_mib(stated)
        except ValueError:  # told where the scenario is read
            return None

    def asks(self, definition: str) -> tuple[float | None, float | None, float | None]:
        """VCPUs, MiB and GPUs of a definition of one container; None where it does not say, or has several."""
        given = self.definitions.get(definition, {})
        if not isinstance(given.get("containerProperties"), dict):
            return None, None, None
        container = main_container(given)
        vcpus, memory, gpus = (requirement(container, kind) for kind in ("VCPU", "MEMORY", "GPU"))
        return vcpus, memory, gpus or 0.0

    def to_yaml(self) -> str:
        """The ``batch:`` section, the launch templates that it refers to, and ``updates:`` where there are any."""
        updates = {"updates": list(self.updates)} if self.updates else {}
        return to_yaml({**self._held, "batch": dict(self.batch), **updates})

    @property
    def _held(self) -> dict[str, Any]:
        return {SECTION: list(self.launch_templates)} if self.launch_templates else {}

    def to_scenario(self, region: str, queue: str, definition: str) -> str:
        """A scenario of the configuration and its surroundings, in which one job runs."""
        job = {"jobName": "job", "jobQueue": queue, "jobDefinition": definition, "runtime": 1}
        return to_yaml(
            {
                "name": "configuration",
                "region": region or "us-east-1",
                **self._held,
                "batch": dict(self.batch),
                "workload": [{"workflow": "job", "jobs": [job]}],
                "environment": dict(self.environment),
            }
        )

    def _of(self, section: str, name: str) -> list[dict[str, Any]]:
        return [each for _, each in mappings(self.batch, (), section) if each.get(name)]


def read_configuration(path: Path, *others: Path) -> AccountConfiguration:
    """The configuration in a file, or in several that are imported as one.

    Raises
    ------
    ScenarioError
        If there is none, or it has faults.
    """
    for document in read(path) if not others and path.is_file() else ():
        values = document.values
        if isinstance(values, dict) and isinstance(values.get("batch"), dict):
            environment = values.get("environment")
            again, once = _by_cron(values.get("updates"))
            surroundings = environment if isinstance(environment, dict) else {}
            held = tuple(entry for _, entry in mappings(values, (), SECTION))
            return AccountConfiguration(values["batch"], surroundings, _left_out(once), again, held)
    imported = import_config([path, *others])
    again, once = _by_cron(list(imported.updates))
    return AccountConfiguration(
        imported.batch, {}, (*imported.notes, *_left_out(once)), again, imported.launch_templates
    )


def _by_cron(updates: Any) -> tuple[tuple[dict[str, Any], ...], int]:
    """The updates that come by cron, and how many others there are."""
    given = updates if isinstance(updates, list) else []
    again = tuple(each for each in given if isinstance(each, dict) and each.get("cron"))
    return again, len(given) - len(again)


def _left_out(once: int) -> tuple[Finding, ...]:
    """That updates which are due once are not taken."""
    if not once:
        return ()
    message = f"left out: {once} of updates:, due once and not by cron"
    return (Finding("left-out", "updates", message, severity="info"),)
