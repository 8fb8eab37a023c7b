"""``batchsim schema``: the JSON Schema of a scenario, for editors."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from batchsim.atomic_folder import write_whole


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "schema",
        help="the JSON Schema of a scenario, for editors",
        description="Write the JSON Schema (draft-07) of a scenario. By it an editor completes, explains and checks a "
        "scenario that names it in a comment: # yaml-language-server: $schema=FILE",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write to this file instead of standard output")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.scenario.schema.scenario_schema import scenario_schema_json

    text = scenario_schema_json(aws_texts=True)
    if arguments.out is None:
        sys.stdout.write(text)
    else:
        write_whole(arguments.out, text)
    return 0
