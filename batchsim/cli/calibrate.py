"""``batchsim calibrate``: learn a scenario from the history of an account's jobs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from batchsim.cli import options


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "calibrate",
        help="learn run times, failures and arrivals from a job history",
        description="Learn run times, failures, arrivals and interruptions from what an account tells of its jobs, and "
        "write them as a scenario.",
    )
    parser.add_argument(
        "history",
        metavar="HISTORY",
        nargs="+",
        type=Path,
        help="what `aws batch describe-jobs` printed, and Batch Job State Change events (JSON, JSON Lines, .gz)",
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="the configuration that the jobs ran on: a scenario, or what `import config` reads or prints",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write the scenario to this file, which must not exist"
    )
    parser.add_argument("--replay", action="store_true", help="submit at the recorded instants, not at random")
    parser.add_argument("--json", action="store_true", help="print what was learnt as JSON and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(execute=execute, usage_error=parser.error)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    if arguments.out is not None and arguments.config is None:
        arguments.usage_error(
            "--out needs --config FILE: a scenario's jobs need the queues and definitions they ran in"
        )
    if arguments.out is not None:
        options.check_free(arguments.out)

    from batchsim.aws.histories.answers import read_history
    from batchsim.aws.histories.configuration import read_configuration
    from batchsim.experiments.calibrate.calibration import calibrate
    from batchsim.experiments.calibrate.scenario_text import checked_scenario_text

    configuration = read_configuration(arguments.config) if arguments.config is not None else None
    if configuration is not None:
        options.print_warnings(configuration.notes)
    found = calibrate(read_history(arguments.history), configuration, replay=arguments.replay)
    if configuration is not None and arguments.out is not None:
        options.write_new(arguments.out, checked_scenario_text(found, configuration, base=arguments.out.parent))
    if arguments.json:
        sys.stdout.write(found.to_json())
    elif not arguments.quiet:
        from batchsim.report.calibration import print_calibration

        print_calibration(found.figures, arguments.out)
    return 0
