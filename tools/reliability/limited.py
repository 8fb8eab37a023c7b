"""Starts a command with a limit on its memory, and says what it took: ``python limited.py MIB SECONDS FILE COMMAND…``.

A process of its own, which loads next to nothing: Linux counts as the peak of a process also that of the one which it
was forked from.
"""

import json
import os
import resource
import sys
from pathlib import Path


def main() -> None:
    """Start the command, wait for it, and write what it took."""
    mib, seconds, told, *command = sys.argv[1:]
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (int(mib) << 20, int(mib) << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        os.execv(command[0], command)  # noqa: S606 (a command of ours)
    _, status, used = os.wait4(child, 0)
    took = {
        "code": os.waitstatus_to_exitcode(status),
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
    }
    Path(told).write_text(json.dumps(took), encoding="utf-8")


if __name__ == "__main__":
    main()
