"""``batchsim COMMAND``: the parser, and what every command has in common.

Exit codes: 0 done; 1 an objective was missed and ``--check`` was given, or ``validate`` found errors; 2 the input is
wrong, AWS refused, or runs can't be executed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from batchsim._version import __version__, engine_build
from batchsim.cli import (
    calibrate,
    compare,
    completion,
    deploy,
    explain,
    export,
    import_,
    init,
    optimize,
    options,
    prices,
    run,
    schema,
    sweep,
    validate,
)
from batchsim.errors import AwsError, ExecutionError, Finding, OutputError, ScenarioError, StandstillError

DONE, MISSED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, with all commands."""
    made = options.Parser(
        prog="batchsim",
        description="Simulate AWS Batch before you pay for it: what would the queue and the bill do?",
    )
    made.add_argument("--version", action="version", version=f"batchsim {__version__} (engine: {engine_build()})")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (
        init,
        run,
        compare,
        sweep,
        optimize,
        calibrate,
        validate,
        export,
        deploy,
        import_,
        prices,
        schema,
        explain,
        completion,
    ):
        command.add_parser(commands)
    made.set_defaults(program=made)  # whose commands and options `completion` tells
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of the command line's.
    """
    chosen = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a middle dot still gets its answer
    try:
        code = int(chosen.execute(chosen))
        sys.stdout.flush()  # else Python does it at its end, and has no words for what goes wrong then
        return code
    except (ScenarioError, AwsError, OutputError, ExecutionError, StandstillError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except MemoryError as error:
        print(_too_little_memory(error), file=sys.stderr)  # noqa: T201
        return WRONG_INPUT
    except BrokenPipeError:
        _drop_output()  # the reader went away: `batchsim run … | head`
        return DONE
    except OSError as error:
        where = error.filename or "standard output"
        print(OutputError(str(where), error.strerror or str(error)), file=sys.stderr)  # noqa: T201
        _drop_output()
        return WRONG_INPUT


def _too_little_memory(error: MemoryError) -> str:
    """What to do where memory ends: what takes it is the number of jobs."""
    wanted = f" ({' '.join(str(error).split())})" if str(error) else ""
    expected = (
        "fewer jobs in one run, or a machine with more memory (docs/reliability.md has what runs of several sizes take)"
    )
    return str(Finding("too-large", "", f"there is too little memory for this{wanted}", expected))


def _drop_output() -> None:
    """Send what was not yet written nowhere; else Python would try again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
