"""``python -m batchsim`` is the console script ``batchsim``."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

INTERRUPTED = 130


def program() -> NoReturn:
    """Run the command of the command line, and end the process with its exit code.

    An interrupt is told in one line, also one that comes while the command is loaded.
    """
    code = INTERRUPTED
    try:
        from batchsim.cli.main import main

        code = main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
    except SystemExit as left:  # wrong usage, --help, --version
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        # All is done: what is still to end is ended, however often Ctrl-C is pressed.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:  # it is where its descriptor is closed
                stream.flush()
    # Python's own end could give another code. CPython, started by -m, kills itself with SIGINT if the interrupt came
    # through code that is executed from a text, as that of a dataclass, though it was caught
    # (findings/cpython-caught-interrupt.sh). And pyarrow's threads, when one still ends as the process does, abort it:
    # "terminate called without an active exception" (26.0.1, one in thirty of short commands that read Parquet).
    # A profiler that writes at the end profiles the module batchsim.cli.main.
    os._exit(code)


if __name__ == "__main__":
    program()
