"""Runs the code blocks of a page one after the other in a folder, as its reader would.

- ``sh`` is run by bash; a ``text`` block right below shows lines of what it prints.
- ``python`` is run in one namespace a page; a ``text`` block right below likewise.
- ``yaml`` that begins with ``# NAME.yaml`` becomes that file; a scenario is loaded. Without a name it is a part of a
  scenario, and is loaded in one.
- ``json`` is read.

A comment above a block can say more: ``<!-- not run: WHY -->``, ``<!-- exits with 1 -->``, and above a ``text`` block
``<!-- output of: COMMAND -->``.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import os
import re
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

import batchsim as bs
from batchsim.scenario.loading import from_mapping
from tests.conftest import ROOT

FENCE = re.compile(
    r"^(?:<!-- (?P<note>[^\n]*) -->\n+)?```(?P<language>\S*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
#: Of the scenario that parts of one are read in; its start, because YAML makes an instant of it.
LEFT_OUT = ("variants", "objectives", "search", "start")
NAME = re.compile(r"# (\S+\.ya?ml)\n")


class Block(NamedTuple):
    """A block of code of a page: its language, its text, the line that it begins in, what the comment above it says."""

    language: str
    text: str
    line: int
    note: str


def blocks(page: str) -> list[Block]:
    """The blocks of a page, without the directives of the site."""
    return [
        Block(found["language"], found["text"], page.count("\n", 0, found.start("text")), found["note"] or "")
        for found in FENCE.finditer(page)
        if not found["language"].startswith("{")
    ]


def words(line: str) -> str:
    return " ".join(line.split())


def not_printed(shown: str, printed: str) -> list[str]:
    """Lines of a ``text`` block that are not among those printed, in their order; spaces and empty lines aside."""
    rest = iter([words(line) for line in printed.splitlines()])
    lines = [words(line) for line in shown.splitlines() if line.strip() not in ("", "…")]
    return [line for line in lines if line not in rest]


def as_printed(shown: str, printed: str) -> str:
    """A ``text`` block with each of its lines as it is printed now."""
    rest = [line.rstrip() for line in printed.splitlines() if line.strip()]
    made = []
    for line in shown.splitlines():
        nearest = (
            difflib.get_close_matches(line.strip(), rest, n=1, cutoff=0.5) if line.strip() not in ("", "…") else []
        )
        if nearest:
            del rest[: rest.index(nearest[0]) + 1]
        made += nearest or [line]
    return textwrap.dedent("\n".join(made)) + "\n"


class Reader:
    """Somebody who does what a page says, in a folder.

    Parameters
    ----------
    folder : Path
        Where; what the page needs is there already.
    environment : dict
        Variables of the commands besides those of this process.
    said : callable
        What a block's text is for this reader: an id of the page stands for one that exists.
    """

    def __init__(self, folder: Path, environment: dict[str, str], said: Callable[[str], str] = str) -> None:
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self.said = said
        self.names: dict[str, Any] = {}
        self.printed: str | None = None

    def follow(self, block: Block) -> None:
        """Do what one block says."""
        if block.note.startswith("not run: "):
            self.printed = None
            return
        do = {"sh": self._run, "python": self._execute, "yaml": self._load, "json": json.loads, "text": self._look}
        assert block.language in do, f"a block of language {block.language!r}"
        do[block.language](block if block.language != "json" else block.text)

    def _run(self, block: Block) -> None:
        self._bash(self.said(block.text), int((re.match(r"exits with (\d+)", block.note) or [0, 0])[1]))

    def _bash(self, commands: str, expected: int = 0) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == expected, f"{commands}\n{done.stdout}"
        self.printed = done.stdout

    def _execute(self, block: Block) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(self.said(block.text), "page", "exec"), self.names)  # noqa: S102 (our own text)
        self.printed = printed.getvalue()

    def _load(self, block: Block) -> None:
        self.printed = None
        content = YAML(typ="safe").load(block.text)
        if name := NAME.match(block.text):
            path = self.folder / name[1]
            path.write_text(self.said(block.text), encoding="utf-8")
            if "batch" in content and "workload" in content:
                bs.load(path)
        elif content is not None:
            assert from_mapping({**whole(), **content}, base=self.folder).warnings == ()

    def _look(self, block: Block) -> None:
        if block.note.startswith("output of: "):
            self._bash(block.note.removeprefix("output of: "))
        assert self.printed is not None, "nothing above this block prints what it shows"
        assert not_printed(block.text, self.printed) == [], self.printed


def whole() -> dict[str, Any]:
    """The scenario that parts of one are read in."""
    made = YAML(typ="safe").load((ROOT / "scenarios" / "etl.yaml").read_text(encoding="utf-8"))
    spot, *_ = made["batch"]["computeEnvironments"]
    spot["computeResources"]["instanceTypes"] += ["c6i.large", "m6i.large", "r6id.xlarge"]
    made["workload"][0]["workflow"] = "etl"
    definition = made["batch"]["jobDefinitions"][0]
    made["batch"]["jobDefinitions"].append({**definition, "jobDefinitionName": "task"})
    return {key: value for key, value in made.items() if key not in LEFT_OUT}
