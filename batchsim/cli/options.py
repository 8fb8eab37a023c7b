"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from batchsim.atomic_folder import write_whole
from batchsim.errors import Finding, OutputError, ScenarioError, did_you_mean

if TYPE_CHECKING:
    from batchsim.aws.client import AwsAccount
    from batchsim.aws.deployment.deployable import Deployable
    from batchsim.experiments.result import Result
    from batchsim.results.run import Run
    from batchsim.scenario.scenario import Scenario


class Parser(argparse.ArgumentParser):
    """A parser that says what was probably meant, and leaves words such as a path whole, to be copied."""

    def __init__(self, **more: Any) -> None:
        super().__init__(formatter_class=_WholeWords, **more)

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with 2, as argparse does."""
        if match := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
            message += did_you_mean(match[1], re.findall(r"[\w-]+", match[2]))
        elif match := re.match(r"unrecognized arguments: (--[\w-]+)", message):
            message += did_you_mean(match[1], self._options())
        super().error(message)

    def _options(self) -> list[str]:
        """Every option of this parser and its commands: argparse tells what a command does not know at the top."""
        known: list[str] = []
        for action in self._actions:
            known += action.option_strings
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 (argparse has no public name for it)
                known += [option for parser in action.choices.values() for option in parser._options()]  # noqa: SLF001
        return known


class _WholeWords(argparse.HelpFormatter):
    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_long_words=False, break_on_hyphens=False)


def add_common(
    parser: argparse.ArgumentParser,
    *,
    folder: str = "results/NAME",
    check: str = "exit with 1 when an objective is missed",
) -> None:
    """Add ``--out``, ``--seed``, ``--set``, ``--json``, ``--quiet`` and ``--check``."""
    parser.add_argument("--out", metavar="DIR", type=Path, help=f"results folder (default: {folder})")
    parser.add_argument("--seed", metavar="N", type=seed, help="seed of the random numbers instead of the scenario's")
    add_overrides(parser)
    add_ignore(parser)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--check", action="store_true", help=check)


def check_free(path: Path) -> None:
    """Find out before the work whether a file can be written that must not exist yet; see `write_new`."""
    if path.exists():
        raise OutputError(str(path), "it exists already")


def write_new(path: Path, text: str) -> None:
    """Write a text to a file that must not exist yet; it is then whole, or not there.

    Raises
    ------
    OutputError
        If it does, or can't be written.
    """
    check_free(path)
    write_whole(path, text)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``."""
    parser.add_argument(
        "--set",
        metavar="PATH=VALUE",
        dest="overrides",
        action="append",
        default=[],
        type=assignment_of("PATH"),
        help="change one value, e.g. batch.computeEnvironments.spot.computeResources.maxvCpus=128; repeatable",
    )


def add_ignore(parser: argparse.ArgumentParser) -> None:
    """Add ``--ignore``."""
    parser.add_argument(
        "--ignore",
        metavar="RULE",
        action="append",
        default=[],
        help="say nothing of this rule, by its code (docs/rules.md); repeatable; what stops a simulation stays",
    )


def add_account(parser: argparse.ArgumentParser, region: str = "AWS region (default: the scenario's)") -> None:
    """Add ``--profile``, ``--region`` and ``--endpoint-url``."""
    parser.add_argument("--profile", metavar="NAME", help="profile of the AWS configuration")
    parser.add_argument("--region", metavar="REGION", help=region)
    parser.add_argument("--endpoint-url", metavar="URL", help="send requests there instead of to AWS")


def add_replications(parser: argparse.ArgumentParser) -> None:
    """Add ``--replications`` and ``--precision``, one of which may be given."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--replications",
        metavar="N",
        type=count,
        help="run so often with random numbers of its own each; figures come with a 95 %% confidence interval",
    )
    either.add_argument(
        "--precision",
        metavar="P%",
        type=part,
        help="run 10 to 200 times, until half the interval of the bill and of what the objectives ask for is no more "
        "than so much of the figure",
    )


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument(
        "--workers", metavar="N", type=count, default=1, help="run replications in so many processes (default: 1)"
    )


def add_executors(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers`` and ``--dask``."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", metavar="N", type=count, help="processes of this machine (default: one a core)")
    where.add_argument(
        "--dask",
        metavar="ADDRESS",
        help='scheduler of a Dask cluster that runs them instead; pip install "batchsim[dask]"',
    )


def seed(text: str) -> int:
    """Parse a seed of random numbers."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, not {text!r}")
    return int(text)


