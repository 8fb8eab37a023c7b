"""What Terraform made or is about to make: ``terraform show -json`` of a plan or a state, and a state file.

What a plan can't know yet is not in its values: where its configuration refers to another Batch resource, that one is
meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from batchsim.aws.importers.found_requests import FoundSchedule
from batchsim.aws.importers.found_schedules import TERRAFORM as SCHEDULE
from batchsim.aws.importers.template_values import hole
from batchsim.aws.importers.terraform_source import (
    KINDS,
    TerraformResource,
    TerraformSource,
    label_of,
    mappings,
    name_of,
)
from batchsim.aws.launch_templates import TERRAFORM as LAUNCH_TEMPLATE
from batchsim.aws.launch_templates import VERSIONS
from batchsim.scenario.document.access import entries
from batchsim.scenario.document.document import Where

_REFERENCE = re.compile(r"((?:aws|awscc)_batch_\w+|aws_launch_template)\.([\w-]+)(?:\[([^\]]*)\])?(?:\.(\w+))?")


class ShownPlan(TerraformSource):
    """What ``terraform show -json`` prints of a plan or a state."""

    def resources(self) -> Iterator[TerraformResource]:
        """See `TerraformSource.resources`."""
        values = self._document.values
        key = "planned_values" if "planned_values" in values else "values"
        unknown = {
            str(change.get("address")): change["change"].get("after_unknown")
            for change in mappings(values.get("resource_changes"))
            if isinstance(change.get("change"), dict) and "deposed" not in change
        }
        root = _mapping(values[key]).get("root_module")
        if isinstance(root, dict):
            configured = _mapping(values.get("configuration")).get("root_module")
            yield from self._module(root, _mapping(configured), (key, "root_module"), unknown)

    def _module(
        self, module: dict[str, Any], configured: dict[str, Any], where: Where, unknown: Mapping[Any, Any]
    ) -> Iterator[TerraformResource]:
        yield from self._own_resources(module, configured, (*where, "resources"), unknown)
        calls = _mapping(configured.get("module_calls"))
        for index, child in enumerate(mappings(module.get("child_modules"))):
            name = re.sub(r"\[[^\]]*\]$", "", str(child.get("address", ""))).rpartition("module.")[2]
            called = _mapping(_mapping(calls.get(name)).get("module"))
            yield from self._module(child, called, (*where, "child_modules", index), unknown)

    def _own_resources(
        self, module: dict[str, Any], configured: dict[str, Any], where: Where, unknown: Mapping[Any, Any]
    ) -> Iterator[TerraformResource]:
        """The resources of a module without those of modules in it."""
        expressions = {_type_and_name(each): each.get("expressions") for each in mappings(configured.get("resources"))}
        numbered = [each for each in enumerate(mappings(module.get("resources"))) if _is_of_batch(each[1])]
        kept = [resource for _, resource in numbered if not resource.get("deposed_key")]
        for index, resource in numbered:
            if resource.get("deposed_key"):
                self._deposed(label_of(resource), (*where, index))
                continue
            values = resource.get("values") or {}
            if not isinstance(values, dict):
                self._not_a(values, "a mapping", (*where, index, "values"))
                continue
            missing = unknown.get(str(resource.get("address")))
            written = expressions.get(_type_and_name(resource))
            known = _completed(values, missing, written, lambda name: _referred(name, kept))
            yield TerraformResource(resource["type"], label_of(resource), known, (*where, index))

    def schedules(self) -> Iterator[FoundSchedule]:
        """See `TerraformSource.schedules`."""
        values = self._document.values
        key = "planned_values" if "planned_values" in values else "values"
        yield from self._schedules_of(_mapping(_mapping(values[key]).get("root_module")), (key, "root_module"))

    def _schedules_of(self, module: dict[str, Any], where: Where) -> Iterator[FoundSchedule]:
        for index, resource in enumerate(mappings(module.get("resources"))):
            if _is_managed(resource) and resource.get("type") == SCHEDULE and not resource.get("deposed_key"):
                yield self._schedule(label_of(resource), _mapping(resource.get("values")), (*where, "resources", index))
        for index, child in enumerate(mappings(module.get("child_modules"))):
            yield from self._schedules_of(child, (*where, "child_modules", index))


class StateFile(TerraformSource):
    """A state file."""

    def resources(self) -> Iterator[TerraformResource]:
        """See `TerraformSource.resources`."""
        for index, resource in enumerate(mappings(self._document.values.get("resources"))):
            if not _is_of_batch(resource):
                continue
            for number, instance in enumerate(mappings(resource.get("instances"))):
                where: Where = ("resources", index, "instances", number, "attributes")
                attributes = instance.get("attributes")
                if instance.get("deposed"):
                    self._deposed(str(resource.get("name")), where)
                elif isinstance(attributes, dict):
                    yield TerraformResource(resource["type"], str(resource.get("name")), attributes, where)

    def schedules(self) -> Iterator[FoundSchedule]:
        """See `TerraformSource.schedules`."""
        for index, resource in enumerate(mappings(self._document.values.get("resources"))):
            if _is_managed(resource) and resource.get("type") == SCHEDULE:
                for number, instance in enumerate(mappings(resource.get("instances"))):
                    where: Where = ("resources", index, "instances", number, "attributes")
                    if not instance.get("deposed"):
                        yield self._schedule(str(resource.get("name")), _mapping(instance.get("attributes")), where)


def _is_managed(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("mode", "managed")) == "managed"


def _is_of_batch(resource: Mapping[str, Any]) -> bool:
    return _is_managed(resource) and str(resource.get("type")) in KINDS


def _type_and_name(resource: Mapping[str, Any]) -> tuple[str, str]:
    return str(resource.get("type")), str(resource.get("name"))


def _referred(reference: str, resources: list[dict[str, Any]]) -> str | None:
    """The name of the resource of the same module that a reference means; None for none, or one of several."""
    match = _REFERENCE.match(reference)
    if match is None:
        return None
    if match[1] == LAUNCH_TEMPLATE and match[4] in VERSIONS:
        return VERSIONS[match[4]]
    meant = _instances(match, resources)
    if len(meant) != 1:
        return None
    return name_of(_mapping(meant[0].get("values"))) or label_of(meant[0])


def _instances(reference: re.Match[str], resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The resources that a reference may mean: of several of one name that with its index, where it has one."""
    named = [each for each in resources if _type_and_name(each) == reference.groups()[:2]]
    index = reference[3]
    if index is None or not any("index" in each for each in named):
        return named
    return [each for each in named if json.dumps(each.get("index")) == index]


