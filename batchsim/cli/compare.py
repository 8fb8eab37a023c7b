"""``batchsim compare``: variants on the same jobs and random numbers, one table and one picture."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from batchsim.cli import options
from batchsim.cli.run import write
from batchsim.errors import OutputError


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare",
        help="run variants, or several scenarios, side by side",
        description="Run the variants of a scenario, or several scenarios, on the same jobs and random numbers.",
    )
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="+", help="scenario file (YAML)")
    options.add_common(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    scenarios = [options.load(path, arguments.overrides) for path in arguments.scenarios]

    from batchsim.experiments.compare import compare, variants_of
    from batchsim.folders import check_folder
    from batchsim.report.console import print_comparison, progress
    from batchsim.report.figures import compare_figure, save_png
    from batchsim.results.store import check_writable, is_results_folder

    folder = arguments.out or Path("results") / f"{scenarios[0].name}-compare"
    names = list(variants_of(scenarios[0])) if len(scenarios) == 1 else [each.name for each in scenarios]
    # Results of variants that are no longer there stay.
    earlier = [entry.name for entry in folder.iterdir() if is_results_folder(entry)] if folder.is_dir() else []
    check_folder(folder, {*names, *earlier, "comparison.json", "comparison.png"})
    for name in names:
        check_writable(folder / name)
    with progress("comparing", len(names), quiet=arguments.quiet) as advance:
        comparison = compare(*scenarios, seed=arguments.seed, on_variant=lambda _name, position, _n: advance(position))
    for name, result in comparison.results.items():
        write(result, folder / name)
    if comparison.results:
        try:
            (folder / "comparison.json").write_text(json.dumps(comparison.rows, indent=2) + "\n", encoding="utf-8")
            save_png(compare_figure(comparison.results), folder / "comparison.png")
        except OSError as error:
            raise OutputError(str(folder), error.strerror or str(error)) from None
    if arguments.json:
        sys.stdout.write(json.dumps(comparison.rows, indent=2) + "\n")
    elif not arguments.quiet:
        print_comparison(comparison.rows, folder)
    if comparison.interrupted:
        return 130
    missed = any(result.objectives_missed for result in comparison.results.values())
    return int(arguments.check and missed)
