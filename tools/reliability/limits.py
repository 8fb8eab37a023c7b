"""How large scenarios, traces and results may be: each in a command of its own, with the memory that is stated."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tools.reliability import sized
from tools.reliability.commands import ROOT, environment

#: Where results of a command go that another reads.
KEPT = "kept"
LAUNCHER = Path(__file__).with_name("limited.py")
#: Opens a results folder as a user does, and looks at every table of it.
READ = """
import sys, batchsim
result = batchsim.read(sys.argv[1])
tables = result.jobs, result.attempts, result.instances, result.timeline
print(result.summary["jobs"]["submitted"], sum(map(len, tables)))
"""

Make = Callable[[Path, int], Sequence[str]]


@dataclass(frozen=True)
class Limit:
    """A size that has to be finished within a stated time and memory, or refused.

    Attributes
    ----------
    name : str
        What it is, ``{:,}`` standing for the size.
    size, least : int
        In the full form, and in the smallest.
    make : callable
        Writes what the command reads into a folder, and gives its arguments.
    mib : int
        Memory that it may have: the limit of the address space, which is more than what is resident.
    cpu_s : float
        CPU seconds that it may take in the full form.
    refused : str
        What its refusal says, a regular expression; empty where it is finished.
    """

    name: str
    size: int
    make: Make
    mib: int = 2048
    cpu_s: float = 60.0
    least: int = 1
    refused: str = ""

    def at(self, share: float) -> int:
        """The size in a form of such a share."""
        return max(round(self.size * share), min(self.least, self.size))


@dataclass
class Outcome:
    """What came of it.

    Attributes
    ----------
    cpu_s, peak_mib : float
        CPU seconds of the command, and the most memory that it had resident.
    written : int
        Bytes of what it wrote.
    said : str
        Its refusal.
    problems : list of str
        What is not as it should be.
    """

    limit: Limit
    size: int
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    written: int = 0
    said: str = ""
    problems: list[str] = field(default_factory=list)


def run_of(make: Callable[[int], Mapping[str, Any]], command: str = "run", *more: str) -> Make:
    """A command on a scenario."""

    def written(folder: Path, size: int) -> Sequence[str]:
        sized.write_scenario(folder / "limits.yaml", make(size))
        # Advice is only tried of runs of a second or two, and would be most of a small form.
        more_of = ("--no-advice", *more) if command == "run" else more
        return ("-m", "batchsim", command, str(folder / "limits.yaml"), "--out", str(folder / "out"), *more_of)

    return written


def replay_of(name: str, **columns: Any) -> Make:
    """A run of a trace."""

    def written(folder: Path, size: int) -> Sequence[str]:
        sized.write_trace(folder / name, size, **columns)
        return run_of(lambda _: sized.replay(name.rpartition(".")[2], name))(folder, size)

    return written


def edited(old: str, new: str, make: Callable[[int], Mapping[str, Any]]) -> Make:
    """A run of a scenario in which something is written otherwise."""

    def written(folder: Path, size: int) -> Sequence[str]:
        arguments = run_of(make)(folder, size)
        path = folder / "limits.yaml"
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{old} stands there {text.count(old)} times")
        path.write_text(text.replace(old, new), encoding="utf-8")
        return arguments

    return written


def _kept(folder: Path, size: int) -> Sequence[str]:
    arguments = run_of(sized.jobs)(folder, size)
    return [str(folder.parent / KEPT) if each == str(folder / "out") else each for each in arguments]


def _read(folder: Path, size: int) -> Sequence[str]:  # noqa: ARG001 (all are called alike)
    return ("-c", READ, str(folder.parent / KEPT))


def _calibrate(folder: Path, size: int) -> Sequence[str]:  # noqa: ARG001
    kept = folder.parent / KEPT
    learnt = ("--out", str(folder / "learnt.yaml"), "--report", str(folder / "learnt.html"))
    return ("-m", "batchsim", "calibrate", str(kept), "--config", str(kept / "scenario.yaml"), *learnt)


MILLION = 1_000_000
YEARS = partial(sized.years, 10)

FINISHED = (
    Limit("{:,} jobs: run, results, picture and page", 5 * MILLION, _kept, 3072, 400, 2_000),
    Limit("the results folder of {:,} jobs read by batchsim.read, all tables", 5 * MILLION, _read, 6144, 120, 2_000),
    Limit("the same learnt from by calibrate", 5 * MILLION, _calibrate, 12288, 900, 2_000),
    Limit("compare of two variants of {:,} jobs", MILLION, run_of(sized.variants, "compare"), 3072, 200, 2_000),
    Limit("a trace of {:,} rows, CSV", 5 * MILLION, replay_of("jobs.csv"), 8192, 600, 2_000),
    Limit("a trace of {:,} rows, Parquet", 5 * MILLION, replay_of("jobs.parquet"), 8192, 600, 2_000),
    Limit("{:,} runs of a workflow of five jobs that wait for each other", 100_000, run_of(sized.runs), 2048, 90, 500),
    Limit("{:,} arrays of 10,000 jobs", 100, run_of(sized.arrays), 2048, 120, 1),
    Limit("{:,} jobs of up to 10 attempts, 9 of 10 fail", 100_000, run_of(sized.attempts), 2048, 120, 500),
    Limit("{:,} jobs of 0 seconds", MILLION, run_of(partial(sized.every, runtime=0)), 2048, 90, 1_000),
    Limit("no job: arrivals end before they begin", 1, run_of(lambda _: YEARS(every="1h", until=0)), cpu_s=30),
    Limit("{:,} instances at a time", 50_000, run_of(sized.instances), 2048, 90, 200),
    Limit("{:,} queues that share an environment", 1_000, run_of(partial(sized.queues, own=False)), 2048, 90, 20),
    Limit("{:,} queues with an environment each", 1_000, run_of(partial(sized.queues, own=True)), 2048, 120, 20),
    Limit("{:,} job definitions, each of its own size", 10_000, run_of(sized.definitions), 2048, 240, 20),
    Limit("ten years of four jobs a day", 1, run_of(lambda _: YEARS(every="6h"))),
    Limit("ten years of cron every minute", 10, run_of(partial(sized.years, cron="* * * * *")), 3072, 500, 0),
    Limit("{:,} jobs of a hundred years in a row, to 2926", 9, run_of(sized.century), cpu_s=30, least=9),
    Limit("a sweep of {:,} points", 1_000, run_of(sized.sweep, "sweep", "--workers", "1"), 2048, 200, 10),
)

REFUSED = (
    Limit(
        "a rate of 1e9/s",
        1,
        edited('"rate": 7200.0', '"rate": "1000000000/s"', lambda _: sized.jobs(10)),
        refused=r"limits.yaml:\d+:\d+: .*about 5,000,000,000 arrivals are more than 20,000,000",
    ),
    Limit(
        "arrivals every nanosecond of ten years",
        1,
        run_of(lambda _: YEARS(every=1e-9)),
        refused=r"limits.yaml:\d+:\d+: .*more than 20,000,000",
    ),
    Limit(
        "cron every minute of a century",
        100,
        run_of(lambda _: sized.years(100, cron="* * * * *")),
        refused=r"limits.yaml:\d+:\d+: .*about 52,560,000 arrivals are more than 20,000,000",
    ),
    Limit(
        "60,000,000 jobs in several workflows",
        1,
        run_of(lambda _: sized.many_arrays(3, 2_000)),
        refused=r"limits.yaml:\d+:\d+: .*20,000,000 jobs beside 40,000,000 others are more than 50,000,000",
    ),
    Limit(
        "a trace of 5,000 jobs submitted 20,000 times",
        5_000,
        lambda folder, size: _submitted_often(folder, size),
        refused=r"limits.yaml:\d+:\d+: .*100,000,000 jobs are more than 50,000,000",
        least=5_000,
    ),
    Limit(
        "an array of 10,001",
        1,
        run_of(lambda _: sized.scenario([sized.work(sized.job(arrayProperties={"size": 10_001}))])),
        refused=r"limits.yaml:\d+:\d+: .*10,?000",
    ),
    Limit(
        "an array of -1",
        1,
        run_of(lambda _: sized.scenario([sized.work(sized.job(arrayProperties={"size": -1}))])),
        refused=r"limits.yaml:\d+:\d+: .*size",
    ),
    Limit(
        "20 attempts of each job",
        1,
        edited('"attempts": 10', '"attempts": 20', sized.attempts),
        refused=r"limits.yaml:\d+:\d+: .*attempts",
    ),
    Limit(
        "a run time of -5 s",
        1,
        run_of(partial(sized.every, runtime=-5)),
        refused=r"limits.yaml:\d+:\d+: .*0 s or more",
    ),
    Limit(
        "a run time of 1e12 s",
        1,
        run_of(partial(sized.every, runtime=1e12)),
        refused=r"limits.yaml:\d+:\d+: .*a hundred years at most",
    ),
    Limit(
        "a duration of 120 years",
        1,
        run_of(lambda _: sized.years(120, every="1d")),
        refused=r"limits.yaml:\d+:\d+: .*a hundred years at most",
    ),
    Limit(
        "run times drawn with a mean of a century",
        1_000,
        run_of(partial(sized.every, runtime={"exponential": {"mean": "36500d"}})),
        refused=r"limits.yaml:\d+:\d+: .*longer than a hundred years",
        least=1_000,
    ),
    Limit(
        "a trace with run times of 1e12 s",
        10,
        lambda folder, size: _traced(folder, size, 1e12),
        refused=r"jobs.csv.*runs for 1e\+12 s",
        least=10,
    ),
    Limit(
        "jobs of a century, one after the other, for 2,000 years",
        20,
        run_of(sized.century),
        refused=r"limits.yaml: .*not over after a thousand years; \d+ jobs are not finished",
        least=20,
    ),
    Limit(
        "{:,} jobs in 512 MiB",
        5 * MILLION,
        run_of(sized.jobs),
        512,
        refused=r"too little memory for this",
        least=5 * MILLION,
    ),
)


def _submitted_often(folder: Path, size: int) -> Sequence[str]:
    arguments = replay_of("jobs.csv")(folder, size)
    content = json.loads((folder / "limits.yaml").read_text(encoding="utf-8"))
    content["workload"][0]["trace"]["arrivals"] = {"every": 1, "count": 20_000}
    sized.write_scenario(folder / "limits.yaml", content)
    return arguments


def _traced(folder: Path, size: int, runtime_s: float) -> Sequence[str]:
    arguments = replay_of("jobs.csv")(folder, size)
    path = folder / "jobs.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:-1], f"long,1,{runtime_s:.0f}"]) + "\n", encoding="utf-8")
    return arguments


def outcomes(folder: Path, share: float, say: Callable[[str], None] = lambda _: None) -> Iterator[Outcome]:
    """Try each in its own process, one after the other.

    Parameters
    ----------
    share : float
        Of the size in the full form.
    """
    folder.mkdir(parents=True)
    for number, limit in enumerate((*FINISHED, *REFUSED)):
        place = folder / f"{number}"
        place.mkdir()
        outcome = _tried(limit, limit.at(share), share, place)
        told = outcome.said or f"{outcome.cpu_s:.1f} s, {outcome.peak_mib:.0f} MiB"
        say(f"{limit.name.format(outcome.size)}: {told}")
        for problem in outcome.problems:
            say(f"  {problem}")
        _emptied(place)
        yield outcome


def _tried(limit: Limit, size: int, share: float, place: Path) -> Outcome:
    arguments, kept = limit.make(place, size), _bytes(place.parent / KEPT)
    # A small size has what starting takes, and what a machine that does other work takes besides.
    seconds = max(limit.cpu_s, 30) if share == 1 else limit.cpu_s * share + 60
    line = [sys.executable, "-I", "-S", str(LAUNCHER), str(limit.mib), f"{seconds:.0f}", str(place / "took.json")]
    done = subprocess.run(  # noqa: S603 (a command of ours)
        [*line, sys.executable, *arguments], cwd=place, env=_quiet(), capture_output=True, text=True, check=False
    )
    took = json.loads((place / "took.json").read_text(encoding="utf-8"))
    written = _bytes(place) + _bytes(place.parent / KEPT) - kept
    outcome = Outcome(limit, size, took["cpu_s"], took["peak_mib"], written)
    outcome.problems += _wrong(limit, took["code"], done.stderr)
    if limit.refused and not outcome.problems:
        outcome.said = next(line for line in done.stderr.splitlines() if re.search(limit.refused, line))
        outcome.said = outcome.said.replace(f"{place}/", "")
    return outcome


def _quiet() -> Mapping[str, str]:
    """The variables of a command: one thread for linear algebra, which reserves addresses for each."""
    variables = environment()
    variables["PYTHONPATH"] = str(ROOT)
    return {**variables, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _wrong(limit: Limit, code: int, error: str) -> Iterator[str]:
    """What is not as it should be: a traceback, a figure where a refusal is due, a refusal that does not say where."""
    if "Traceback" in error or "Exception ignored" in error:
        yield f"it ends in a traceback: {error.strip()[-300:]}"
    elif code < 0:
        yield f"it was ended by signal {-code}: more time than stated, or memory"
    elif not limit.refused and code:
        yield f"it ended with {code}: {error.strip()[-300:]}"
    elif limit.refused and code != 2:
        yield f"it was not refused, but ended with {code}"
    elif limit.refused and not re.search(limit.refused, error):
        yield f"its refusal does not say where, or what the limit is: {error.strip()[:300]}"


def _bytes(place: Path) -> int:
    """Of what a command wrote."""
    names = ("out", "learnt.yaml", "learnt.html")
    some = place.rglob("*") if place.name == KEPT else (each for name in names for each in _files(place / name))
    return sum(each.stat().st_size for each in some if each.is_file())


def _files(path: Path) -> Iterator[Path]:
    yield from path.rglob("*") if path.is_dir() else [path]


def _emptied(place: Path) -> None:
    """Make room for the next: results of this size take hundreds of megabytes."""
    for each in sorted(place.rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() else each.unlink()


def table(some: Sequence[Outcome]) -> Iterator[str]:
    """The part of the page: what was finished, and what was refused in which words."""
    yield "| finished | CPU | may take | memory | may have | written |"
    yield "|---|---:|---:|---:|---:|---:|"
    for each in some:
        if not each.limit.refused:
            limit = each.limit
            yield (
                f"| {limit.name.format(each.size)} | {each.cpu_s:,.0f} s | {limit.cpu_s:,.0f} s "
                f"| {each.peak_mib:,.0f} MiB | {limit.mib:,} MiB | {each.written / 2**20:,.1f} MiB |"
            )
    yield ""
    yield "| refused | in these words |"
    yield "|---|---|"
    for each in some:
        if each.limit.refused:
            yield f"| {each.limit.name.format(each.size)} | {each.said.replace('|', chr(92) + '|')} |"
    for number, (name, problem) in enumerate((e.limit.name, problem) for e in some for problem in e.problems):
        if number == 0:
            yield ""
        yield f"- {name}: {' '.join(problem.split())}"
