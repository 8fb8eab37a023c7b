"""What the page on the commands holds: each command with its arguments, from the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from batchsim.cli.main import parser


def commands() -> Iterator[str]:
    """A heading, what it does and a table of its arguments, of every command in the order of ``batchsim --help``."""
    for each in _leaves(parser()):
        arguments = [action for action in each._actions if not isinstance(action, argparse._HelpAction)]  # noqa: SLF001
        positional = [_metavar(action) for action in arguments if not action.option_strings]
        yield from ("", f"## `{' '.join([each.prog, *positional])}`", "", str(each.description))
        if arguments:
            yield from ("", "| argument | meaning |", "|---|---|")
        for action in arguments:
            yield f"| {_name(action)} | {_help(each, action)} |"


def _leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of the commands that do something, not those that only lead to others."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    if not below:
        yield parser
    for action in below:
        for command in action.choices.values():
            yield from _leaves(command)


def _name(action: argparse.Action) -> str:
    takes = f" {_metavar(action)}" if action.nargs != 0 else ""
    return ", ".join(f"`{option}{takes}`" for option in action.option_strings) or f"`{_metavar(action)}`"


def _metavar(action: argparse.Action) -> str:
    """What stands for the value, as usage shows it."""
    name = str(action.metavar or f"{{{','.join(map(str, action.choices or [action.dest.upper()]))}}}")
    if action.nargs == "?":
        return f"[{name}]"
    return f"{name}…" if action.nargs in ("*", "+") else name


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    said = parser._get_formatter()._expand_help(action) if action.help else ""  # noqa: SLF001
    required = "; required" if action.option_strings and action.required else ""
    return f"{' '.join(said.split())}{required}".replace("|", "\\|")
