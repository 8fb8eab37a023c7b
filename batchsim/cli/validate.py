"""``batchsim validate``: every finding about the configuration and the workload, without simulating."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batchsim.atomic_folder import write_whole
from batchsim.cli import options
from batchsim.errors import Finding


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "validate",
        help="look for faults without simulating",
        description="Every finding about the configuration and the workload: what AWS would refuse, what can never "
        "run, what is probably not meant. Exits with 1 when there are errors.",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario file (YAML), or what `import config` printed")
    parser.add_argument("--variant", metavar="NAME", help="validate this variant of the scenario")
    parser.add_argument("--format", choices=("text", "json", "sarif"), default="text", help="(default: text)")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write to this file instead of standard output")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with 1 for warnings too; without a deployment: section not for those of a deployment",
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    options.add_overrides(parser)
    options.add_ignore(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.validation.validate import validate

    overrides = options.values(arguments.overrides)
    found = validate(arguments.scenario, overrides=overrides, variant=arguments.variant, ignore=arguments.ignore)
    findings = options.pointed_out(found.errors if arguments.quiet else found.findings, arguments)
    text = _text(findings, arguments.format, quiet=arguments.quiet)
    if arguments.out is None:
        sys.stdout.write(text)
    else:
        write_whole(arguments.out, text)
    return int(bool(found.errors) or (arguments.strict and bool(found.faults)))


def _text(findings: Sequence[Finding], form: str, *, quiet: bool) -> str:
    """Findings as they were asked for; of none there is nothing to say where it shall be quiet."""
    from batchsim.report.findings import as_json, lines
    from batchsim.report.sarif import as_sarif

    if form != "text":
        return as_json(findings) if form == "json" else as_sarif(findings)
    return "\n".join(lines(findings)) + "\n" if findings or not quiet else ""
