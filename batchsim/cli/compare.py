"""``batchsim compare``: variants on the same jobs and random numbers, one table and one picture."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchsim.cli import options
from batchsim.errors import Finding, ScenarioError

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

    from batchsim.experiments.compare import compare, compared
    from batchsim.experiments.run_store import OF_COMPARISON, check_experiment, write_comparison
    from batchsim.report.comparison import show_comparison
    from batchsim.report.progress import progress

    folder = arguments.out or Path("results") / f"{scenarios[0].name}-compare"
    chosen = compared(*scenarios, variants=arguments.variants)
    names = list(chosen)
    options.print_warnings(_of_variants(chosen, scenarios[0]) if len(scenarios) == 1 else ())
    check_experiment(folder, names, OF_COMPARISON)
    with progress("comparing", len(names), quiet=arguments.quiet) as advance:
        comparison = compare(
            *scenarios,
            seed=arguments.seed,
            variants=arguments.variants,
            replications=arguments.replications,
            precision=arguments.precision,
            on_variant=lambda _name, position, _n: advance(position),
        )
    options.print_readings(comparison.runs.values())
    write_comparison(comparison, folder)
    if arguments.json or not arguments.quiet:
        show_comparison(comparison.rows, folder, "json" if arguments.json else arguments.format)
    if comparison.interrupted:
        return 130
    if not arguments.check:
        return 0
    missed = [options.tell_missed(result, name) for name, result in comparison.results.items()]
    return int(any(missed))


def _of_variants(chosen: Mapping[str, Scenario], scenario: Scenario) -> Iterator[Finding]:
    """What is found in variants and not in the scenario itself, each by the variant's name."""
    for name, variant in chosen.items():
        for finding in variant.warnings:
            if finding not in scenario.warnings:
                yield replace(finding, message=f"in variant {name}: {finding.message}")
