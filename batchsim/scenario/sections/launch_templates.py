"""The ``launchTemplates:`` section: whether each entry has the shape that EC2's API wants, in either spelling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.batch import service_model
from batchsim.scenario.batch.ec2_model import DATA, REQUEST, ec2_member, ec2_shape
from batchsim.scenario.batch.launch_templates import SECTION, canonical
from batchsim.scenario.document.document import Document, Where

#: What a description has besides the members of a request, and what kind of value each is.
_DESCRIBED = {
    "launchTemplateId": "String",
    "versionNumber": "Long",
    "defaultVersion": "Boolean",
    "createTime": "String",
    "createdBy": "String",
}
_EXPECTED = "launchTemplateName and launchTemplateData, or file: PATH"


def check_launch_templates(document: Document) -> Iterator[Finding]:
    """Findings about the section's shapes; none where there is no such section."""
    given = document.values.get(SECTION)
    if given is None:
        return
    if not isinstance(given, list):
        yield document.finding((SECTION,), "wrong-type", "not a list", expected="a list of launch templates")
        return
    for index, entry in enumerate(given):
        where: Where = (SECTION, index)
        if isinstance(entry, dict):
            yield from _entry(entry, where, document)
        else:
            yield document.finding(where, "wrong-type", "not a launch template", expected=_EXPECTED)


def _entry(entry: dict[str, Any], where: Where, document: Document) -> Iterator[Finding]:
    shape, known = ec2_shape(REQUEST), canonical(entry)
    if "launchTemplateName" not in known and "launchTemplateId" not in known:
        yield document.finding(where, "missing-key", "launchTemplateName is missing", expected=_EXPECTED)
    if "launchTemplateData" not in known:
        expected = "the request, or what `aws ec2 describe-launch-template-versions` prints"
        yield document.finding(where, "missing-key", "launchTemplateData is missing", expected=expected)
    for key, content in entry.items():
        place, small = (*where, key), key[:1].lower() + key[1:]
        if small in _DESCRIBED:
            yield from _checked(content, ec2_shape(_DESCRIBED[small]), place, document)
        elif ec2_member(key) in shape.members:
            yield from _checked(content, shape.members[ec2_member(key)], place, document)
        else:
            yield _unknown(
                key, "a launch template", [*_DESCRIBED, *canonical(dict.fromkeys(shape.members))], place, document
            )


def _checked(value: Any, shape: Any, where: Where, document: Document) -> Iterator[Finding]:
    """Findings about a value of an EC2 shape; what they say of it comes from the same walk over scalars as Batch's."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for key, content in value.items():
            if ec2_member(key) in shape.members:
                yield from _checked(content, shape.members[ec2_member(key)], (*where, key), document)
            else:
                named = "launchTemplateData" if shape.name == DATA else shape.name
                yield _unknown(key, named, list(canonical(dict.fromkeys(shape.members))), (*where, key), document)
    elif shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _checked(item, shape.member, (*where, index), document)
    else:
        source = f"Amazon EC2 API, {shape.name}"
        for finding in service_model.check_value(value, shape, where, document):
            yield replace(finding, source=source)


def _unknown(key: str, named: str, known: list[str], place: Where, document: Document) -> Finding:
    message, near = f"{named} has no member {key!r}", nearest(key[:1].lower() + key[1:], known)
    return document.finding(place, "unknown-key", message, suggestion=near, source="Amazon EC2 API", key=True)
