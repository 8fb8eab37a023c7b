"""Reading a source: YAML with CloudFormation's tags, or JSON, which is read as JSON and placed as YAML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from batchsim.aws.importers.intrinsics import key_of_tag
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document import Document, Place, Where, compose, read_text

#: The reader that knows places takes a minute for 10 MB: a larger JSON text goes without.
MOST_CHARACTERS_WITH_PLACES = 1_000_000

_SURROGATES = re.compile("[\ud800-\udfff]+")


def read(path: Path) -> Document:
    """The document in a file; its values may be anything, a list of pages for instance.

    Raises
    ------
    ScenarioError
        If the file can't be read, or is neither YAML nor JSON.
    """
    shown = str(path)
    text = read_text(path, shown).removeprefix("\ufeff")
    try:
        values: Any = _sound(json.loads(text))
    except (ValueError, RecursionError):
        values = None
    places: dict[Where, Place] = {(): (shown, 1, 1)}
    if values is None:
        values, places = compose(text, shown, key_of_tag=key_of_tag)
    elif len(text) <= MOST_CHARACTERS_WITH_PLACES:
        # A tab is only ever space between tokens in JSON, which YAML does not allow.
        _, places = compose(text.replace("\t", " "), shown)
    if not isinstance(values, (dict, list)):
        raise ScenarioError([Finding("not-a-configuration", "", "there is nothing in it to import", file=shown)])
    return Document(cast("dict[str, Any]", values), shown, places)


def _sound(value: Any) -> Any:
    """Texts without halves of characters, which JSON can escape and no file can hold."""
    if isinstance(value, dict):
        return {_sound(key): _sound(content) for key, content in value.items()}
    if isinstance(value, list):
        return [_sound(item) for item in value]
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else value
