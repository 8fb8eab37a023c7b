"""Terraform's JSON configuration syntax, ``main.tf.json``: what is written, its expressions followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from batchsim.aws.importers.found_requests import FoundSchedule
from batchsim.aws.importers.found_schedules import TERRAFORM
from batchsim.aws.importers.template_values import Unresolved, text_of
from batchsim.aws.importers.terraform_expressions import Expressions
from batchsim.aws.importers.terraform_source import KINDS, TerraformResource, TerraformSource
from batchsim.aws.importers.variables import Variables
from batchsim.aws.terraform import AS_JSON, ATTRIBUTES
from batchsim.scenario.document.document import Document, Where

#: Attributes whose value is a JSON document.
_DOCUMENTS = {each[0] for table in ATTRIBUTES.values() for each in table.values() if each[1] == AS_JSON}


class TerraformConfiguration(TerraformSource):
    """A configuration; the values of its variables may be given."""

    def __init__(self, document: Document, given: Mapping[str, str]) -> None:
        super().__init__(document)
        variables = Variables(document, given, _merged(document.values.get("variable")))
        self.variables = variables.names
        self.findings += variables.findings
        self._resources = _merged(document.values.get("resource"), depth=2)
        locals_ = _merged(document.values.get("locals"))
        self._expressions = Expressions(variables, locals_, self._block, self._fault)

    def resources(self) -> Iterator[TerraformResource]:
        """See `TerraformSource.resources`."""
        for resource in KINDS:
            for label in self._resources.get(resource, {}):
                where: Where = ("resource", resource, label)
                values = self._block(resource, label)
                if isinstance(values, dict) and self._is_one(label, values, where):
                    evaluated = {
                        key: content if key in _DOCUMENTS else self._expressions.value(content, (*where, key))
                        for key, content in values.items()
                    }
                    yield TerraformResource(resource, label, evaluated, where)

    def schedules(self) -> Iterator[FoundSchedule]:
        """See `TerraformSource.schedules`."""
        for label in self._resources.get(TERRAFORM, {}):
            where: Where = ("resource", TERRAFORM, label)
            values = self._block(TERRAFORM, label)
            if isinstance(values, dict):
                yield self._schedule(label, self._expressions.value(values, where), where)

    def _is_one(self, label: str, values: dict[str, Any], where: Where) -> bool:
        """Whether a block makes one resource; a finding tells of none, or of several, which only a plan has."""
        key = "for_each" if "for_each" in values else "count"
        count = self._expressions.value(values.get(key, 1), (*where, key)) if key == "count" else None
        if text_of(count) == "1":
            return True
        if text_of(count) == "0":
            self._note((*where, key), "left-out", f"left out: {label} has a count of 0")
        elif not (isinstance(count, Unresolved) and count.reported):
            message = f"{label} is made as often as {key} says, which a plan tells"
            self._fault((*where, key), "unresolved", message, "what `terraform show -json` prints of a plan")
        return False

    def _block(self, resource: str, label: str) -> Any:
        """What is written of a resource; its one block may stand in a list."""
        block = self._resources.get(resource, {}).get(label)
        return block[0] if isinstance(block, list) and block else block

    def _document_of(self, content: Any, where: Where) -> Any:
        # A text that is a document has its expressions in the texts of it: it is read first.
        if isinstance(content, str) and content.lstrip().startswith("{"):
            return self._expressions.value(super()._document_of(content, where), where)
        return super()._document_of(self._expressions.value(content, where), where)


def _merged(value: Any, depth: int = 1) -> dict[str, Any]:
    """Blocks by their labels; several of one kind may stand in a list."""
    merged: dict[str, Any] = {}
    for block in value if isinstance(value, list) else [value]:
        for key, content in block.items() if isinstance(block, dict) else ():
            if depth > 1:
                merged.setdefault(key, {}).update(_merged(content, depth - 1))
            else:
                merged[key] = content
    return merged
