"""JSON Schema of EC2's launch templates, as far as what becomes of a member lets look inside.

Members are spelled with a small first letter here; EC2's own spelling is taken as it is, and looked at by ``validate``.
"""

from __future__ import annotations

from typing import Any

from batchsim.scenario.batch.ec2_model import REQUEST, ec2_shape
from batchsim.scenario.batch.launch_template_coverage import MEMBERS
from batchsim.scenario.sections.launch_template_files import FILE

_DESCRIBED: dict[str, dict[str, Any]] = {
    "launchTemplateId": {"type": "string", "description": "as EC2 describes it"},
    "versionNumber": {"type": "integer", "description": "as EC2 describes it; 1 without it"},
    "defaultVersion": {"type": "boolean", "description": "as EC2 describes it"},
    "createTime": {"description": "as EC2 describes it"},
    "createdBy": {"description": "as EC2 describes it"},
}
_TYPES = {"string": "string", "integer": "integer", "boolean": "boolean", "structure": "object", "list": "array"}


def launch_templates() -> dict[str, Any]:
    """The ``launchTemplates:`` section: entries by EC2's shapes, or files."""
    entry = _structure(ec2_shape(REQUEST))
    entry["properties"] = {**_DESCRIBED, **entry["properties"]}
    file = {
        "type": "object",
        "properties": {FILE: {"type": "string", "minLength": 1, "description": "JSON, relative to the scenario"}},
        "required": [FILE],
        "additionalProperties": False,
    }
    return {
        "type": ["array", "null"],
        "items": {"if": {"required": [FILE]}, "then": file, "else": entry, "type": "object"},
    }


def _structure(shape: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name[:1].lower() + name[1:]: _member(shape, name) for name in shape.members},
        "patternProperties": {"^[A-Z]": {}},
        "additionalProperties": False,
    }


def _member(shape: Any, name: str) -> dict[str, Any]:
    known, inner = MEMBERS[f"{shape.name}.{name}"], shape.members[name]
    said = {"description": f"{known.treatment}: {known.how}"}
    is_list = inner.type_name == "list"
    content = inner.member if is_list else inner
    if known.treatment != "simulated" or content.type_name != "structure":
        made: dict[str, Any] = {"type": _TYPES[inner.type_name]} if inner.type_name in _TYPES else {}
        words = list(getattr(inner, "enum", ()))
        # The words of what is carried alone, thousands of instance types among them, are left to `validate`.
        if words and known.treatment != "carried":
            made["enum"] = words
        return {**made, **said}
    made = _structure(content)
    return {**({"type": "array", "items": made} if is_list else made), **said}
