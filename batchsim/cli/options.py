"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchsim.scenario.scenario import Scenario


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add ``--out``, ``--seed``, ``--set``, ``--json``, ``--quiet`` and ``--check``."""
    parser.add_argument("--out", metavar="DIR", type=Path, help="results folder (default: results/NAME)")
    parser.add_argument("--seed", metavar="N", type=_seed, help="seed of the random numbers instead of the scenario's")
    parser.add_argument(
        "--set",
        metavar="PATH=VALUE",
        dest="overrides",
        action="append",
        default=[],
        type=_assignment,
        help="change one value, e.g. batch.computeEnvironments.spot.computeResources.maxvCpus=128; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--check", action="store_true", help="exit with 1 when an objective is missed")


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, not {text!r}")
    return int(text)


def count(text: str) -> int:
    """Parse a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


def _assignment(text: str) -> tuple[str, str]:
    path, separator, value = text.partition("=")
    if not separator or not path:
        raise argparse.ArgumentTypeError(f"expected PATH=VALUE, not {text!r}")
    return path.strip(), value


def load(path: str, overrides: list[tuple[str, str]], variant: str | None = None) -> Scenario:
    """Load a scenario with the overrides of the command line, and print its warnings."""
    from batchsim.scenario.loading import load as load_scenario
    from batchsim.scenario.overrides import parse_value

    scenario = load_scenario(path, overrides=[(key, parse_value(value)) for key, value in overrides], variant=variant)
    for warning in scenario.warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201
    return scenario
