"""``batchsim init``: a first scenario, from a story and a few answers."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from batchsim.cli import options
from batchsim.errors import Finding, ScenarioError, nearest

if TYPE_CHECKING:
    from batchsim.scenario.stories.story import Story

Read = TypeVar("Read")
#: Beside the scenario; editors find it by the scenario's first line.
SCHEMA = "batchsim.schema.json"


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "init",
        help="a first scenario, from a story and a few answers",
        description="Write a first scenario that can be run as it is, and beside it the schema by which an editor "
        "completes it. Without a story it asks on the terminal. Nothing is overwritten.",
    )
    parser.add_argument("story", metavar="STORY", nargs="?", help="etl, service, genomics or gpu")
    parser.add_argument("--out", metavar="FILE", type=Path, help="the scenario (default: STORY.yaml)")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.scenario.schema.scenario_schema import scenario_schema_json

    asks = arguments.story is None
    story = _asked_story() if asks else _story(arguments.story)
    path = arguments.out or Path(f"{story.name}.yaml")
    options.check_free(path)
    text = _text(story, path, asks=asks)
    _write(path, f"# yaml-language-server: $schema={SCHEMA}\n\n{text}")
    schema = path.with_name(SCHEMA)
    if not schema.exists():
        _write(schema, scenario_schema_json(aws_texts=True))
    _say(f"next: batchsim run {path}")
    return 0


def _story(word: str) -> Story:
    from batchsim.scenario.stories.story import STORIES

    story = STORIES.get(word.lower())
    if story is None:
        near = nearest(word, STORIES)
        raise ScenarioError(
            [Finding("unknown-word", "", f"there is no story '{word}'", f"one of {', '.join(STORIES)}", near)]
        )
    return story


def _asked_story() -> Story:
    from batchsim.scenario.stories.story import STORIES

    if not sys.stdin.isatty():
        raise ScenarioError([Finding("missing-story", "", "nobody to ask", f"one of {', '.join(STORIES)}")])
    for story in STORIES.values():
        _say(f"{story.name:9} {story.about}")
    return _ask("which story", next(iter(STORIES)), _read_story)


def _read_story(word: str) -> Story:
    try:
        return _story(word)
    except ScenarioError as error:
        raise ValueError(error.findings[0].message) from None


def _text(story: Story, path: Path, *, asks: bool) -> str:
    """The scenario; what no instance holds is asked again."""
    from batchsim.scenario.sections.models import NAME
    from batchsim.scenario.stories.story import read_answer, scenario_text

    answers: dict[str, str] = {}
    name = path.stem if re.fullmatch(NAME, path.stem) else story.name
    keys = list(story.questions) if asks else []
    while True:
        for key in keys:
            question = story.questions[key]
            answers[key] = _ask(question.asked, question.default, _checked(partial(read_answer, story, key)))
        try:
            return scenario_text(story, answers, name=name, file=str(path))
        except ValueError as error:
            _say(str(error))
            keys = ["vcpus", "memory"]


def _checked(read: Callable[[str], object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        read(text)
        return text

    return check


def _ask(question: str, default: str, read: Callable[[str], Read]) -> Read:
    """An answer that can be read; asked until there is one, and Enter alone is the default."""
    while True:
        try:
            return read(input(f"{question} [{default}]: ").strip() or default)
        except ValueError as error:
            _say(str(error))
        except EOFError:
            raise KeyboardInterrupt from None


def _write(path: Path, text: str) -> None:
    options.write_new(path, text)
    _say(str(path))


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201