def _completed(values: Any, unknown: Any, written: Any, refer: Callable[[str], str | None]) -> Any:
    """Values with what is known only after an apply: the Batch resource that is referred to, or a hole.

    Parameters
    ----------
    unknown
        Of the same shape: true where a value is known only after an apply.
    written
        Of the same shape: the expressions of the configuration.
    refer : callable
        The name that a reference means, if any.
    """
    if unknown is True:
        return _after_apply(entries(written, "references"), refer)
    if isinstance(values, dict) and isinstance(unknown, dict):
        inner = _mapping(written)
        keys = dict.fromkeys([*values, *(key for key, content in unknown.items() if content is True)])
        return {key: _completed(values.get(key), unknown.get(key), inner.get(key), refer) for key in keys}
    if isinstance(values, list) and isinstance(unknown, list):
        rest = [None] * len(values)
        expressions = [*entries(written), *rest]
        return [_completed(*each, refer) for each in zip(values, [*unknown, *rest], expressions, strict=False)]
    return values


def _after_apply(references: list[Any], refer: Callable[[str], str | None]) -> Any:
    names = {name for each in references if (name := refer(str(each))) is not None}
    # The resource itself stands beside each attribute of it that is referred to.
    names = names & {*VERSIONS.values()} or names
    if len(names) == 1:
        return names.pop()
    asked = next(iter(references), "")
    return hole(f"{asked} is known after an apply" if asked else "known after an apply")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
