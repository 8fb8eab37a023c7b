"""Reading YAML 1.2 safely into plain values, with the place of every value remembered.

In YAML 1.2 ``no`` and ``12:30`` are texts and ``1e6`` is a number, as a person thinks; a key that comes twice is a
fault and not a silent override. JSON is YAML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.content import decoded, documents, read_content, whole

#: A place in a document: keys and indices from the root.
Where = tuple[str | int, ...]

#: File, line and column.
Place = tuple[str, int, int]

#: Aliases are allowed, but a document may not grow by more values than this by them.
MOST_REPEATED = 200_000

#: The reader that knows places takes ten seconds for so many characters: longer JSON goes without.
MOST_CHARACTERS_WITH_PLACES = 1_000_000
#: Longer YAML is not read: it would take minutes.
MOST_CHARACTERS = 10_000_000

#: A longer run of digits is not a number that anybody means.
MOST_DIGITS = 100

#: The members that name a thing, in the order in which they are looked for.
NAMES = (
    "computeEnvironmentName",
    "jobQueueName",
    "jobDefinitionName",
    "consumableResourceName",
    "jobName",
    "workflow",
    "name",
    "launchTemplateName",
    "LaunchTemplateName",
)

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


@dataclass(frozen=True)
class Document:
    """Plain values and where they stand.

    Attributes
    ----------
    values : dict
        What the document says: dict, list, str, int, float, bool, None.
    places : dict
        File, line and column of values, and of keys under ``(*where, key)`` with `KEY` appended.
    written : Document or None
        What it was before variants and overrides were applied; None where it is as it was written.
    """

    values: dict[str, Any]
    file: str = ""
    places: dict[Where, Place] = field(default_factory=dict)
    written: Document | None = None

    def place(self, where: Where, *, key: bool = False) -> Place:
        """File, line and column of a value (or its key), or of the nearest thing around it."""
        if key and (*where, KEY) in self.places:
            return self.places[*where, KEY]
        for length in range(len(where), -1, -1):
            if where[:length] in self.places:
                return self.places[where[:length]]
        return self.file, 0, 0

    def path(self, where: Where) -> str:
        """The dotted path of a place; members of lists go by their names where they have one."""
        parts: list[str] = []
        value: Any = self.values
        for step in where:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                value = None
            parts.append(str(name_of(value) or step) if isinstance(step, int) else step)
        return ".".join(parts)

    def finding(self, where: Where, code: str, message: str, *, key: bool = False, **more: Any) -> Finding:
        """A finding at a place of this document."""
        return Finding(code, self.path(where), message, **more).at(*self.place(where, key=key))


#: Marks, at the end of a `Where`, the key of a value instead of the value.
KEY = "\0key"


def name_of(value: Any) -> str | None:
    """The name of a named thing, such as a compute environment; None for anything else."""
    if isinstance(value, dict):
        for member in NAMES:
            if isinstance(value.get(member), str):
                return str(value[member])
    return None


def read(path: Path, shown: str) -> Document:
    """Read a YAML file.

    Parameters
    ----------
    shown : str
        The file's name as the user gave it, for findings.

    Raises
    ------
    ScenarioError
        If the file can't be read or is not YAML.
    """
    return parse(decoded(read_content(path, shown), shown), shown)


def parse(text: str, shown: str) -> Document:
    """Read a YAML text.

    Raises
    ------
    ScenarioError
        If it is not YAML, has a key twice, or is not a mapping.
    """
    values, places = compose(text, shown)
    if not isinstance(values, dict):
        message, expected = "not a scenario", "a mapping with name, batch, workload …"
        raise ScenarioError([Finding("not-a-mapping", "", message, expected, file=shown, line=1)])
    return Document(values, shown, places)


def compose(text: str, shown: str, *, key_of_tag: Callable[[str], str] | None = None) -> tuple[Any, dict[Where, Place]]:
    """Read a YAML text that may hold anything: its value, and the places.

    Parameters
    ----------
    key_of_tag : callable, optional
        The key that a tag of the text's own stands for: ``!Ref x`` becomes ``{"Ref": x}`` when it gives ``Ref`` for
        ``!Ref``. Without it such tags are passed over.

    Raises
    ------
    ScenarioError
        If it is not YAML, or has a key twice.
    """
    if len(text) > MOST_CHARACTERS_WITH_PLACES and text.lstrip()[:1] in ("{", "["):
        return _without_places(text, shown)
    if len(text) > MOST_CHARACTERS:
        message = f"{len(text):,} characters of YAML, which is read with all its places, and so slowly"
        raise ScenarioError([Finding("too-large", "", message, f"{MOST_CHARACTERS:,} at most, or JSON", file=shown)])
    node = _composed(text, shown)
    builder = _Builder(shown, key_of_tag)
    try:
        values = builder.build(node, ()) if node is not None else None
    except RecursionError:
        raise ScenarioError([_too_deep(shown)]) from None
    if builder.findings:
        raise ScenarioError(builder.findings)
    return values, builder.places


def _composed(text: str, shown: str) -> Any:
    """The root of the nodes of a YAML text; None where it is empty."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(str(part) for part in (error.context, error.problem) if part)
        finding = Finding("syntax", "", message.replace("\n", " "), file=shown)
        if mark is not None:
            finding = finding.at(shown, mark.line + 1, mark.column + 1)
        raise ScenarioError([finding]) from None
    except YAMLError as error:
        message = str(error).splitlines()[0]
        at = getattr(error, "position", 0)  # of a character that YAML does not allow
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise ScenarioError([Finding("syntax", "", message).at(shown, line, column)]) from None
    except RecursionError:
        raise ScenarioError([_too_deep(shown)]) from None


