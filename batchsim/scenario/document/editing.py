"""A scenario's file with some of its values changed, and every other character as a person left it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from batchsim.scenario.document.access import nested
from batchsim.scenario.document.document import Where, compose

#: Texts that YAML 1.2 reads as such without quotes, whatever stands around them.
_PLAIN = re.compile(r"[A-Za-z_][\w./+-]*")
#: Words that are no texts.
_WORDS = {"true", "false", "null"}
#: Sections that stay as they are, though a scenario with an override applied has them no more.
_KEPT = {"variants", "sweep", "search"}


def differences(before: Any, after: Any, where: Where = ()) -> Iterator[tuple[Where, Any]]:
    """What has to be put where, so that some values become others: the smallest parts that differ.

    Members that the others lack are left alone.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_members(before, after, where)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after) and _named(before):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*where, index))
    elif type(before) is not type(after) or before != after:
        yield where, after


def _of_members(before: dict[str, Any], after: dict[str, Any], where: Where) -> Iterator[tuple[Where, Any]]:
    for key, value in after.items():
        if not where and key in _KEPT:
            continue
        if key in before:
            yield from differences(before[key], value, (*where, key))
        else:
            yield (*where, key), value


def _named(items: list[Any]) -> bool:
    """Whether items of a list are things, to be changed each, and not values."""
    return any(isinstance(item, dict) for item in items)


def edited(text: str, changes: list[tuple[Where, Any]]) -> str | None:
    """A YAML text with values changed in place; None where it can't be done so, as behind an alias.

    Parameters
    ----------
    changes : list of (place, value)
        Members on the way that are not there are made.
    """
    from ruamel.yaml import YAML

    wanted = compose(text, "")[0]
    for where, value in changes:
        root = YAML(typ="rt", pure=True).compose(text)
        text = _changed(text, root, where, value)
        wanted = _with(wanted, where, value)
    # An alias stands for the same text in two places: both would have changed.
    return text if compose(text, "")[0] == wanted else None


def _with(values: Any, where: Where, value: Any) -> Any:
    """Values with one changed; what is not on the way there is shared."""
    if not where:
        return value
    step, rest = where[0], where[1:]
    made: Any = list(values) if isinstance(values, list) else dict(values or {})
    below = made[step] if isinstance(made, list) or step in made else None  # type: ignore[index]
    made[step] = _with(below, rest, value)
    return made


def _changed(text: str, node: Any, where: Where, value: Any) -> str:
    """The text with one value changed."""
    above = node
    for depth, step in enumerate(where):
        below = _child(node, step)
        if below is None:
            return _added(text, node, str(step), nested(where[depth + 1 :], value))
        above, node = node, below
    start, end = node.start_mark.index, _end(node)
    end -= len(text[start:end]) - len(text[start:end].rstrip())
    written = flow(value)
    if start >= end:  # nothing stands there: behind the key
        start = end = text.index(":", _key_end(above, where[-1])) + 1
        written = f" {written}"
    elif _is_block(node):
        # What stood on lines of its own comes behind its key.
        before = text[:start].rstrip()
        return f"{before} {written}{text[end:]}" if before.endswith((":", "-")) else text[:start] + written + text[end:]
    return text[:start] + written + text[end:]


def _child(node: Any, step: str | int) -> Any:
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _key_end(node: Any, step: str | int) -> int:
    return next(int(key.end_mark.index) for key, _ in node.value if key.value == step)


def _is_block(node: Any) -> bool:
    return isinstance(node.value, list) and not node.flow_style


def _end(node: Any) -> int:
    """Where a node's text ends; that of a block where the last thing in it does, comments behind it left alone."""
    if not _is_block(node) or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _added(text: str, node: Any, key: str, value: Any) -> str:
    """The text with a member more in a mapping, before its first one, or behind the whole where that is a block."""
    entry = f"{flow(key)}: {flow(value)}"
    if not _is_block(node):
        inside = node.start_mark.index + 1
        return text[:inside] + (f"{entry}, " if node.value else entry) + text[inside:]
    at = _end(node)
    line = text.find("\n", at)
    line = len(text) if line < 0 else line
    indent = " " * node.value[0][0].start_mark.column
    return f"{text[:line]}\n{indent}{entry}{text[line:]}"


def flow(value: Any) -> str:
    """A value as YAML has it in one line; JSON is YAML, and plain texts need no quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    written = json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in written)
