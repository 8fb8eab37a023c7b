"""JSON Schema of batchsim's own sections: the models as a scenario writes them, with the meaning of every key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from batchsim.scenario.scenario import as_written
from batchsim.scenario.sections.keys import KEYS
from batchsim.scenario.sections.model_errors import sections_in
from batchsim.scenario.sections.models import Frame, TraceSource, Workflow
from batchsim.scenario.sections.parameters import FORMS, Requirements, label_of
from batchsim.scenario.sections.updates import ScheduledUpdate
from batchsim.spec.distributions import DISTRIBUTIONS, Constant
from batchsim.spec.fields import Section

#: Where definitions stand in draft-07.
DEFINITION = "#/definitions/"
#: The models that a scenario's own sections are made of.
ROOTS: tuple[type[Section], ...] = (Frame, Workflow, TraceSource, ScheduledUpdate, Requirements, *FORMS)
#: Where those stand that are not within the first.
_BELOW: dict[str, tuple[type[Section], ...]] = {
    "workload.": (Workflow, TraceSource),
    "updates.": (ScheduledUpdate,),
    "search.require.": (Requirements,),
    "search.PATH.": FORMS,
}
#: Members of the scenario that are checked by themselves, and stand in no model.
_PIECES = {
    f"Frame.{key}"
    for key in (
        "batch",
        "launchTemplates",
        "workload",
        "updates",
        "variants",
        "objectives",
        "sweep",
        "search",
        "versions",
    )
}
#: Until kinds of value are hoisted, the meaning of a key stands here, beside the description of its kind.
_MEANING = "meaning"

#: What an editor writes for the name of a distribution.
DISTRIBUTION_EXAMPLES: dict[str, dict[str, Any]] = {
    "lognormal": {"median": "8m", "p95": "20m"},
    "exponential": {"mean": "10m"},
    "gamma": {"mean": "10m", "cv": 0.8},
    "weibull": {"mean": "10m", "cv": 0.8},
    "uniform": {"min": "8m", "max": "12m"},
    "triangular": {"min": "8m", "mode": "10m", "max": "20m"},
    "empirical": {"values": ["8m", "30m"], "weights": [9, 1]},
}


class _AsWritten(GenerateJsonSchema):
    """Without titles made of names, and with defaults as a scenario writes them."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (the name of a key says no more)
        return False

    def encode_default(self, dft: Any) -> Any:
        return as_written(dft)


def definitions() -> dict[str, Any]:
    """The schema of every model within `ROOTS`, and of every kind of value such as a duration, by its name."""
    _, made = models_json_schema(
        [(kind, "validation") for kind in ROOTS], ref_template=f"{DEFINITION}{{model}}", schema_generator=_AsWritten
    )
    models = made["$defs"]
    models.pop("Constant", None)  # a bare duration
    models["Distribution"]["defaultSnippets"] = [
        {"label": name, "body": {name: parameters}} for name, parameters in DISTRIBUTION_EXAMPLES.items()
    ]
    found: dict[str, Any] = {}
    for name, model in models.items():
        model.pop("title")
        _describe(name, model)
        found[name] = _hoisted(model, found)
    return dict(sorted(found.items()))


def _describe(name: str, model: dict[str, Any]) -> None:
    """Say what a model is in its first paragraph, and what each of its keys is."""
    if "description" in model:
        model["description"] = first_paragraph(model["description"])
    for key, value in model.get("properties", {}).items():
        default = value.pop("default", None)
        # Nothing, or a section whose own keys have theirs.
        if default not in (None, {}, []) and "$ref" not in value:
            value["default"] = default
        said = KEYS.get(f"{name}.{key}")
        if said is not None:
            value[_MEANING] = f"{said.plain} ({said.unit})" if said.unit else said.plain


def first_paragraph(docstring: str) -> str:
    """The first paragraph of a docstring, as plain text."""
    return " ".join(docstring.partition("\n\n")[0].split()).replace("`", "")


def _hoisted(value: Any, found: dict[str, Any]) -> Any:
    """A schema with the kinds of value that have a title moved to `found`, and a reference in their place."""
    if isinstance(value, list):
        return [_hoisted(each, found) for each in value]
    if not isinstance(value, dict):
        return value
    beside = {"default": value["default"]} if "default" in value else {}
    if _MEANING in value:
        beside["description"] = value[_MEANING]
    rest = {key: each for key, each in value.items() if key not in ("default", _MEANING)}
    if isinstance(rest.get("title"), str):
        name = rest.pop("title")
        found[name] = rest
        return {"$ref": f"{DEFINITION}{name}", **beside}
    return {**{key: _hoisted(each, found) for key, each in rest.items()}, **beside}


class OwnKey(NamedTuple):
    """A key of a scenario's own sections.

    Attributes
    ----------
    path : str
        Where it stands, dotted.
    name : str
        In the table of keys.
    default : str
        As a scenario writes it; empty where there is none, or a section whose keys have theirs.
    """

    path: str
    name: str
    default: str = ""


def keys() -> Iterator[OwnKey]:
    """Every key of a scenario's own sections; parameters of distributions by the distribution alone."""
    yield from _inside(Frame, "", (Frame,))
    yield from (OwnKey(name.partition(".")[2], name) for name in KEYS if name in _PIECES)
    for where, roots in _BELOW.items():
        for root in roots:
            yield from _inside(root, where, (root,))
    for name, kind in DISTRIBUTIONS.items():
        yield from _inside(kind, f"{name}.", (kind,))


def _inside(kind: type[Section], where: str, around: tuple[type[Section], ...]) -> Iterator[OwnKey]:
    for name, field in kind.model_fields.items():
        key = field.alias or name
        if f"{kind.__name__}.{key}" in KEYS:
            yield OwnKey(f"{where}{key}", f"{kind.__name__}.{key}", _default(field))
        for section in dict.fromkeys(sections_in(field.annotation)):
            if section not in (*around, Constant, *DISTRIBUTIONS.values()):
                yield from _inside(section, f"{where}{key}.", (*around, section))


def _default(field: FieldInfo) -> str:
    default = None if field.is_required() else as_written(field.get_default(call_default_factory=True))
    section = isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    return "" if default in (None, {}, []) or section else label_of(default).replace(".0", "")
