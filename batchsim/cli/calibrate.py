"""``batchsim calibrate``: learn a scenario from the history of an account's jobs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.atomic_folder import replaced
from batchsim.cli import options

if TYPE_CHECKING:
    from batchsim.aws.histories.configuration import AccountConfiguration
    from batchsim.aws.histories.records import History
    from batchsim.experiments.calibrate.calibration import Calibration


_SHARE, _REPLICATIONS = 0.75, 10


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
        help="what `aws batch describe-jobs`, `aws ecs describe-tasks`, `aws ecs describe-container-instances` and "
        "`aws autoscaling describe-scaling-activities` print, events, CSV, Parquet, the results folder of a run",
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
    parser.add_argument("--report", metavar="FILE", type=Path, help="write what was learnt as a page (HTML) too")
    parser.add_argument("--replay", action="store_true", help="submit at the recorded instants, not at random")
    parser.add_argument(
        "--back-test",
        metavar="SHARE",
        nargs="?",
        const=_SHARE,
        type=_share,
        help="learn from this share of the days, from the first (default: 75%%), predict the others, and say how far "
        "off that is; needs --config",
    )
    parser.add_argument(
        "--replications",
        metavar="N",
        type=_replications,
        help="how often a back-test simulates what it predicts (default: 10)",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=options.count,
        help="run a back-test's replications in so many processes (default: 1)",
    )
    parser.add_argument("--seed", metavar="N", type=options.seed, help="of a back-test's random numbers (default: 0)")
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, help="draw the back-test, record beside prediction, into this PNG file"
    )
    parser.add_argument("--json", action="store_true", help="print what was learnt as JSON and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(execute=execute, usage_error=parser.error)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    _refuse_apart(arguments)
    for path in (arguments.out, arguments.picture, arguments.report):
        if path is not None:
            options.check_free(path)

    from batchsim.aws.histories.answers import read_history
    from batchsim.aws.histories.configuration import read_configuration
    from batchsim.experiments.calibrate.calibration import calibrate
    from batchsim.experiments.calibrate.scenario_text import checked_scenario_text
    from batchsim.report.page.calibration import calibration_page

    configuration = read_configuration(arguments.config) if arguments.config is not None else None
    if configuration is not None:
        options.print_warnings(configuration.notes)
    history = read_history(arguments.history)
    found = calibrate(history, configuration, replay=arguments.replay)
    if configuration is not None and arguments.out is not None:
        options.write_new(arguments.out, checked_scenario_text(found, configuration, base=arguments.out.parent))
    if arguments.back_test is not None and configuration is not None:
        return _back_test(arguments, history, configuration, found.figures)
    if arguments.report is not None:
        options.write_new(arguments.report, calibration_page(found.figures, arguments.out))
    tell_calibration(found, arguments)
    return 0


def tell_calibration(found: Calibration, arguments: argparse.Namespace) -> None:
    """Print what was learnt, as `arguments` want it."""
    if arguments.json:
        sys.stdout.write(found.to_json())
    elif not arguments.quiet:
        from batchsim.report.calibration import print_calibration

        print_calibration(found.figures, arguments.out)


def _back_test(
    arguments: argparse.Namespace, history: History, configuration: AccountConfiguration, learned: Mapping[str, Any]
) -> int:
    """Predict the later days, and say how far off that is."""
    from batchsim.experiments.calibrate.back_test.back_test import back_test
    from batchsim.report.progress import progress

    replications = arguments.replications or _REPLICATIONS
    try:
        with progress("back-test", replications, quiet=arguments.quiet) as advance:
            found = back_test(
                history,
                configuration,
                share=arguments.back_test,
                replications=replications,
                seed=arguments.seed or 0,
                workers=arguments.workers or 1,
                base=arguments.config.parent,
                on_replication=advance,
            )
    except KeyboardInterrupt:
        print("interrupted: a prediction takes two replications", file=sys.stderr)  # noqa: T201
        return 130
    figures = found.figures
    if arguments.picture is not None:
        from batchsim.report.figures.back_test import back_test_figure
        from batchsim.report.figures.style import save_png

        with replaced(arguments.picture) as made:
            save_png(back_test_figure(figures), made)
    if arguments.report is not None:
        from batchsim.report.page.calibration import calibration_page

        options.write_new(arguments.report, calibration_page(learned, arguments.out, figures))
    if arguments.json:
        sys.stdout.write(found.to_json())
    elif not arguments.quiet:
        from batchsim.report.back_test import print_back_test

        print_back_test(figures, arguments.picture, arguments.out)
    return 130 if found.interrupted else 0


def _refuse_apart(arguments: argparse.Namespace) -> None:
    """Refuse options without those they need: of a back-test, and of what the jobs ran on."""
    if arguments.out is not None and arguments.config is None:
        arguments.usage_error(
            "--out needs --config FILE: a scenario's jobs need the queues and definitions they ran in"
        )
    if arguments.back_test is not None and arguments.config is None:
        arguments.usage_error("--back-test needs --config FILE: the later jobs are replayed on it")
    for option in ("replications", "seed", "workers", "picture"):
        if arguments.back_test is None and getattr(arguments, option) is not None:
            arguments.usage_error(f"--{option} is of a back-test: give --back-test too")


def _share(text: str) -> float:
    is_file = False
    with suppress(OSError, ValueError):  # what can't be the name of a file is none
        is_file = Path(text).exists()
    if is_file:
        raise argparse.ArgumentTypeError(
            f"expected a share such as 75% or 0.75, not the file {text!r}: name files before --back-test"
        )
    return options.part(text)


def _replications(text: str) -> int:
    number = options.count(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"expected 2 or more, so that there is a band, not {text!r}")
    return number
