"""Importing texts in tests."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from batchsim.aws.importers.config import Imported, import_config
from batchsim.errors import Finding, ScenarioError


def imported(folder: Path, *texts: str, **options) -> Imported:
    """What texts hold, each in a file of its own: 0.yaml, 1.yaml …"""
    sources = []
    for number, text in enumerate(texts):
        source = folder / f"{number}.yaml"
        source.write_text(dedent(text), encoding="utf-8")
        sources.append(source)
    return import_config(sources, **options)


def batch(folder: Path, *texts: str, **options) -> dict:
    """The section of texts about which there is nothing to say."""
    found = imported(folder, *texts, **options)
    assert found.notes == ()
    return found.batch


def errors(folder: Path, *texts: str, **options) -> list[Finding]:
    """The errors that keep texts from being imported."""
    with pytest.raises(ScenarioError) as caught:
        imported(folder, *texts, **options)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def notes(found: Imported) -> list[tuple[str, str, str]]:
    """Severity, code and path of the notes."""
    return [(note.severity, note.code, note.path) for note in found.notes]
