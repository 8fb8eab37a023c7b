"""``batchsim optimize``: the cheapest configuration that keeps the objectives."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from batchsim.cli import options

#: Simulations that the least budget has.
LEAST = 10


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "optimize",
        help="find the cheapest configuration that keeps the objectives",
        description="Search what the search: section names for the cheapest configuration that keeps the objectives.",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario file (YAML)")
    parser.add_argument("--variant", metavar="NAME", help="begin with this variant of the scenario")
    parser.add_argument(
        "--vary",
        metavar="PATH=VALUES",
        action="append",
        default=[],
        help="what may be changed, instead of the search: section: PATH=64,128,256 or PATH=32..512..32; repeatable",
    )
    parser.add_argument(
        "--budget",
        metavar="N",
        type=_budget,
        help="simulations at most (default: 60, or 120 for more than 1,000 candidates)",
    )
    parser.add_argument(
        "--confidence", metavar="SHARE", type=_confidence, default=0.95, help="of what is stated (default: 0.95)"
    )
    options.add_executors(parser)
    parser.add_argument("--write", metavar="FILE", type=Path, help="write the scenario with the recommended values")
    options.add_common(parser, folder="results/NAME-optimize", check="exit with 1 without a recommendation, as always")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.experiments.executors.threads import prefer_one_thread

    prefer_one_thread()  # a surrogate's matrices have some dozens of rows: with more it takes five times as long
    scenario = options.load(arguments.scenario, arguments)

    from batchsim.experiments.optimize.optimize import optimize
    from batchsim.experiments.optimize.written import check_written, write_optimization, write_recommendation
    from batchsim.report.progress import progress

    folder = arguments.out or Path("results") / f"{scenario.name}-optimize"
    if arguments.write is not None:
        check_written(arguments.write, scenario)
    try:
        with progress("searching", 1, quiet=arguments.quiet) as advance:
            found = optimize(
                scenario,
                arguments.vary or None,
                budget=arguments.budget,
                confidence=arguments.confidence,
                seed=arguments.seed,
                workers=arguments.workers,
                dask=arguments.dask,
                out=folder,
                on_simulated=advance,
            )
    except KeyboardInterrupt:
        kept = f"{folder} keeps the runs that are done"
        print(f"interrupted: {kept}; the same command goes on from there", file=sys.stderr)  # noqa: T201
        return 130
    write_optimization(found, folder)
    written = None
    if arguments.write is not None and found.recommendation is not None:
        written = write_recommendation(found, arguments.write)
    if arguments.json:
        sys.stdout.write(found.to_json())
    elif not arguments.quiet:
        from batchsim.report.optimize import print_optimization

        print_optimization(found.figures, folder, written)
    return 0 if found.recommendation is not None else 1


def _budget(text: str) -> int:
    number = options.count(text)
    if number < LEAST:
        raise argparse.ArgumentTypeError(f"expected {LEAST} or more, not {text!r}")
    return number


def _confidence(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = 0.0
    if not 0.5 < value < 1:
        raise argparse.ArgumentTypeError(f"expected a share between 0.5 and 1, such as 0.95, not {text!r}")
    return value
