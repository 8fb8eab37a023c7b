"""``batchsim compare``: variants on the same jobs and random numbers, one table and one picture."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
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
    options.add_workers(parser)
    parser.add_argument(
        "--volume",
        metavar="PATH=V1,V2,…",
        help="run them at several volumes of jobs, and say from which on one is cheaper than another: the size of an "
        "array, say, workload.etl.jobs.extract.arrayProperties.size=100,200,400",
    )
    parser.add_argument(
        "--format",
        choices=("table", "markdown", "json"),
        default="table",
        help="how to print it; markdown fits a pull request's comment, json is what --json gives",
    )
    options.add_common(parser, folder="results/NAME-compare")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    if arguments.variants and len(arguments.scenarios) > 1:
        message = "variants are chosen of one scenario, and several are given"
        raise ScenarioError([Finding("variant", "--variant", message, expected="one scenario")])
    if arguments.volume is not None and arguments.precision is not None:
        message = "is of one volume"
        raise ScenarioError([Finding("precision", "--precision", message, expected="--replications beside --volume")])
    scenarios = [options.load(path, arguments) for path in arguments.scenarios]
    return _compare(scenarios, arguments) if arguments.volume is None else _break_even(scenarios, arguments)


def _break_even(scenarios: Sequence[Scenario], arguments: argparse.Namespace) -> int:
    from batchsim.experiments.break_even import break_even
    from batchsim.experiments.run_store import OF_BREAK_EVEN, check_experiment, write_break_even
    from batchsim.report.break_even import show_break_even
    from batchsim.report.progress import progress

    folder = arguments.out or Path("results") / f"{scenarios[0].name}-break-even"
    check_experiment(folder, (), OF_BREAK_EVEN)
    with progress("comparing volumes", 2, quiet=arguments.quiet) as advance:
        found = break_even(
            *scenarios,
            volume=arguments.volume,
            seed=arguments.seed,
            variants=arguments.variants,
            replications=arguments.replications or 1,
            workers=arguments.workers,
            on_volume=lambda position, _n: advance(position),
        )
    write_break_even(found, folder)
    if arguments.json or not arguments.quiet:
        show_break_even(found.as_json(), folder, "json" if arguments.json else arguments.format)
    if found.interrupted:
        return 130
    return int(arguments.check and any(row["objectives_missed"] for row in found.rows))


def _compare(scenarios: Sequence[Scenario], arguments: argparse.Namespace) -> int:
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
            workers=arguments.workers,
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
