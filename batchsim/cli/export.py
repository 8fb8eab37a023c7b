"""``batchsim export``: the configuration for the AWS CLI, CloudFormation or Terraform."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from batchsim.atomic_folder import make_folder, write_whole
from batchsim.cli import options


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="write the configuration for boto3, CloudFormation or Terraform",
        description="Write the configuration that was simulated, as AWS takes it; nothing is sent.",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario file (YAML)")
    parser.add_argument("--format", required=True, choices=("boto3", "cloudformation", "terraform"))
    parser.add_argument("--variant", metavar="NAME", help="export this variant of the scenario")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder to write to (default: a single file goes to standard output)"
    )
    options.add_overrides(parser)
    options.add_ignore(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.aws.exporters import export

    configuration = options.load_deployable(arguments)
    files = export(configuration, arguments.format)
    if arguments.out is None and len(files) == 1:
        sys.stdout.write(next(iter(files.values())))
    else:
        write(files, arguments.out or Path(f"{configuration.name}-batch"))
    return 0


def write(files: dict[str, str], folder: Path) -> None:
    """Write files into a folder, each whole, and say so."""
    for name, text in files.items():
        make_folder((folder / name).parent)
        write_whole(folder / name, text)
        print(folder / name, file=sys.stderr)  # noqa: T201
