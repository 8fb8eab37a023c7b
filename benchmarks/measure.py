"""One measurement in a process of its own: CPU time per job and peak memory, without what imports cost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

#: Jobs of the run before the one that is measured: what is loaded when it is first used is then there.
WARM_UP = 500


@dataclass(frozen=True)
class Measured:
    """CPU seconds of this process (user and system), and its peak of resident memory."""

    cpu_s: float
    peak_mib: float


def measured(case: str, jobs: int, *, python: str = sys.executable, folder: Path | None = None) -> Measured:
    """Measure a case in a fresh process, with the batchsim that a Python finds in a folder, or has installed."""
    command = [python, "-m", "benchmarks.measure", case, str(jobs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=folder)
    return Measured(**json.loads(done.stdout))


def started(*arguments: str) -> Measured:
    """Measure a whole Python process."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Measured(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    """Measure the case that the command line names, and print it as JSON."""
    from benchmarks.cases import CASES

    case, jobs = CASES[sys.argv[1]], int(sys.argv[2])
    case(min(WARM_UP, jobs))
    begun = time.process_time()
    case(jobs)
    cpu_s = time.process_time() - begun
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(asdict(Measured(cpu_s, peak_mib))))


if __name__ == "__main__":
    main()
