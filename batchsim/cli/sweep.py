"""``batchsim sweep``: a grid of parameters, each point in replications; what is finished is kept."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.cli import options
from batchsim.errors import Finding, ScenarioError
from batchsim.units import format_count

if TYPE_CHECKING:
    from batchsim.experiments.sweep import Sweep

#: More runs than this are begun only when somebody says so.
MOST_UNASKED = 100_000


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sweep",
        help="run every combination of some values",
        description="Run a scenario with every combination of the values of some parameters, each in replications on "
        "the same random numbers. What is finished is kept: the same command goes on where it was interrupted.",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario file (YAML)")
    parser.add_argument("--variant", metavar="NAME", help="vary this variant of the scenario")
    parser.add_argument(
        "--vary",
        metavar="PATH=VALUES",
        action="append",
        default=[],
        help="instead of the scenario's sweep: section: PATH=64,128,256 or PATH=32..512..32 (from, to, step), values "
        "as in YAML, lists in brackets; repeatable",
    )
    parser.add_argument(
        "--replications",
        metavar="N",
        type=options.count,
        default=1,
        help="run each point so often, with random numbers of its own each; its figures come with a 95 %% interval",
    )
    options.add_executors(parser)
    parser.add_argument("--retry-failed", action="store_true", help="run again what is kept as failed")
    parser.add_argument("--export", choices=("csv",), help="write the table of runs in this form too: runs.csv")
    parser.add_argument("--yes", action="store_true", help=f"do not ask, even of more than {MOST_UNASKED:,} runs")
    options.add_common(parser, folder="results/NAME-sweep", check="exit with 1 when no point meets every objective")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    scenario = options.load(arguments.scenario, arguments)

    from batchsim.experiments.parameters import grid_of
    from batchsim.experiments.run_store import export_csv
    from batchsim.experiments.sweep import check_grid, sweep
    from batchsim.report.progress import progress
    from batchsim.report.sweep import print_sweep

    grid = grid_of(scenario, "sweep", arguments.vary)
    check_grid(grid, arguments.replications, arguments.seed)
    runs = grid.size * arguments.replications
    if runs > MOST_UNASKED and not arguments.yes and not _agreed(runs):
        return 0
    folder = arguments.out or Path("results") / f"{scenario.name}-sweep"
    with progress(f"sweeping {scenario.name}", runs, quiet=arguments.quiet) as advance:
        result = sweep(
            scenario,
            arguments.vary,
            replications=arguments.replications,
            seed=arguments.seed,
            workers=arguments.workers,
            dask=arguments.dask,
            out=folder,
            on_finished=lambda finished, _of: advance(finished),
            retry_failed=arguments.retry_failed,
        )
    if arguments.export:
        export_csv(result.figures, folder)
    if arguments.json:
        sys.stdout.write(json.dumps(result.as_json(), indent=2) + "\n")
    elif not arguments.quiet:
        print_sweep(scenario, result.figures, folder)
    return _exit_code(result, folder, arguments)


def _exit_code(result: Sweep, folder: Path, arguments: argparse.Namespace) -> int:
    from batchsim.results.run_table import DONE

    if result.interrupted:
        done = result.figures.count(DONE)
        kept = f"{folder} keeps the {format_count(done, 'run')} that {'is' if done == 1 else 'are'} done"
        print(f"interrupted: {kept}; the same command goes on from there", file=sys.stderr)  # noqa: T201
        return 130
    if not result.figures.has_runs.any():
        print("failed: no run was done", file=sys.stderr)  # noqa: T201
        return 1
    return int(arguments.check and result.best is None)


def _agreed(runs: int) -> bool:
    """Whether the user wants so many runs."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        message, expected = f"these are {runs:,} runs", "fewer values or replications, or --yes"
        raise ScenarioError([Finding("too-large", "--yes", message, expected)])
    print(f"These are {runs:,} runs. Begin? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    print("nothing was run", file=sys.stderr)  # noqa: T201
    return False
