"""JSON Schema of AWS Batch's requests: the shapes of botocore's service model as `service_model` checks them.

Each member is described by what becomes of it here. What AWS itself says of a member is added on request, from the
service model that is installed; none of its sentences stands in this project.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from batchsim.scenario.batch.member_coverage import MEMBERS
from batchsim.scenario.batch.member_treatment import MemberCoverage
from batchsim.scenario.batch.service_model import LARGEST_INTEGER, REQUESTS, required_members, shape_named
from batchsim.scenario.rules.documented import WORDS

_TYPES = {
    "string": "string",
    "integer": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
    "timestamp": ["string", "number"],
    "blob": "string",
}
_PAGES = "https://docs.aws.amazon.com/batch/latest/APIReference/API_"


class RequestSchemas:
    """Schemas of shapes; those of structures are collected under `definitions`.

    Parameters
    ----------
    reference : str
        What the name of a definition is appended to.
    aws_texts : bool
        Whether AWS's own description of each member is added.
    """

    def __init__(self, reference: str, *, aws_texts: bool) -> None:
        self._reference = reference
        self._aws_texts = aws_texts
        self.definitions: dict[str, Any] = {}

    def batch(self) -> dict[str, Any]:
        """The ``batch:`` section: lists of requests."""
        lists: dict[str, Any] = {
            kind: {"type": "array", "items": self.of(shape_named(request))} for kind, request in REQUESTS.items()
        }
        needed = ["computeEnvironments", "jobQueues", "jobDefinitions"]
        for kind in needed:
            lists[kind]["minItems"] = 1
        return {"type": "object", "properties": lists, "required": needed, "additionalProperties": False}

    def job(self) -> dict[str, Any]:
        """SubmitJob's request, in which dependencies go by the name of a job of the same workflow."""
        job = self._structure(shape_named("SubmitJobRequest"))
        dependency = self.definitions.pop("aws.JobDependency")
        dependency["properties"] = {
            "jobName": {"type": "string", "description": "A job of the same workflow, by its name."},
            "type": dependency["properties"]["type"],
        }
        job["properties"]["dependsOn"]["items"] = dependency
        return job

    def of(self, shape: Any) -> dict[str, Any]:
        """The schema of a shape."""
        if shape.type_name == "structure":
            name = f"aws.{shape.name}"
            if name not in self.definitions:
                self.definitions[name] = {}  # a shape may hold itself
                self.definitions[name] = self._structure(shape)
            return {"$ref": f"{self._reference}{name}"}
        if shape.type_name == "list":
            return {"type": "array", "items": self.of(shape.member)}
        if shape.type_name == "map":
            return {"type": "object", "additionalProperties": self.of(shape.value)}
        return _scalar(shape)

    def _structure(self, shape: Any) -> dict[str, Any]:
        made: dict[str, Any] = {
            "type": "object",
            "description": f"AWS Batch API, {shape.name}",
            "properties": {name: self._member(shape, name, inner) for name, inner in shape.members.items()},
            "additionalProperties": False,
        }
        if needed := required_members(shape):
            made["required"] = needed
        return made

    def _member(self, shape: Any, name: str, inner: Any) -> dict[str, Any]:
        made = self.of(inner)
        member = f"{shape.name}.{name}"
        if member in WORDS:
            made = _with_words(made, WORDS[member])
        known = MEMBERS.get(member)
        if known is not None:
            made["description"] = _treated(known)
            if known.treatment == "refused":
                made["doNotSuggest"] = True
        if self._aws_texts and inner.documentation:
            said = "" if known is None else f"**{known.treatment}**{': ' if known.how else ''}{known.how}\n\n"
            page = f"[AWS Batch API, {shape.name}]({_PAGES}{shape.name.removesuffix('Request')}.html)"
            made["markdownDescription"] = f"{said}AWS: {plain(inner.documentation)}\n\n{page}"
        return made


def _treated(known: MemberCoverage) -> str:
    """What becomes of a member."""
    return f"{known.treatment}: {known.how}" if known.how else known.treatment


def _scalar(shape: Any) -> dict[str, Any]:
    kind = _TYPES[shape.type_name]
    if shape.name == "RetryAction":
        # AWS takes these words in any case; the model spells them in capitals.
        in_any_case = "|".join("".join(f"[{c}{c.lower()}]" for c in word) for word in shape.enum)
        return {"anyOf": [{"enum": list(shape.enum)}, {"type": kind, "pattern": f"^({in_any_case})$"}]}
    made: dict[str, Any] = {"type": kind}
    if words := list(getattr(shape, "enum", ())):
        made["enum"] = words
    least, most = ("minLength", "maxLength") if kind == "string" else ("minimum", "maximum")
    if shape.type_name == "integer":
        made |= {"minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER}
    for bound, key in (("min", least), ("max", most)):
        if bound in shape.metadata:
            made[key] = shape.metadata[bound]
    return made


def _with_words(made: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """A text, or a list of texts, for which an editor suggests words; others are taken too, as everywhere."""
    if made["type"] == "array":
        return {**made, "items": _with_words(made["items"], words)}
    return {"anyOf": [{"enum": list(words)}, made]}


#: What HTML's tags are in Markdown; what follows a zero byte begins on the same line.
_MARKS = {"code": "`", "b": "**", "i": "*", "p": "\n\n", "li": "\n- \0", "dt": "\n- \0", "dd": ": \0"}


class _Plain(HTMLParser):
    """The text of a piece of AWS's documentation, as Markdown."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 (HTMLParser's)
        self.parts.append(_MARKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(_MARKS.get(tag, "") if tag in ("code", "b", "i") else "")

    def handle_data(self, data: str) -> None:
        self.parts.append(" ".join(data.split("\n")) if data.strip() else data and " ")


def plain(documentation: str) -> str:
    """AWS's HTML as Markdown."""
    reader = _Plain()
    reader.feed(documentation)
    reader.close()
    # An entry begins on the line of its mark, also where it is a paragraph.
    text = re.sub(r"\0\s*", "", re.sub(r"[ \t]+", " ", "".join(reader.parts)))
    return re.sub(r" ?\n\s*\n\s*", "\n\n", re.sub(r" +(?=\n|: )", "", text)).strip()
