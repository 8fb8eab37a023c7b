"""One measurement in a process of its own: CPU time by part, and peak memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.builds import Build

#: All that is measured of a case.
WHOLE = "whole"


@dataclass
class Stopwatch:
    """CPU seconds of this process, user and system, by part."""

    cpu_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str = WHOLE) -> Iterator[None]:
        """Time what is done within."""
        begun = time.process_time()
        yield
        self.cpu_s[name] = self.cpu_s.get(name, 0.0) + time.process_time() - begun


@dataclass(frozen=True)
class Measured:
    """CPU seconds by part, and the peak of resident memory where it is known."""

    cpu_s: dict[str, float]
    peak_mib: float | None = None


def measured(build: Build, case: str, jobs: int, scratch: Path) -> Measured:
    """Measure a case in a fresh process with one batchsim."""
    return Measured(**json.loads(_output(build, scratch, "-m", "benchmarks.measure", case, str(jobs))))


def described(build: Build, scratch: Path) -> tuple[int, int]:
    """How many modules of a batchsim's engine are compiled, and how many it has."""
    code = "import json; from benchmarks import cases; print(json.dumps(cases.engine_modules()))"
    compiled, modules = json.loads(_output(build, scratch, "-c", code))
    return compiled, modules


def _output(build: Build, scratch: Path, *arguments: str) -> str:
    command = [build.python, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=scratch, env=build.variables())
    return done.stdout


def started(build: Build, arguments: Sequence[str], scratch: Path) -> Measured:
    """Measure a whole Python process."""
    process = subprocess.Popen(
        [build.python, *arguments], stdout=subprocess.DEVNULL, cwd=scratch, env=build.variables()
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    # Not its peak: in that is this process's.
    return Measured({WHOLE: used.ru_utime + used.ru_stime})


def _peak_mib() -> float:
    """Of this process since it began: Linux counts in ``ru_maxrss`` what it was forked from, but not in ``VmHWM``."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    own = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return (own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def main() -> None:
    """Measure the case that the command line names, and print it as JSON."""
    from benchmarks.cases import CASES

    case, jobs = CASES[sys.argv[1]], int(sys.argv[2])
    # What is loaded and made when it is first used is then there.
    case.measure(min(case.warm_up, jobs), Stopwatch())
    watch = Stopwatch()
    case.measure(jobs, watch)
    print(json.dumps(asdict(Measured(watch.cpu_s, _peak_mib()))))


if __name__ == "__main__":
    main()
