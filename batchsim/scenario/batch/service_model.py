"""AWS's own shapes: whether each member is known, of the right type, one of the allowed words.

The Batch service model ships inside botocore. Its own validator leaves out the allowed words and suggests nothing, so
the shapes are walked here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
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


#: What AWS requires to create an object and nothing of a simulation needs: asked for when it is sent (rules of the
#: stage ``deployment``), and given by a scenario's ``deployment:`` section where the request does not have it.
NEEDED_TO_CREATE = {
    "ManagedInstancesProvider": frozenset({"infrastructureRoleArn", "instanceLaunchTemplate"}),
    "InstanceLaunchTemplate": frozenset({"ec2InstanceProfileArn", "networkConfiguration"}),
    "ManagedInstancesNetworkConfiguration": frozenset({"subnets", "securityGroups"}),
}


@cache
def service_model(service: str) -> Any:
    """The model of one service; EC2's takes some tenths of a second."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


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
    return service_model("batch").shape_for(name)


def request_shape(kind: str) -> Any:
    """The shape of the requests in one list of the ``batch:`` section."""
    return shape_named(REQUESTS[kind])


def required_members(shape: Any) -> list[str]:
    """The members of a structure without which it can't be simulated either."""
    later = NEEDED_TO_CREATE.get(shape.name, frozenset())
    return [member for member in shape.required_members if member not in later]


def within(value: Any, shape: Any) -> Any:
    """A value without the members that its shape does not have."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {key: within(each, shape.members[key]) for key, each in value.items() if key in shape.members}
    if shape.type_name == "list" and isinstance(value, list):
        return [within(each, shape.member) for each in value]
    return value


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
    return _below(shape, rest)


def _below(shape: Any, steps: Iterable[str | int]) -> Any:
    """The shape of what stands somewhere in a shape; None where nothing can."""
    for step in steps:
        if shape.type_name == "structure":
            if step not in shape.members:
                return None
            shape = shape.members[step]
        elif shape.type_name in {"list", "map"}:
            shape = shape.member if shape.type_name == "list" else shape.value
        else:
            return None
    return shape


def members_of(shape_name: str, steps: Iterable[str | int] = ()) -> tuple[str, ...]:
    """The members of a structure within a shape; none where there is no structure."""
    shape = _below(shape_named(shape_name), steps)
    return tuple(shape.members) if shape is not None and shape.type_name == "structure" else ()


def check_within(
    value: Any, shape_name: str, steps: Iterable[str | int], where: Where, document: Document
) -> Iterator[Finding]:
    """Findings about a value that should have the shape of what stands somewhere within a shape.

    Parameters
    ----------
    where : tuple
        The place of the value in the document, which need not be that in the shape.
    """
    shape = _below(shape_named(shape_name), steps)
    if shape is not None:
        yield from _check(value, shape, where, document)


def _texts(value: Any, shape: Any) -> Any:
    if isinstance(value, dict) and shape.type_name in {"structure", "map"}:
        return {key: _texts_of_member(each, shape, key) for key, each in value.items()}
    if isinstance(value, list) and shape.type_name == "list":
        return [_texts(each, shape.member) for each in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if shape.type_name == "string" and is_number else value


def _texts_of_member(value: Any, shape: Any, key: str) -> Any:
    if shape.type_name == "map":
        return _texts(value, shape.value)
    return _texts(value, shape.members[key]) if key in shape.members else value


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


def check_value(value: Any, shape: Any, where: Where, document: Document) -> Iterator[Finding]:
    """The same, of a shape that is at hand: of another service too."""
    yield from _check(value, shape, where, document)


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
    if shape.type_name == "structure":
        yield from _structure(value, shape, where, document, loose)
    elif shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, shape.member, (*where, index), document)
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield from _check(item, shape.value, (*where, key), document)
    elif shape.type_name in {"list", "map"}:
        expected = "a list" if shape.type_name == "list" else "a mapping"
        yield _wrong_type(value, expected, where, document, _source(shape))
    else:
        yield from _scalar(value, shape, where, document)


def _source(shape: Any) -> str:
    return f"AWS Batch API, {shape.name}"


def _structure(value: Any, shape: Any, where: Where, document: Document, loose: tuple[str, ...]) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong_type(value, "a mapping", where, document, _source(shape))
        return
    for member, content in value.items():
        if member in loose:
            continue
        if member in shape.members:
            yield from _check(content, shape.members[member], (*where, member), document)
        else:
            message, near = f"{shape.name} has no member {member!r}", nearest(member, shape.members)
            place, source = (*where, member), _source(shape)
            yield document.finding(place, "unknown-key", message, suggestion=near, source=source, key=True)
    for member in required_members(shape):
        if member not in value and member not in loose:
            yield document.finding(where, "missing-key", f"{member} is missing", source=_source(shape))


#: An ``integer`` of the service model has 32 bits, a ``long`` 64.
LARGEST_INTEGER = 2**31 - 1


def _scalar(value: Any, shape: Any, where: Where, document: Document) -> Iterator[Finding]:
    types, expected = _PYTHON_TYPES[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        if shape.type_name == "string" and isinstance(value, (int, float)):
            text = str(value).lower() if isinstance(value, bool) else value
            expected = f'a text: write "{text}" with quotes'
        yield _wrong_type(value, expected, where, document, _source(shape))
        return
    for code, message, expected, near in (*_words(value, shape), *_bounds(value, shape)):
        source = _source(shape)
        yield document.finding(where, code, message, expected=expected, suggestion=near, source=source)


#: A fault of a value: its code, what is wrong, what was expected, what was probably meant.
_Fault = tuple[str, str, str, str]


def _words(value: Any, shape: Any) -> Iterator[_Fault]:
    words = list(getattr(shape, "enum", ()))
    # AWS takes retry actions in any case; the model spells them in capitals.
    known = str(value).upper() if shape.name == "RetryAction" else value
    if words and known not in words:
        message, near = f"{value!r} is not one of the allowed words", nearest(str(value), words)
        yield "unknown-word", message, f"one of {', '.join(words)}", near


def _bounds(value: Any, shape: Any) -> Iterator[_Fault]:
    if isinstance(value, float) and not math.isfinite(value):
        yield "not-finite", f"{value} is not a figure", "a finite number", ""
    if shape.type_name == "integer" and abs(value) > LARGEST_INTEGER:
        yield "out-of-range", f"{value} is too large", f"{LARGEST_INTEGER} or less", ""
    else:
        yield from _limits(value, shape)


def _limits(value: Any, shape: Any) -> Iterator[_Fault]:
    """Faults of a figure, or of a text's length, by the bounds that the service model states."""
    is_text = isinstance(value, str)
    size, shown = (len(value), f"a text of {len(value)} characters") if is_text else (value, str(value))
    unit, short, long = (" characters", "short", "long") if is_text else ("", "small", "large")
    if "min" in shape.metadata and size < shape.metadata["min"]:
        yield "out-of-range", f"{shown} is too {short}", f"{shape.metadata['min']}{unit} or more", ""
    if "max" in shape.metadata and size > shape.metadata["max"]:
        yield "out-of-range", f"{shown} is too {long}", f"{shape.metadata['max']}{unit} or less", ""


def _wrong_type(value: Any, expected: str, where: Where, document: Document, source: str) -> Finding:
    found = "nothing" if value is None else repr(value)
    if isinstance(value, (dict, list)):
        found = "a mapping" if isinstance(value, dict) else "a list"
    return document.finding(where, "wrong-type", f"{found} does not fit", expected=expected, source=source)
