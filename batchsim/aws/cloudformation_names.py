"""The Batch API's spelling and CloudFormation's: ``maxvCpus`` and ``MaxvCpus``.

A property of CloudFormation is the API's member with its first letter in upper case. The shapes of the service model
say which keys are members and which are free text (tags, environment variables, log options): those keep their case.
"""

from __future__ import annotations

from itertools import chain, count
from typing import Any

from batchsim.scenario.batch.service_model import request_shape, shape_named

#: The one property that has more than its first letter in upper case.
_S3_FILES = "s3filesVolumeConfiguration"


def property_of(member: str) -> str:
    """CloudFormation's property of a member: ``maxvCpus`` is ``MaxvCpus``."""
    if member.lower() == _S3_FILES.lower():
        return "S3FilesVolumeConfiguration"
    return member[:1].upper() + member[1:]


def free_logical_id(wanted: str, taken: set[str], suffix: str = "") -> str:
    """A logical id that no other resource has, taken from now on: as wanted, else with the suffix, else with a number.

    Examples
    --------
    >>> taken = {"Nightly", "NightlyQueue"}
    >>> free_logical_id("Nightly", taken, "Queue"), free_logical_id("Daily", taken, "Queue")
    ('NightlyQueue2', 'Daily')
    """
    numbered = (f"{wanted}{suffix}{number}" for number in count(2))
    found = next(each for each in chain((wanted, wanted + suffix), numbered) if each not in taken)
    taken.add(found)
    return found


def to_cloudformation(value: Any, kind: str) -> Any:
    """A request of the API in CloudFormation's spelling; `kind` is its list in the ``batch:`` section."""
    return _spelled(value, request_shape(kind), to_api=False)


def to_upper_camel(value: Any, shape: str) -> Any:
    """A value with every member of a shape in CloudFormation's spelling, which EventBridge Scheduler has too."""
    return _spelled(value, shape_named(shape), to_api=False)


def from_upper_camel(value: Any, shape: str) -> Any:
    """A value with every member of a shape in the API's spelling; what the API does not know keeps its own."""
    return _spelled(value, shape_named(shape), to_api=True)


def to_api(value: Any, kind: str) -> Any:
    """A resource's properties in the API's spelling; what the API does not know keeps its own."""
    return _spelled(value, request_shape(kind), to_api=True)


def _spelled(value: Any, shape: Any, *, to_api: bool) -> Any:
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        return _structure(value, shape, to_api=to_api)
    if shape.type_name == "list" and isinstance(value, list):
        return [_spelled(item, shape.member, to_api=to_api) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _spelled(item, shape.value, to_api=to_api) for key, item in value.items()}
    return value


def _structure(value: dict[str, Any], shape: Any, *, to_api: bool) -> dict[str, Any]:
    members = {property_of(member): member for member in shape.members}
    spelled = {}
    for key, content in value.items():
        member = members.get(property_of(key))
        if member is None:
            spelled[key] = content
        else:
            spelled[member if to_api else property_of(member)] = _spelled(content, shape.members[member], to_api=to_api)
    return spelled