def count(text: str) -> int:
    """Parse a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


def part(text: str) -> float:
    """Parse a part of the whole, such as ``5%`` or ``0.05``."""
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(%?)", text)
    value = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"expected a part such as 5% or 0.05, above 0 and below 100%, not {text!r}")
    return value


def assignment_of(what: str) -> Callable[[str], tuple[str, str]]:
    """What reads an argument ``WHAT=VALUE``."""

    def read(text: str) -> tuple[str, str]:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise argparse.ArgumentTypeError(f"expected {what}=VALUE, not {text!r}")
        return name.strip(), value

    return read


def tell_missed(result: Result, variant: str | None = None) -> bool:
    """Say on standard error which objectives were missed, and whether one was: what ``--check`` exits for.

    A run of no jobs at all is no success either, whatever it was asked.
    """
    from batchsim.report.narrative import nothing_submitted, objective_sentence

    where = f" in {variant}" if variant else ""
    missed = [objective for objective in result.summary["objectives"] if objective["kept"] is False]
    for objective in missed:
        print(f"missed{where}: {objective_sentence(objective, result.summary)}", file=sys.stderr)  # noqa: T201
    if nothing := nothing_submitted(result.summary):
        print(f"missed{where}: {nothing}", file=sys.stderr)  # noqa: T201
    return bool(missed or nothing)


def load(path: str, arguments: argparse.Namespace) -> Scenario:
    """Load a scenario with what the command line says besides, and print its warnings."""
    from batchsim.scenario.loading import load as load_scenario

    with _assignments_pointed_out(arguments):
        scenario = load_scenario(
            path,
            overrides=values(arguments.overrides),
            variant=getattr(arguments, "variant", None),
            ignore=arguments.ignore,
        )
    print_warnings(scenario.warnings)
    return scenario


def load_deployable(arguments: argparse.Namespace) -> Deployable:
    """Load a scenario for export or deployment, and print its warnings."""
    from batchsim.aws.deployment.deployable import load as load_configuration

    overrides = values(arguments.overrides)
    with _assignments_pointed_out(arguments):
        configuration = load_configuration(
            arguments.scenario,
            overrides=overrides,
            variant=arguments.variant,
            ignore=arguments.ignore,
            submits=getattr(arguments, "submit", False),
        )
    print_warnings(configuration.warnings)
    return configuration


def account(arguments: argparse.Namespace, region: str) -> AwsAccount:
    """The account that the command line names; `region` where it names none."""
    from batchsim.aws.client import AwsAccount

    if arguments.region and arguments.region != region:
        message = f"warning: simulated in {region}, sent to {arguments.region}: prices and types differ"
        print(message, file=sys.stderr)  # noqa: T201
    return AwsAccount(arguments.profile, arguments.region or region, arguments.endpoint_url)


def values(overrides: list[tuple[str, str]]) -> list[tuple[str, Any]]:
    """The overrides of the command line with their values read."""
    from batchsim.scenario.document.overrides import parse_assignments

    return parse_assignments(overrides)


@contextmanager
def _assignments_pointed_out(arguments: argparse.Namespace) -> Iterator[None]:
    """Faults of ``--set`` are shown under its text."""
    try:
        yield
    except ScenarioError as error:
        raise ScenarioError(pointed_out(error.findings, arguments)) from None


def pointed_out(findings: Iterable[Finding], arguments: argparse.Namespace) -> tuple[Finding, ...]:
    """Findings, those about ``--set`` with a mark under its text."""
    from batchsim.scenario.document.overrides import assignment_pointed_out

    return tuple(assignment_pointed_out(finding, arguments.overrides) for finding in findings)


def print_warnings(warnings: Iterable[Finding]) -> None:
    """Say on standard error what is allowed and probably not meant."""
    for warning in warnings:
        print(f"{warning.severity}: {warning}", file=sys.stderr)  # noqa: T201


def print_readings(runs: Iterable[Run]) -> None:
    """Say where AWS's words can be read in two ways that differ for a run's jobs, each once."""
    from batchsim.scenario.silencing import silence
    from batchsim.validation.readings import differing_readings

    told = (silence(differing_readings(run.scenario, run.workload), run.scenario.document) for run in runs)
    print_warnings(dict.fromkeys(chain.from_iterable(told)))
