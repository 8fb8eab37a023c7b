"""Reading a source: YAML with CloudFormation's tags, or JSON, which is read as JSON and placed as YAML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from batchsim.aws.exporters.requests import COMMANDS
from batchsim.aws.importers.intrinsics import key_of_tag
from batchsim.aws.importers.other_files import binary, named
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.content import decoded, documents, read_content
from batchsim.scenario.document import Document, Place, Where, compose

#: The reader that knows places takes a minute for 10 MB: a larger JSON text goes without.
MOST_CHARACTERS_WITH_PLACES = 1_000_000

_SURROGATES = re.compile("[\ud800-\udfff]+")


#: Endings of the files in a folder that may hold a configuration.
ENDINGS = (".json", ".yaml", ".yml", ".template")


def files_of(source: Path) -> list[Path]:
    """The files of a source: itself, or what a folder holds, such as the one that ``export --format boto3`` wrote.

    Raises
    ------
    ScenarioError
        If a folder holds no configuration.
    """
    if not source.is_dir():
        return [source]
    commands = [folder for name in COMMANDS.values() if (folder := source / name).is_dir()]
    files = sorted(file for folder in commands for file in folder.glob("*.json"))
    files = files or sorted(file for file in source.iterdir() if file.suffix in ENDINGS)
    if not files:
        hcl = next(source.glob("*.tf"), None)
        finding = named(hcl, hcl.read_text("utf-8", "replace")) if hcl is not None else None
        message, expected = "no configuration in this folder", f"files that end in {', '.join(ENDINGS)}"
        raise ScenarioError([finding or Finding("not-a-configuration", "", message, expected, file=str(source))])
    return files


def read(path: Path) -> Document:
    """The document in a file; its values may be anything, a list of pages for instance.

    Raises
    ------
    ScenarioError
        If the file can't be read, or is neither YAML nor JSON.
    """
    shown = str(path)
    content = read_content(path, shown)
    known = binary(path, content)
    if known is not None:
        raise ScenarioError([known])
    text = decoded(content, shown).removeprefix("\ufeff")
    values = _json(text, shown)
    places: dict[Where, Place] = {(): (shown, 1, 1)}
    if values is None:
        values, places = _yaml(path, text)
    elif isinstance(values, _Several):
        values = list(values)
    elif len(text) <= MOST_CHARACTERS_WITH_PLACES:
        # A tab is only ever space between tokens in JSON, which YAML does not allow.
        _, places = compose(text.replace("\t", " "), shown)
    if not isinstance(values, (dict, list)):
        nothing = Finding("not-a-configuration", "", "there is nothing in it to import", file=shown)
        raise ScenarioError([named(path, text) or nothing])
    if isinstance(values, dict) and "TemplateBody" in values:
        values, places = _template_body(path, values["TemplateBody"], places)
    return Document(cast("dict[str, Any]", values), shown, places)


def _template_body(path: Path, body: Any, places: dict[Where, Place]) -> tuple[Any, dict[Where, Place]]:
    """The template in what ``aws cloudformation get-template`` prints: JSON as it is, YAML as a text."""
    if isinstance(body, str):
        return compose(body, f"{path} (TemplateBody)", key_of_tag=key_of_tag)
    return body, {where[1:]: place for where, place in places.items() if where[:1] == ("TemplateBody",)}


class _Several(tuple[Any, ...]):
    """JSON documents that stand in one file one after the other, as a loop of commands leaves them."""

    __slots__ = ()


def _json(text: str, shown: str) -> Any:
    """The value of a JSON text, or of each of several; None for any other text."""
    try:
        return _sound(json.loads(text))
    except RecursionError:
        return None
    except ValueError:
        pass
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = documents(text, shown)
    except ScenarioError:
        return None
    return _Several(_sound(each) for each in found) if len(found) > 1 else None


def _yaml(path: Path, text: str) -> tuple[Any, dict[Where, Place]]:
    """A YAML text's value and places; what is no YAML, but something that is known, is told by its name."""
    known = named(path, text)
    if known is not None and path.suffix not in ENDINGS:
        raise ScenarioError([known])
    try:
        return compose(text, str(path), key_of_tag=key_of_tag)
    except ScenarioError:
        if known is not None:
            raise ScenarioError([known]) from None
        raise


def _sound(value: Any) -> Any:
    """Texts without halves of characters, which JSON can escape and no file can hold."""
    if isinstance(value, dict):
        return {_sound(key): _sound(content) for key, content in value.items()}
    if isinstance(value, list):
        return [_sound(item) for item in value]
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else value
