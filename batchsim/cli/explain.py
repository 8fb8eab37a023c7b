"""``batchsim explain``: what a word means, in the terminal."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from batchsim.errors import Finding, ScenarioError

if TYPE_CHECKING:
    from batchsim.report.explanations import Meaning


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain",
        help="what a key, column, rule, cause or purpose means",
        description="What a word means: a key of a scenario, a member of AWS's requests, a column or key of results, a "
        "rule by its code, a cause of waiting, a purpose of cost, a metric of objectives, a distribution, a term.",
    )
    parser.add_argument(
        "word", metavar="WORD", nargs="+", help="such as scaleDownIdle, wait_boot_s, stranded, fair share"
    )
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.report.explanations import meanings, near

    word = " ".join(arguments.word)
    found = meanings(word)
    if not found:
        finding = Finding("unknown-word", "", f"nothing is called {word!r}", suggestion=near(word))
        raise ScenarioError([finding])
    width = max(40, min(100, shutil.get_terminal_size().columns))
    sys.stdout.write("\n\n".join(_text(meaning, width) for meaning in found) + "\n")
    return 0


def _text(meaning: Meaning, width: int) -> str:
    """One meaning, its lines below what it is the name of."""
    lines = [f"{meaning.name} ({meaning.kind})"]
    for line in meaning.lines:
        lines += textwrap.wrap(line, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines)
