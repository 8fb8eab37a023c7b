"""Files that a scenario's ``launchTemplates:`` names, put in the place of their names.

They are JSON as the AWS CLI takes and gives it: a CreateLaunchTemplate request, or what
``aws ec2 describe-launch-template-versions`` prints, of which each version becomes an entry of the section.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchsim.errors import Finding, ScenarioError
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.document.content import decoded, read_content, refuse_longer
from batchsim.scenario.document.document import Document, Place, Where, compose

FILE = "file"
#: Of a file. EC2 lets a version have 16 KiB of user data, and little besides.
MOST_CHARACTERS = 16_000_000
#: What lists the versions in an answer of DescribeLaunchTemplateVersions.
_LISTS = ("LaunchTemplateVersions", "launchTemplateVersions")


def with_launch_template_files(document: Document, base: Path) -> Document:
    """A document whose section has the contents of files instead of their names, and versions instead of answers.

    Parameters
    ----------
    base : Path
        Folder that the files are relative to.

    Raises
    ------
    ScenarioError
        With a finding for each file that can't be read.
    """
    given = document.values.get(SECTION)
    if not isinstance(given, list) or not any(_is_to_expand(entry) for entry in given):
        return document
    entries, inside = _section(document, given, base)
    outside = {where: place for where, place in document.places.items() if where[:1] != (SECTION,) or len(where) == 1}
    values = {key: entries if key == SECTION else value for key, value in document.values.items()}
    return replace(document, values=values, places=outside | inside, written=document.written or document)


def _section(document: Document, given: list[Any], base: Path) -> tuple[list[Any], dict[Where, Place]]:
    """The entries of the section that the given ones stand for, and the places in them."""
    findings: list[Finding] = []
    entries: list[Any] = []
    places: dict[Where, Place] = {}
    for index, entry in enumerate(given):
        for value, found in _expanded(document, (SECTION, index), entry, base, findings):
            where: Where = (SECTION, len(entries))
            places.update({(*where, *steps): place for steps, place in found.items()})
            entries.append(value)
    if findings:
        raise ScenarioError(findings)
    return entries, places


def _is_to_expand(entry: Any) -> bool:
    return isinstance(entry, dict) and any(key in entry for key in (FILE, *_LISTS))


def _expanded(
    document: Document, where: Where, entry: Any, base: Path, findings: list[Finding]
) -> Iterator[tuple[Any, dict[Where, Place]]]:
    """What an entry stands for, each with the places within it."""
    places = _within(where, document.places)
    if isinstance(entry, dict) and FILE in entry:
        try:
            entry, places = _content(document, where, entry, base)
        except ScenarioError as error:
            findings += error.findings
            return
    listed = next((key for key in _LISTS if isinstance(entry, dict) and isinstance(entry.get(key), list)), "")
    if not listed:
        yield entry, places
        return
    for index, version in enumerate(entry[listed]):
        yield version, _within((listed, index), places)


def _within(where: Where, places: dict[Where, Place]) -> dict[Where, Place]:
    """The places in a value, as seen from it."""
    length = len(where)
    return {each[length:]: place for each, place in places.items() if each[:length] == where}


def _content(document: Document, where: Where, entry: dict[str, Any], base: Path) -> tuple[Any, dict[Where, Place]]:
    """The content of the file that an entry names, and the places in it."""
    path, place = entry[FILE], (*where, FILE)
    expected = "a file of JSON, relative to the scenario"
    if not isinstance(path, str) or not path or "\0" in path:
        raise ScenarioError([document.finding(place, "wrong-type", "not a path", expected=expected)])
    if len(entry) > 1:
        message = "a file stands alone: it holds the whole template"
        raise ScenarioError([document.finding(place, "wrong-value", message, expected=f"{FILE}: {path}")])
    shown = (base / path).as_posix()
    try:
        text = decoded(read_content(base / path, shown), shown)
        refuse_longer(text, MOST_CHARACTERS, shown, ": the versions that environments are launched from")
        content, places = compose(text, shown)
    except ScenarioError as error:
        told = [replace(finding, path=document.path(place)) for finding in error.findings]
        raise ScenarioError([each if each.line else each.at(*document.place(place)) for each in told]) from None
    if not isinstance(content, dict):
        expected = "a CreateLaunchTemplate request, or what describe-launch-template-versions prints"
        raise ScenarioError(
            [document.finding(place, "wrong-type", f"{path} holds no launch template", expected=expected)]
        )
    return content, places
