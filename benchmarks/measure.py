"""One measurement in a process of its own: CPU time per job and peak memory, without what imports cost."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

#: Jobs of the run before the one that is measured: what is loaded when it is first used is then there.
WARM_UP = 500


@dataclass(frozen=True)
class Measured:
    """CPU seconds of this process (user and system), and its peak of resident memory."""

    cpu_s: float
    peak_mib: float


def measured(case: str, jobs: int) -> Measured:
    """Measure a case in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.measure", case, str(jobs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout))


def started(*arguments: str) -> Measured:
    """Measure a whole Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024)


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
