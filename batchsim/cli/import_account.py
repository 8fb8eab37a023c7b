"""``batchsim import account``: a configuration and its history, in one step, as a scenario."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.cli import options
from batchsim.cli.calibrate import tell_calibration
from batchsim.errors import Finding, ScenarioError

if TYPE_CHECKING:
    from batchsim.aws.histories.configuration import AccountConfiguration
    from batchsim.aws.histories.records import History


def add_account_kind(kinds: Any, instant: Callable[[str], datetime]) -> None:
    """Add ``import account``.

    Parameters
    ----------
    instant : callable
        Reads the argument of ``--since``.
    """
    parser: argparse.ArgumentParser = kinds.add_parser(
        "account",
        help="a configuration and what its history teaches, as a scenario",
        description="Bring a configuration and its job history in one step: import the one, calibrate on the other, "
        "and write the scenario.",
    )
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="*",
        type=Path,
        help="what `import config` and `calibrate` read, each told by what is in it; with --live more of the history, "
        "such as events",
    )
    options.add_account(parser, "region of the account")
    parser.add_argument("--live", action="store_true", help="ask the account for its configuration and its jobs")
    parser.add_argument(
        "--queue", metavar="NAME", dest="queues", action="append", default=[], help="only this queue; repeatable"
    )
    parser.add_argument("--since", metavar="TIME", type=instant, help="only jobs created since, such as 2026-11-01")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="write the scenario to this file, which must not exist"
    )
    parser.add_argument("--replay", action="store_true", help="submit at the recorded instants, not at random")
    parser.add_argument("--json", action="store_true", help="print what was learnt as JSON and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(execute=execute_account, usage_error=parser.error)


def execute_account(arguments: argparse.Namespace) -> int:
    """Do what ``import account`` says and return the exit code."""
    if not arguments.live:
        _check_of_files(arguments)
    options.check_free(arguments.out)

    from batchsim.experiments.calibrate.calibration import calibrate
    from batchsim.experiments.calibrate.scenario_text import checked_scenario_text

    configuration, history = _live(arguments) if arguments.live else _from_files(arguments.sources)
    options.print_warnings(configuration.notes)
    found = calibrate(history, configuration, replay=arguments.replay)
    options.write_new(arguments.out, checked_scenario_text(found, configuration, base=arguments.out.parent))
    tell_calibration(found, arguments)
    return 0


def _check_of_files(arguments: argparse.Namespace) -> None:
    """Leave with a message where options don't go together without an account."""
    if arguments.queues or arguments.since or arguments.profile or arguments.endpoint_url:
        arguments.usage_error("--queue, --since, --profile and --endpoint-url need --live")
    if not arguments.sources:
        arguments.usage_error("a SOURCE or --live is needed")


def _live(arguments: argparse.Namespace) -> tuple[AccountConfiguration, History]:
    from batchsim.aws.client import AwsAccount
    from batchsim.aws.histories.answers import read_history
    from batchsim.aws.histories.configuration import AccountConfiguration
    from batchsim.aws.histories.live import live_answers
    from batchsim.aws.importers.live import live_config

    account = AwsAccount(arguments.profile, arguments.region, arguments.endpoint_url)
    imported = live_config(account, arguments.queues)
    configuration = AccountConfiguration(imported.batch, {})
    environments = sorted(configuration.environment_types)
    answers, notes = live_answers(account, sorted(configuration.queues), environments, arguments.since)
    told = (*imported.notes, *notes)
    configuration = AccountConfiguration(imported.batch, {}, told, imported.updates, imported.launch_templates)
    return configuration, read_history(arguments.sources, answers)


def _from_files(sources: Sequence[Path]) -> tuple[AccountConfiguration, History]:
    from batchsim.aws.histories.answers import is_history, read_history
    from batchsim.aws.histories.configuration import read_configuration

    of_history = [each for each in sources if is_history(each)]
    others = [each for each in sources if each not in of_history]
    if not others or not of_history:
        missing, expected = (
            ("configuration", "what `batchsim import config` reads") if of_history else
            ("job that ran", "what `aws batch describe-jobs` printed")
        )  # fmt: skip
        shown = ", ".join(map(str, sources))
        raise ScenarioError([Finding("import", "", f"no {missing} in it", expected, file=shown)])
    return read_configuration(*others), read_history(of_history)
