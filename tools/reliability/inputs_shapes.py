"""Values by a description of them: scenarios by the JSON Schema, requests and answers by botocore's shapes.

Each strategy makes what looks right, and once in `RARELY` times a leaf that does not.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from tools.reliability.inputs_mutations import ODD
from tools.reliability.page import ROOT

#: One leaf in so many is odd.
RARELY = 120
#: How deep members that need not be there are made.
DEEPEST = 7

#: Words that make references meet, and instants and figures that belong together.
_NAMES = ("a", "b", "nightly", "extract", "spot")
_WORDS = (*_NAMES, "1h", "30m", "12", "2048", "m5", "c6i.large", "SUCCEEDED", "0 2 * * *", "us-east-1", "x/y:1", "*")
_INSTANTS = (1_793_577_600, 1_793_577_660.5, 1_793_584_800_000, 0)


def drawn(strategy: st.SearchStrategy[Any], count: int, number: int) -> list[Any]:
    """So many values of a strategy, the same for a number."""
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate], derandomize=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)  # of strategies that are long when they are printed
        collect()
    return found[:count]


def _odd_here_and_there(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    odd = st.sampled_from(ODD)
    return st.integers(0, RARELY - 1).flatmap(lambda n: odd if n == RARELY - 1 else strategy)


_TEXT = st.sampled_from(_WORDS)


def scenarios() -> st.SearchStrategy[Any]:
    """Scenarios by the schema that editors are given."""
    schema = json.loads((ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8"))
    return _BySchema(schema).of(schema, 0)


class _BySchema:
    """Strategies for the parts of a JSON Schema, each made once."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._definitions = schema.get("definitions", {})
        self._known: dict[tuple[str, int], st.SearchStrategy[Any]] = {}

    def of(self, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
        """What a schema describes."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if (name, depth) not in self._known:
                self._known[name, depth] = st.deferred(lambda: self.of(self._definitions[name], depth))
            return self._known[name, depth]
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return st.one_of([self.of(each, depth) for each in schema[several]])
        if "if" in schema:
            return st.one_of([self.of(schema[each], depth) for each in ("then", "else") if each in schema])
        if "const" in schema or "enum" in schema:
            return _odd_here_and_there(st.sampled_from(schema.get("enum") or [schema["const"]]))
        if "allOf" in schema and "properties" not in schema:
            return self.of(schema["allOf"][0], depth)
        kinds = schema.get("type", "string")
        return st.one_of(
            [self._of_kind(kind, schema, depth) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
        )

    def _of_kind(self, kind: str, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            least = schema.get("minItems", 0)
            return st.lists(self.of(schema.get("items", {}), depth + 1), min_size=least, max_size=max(least, 2))
        low, high = schema.get("minimum"), schema.get("maximum")
        leaves: dict[str, st.SearchStrategy[Any]] = {
            "integer": st.integers(-2 if low is None else int(low), 100 if high is None else int(high)),
            "number": st.floats(low, high, allow_nan=False, width=32)
            if low is None or high is None or low <= high
            else st.just(low),
            "boolean": st.booleans(),
            "null": st.none(),
            "string": st.from_regex(schema["pattern"]) if "pattern" in schema else _TEXT,
        }
        return _odd_here_and_there(leaves[kind])

    def _object(self, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
        members, needed = schema.get("properties", {}), set(schema.get("required", ()))
        if not members and isinstance(schema.get("additionalProperties"), dict):
            return st.dictionaries(_TEXT, self.of(schema["additionalProperties"], depth + 1), max_size=2)
        if depth > DEEPEST:
            members = {name: each for name, each in members.items() if name in needed}
        return _some_of({name: self.of(each, depth + 1) for name, each in members.items()}, needed)


@st.composite
def _some_of(draw: st.DrawFn, members: Mapping[str, st.SearchStrategy[Any]], needed: set[str]) -> dict[str, Any]:
    """A mapping with the members that it needs, and a few others."""
    more = [name for name in members if name not in needed]
    chosen = draw(st.lists(st.sampled_from(more), max_size=4, unique=True)) if more else []
    left_out = draw(st.integers(0, 60))
    names = [name for n, name in enumerate(members) if (name in needed and n != left_out) or name in chosen]
    return {name: draw(members[name]) for name in names}


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"))


def of_shape(service: str, name: str) -> st.SearchStrategy[Any]:
    """Values of a shape of a service, as a client gets or sends them, in JSON."""
    return _of_shape(_model(service).shape_for(name), 0)


def _later(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    """Of a shape, when it is asked for: shapes may hold themselves."""
    return st.deferred(lambda: _of_shape(shape, depth))


def _of_shape(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        members = {name: _later(each, depth + 1) for name, each in shape.members.items()}
        needed = set(shape.required_members) | (_NAMING & set(members))
        if depth > DEEPEST:
            members = {name: each for name, each in members.items() if name in needed}
        return _some_of(members, needed)
    if isinstance(shape, ListShape):
        return st.lists(_of_shape(shape.member, depth + 1), max_size=3) if depth <= DEEPEST else st.just([])
    if isinstance(shape, MapShape):
        return st.dictionaries(_TEXT, _of_shape(shape.value, depth + 1), max_size=2)
    return _odd_here_and_there(_leaf(shape))


#: Members that answers always have, though their shapes do not say so.
_NAMING = {
    "jobs", "jobId", "jobName", "jobQueue", "status", "createdAt", "attempts", "container", "startedAt", "stoppedAt",
    "tasks", "taskArn", "containerInstances", "ec2InstanceId", "Activities", "computeEnvironments", "jobQueues",
    "jobDefinitions", "computeEnvironmentName", "jobQueueName", "jobDefinitionName", "resourceRequirements",
    "computeResources", "containerProperties", "LaunchTemplateVersions", "SpotPriceHistory", "schedulingPolicies",
}  # fmt: skip


def _leaf(shape: Shape) -> st.SearchStrategy[Any]:
    kind = shape.type_name
    if isinstance(shape, StringShape) and shape.enum:
        return st.sampled_from(list(shape.enum))
    if kind in {"integer", "long"}:
        return st.one_of(st.integers(0, 64), st.sampled_from(_INSTANTS[2:])) if kind == "long" else st.integers(0, 64)
    return {
        "boolean": st.booleans(),
        "timestamp": st.sampled_from((*_INSTANTS, "2026-11-02T00:00:00Z", "2026-11-02T00:01:00+00:00")),
        "double": st.sampled_from((0.0, 0.5, 1.0, 1e9)),
        "float": st.sampled_from((0.0, 0.5, 1.0)),
    }.get(kind, _TEXT)


def of_shapes(shapes: Sequence[tuple[str, str]]) -> Iterator[st.SearchStrategy[Any]]:
    """A strategy for each of some shapes."""
    return (of_shape(service, name) for service, name in shapes)
