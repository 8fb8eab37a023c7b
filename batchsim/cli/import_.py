"""``batchsim import KIND``: from AWS to batchsim."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.cli import options
from batchsim.cli.import_account import add_account_kind
from batchsim.errors import Finding, ScenarioError
from batchsim.units import format_count

if TYPE_CHECKING:
    from batchsim.aws.importers.config import Imported


def add_parser(commands: Any) -> None:
    """Add the command and its kinds to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "import", help="bring what is in AWS into a scenario", description="Bring what is in AWS into a scenario."
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for add in KINDS:
        add(kinds)


def add_config(kinds: Any) -> None:
    """Add ``import config``."""
    parser: argparse.ArgumentParser = kinds.add_parser(
        "config",
        help="a configuration as a scenario's batch: section",
        description="Bring a configuration of AWS Batch into the batch: section of a scenario.",
    )
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="*",
        type=Path,
        help="CloudFormation template, request or answer of the AWS CLI, plan or state of Terraform, or a folder",
    )
    parser.add_argument(
        "--parameter",
        metavar="NAME=VALUE",
        dest="parameters",
        action="append",
        default=[],
        type=options.assignment_of("NAME"),
        help="value of a template's parameter, or of AWS::AccountId, AWS::StackName, AWS::StackId; repeatable",
    )
    options.add_account(parser, "region of the account, or of a template (default: us-east-1)")
    parser.add_argument("--live", action="store_true", help="ask the account instead of reading files")
    parser.add_argument(
        "--queue", metavar="NAME", dest="queues", action="append", default=[], help="only this queue; repeatable"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write to this file, which must not exist yet")
    parser.set_defaults(execute=execute_config, usage_error=parser.error)


def execute_config(arguments: argparse.Namespace) -> int:
    """Do what ``import config`` says and return the exit code."""
    _check_config(arguments)
    if arguments.out is not None:
        options.check_free(arguments.out)
    try:
        imported = _imported(arguments)
    except ScenarioError as error:
        _print_notes(error.findings)
        raise ScenarioError([finding for finding in error.findings if finding.severity == "error"]) from error
    _print_notes(imported.notes)
    _write(imported.to_yaml(), arguments.out)
    return 0


def _check_config(arguments: argparse.Namespace) -> None:
    """Leave with a message where options don't go together."""
    if arguments.live and (arguments.sources or arguments.parameters):
        arguments.usage_error("--live takes no SOURCE and no --parameter")
    if not arguments.live and (arguments.queues or arguments.profile or arguments.endpoint_url):
        arguments.usage_error("--queue, --profile and --endpoint-url need --live")
    if not arguments.live and not arguments.sources:
        arguments.usage_error("a SOURCE or --live is needed")


def add_jobs(kinds: Any) -> None:
    """Add ``import jobs``."""
    parser: argparse.ArgumentParser = kinds.add_parser(
        "jobs",
        help="jobs that ran, as a trace",
        description="Make a trace of jobs that ran: of what `aws batch describe-jobs` printed, or of a live queue. "
        "Prints the workload entry that replays it.",
    )
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="*",
        type=Path,
        help="what `aws batch describe-jobs` printed, or events, logs and outputs that hold it (JSON, YAML, .gz)",
    )
    options.add_account(parser, "region of the account")
    parser.add_argument("--live", action="store_true", help="ask the account instead of reading files")
    parser.add_argument("--queue", metavar="NAME", help="the queue whose finished jobs are asked for")
    parser.add_argument("--since", metavar="TIME", type=_instant, help="only jobs created since, such as 2026-11-01")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="the trace: .csv, .csv.gz or .parquet; a new file"
    )
    parser.set_defaults(execute=execute_jobs, usage_error=parser.error)


def execute_jobs(arguments: argparse.Namespace) -> int:
    """Do what ``import jobs`` says and return the exit code."""
    _check_jobs(arguments)
    options.check_free(arguments.out)

    from batchsim.aws.importers.jobs import import_details, import_jobs
    from batchsim.aws.importers.live_jobs import live_jobs

    if arguments.queue:
        from batchsim.aws.client import AwsAccount

        account = AwsAccount(arguments.profile, arguments.region, arguments.endpoint_url)
        imported = import_details(live_jobs(account, arguments.queue, arguments.since), source=arguments.queue)
    else:
        imported = import_jobs(arguments.sources)
    imported.write(arguments.out)
    for reason, count in imported.skipped.items():
        print(f"left out: {count:,} × {reason}", file=sys.stderr)  # noqa: T201
    for note in imported.notes:
        print(f"info: {note}", file=sys.stderr)  # noqa: T201
    print(f"{format_count(len(imported.frame), 'job')} → {arguments.out}", file=sys.stderr)  # noqa: T201
    sys.stdout.write(imported.workload_entry(arguments.out.name))
    return 0


def _check_jobs(arguments: argparse.Namespace) -> None:
    """Leave with a message where options don't go together."""
    if arguments.live or arguments.queue:
        if arguments.sources:
            arguments.usage_error("--live and --queue take no SOURCE")
        if not arguments.queue:
            arguments.usage_error("--live needs --queue")
        return
    if arguments.since or arguments.profile or arguments.endpoint_url:
        arguments.usage_error("--since, --profile and --endpoint-url need --live")
    if not arguments.sources:
        arguments.usage_error("a SOURCE or --queue is needed")


def _instant(text: str) -> datetime:
    from batchsim.units import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _print_notes(findings: Iterable[Finding]) -> None:
    """Print what stops nothing, one line each."""
    for finding in findings:
        if finding.severity != "error":
            print(f"{finding.severity}: {finding}", file=sys.stderr)  # noqa: T201


def _imported(arguments: argparse.Namespace) -> Imported:
    if arguments.live:
        from batchsim.aws.client import AwsAccount
        from batchsim.aws.importers.live import live_config

        account = AwsAccount(arguments.profile, arguments.region, arguments.endpoint_url)
        return live_config(account, arguments.queues)
    from batchsim.aws.importers.config import import_config

    parameters = dict(arguments.parameters)
    return import_config(arguments.sources, parameters=parameters, region=arguments.region or "us-east-1")


def _write(text: str, path: Path | None) -> None:
    """Write a text to a file, or to standard output."""
    if path is None:
        sys.stdout.write(text)
        return
    options.write_new(path, text)


def add_account(kinds: Any) -> None:
    """Add ``import account``."""
    add_account_kind(kinds, _instant)


#: What can be imported: each adds its parser, with what it executes.
KINDS: tuple[Callable[[Any], None], ...] = (add_config, add_jobs, add_account)
