"""``batchsim run``: simulate a scenario, print the summary, write the results folder."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.cli import options
from batchsim.errors import Finding, ScenarioError

if TYPE_CHECKING:
    from batchsim.experiments.result import Result
    from batchsim.scenario.scenario import Scenario


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "run", help="simulate a scenario", description="Simulate a scenario: what would the queue and the bill do?"
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario file (YAML)")
    parser.add_argument("--variant", metavar="NAME", help="run this variant of the scenario")
    options.add_replications(parser)
    options.add_workers(parser)
    parser.add_argument(
        "--advice",
        action=argparse.BooleanOptionalAction,
        help="run again with every change that may help, however long that takes, or with none (default: with those "
        "that take a second or two)",
    )
    parser.add_argument(
        "--sensitivity",
        action="store_true",
        help="run again with what else each assumption may be that the scenario does not state, low and high: which "
        "of them would change this answer?",
    )
    parser.add_argument(
        "--trace",
        metavar="FILE",
        type=Path,
        help="write a trace of the run for ui.perfetto.dev as well, such as trace.pftrace (docs/results.md)",
    )
    parser.add_argument(
        "--trace-window",
        metavar="FROM..TO",
        help="of the trace, jobs that run in this time alone: since the start (6h..12h) or of the calendar "
        "(2026-11-02T06:00..); either end may be left out",
    )
    options.add_common(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    scenario = options.load(arguments.scenario, arguments)

    from batchsim.experiments.run import run
    from batchsim.experiments.run_store import check_run, write_run
    from batchsim.report.progress import progress

    folder = arguments.out or Path("results") / scenario.name
    check_run(folder)
    window = _checked_window(arguments, scenario)
    with progress(f"simulating {scenario.name}", arguments.replications or 1, quiet=arguments.quiet) as advance:
        result = run(
            scenario,
            seed=arguments.seed,
            replications=arguments.replications,
            precision=arguments.precision,
            workers=arguments.workers,
            on_replication=advance,
        )
    options.print_readings([result.run])
    result, untried = _advised(result, arguments)
    result = _with_sensitivity(result, arguments)
    write_run(result, folder)
    left_out = "" if arguments.trace is None else result.write_trace(arguments.trace, window)
    if arguments.json:
        sys.stdout.write(result.summary_json())
    elif not arguments.quiet:
        _tell(result, folder, untried)
    if arguments.trace is not None and not arguments.quiet:
        _tell_trace(arguments, left_out)
    if result.interrupted:
        return 130
    return int(arguments.check and options.tell_missed(result, arguments.variant))


def _tell(result: Result, folder: Path, untried: int) -> None:
    """Print the summary, and what other assumptions would change where that was tried."""
    from batchsim.report.console import print_summary

    print_summary(result.run, result.summary, folder, result.advice or (), untried)
    if result.sensitivity is not None:
        from batchsim.report.sensitivity import print_sensitivity

        print_sensitivity(result.sensitivity)


def _checked_window(arguments: argparse.Namespace, scenario: Scenario) -> tuple[float, float] | None:
    """The window of the trace; before the run, so that nothing is simulated in vain."""
    from batchsim.report.perfetto.extent import parse_window
    from batchsim.report.perfetto.trace import check_trace

    if arguments.trace is not None:
        check_trace(arguments.trace)
    if arguments.trace_window is None:
        return None
    try:
        if arguments.trace is None:
            raise ValueError("there is no --trace FILE that it is for")
        return parse_window(arguments.trace_window, scenario.start)
    except ValueError as error:
        raise ScenarioError([Finding("trace-window", "--trace-window", str(error))]) from None


def _tell_trace(arguments: argparse.Namespace, left_out: str) -> None:
    """Say where the trace is, and what is not in it; beside a summary as JSON on standard error."""
    told = f"{arguments.trace} is a trace for https://ui.perfetto.dev"
    if left_out:
        told += f"; {left_out} (--trace-window FROM..TO for others)"
    print(told, file=sys.stderr if arguments.json else sys.stdout)


def _advised(result: Result, arguments: argparse.Namespace) -> tuple[Result, int]:
    """The result with advice, and how many changes were not tried; interrupted, it has none."""
    from batchsim.experiments.advice import UNASKED, try_changes
    from batchsim.report.progress import progress

    if arguments.advice is False or result.interrupted:
        return result.with_advice(()), 0
    try:
        with progress("trying changes", 1, quiet=arguments.quiet):
            trials = try_changes(result, most_attempts=math.inf if arguments.advice else UNASKED)
    except KeyboardInterrupt:
        return result.with_advice((), interrupted=True), 0
    return result.with_advice(trials.advice), trials.untried


def _with_sensitivity(result: Result, arguments: argparse.Namespace) -> Result:
    """The result with what other assumptions would change, where that was asked for."""
    if not arguments.sensitivity or result.interrupted:
        return result
    from batchsim.experiments.sensitivity import sensitivity
    from batchsim.report.progress import progress

    with ExitStack() as stack:
        bar: list[Callable[[int], None]] = []

        def on_run(done: int, of: int) -> None:
            """How many there are is known when the first is run."""
            if not bar:
                bar.append(stack.enter_context(progress("trying other assumptions", of, quiet=arguments.quiet)))
            bar[0](done)

        return result.with_sensitivity(sensitivity(result, workers=arguments.workers, on_run=on_run))
