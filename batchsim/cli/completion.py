"""``batchsim completion``: a script by which a shell completes commands, options, rules and files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding, ScenarioError

#: What stands for a file, or a folder, in the usage of a command.
_FILES, _FOLDERS = ("SCENARIO", "FILE", "SOURCE"), ("DIR",)


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "completion",
        help="a script for the completion of a shell",
        description='Write a script for the completion of a shell: eval "$(batchsim completion bash)" in ~/.bashrc, '
        "the same in ~/.zshrc with zsh, batchsim completion fish > ~/.config/fish/completions/batchsim.fish. "
        "It is made by shtab: pip install 'batchsim[completion]'.",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    try:
        import shtab
    except ImportError:
        expected = 'pip install "batchsim[completion]"'
        raise ScenarioError([Finding("no-shtab", "", "shtab is not installed", expected)]) from None

    from batchsim.scenario.rules import RULES

    for action in _actions(arguments.program):
        if action.metavar in (*_FILES, *_FOLDERS):
            action.complete = shtab.FILE if action.metavar in _FILES else shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.metavar == "RULE":
            action.choices = sorted({rule.code for rule in RULES})
    sys.stdout.write(shtab.complete(arguments.program, arguments.shell))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of a parser and of its commands."""
    for action in parser._actions:  # noqa: SLF001 (argparse has no public name for them)
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                yield from _actions(command)
