"""Reading a source: YAML with CloudFormation's tags, or JSON, which is read as JSON and placed as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from batchsim.aws.importers.cloudformation import is_template
from batchsim.aws.importers.intrinsics import key_of_tag
from batchsim.aws.importers.other_files import binary, named
from batchsim.aws.importers.terraform import is_terraform
from batchsim.aws.launch_templates import COMMAND
from batchsim.aws.objects import OBJECTS
from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.document.content import decoded, placed_documents, read_content
from batchsim.scenario.document.document import (
    MOST_CHARACTERS,
    MOST_CHARACTERS_WITH_PLACES,
    Document,
    Place,
    Where,
    compose,
)

#: It takes more than a millisecond to begin with a document: more of them in one file go by where each begins.
MOST_DOCUMENTS_WITH_PLACES = 500

#: Before a line that begins a document of a YAML stream, which no line within one looks like (YAML 1.2, 9.1.2).
_DOCUMENT_START = re.compile(r"^(?=---(?:\s|$))", re.MULTILINE)

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
    files = _of_commands(source) or sorted(file for file in source.iterdir() if file.suffix in ENDINGS)
    if not files:
        hcl = next(source.glob("*.tf"), None)
        finding = named(hcl, hcl.read_text("utf-8", "replace")) if hcl is not None else None
        message, expected = "no configuration in this folder", f"files that end in {', '.join(ENDINGS)}"
        raise ScenarioError([finding or Finding("not-a-configuration", "", message, expected, file=str(source))])
    return files


def _of_commands(source: Path) -> list[Path]:
    """The requests in a folder that has one of its own for each command of the AWS CLI."""
    made_by = (COMMAND, *(kind.command for kind in OBJECTS.values()), "create-schedule")
    return sorted(file for command in made_by for file in (source / command).glob("*.json"))


def read(path: Path) -> list[Document]:
    """The documents in a file; the values of one may be anything, a list of pages for instance.

    Several may stand one after the other, as a loop of commands leaves them, or in a list. Templates and what is
    Terraform's are documents of their own; requests and pages of answers stay together.

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
    text = decoded(content, shown)
    pieces = _json(text, shown) or _yaml(path, text)
    if not any(isinstance(values, (dict, list)) for values, _ in pieces):
        nothing = Finding("not-a-configuration", "", "there is nothing in it to import", file=shown)
        raise ScenarioError([named(path, text) or nothing])
    if len(pieces) == 1:
        return list(_apart(*pieces[0], shown))
    places: _Places = {(): (shown, 1, 1)}
    for index, (_, inner) in enumerate(pieces):
        places |= {(index, *where): place for where, place in inner.items()}
    return list(_apart([values for values, _ in pieces], places, shown))


_Places = dict[Where, Place]


def _apart(values: Any, places: _Places, shown: str) -> Iterator[Document]:
    """A document, or each of those in a list of which one has to stand alone."""
    if isinstance(values, list) and any(map(_stands_alone, values)):
        beginning: _Places = {(): places.get((), (shown, 1, 1))}
        for item, inner in zip(values, _places_of_items(len(values), places), strict=True):
            yield from _apart(item, inner or beginning, shown)
        return
    if isinstance(values, dict) and "TemplateBody" in values:
        values, places = _template_body(shown, values["TemplateBody"], places)
    yield Document(cast("dict[str, Any]", values), shown, places)


def _places_of_items(count: int, places: _Places) -> list[_Places]:
    """The places within each item of a list."""
    of_each: list[_Places] = [{} for _ in range(count)]
    for where, place in places.items():
        if where and isinstance(where[0], int):
            of_each[where[0]][where[1:]] = place
    return of_each


def _stands_alone(value: Any) -> bool:
    """Whether a value is a document of its own wherever it stands: a template, or something of Terraform."""
    if isinstance(value, list):
        return any(map(_stands_alone, value))
    return is_template(value) or is_terraform(value) or (isinstance(value, dict) and "TemplateBody" in value)


def _template_body(shown: str, body: Any, places: _Places) -> tuple[Any, _Places]:
    """The template in what ``aws cloudformation get-template`` prints: JSON as it is, YAML as a text."""
    if isinstance(body, str):
        return compose(body, f"{shown} (TemplateBody)", key_of_tag=key_of_tag)
    return body, {where[1:]: place for where, place in places.items() if where[:1] == ("TemplateBody",)}


def _json(text: str, shown: str) -> list[tuple[Any, _Places]]:
    """The values and places of the JSON documents in a text; none for any other text."""
    if not text.lstrip().startswith(("{", "[")):
        return []
    try:
        found = placed_documents(text, shown)
    except (ScenarioError, RecursionError):
        return []
    pieces = []
    line, column, counted = 0, 0, 0
    for value, begin, end in found:
        line += text.count("\n", counted, begin)
        newline = text.rfind("\n", counted, begin)
        column = column + begin - counted if newline < 0 else begin - newline - 1
        counted = begin
        places: _Places = {(): (shown, line + 1, column + 1)}
        if len(text) <= MOST_CHARACTERS_WITH_PLACES and len(found) <= MOST_DOCUMENTS_WITH_PLACES:
            # A tab is only ever space between tokens in JSON, which YAML does not allow.
            _, places = _composed(text[begin:end].replace("\t", " "), shown, line, column)
        pieces.append((value, places))
    return pieces


def _yaml(path: Path, text: str) -> list[tuple[Any, _Places]]:
    """The values and places of the documents in a YAML text; what is known to be something else is told by its name."""
    known = named(path, text)
    if known is not None and path.suffix not in ENDINGS:
        raise ScenarioError([known])
    try:
        pieces = _stream(text) if len(text) <= MOST_CHARACTERS else [(text, 0)]  # it is refused for its length
        return [_composed(piece, str(path), line) for piece, line in pieces]
    except ScenarioError:
        if known is not None:
            raise ScenarioError([known]) from None
        raise


def _stream(text: str) -> list[tuple[str, int]]:
    """The documents of a YAML stream, each with the lines before it."""
    pieces = []
    line = 0
    for piece in _DOCUMENT_START.split(text):
        if any(_says_something(each) for each in piece.splitlines()):
            pieces.append((piece, line))
        line += piece.count("\n")
    return pieces if len(pieces) > 1 else [(text, 0)]


def _says_something(line: str) -> bool:
    """Whether a line is more than a comment, a directive, or the beginning or end of a document."""
    return not line.startswith(("%", "...")) and line.removeprefix("---").strip()[:1] not in ("", "#")


def _composed(text: str, shown: str, line: int, column: int = 0) -> tuple[Any, _Places]:
    """The value and places of a text that stands after so many lines, and columns, of its file."""

    def moved(at: int, beside: int) -> tuple[int, int]:
        return (at + line, beside + column if at == 1 else beside) if at else (at, beside)

    try:
        values, places = compose(text, shown, key_of_tag=key_of_tag)
    except ScenarioError as error:
        found = [each.at(each.file, *moved(each.line, each.column)) for each in error.findings]
        raise ScenarioError(found) from None
    return values, {where: (file, *moved(at, beside)) for where, (file, at, beside) in places.items()}
