"""Inputs that nobody meant to give: made by the thousand, given to the commands that read them, and judged.

Each is made of its kind, a number and a fixed seed alone, whatever is tried beside it.
"""

from __future__ import annotations

import gc
import io
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from batchsim.cli.main import main
from tools.reliability.commands import environment
from tools.reliability.inputs_kinds import KINDS, Input
from tools.reliability.inputs_seeds import COMMANDS, Seed, seeds
from tools.reliability.inputs_try import KINDS_OF_PROBLEM, MOST_CPU_S, MOST_S, Outcome, in_child

#: So many inputs are made and tried together.
CHUNK = 50
#: One input in so many is given to real processes too, which have to end as the children did.
REAL = 250


@dataclass
class Tried:
    """What came of the inputs of a kind.

    Attributes
    ----------
    refused, accepted : int
        Inputs that the first command did not take, and those that it took.
    commands, real : int
        How many were given, and how many of them to processes of their own too.
    simulating : int
        Runs that were still going on when their time was over.
    problems : Counter of str
        Inputs with a problem, by its kind.
    told : list of str
        Each problem with the input that has it.
    slowest_s, largest_mib : float
        CPU time and memory of the commands that took the most, but for those that were still simulating.
    """

    kind: str
    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    commands: int = 0
    real: int = 0
    simulating: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    largest_mib: float = 0.0

    def add(self, other: Tried) -> None:
        """Join what came of others of the kind."""
        for name in ("inputs", "refused", "accepted", "commands", "real", "simulating"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.problems += other.problems
        self.told += other.told
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.largest_mib = max(self.largest_mib, other.largest_mib)


def tried(
    folder: Path,
    share: float,
    *,
    at_once: int = 1,
    seed: int = 18,
    kinds: Sequence[str] = (),
    say: Callable[[str], None] = lambda _text: None,
) -> list[Tried]:
    """Make inputs, and give them to commands.

    Parameters
    ----------
    folder : Path
        For what they read and write; must not exist.
    share : float
        Of the full form.
    kinds : sequence of str, optional
        These alone.
    """
    folder.mkdir(parents=True)
    known = seeds(folder / "seeds")
    chosen = {name: kind for name, kind in KINDS.items() if not kinds or name in kinds}
    tasks = []
    for name, kind in chosen.items():
        count = max(1, round(kind.count * share))
        tasks += [(name, first, min(CHUNK, count - first), seed, folder) for first in range(0, count, CHUNK)]
    found = {name: Tried(name) for name in chosen}
    with ProcessPoolExecutor(at_once, multiprocessing.get_context("spawn"), _begin, (known, folder)) as workers:
        for each in workers.map(_of_chunk, tasks):
            found[each.kind].add(each)
            for told in each.told:
                say(told)
    return list(found.values())


#: The seeds, as a worker holds them.
_SEEDS: dict[str, list[Seed]] = {}


def _begin(known: dict[str, list[Seed]], folder: Path) -> None:
    """What a worker needs before its first child: seeds, and the program's modules loaded and used once."""
    os.environ.update(OPENBLAS_NUM_THREADS="1", MPLBACKEND="agg", NO_COLOR="1", AWS_EC2_METADATA_DISABLED="true")
    sys.dont_write_bytecode = True
    _SEEDS.update(known)
    scratch = folder / f"warm-{os.getpid()}"
    for each in (known["scenarios"][0], known["configurations"][0], known["histories"][0]):
        _warm(each, scratch)
    gc.collect()
    gc.freeze()  # else each child would copy what its collector looks at


def _warm(seed: Seed, scratch: Path) -> None:
    """Execute what a seed is given to, here."""
    shutil.rmtree(scratch, ignore_errors=True)
    reads, writes = scratch / "in", scratch / "out"
    writes.mkdir(parents=True)
    each = Input("", {**seed.beside, seed.name: seed.content}, COMMANDS[seed.read_as], seed.name)
    each.write(reads)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as told:
        for line in each.lines(reads, writes):
            if main(line) > 1:
                raise RuntimeError(f"{line}: {told.getvalue()}")


def _of_chunk(task: tuple[str, int, int, int, Path]) -> Tried:
    name, first, count, seed, folder = task
    made = KINDS[name].make(_SEEDS, first, count, seed)
    result = Tried(name)
    scratch = folder / f"try-{os.getpid()}"
    for number, each in enumerate(made, first):
        _try(each, scratch, number, result)
    return result


def _try(each: Input, scratch: Path, number: int, result: Tried) -> None:
    """Give an input to its commands, one after the other as long as they take it."""
    label = f"{result.kind} {number}"
    shutil.rmtree(scratch, ignore_errors=True)
    reads, writes = scratch / "in", scratch / "out"
    each.leave(writes)
    each.write(reads)
    before = _names(reads)
    kinds: set[str] = set()
    outcome: Outcome | None = None
    given: list[Sequence[str]] = []
    for line in each.lines(reads, writes):
        outcome_before, outcome = outcome, in_child(line, writes)
        result.commands += 1
        result.simulating += outcome.simulating
        if not outcome.simulating:
            result.slowest_s = max(result.slowest_s, outcome.cpu_s)
            result.largest_mib = max(result.largest_mib, outcome.peak_mib)
        if _names(reads) != before:
            outcome.problems.append(("written elsewhere", "what it reads is not as it was"))
        if outcome.code == 0:
            others = [name for name, content in each.same.items() if (writes / name).read_bytes() != content]
            outcome.problems += [("other results", f"{name} is not what it was") for name in others]
        for kind, problem in outcome.problems:
            kinds.add(kind)
            result.told.append(f"{label}, {each.note}, {' '.join(line[:2])}: {kind}: {problem}")
        if number % REAL == 0 and not outcome.problems and not outcome.simulating:
            shutil.rmtree(writes)
            each.leave(writes)
            for earlier in given:
                _process(earlier, writes)
            result.real += 1
            if told := _differs(line, writes, outcome):
                kinds.add("exit code")
                result.told.append(f"{label}, {each.note}, {' '.join(line[:2])}: exit code: {told}")
        given.append(line)
        if outcome_before is None:
            result.accepted += outcome.code == 0
            result.refused += outcome.code != 0
        if outcome.code != 0:
            break
    result.inputs += 1
    result.problems.update(kinds)


def _differs(line: Sequence[str], writes: Path, outcome: Outcome) -> str:
    """How a command ends otherwise as a process of its own; empty where it does not."""
    ended = _process(line, writes)
    if ended.returncode == outcome.code and b"Traceback" not in ended.stderr:
        return ""
    return (
        f"{ended.returncode} as a process, {outcome.code} as a child: {ended.stderr.decode('utf-8', 'replace')[-600:]}"
    )


def _process(line: Sequence[str], writes: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "batchsim", *line]
    return subprocess.run(  # noqa: S603
        command,
        cwd=writes,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=MOST_S,
        check=False,
    )


def _names(folder: Path) -> list[str]:
    return sorted(f"{root}/{each}" for root, _, files in os.walk(folder) for each in files)


def of_inputs(found: Iterable[Tried]) -> Iterator[str]:
    """A row for each kind of input, and one of all."""
    rows = list(found)
    everything = Tried("all")
    for each in rows:
        everything.add(each)
    heads = ("kind of input", "tries", "refused", "accepted", "commands", *KINDS_OF_PROBLEM)
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    for each in [*rows, everything]:
        figures = (
            each.inputs,
            each.refused,
            each.accepted,
            each.commands,
            *(each.problems[kind] for kind in KINDS_OF_PROBLEM),
        )
        yield f"| {each.kind} | {' | '.join(f'{figure:,}' for figure in figures)} |"
    yield ""
    yield (
        f"No command took more than {everything.slowest_s:.1f} s of CPU time or {everything.largest_mib:,.0f} MiB, "
        f"but for {everything.simulating} runs whose clock was still going on after {MOST_CPU_S:.0f} s. "
        f"{everything.real} commands were given to processes of their own too."
    )
    for number, told in enumerate(everything.told):
        if number == 0:
            yield ""
        yield f"- {' '.join(told.split())[:300]}"
