"""``batchsim compare``: variants on the same jobs and random numbers, one table and one picture."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.cli import options
from batchsim.cli.run import write
from batchsim.errors import Finding, OutputError, ScenarioError

if TYPE_CHECKING:
    from batchsim.scenario.scenario import Scenario


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare",
        help="run variants, or several scenarios, side by side",
        description="Run the variants of a scenario, or several scenarios, on the same jobs and random numbers.",
    )
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="+", help="scenario file (YAML)")
    parser.add_argument(
        "--variant",
        metavar="NAME",
        dest="variants",
        action="append",
        default=[],
        help="compare this variant of the scenario, or with its own name the scenario itself; repeatable, the first is "
        "what the others are held against; one alone is held against the scenario",
    )
    options.add_replications(parser)
    parser.add_argument(
        "--format",
        choices=("table", "markdown", "json"),
        default="table",
        help="how to print it; markdown fits a pull request's comment, json is what --json gives",
    )
    options.add_common(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    if arguments.variants and len(arguments.scenarios) > 1:
        message = "variants are chosen of one scenario, and several are given"
        raise ScenarioError([Finding("variant", "--variant", message, expected="one scenario")])
    scenarios = [options.load(path, arguments) for path in arguments.scenarios]

    from batchsim.atomic_folder import check_folder
    from batchsim.experiments.compare import compare, compared
    from batchsim.report.comparison import write_comparison
    from batchsim.report.figures.comparison import compare_figure
    from batchsim.report.figures.style import save_png
    from batchsim.report.progress import progress
    from batchsim.results.store import check_writable, is_results_folder
    from batchsim.scenario.silencing import silence
    from batchsim.validation.readings import differing_readings

    folder = arguments.out or Path("results") / f"{scenarios[0].name}-compare"
    chosen = compared(*scenarios, variants=arguments.variants)
    names = list(chosen)
    options.print_warnings(_of_variants(chosen, scenarios[0]) if len(scenarios) == 1 else ())
    # Results of variants that are no longer there stay.
    earlier = [entry.name for entry in folder.iterdir() if is_results_folder(entry)] if folder.is_dir() else []
    check_folder(folder, {*names, *earlier, "comparison.json", "comparison.png"})
    for name in names:
        check_writable(folder / name)
    with progress("comparing", len(names), quiet=arguments.quiet) as advance:
        comparison = compare(
            *scenarios,
            seed=arguments.seed,
            variants=arguments.variants,
            replications=arguments.replications,
            on_variant=lambda _name, position, _n: advance(position),
        )
    told = (
        silence(differing_readings(each.scenario, each.run.workload), each.scenario.document)
        for each in comparison.results.values()
    )
    options.print_warnings(dict.fromkeys(chain.from_iterable(told)))
    for name, result in comparison.results.items():
        write(result, folder / name)
    rows = comparison.rows
    if rows:
        try:
            (folder / "comparison.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
            save_png(compare_figure(comparison.runs, comparison.summaries), folder / "comparison.png")
        except OSError as error:
            raise OutputError(str(folder), error.strerror or str(error)) from None
    if arguments.json or not arguments.quiet:
        write_comparison(rows, folder, "json" if arguments.json else arguments.format)
    if comparison.interrupted:
        return 130
    missed = 0
    for name, result in comparison.results.items() if arguments.check else ():
        missed |= options.tell_missed(result, name)
    return missed


def _of_variants(chosen: Mapping[str, Scenario], scenario: Scenario) -> Iterator[Finding]:
    """What is found in variants and not in the scenario itself, each by the variant's name."""
    for name, variant in chosen.items():
        for finding in variant.warnings:
            if finding not in scenario.warnings:
                yield replace(finding, message=f"in variant {name}: {finding.message}")
