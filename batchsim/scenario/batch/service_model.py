"""AWS's own shapes: whether each member is known, of the right type, one of the allowed words.

The Batch service model ships inside botocore. Its own validator leaves out the allowed words and suggests nothing, so
the shapes are walked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.document.document import Document, Where

#: The request shape behind each list of the ``batch:`` section.
REQUESTS = {
    "computeEnvironments": "CreateComputeEnvironmentRequest",
    "jobQueues": "CreateJobQueueRequest",
    "jobDefinitions": "RegisterJobDefinitionRequest",
    "schedulingPolicies": "CreateSchedulingPolicyRequest",
    "consumableResources": "CreateConsumableResourceRequest",
}

_PYTHON_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "a text"),
    "integer": ((int,), "a whole number"),
    "long": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "double": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "timestamp": ((str, int, float), "a time"),
    "blob": ((str,), "a text"),
}


@cache
def _model() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("batch", "service-2"), "batch")


def botocore_version() -> str:
    """The version of the service model's carrier."""
    from botocore import __version__

    return str(__version__)


@cache
def ec2_instance_types() -> frozenset[str]:
    """Every EC2 instance type that AWS's service model knows (EC2 API, InstanceType); slow, for messages only."""
    from botocore.loaders import Loader

    return frozenset(Loader().load_service_model("ec2", "service-2")["shapes"]["InstanceType"]["enum"])


@cache
def shape_named(name: str) -> Any:
    """A shape of the service model, which knows its members from then on."""
    return _model().shape_for(name)


def request_shape(kind: str) -> Any:
    """The shape of the requests in one list of the ``batch:`` section."""
    return shape_named(REQUESTS[kind])


def as_text(value: Any, where: Where) -> Any:
    """A value for a place of a scenario, its numbers as texts where AWS's shapes have texts."""
    shape = _shape_at(where)
    return value if shape is None else _texts(value, shape)


def _shape_at(where: Where) -> Any:
    """The shape of what stands at a place of a scenario; None where AWS has none."""
    match where:
        case ("batch", str(kind), int(), *rest) if kind in REQUESTS:
            shape = request_shape(kind)
        case ("workload", int(), "jobs", int(), *rest):
            shape = shape_named("SubmitJobRequest")
        case _:
            return None
    for step in rest:
        if shape.type_name == "structure":
            if step not in shape.members:
                return None
            shape = shape.members[step]
        elif shape.type_name in {"list", "map"}:
            shape = shape.member if shape.type_name == "list" else shape.value
        else:
            return None
    return shape


def _texts(value: Any, shape: Any) -> Any:
    if isinstance(value, dict) and shape.type_name == "structure":
        return {key: _texts(each, shape.members[key]) if key in shape.members else each for key, each in value.items()}
    if isinstance(value, dict) and shape.type_name == "map":
        return {key: _texts(each, shape.value) for key, each in value.items()}
    if isinstance(value, list) and shape.type_name == "list":
        return [_texts(each, shape.member) for each in value]
    if shape.type_name == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value


def check(
    value: Any, shape_name: str, where: Where, document: Document, *, loose: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Findings about a value that should have a shape of the Batch API.

    Parameters
    ----------
    loose : tuple of str
        Members of the outermost structure that may be missing or unknown, because they are checked elsewhere.
    """
    yield from _check(value, shape_named(shape_name), where, document, loose)


def members(value: Any, shape_name: str, where: Where) -> Iterator[tuple[str, Where, Any]]:
    """Every member within a value that its shape knows: ``Shape.member``, its place and what it says."""
    yield from _members(value, shape_named(shape_name), where)


def _members(value: Any, shape: Any, where: Where) -> Iterator[tuple[str, Where, Any]]:
    if shape.type_name == "structure" and isinstance(value, dict):
        for member, content in value.items():
            if member in shape.members:
                yield f"{shape.name}.{member}", (*where, member), content
                yield from _members(content, shape.members[member], (*where, member))
    elif shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _members(item, shape.member, (*where, index))


def _check(value: Any, shape: Any, where: Where, document: Document, loose: tuple[str, ...] = ()) -> Iterator[Finding]:
    source = f"AWS Batch API, {shape.name}"
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            yield _wrong_type(value, "a mapping", where, document, source)
            return
        for member, content in value.items():
            if member in shape.members and member not in loose:
                yield from _check(content, shape.members[member], (*where, member), document)
            elif member not in loose:
                yield document.finding(
                    (*where, member),
                    "unknown-key",
                    f"{shape.name} has no member {member!r}",
                    suggestion=nearest(member, shape.members),
                    source=source,
                    key=True,
                )
        for member in shape.required_members:
            if member not in value and member not in loose:
                yield document.finding(where, "missing-key", f"{member} is missing", source=source)
    elif shape.type_name == "list":
        if not isinstance(value, list):
            yield _wrong_type(value, "a list", where, document, source)
            return
        for index, item in enumerate(value):
            yield from _check(item, shape.member, (*where, index), document)
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            yield _wrong_type(value, "a mapping", where, document, source)
            return
        for key, item in value.items():
            yield from _check(item, shape.value, (*where, key), document)
    else:
        yield from _check_scalar(value, shape, where, document, source)


#: An ``integer`` of the service model has 32 bits, a ``long`` 64.
LARGEST_INTEGER = 2**31 - 1


def _check_scalar(value: Any, shape: Any, where: Where, document: Document, source: str) -> Iterator[Finding]:
    types, expected = _PYTHON_TYPES[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        if shape.type_name == "string" and isinstance(value, (int, float)):
            text = str(value).lower() if isinstance(value, bool) else value
            expected = f'a text: write "{text}" with quotes'
        yield _wrong_type(value, expected, where, document, source)
        return
    if isinstance(value, float) and not (float("-inf") < value < float("inf")):
        yield document.finding(
            where, "not-finite", f"{value} is not a figure", expected="a finite number", source=source
        )
    if shape.type_name == "integer" and abs(value) > LARGEST_INTEGER:
        yield document.finding(
            where, "out-of-range", f"{value} is too large", expected=f"{LARGEST_INTEGER} or less", source=source
        )
    # AWS takes retry actions in any case; the model spells them in capitals.
    words = list(getattr(shape, "enum", ()))
    if words and value not in words and not (shape.name == "RetryAction" and str(value).upper() in words):
        yield document.finding(
            where,
            "unknown-word",
            f"{value!r} is not one of the allowed words",
            expected=f"one of {', '.join(words)}",
            suggestion=nearest(str(value), words),
            source=source,
        )
    bounds = shape.metadata
    size = len(value) if isinstance(value, str) else value
    if "min" in bounds and size < bounds["min"]:
        yield document.finding(
            where, "out-of-range", f"{value!r} is too small", expected=f"{bounds['min']} or more", source=source
        )
    if "max" in bounds and size > bounds["max"]:
        yield document.finding(
            where, "out-of-range", f"{value!r} is too large", expected=f"{bounds['max']} or less", source=source
        )


def _wrong_type(value: Any, expected: str, where: Where, document: Document, source: str) -> Finding:
    found = "nothing" if value is None else repr(value)
    if isinstance(value, (dict, list)):
        found = "a mapping" if isinstance(value, dict) else "a list"
    return document.finding(where, "wrong-type", f"{found} does not fit", expected=expected, source=source)