def _without_places(text: str, shown: str) -> tuple[Any, dict[Where, Place]]:
    """What a long JSON text holds, with no place but its beginning."""
    twice: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            twice.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return made

    found = documents(text, shown, members=members)
    if len(found) > 1:
        raise ScenarioError([Finding("syntax", "", f"{len(found)} JSON documents", "one", file=shown, line=1)])
    if twice:
        message = "the key comes twice in one mapping"
        raise ScenarioError(
            [Finding("duplicate-key", key, message, file=shown, line=1) for key in dict.fromkeys(twice)]
        )
    return found[0], {(): (shown, 1, 1)}


def _too_deep(shown: str) -> Finding:
    return Finding("too-large", "", "nested too deeply, or in itself by an alias", file=shown)


#: What stands before a value of the command line when it is read.
VALUE = "value: "


def parse_scalar(text: str) -> Any:
    """A value of the command line, read as YAML reads it."""
    return parse(f"{VALUE}{text}", "--set").values["value"]


class _Builder:
    """Nodes to plain values."""

    def __init__(self, shown: str, key_of_tag: Callable[[str], str] | None) -> None:
        self._shown = shown
        self._key_of_tag = key_of_tag
        self._known: set[int] = set()
        self._repeated = 0
        self.places: dict[Where, Place] = {}
        self.findings: list[Finding] = []

    def build(self, node: Any, where: Where) -> Any:
        """The value of a node, its place noted."""
        mark = node.start_mark
        self._repeated += id(node) in self._known
        self._known.add(id(node))
        if self._repeated > MOST_REPEATED:
            told = Finding("too-large", "", f"aliases repeat more than {MOST_REPEATED:,} values")
            raise ScenarioError([told.at(self._shown, mark.line + 1, mark.column + 1)])
        self.places[where] = self._shown, mark.line + 1, mark.column + 1
        tag = str(node.tag)
        if self._key_of_tag is not None and tag.startswith("!"):
            key = self._key_of_tag(tag)
            self.places[*where, key] = self.places[where]
            return {key: self._untagged(node, (*where, key))}
        return self._untagged(node, where)

    def _untagged(self, node: Any, where: Where) -> Any:
        if node.id == "mapping":
            return dict(self._members(node, where))
        if node.id == "sequence":
            return [self.build(item, (*where, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _members(self, node: Any, where: Where) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = whole(str(key_node.value))
            mark = key_node.start_mark
            place = self._shown, mark.line + 1, mark.column + 1
            path = ".".join(map(str, (*where, key)))
            if key_node.id != "scalar":
                self.findings.append(Finding("syntax", path, "a key must be a text").at(*place))
                continue
            if key in seen:
                message = f"the key comes twice, first in line {seen[key]}"
                self.findings.append(Finding("duplicate-key", path, message).at(*place))
                continue
            seen[key] = place[1]
            self.places[*where, key, KEY] = place
            yield key, self.build(value_node, (*where, key))


def _scalar(node: Any) -> Any:
    """The value of a scalar by YAML 1.2's core schema; a quoted one is always a text."""
    text = whole(str(node.value))
    if node.style in {"'", '"', "|", ">"} or str(node.tag).endswith(":str"):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) <= MOST_DIGITS:
        return int(text)
    if (_OCTAL.fullmatch(text) or _HEX.fullmatch(text)) and len(text) <= MOST_DIGITS:
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return _SPECIAL.get(text.lower(), text)
