"""``python -m batchsim`` is the console script ``batchsim``."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

INTERRUPTED = 130


def program() -> int:
    """Run the command of the command line; an interrupt is told in one line, also one that comes while it is loaded."""
    try:
        from batchsim.cli.main import main

        return main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    finally:
        # All is done: what Python still has to end is ended, however often Ctrl-C is pressed.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    code = program()
    if code == INTERRUPTED:
        # CPython, started by -m, would kill itself with SIGINT at its end if the interrupt came through code that is
        # executed from a text, as that of a dataclass, though it was caught (findings/cpython-caught-interrupt.sh).
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)
    sys.exit(code)
