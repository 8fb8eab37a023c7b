"""What rules look at: a document, seen as AWS Batch objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.errors import Finding, nearest
from batchsim.scenario.document.access import mappings
from batchsim.scenario.document.document import Document, Where
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

    @cached_property
    def workflows(self) -> list[tuple[Where, dict[str, Any], list[tuple[Where, dict[str, Any]]]]]:
        """Workflows with their jobs."""
        return [
            (where, entry, list(mappings(entry, where, "jobs")))
            for where, entry in mappings(self.document.values, (), "workload")
            if isinstance(entry.get("jobs"), list)
        ]

    def traces(self) -> Iterator[tuple[Where, dict[str, Any]]]:
        """Traces."""
        entries = self.document.values.get("workload")
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and isinstance(entry.get("trace"), dict):
                yield ("workload", index, "trace"), entry["trace"]

    def finding(self, where: Where, message: str, **more: Any) -> Finding:
        """A finding without its rule, which `registry.check_all` adds."""
        return self.document.finding(where, "", message, **more)

    def unknown(self, where: Where, what: str, name: str, known: Any) -> Finding:
        """A reference that leads nowhere."""
        return self.finding(where, f"there is no {what} {name!r}", suggestion=nearest(name, known))
