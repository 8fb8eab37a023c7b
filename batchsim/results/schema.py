"""The JSON Schema of ``summary.json``, of one run and of replications; made from `fields`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchsim.results.field_kinds import Field, Kind
from batchsim.results.summary_fields import SUMMARY

_FIGURE = {"$ref": "#/$defs/figure"}


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12)."""
    number, perhaps = {"type": "number"}, {"type": ["number", "null"]}
    interval = {"mean": number, "low": perhaps, "high": perhaps, "n": {"type": "integer", "minimum": 1}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "summary.json of batchsim",
        **_of_fields(SUMMARY),
        "$defs": {
            "figure": {"anyOf": [perhaps, {"$ref": "#/$defs/interval"}]},
            "interval": _object({**interval, "by": {"enum": ["cox", "clopper-pearson"]}}, list(interval)),
        },
    }


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_fields(fields: tuple[Field, ...]) -> dict[str, Any]:
    required = [field.key for field in fields if not field.optional]
    return _object({field.key: _of(field) for field in fields}, required)


def _of(field: Field) -> dict[str, Any]:
    made: dict[Kind, dict[str, Any]] = {
        Kind.FIGURE: _FIGURE,
        Kind.PLAIN: {"type": list(field.types)} if field.types else {},
        Kind.TOTAL: {"type": ["integer", "null"]},
        Kind.ALL: {"type": ["boolean", "null"]},
        Kind.GROUP: _of_fields(field.fields),
        Kind.NAMED: {"type": "object", "additionalProperties": _of_fields(field.fields) if field.fields else _FIGURE},
        Kind.LIST: {"type": "array", "items": _of_fields(field.fields)},
        Kind.BOUND: {**_of_fields(field.fields), "required": []} if field.fields else _FIGURE,
    }
    said = ", ".join(part for part in (field.meaning.replace("`", ""), field.unit) if part)
    return {**({"description": said} if said else {}), **made[field.kind]}
