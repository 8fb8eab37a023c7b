"""A command that is disturbed at a moment, looked at, and given again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.reliability import left
from tools.reliability.commands import COMMANDS, Command, environment, prepare
from tools.reliability.left import Content

TICKS = os.sysconf("SC_CLK_TCK")
#: How long what a dead command started may take to end; seconds.
PATIENCE_S = 20.0
#: Exit code of a command that was interrupted.
INTERRUPTED = 130
#: How long a command may take; seconds.
MOST_S = 300.0


@dataclass
class Ended:
    """How a command ended.

    Attributes
    ----------
    code : int
        Its exit code, or minus the signal that ended it.
    error : str
        What it said on standard error.
    cpu_s : float
        CPU time of it and what it started, from its first own import on; at a look shortly before its end.
    """

    code: int
    out: str
    error: str
    cpu_s: float = 0.0


@dataclass
class Trial:
    """What came of one disturbance.

    Attributes
    ----------
    at : str
        When.
    ended : bool
        Whether the command had ended before.
    problems : list of str
        What should not be: something half written, a traceback, a rerun with another result.
    litter, litter_after : int
        Files of a moment that were left, and those that are left after the rerun.
    kept, repeated, lost : int
        Of finished runs: those the rerun found, those of them that it executed again, those that are missing after it.
    outlived_s : float
        How long a process outlived the command that started it; seconds.
    """

    command: str
    fault: str
    at: str
    ended: bool = False
    problems: list[str] = field(default_factory=list)
    litter: int = 0
    litter_after: int = 0
    kept: int = 0
    repeated: int = 0
    lost: int = 0
    outlived_s: float = 0.0


def members(session: int) -> list[tuple[int, float]]:
    """Processes of a session that have not ended, each with the seconds of CPU time it took."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                # After the program's name, which may hold anything but ends with the last bracket.
                fields = Path(entry.path, "stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((int(entry.name), (int(fields[11]) + int(fields[12])) / TICKS))
    return found


class Running:
    """A command in a session of its own, watched from outside.

    Parameters
    ----------
    notes : Path
        Folder for what it says and what is noted of it.
    """

    def __init__(self, line: list[str], notes: Path, variables: Mapping[str, str]) -> None:
        notes.mkdir(parents=True, exist_ok=True)
        self._out, self._error, self._began = notes / "out", notes / "error", notes / "began"
        self._began.unlink(missing_ok=True)
        more = {**variables, "RELIABILITY_BEGAN": str(self._began)}
        with self._out.open("wb") as out, self._error.open("wb") as error:
            self.process = subprocess.Popen(  # noqa: S603
                line, stdin=subprocess.DEVNULL, stdout=out, stderr=error, env=environment(more), start_new_session=True
            )
        self._most = time.monotonic() + MOST_S
        self._python_s = 0.0
        self._cpu_s = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        if time.monotonic() > self._most:
            self.send(signal.SIGKILL, all_of_it=True)
            self.process.wait()
            raise TimeoutError(f"{self.process.args!r} did not end in {MOST_S:.0f} s")
        return self.process.poll() is not None

    def wait_begun(self) -> None:
        """Wait until its own code begins."""
        while not (self._began.exists() and self._began.stat().st_size) and not self.is_over:
            time.sleep(0.002)
        self._python_s = sum(cpu for _, cpu in members(self.process.pid))

    def wait_cpu(self, seconds: float) -> None:
        """Wait until it has taken so much CPU time since it began, or has ended."""
        self.wait_begun()
        while not self.is_over:
            cpu = sum(cpu for _, cpu in members(self.process.pid)) - self._python_s
            self._cpu_s = max(cpu, self._cpu_s)
            if cpu >= seconds:
                break
            time.sleep(0.003)

    def send(self, number: int, *, all_of_it: bool) -> None:
        """Send a signal to the command, or as a terminal does to all that it started too."""
        if self.process.poll() is None:
            (os.killpg if all_of_it else os.kill)(self.process.pid, number)

    def ended(self) -> Ended:
        """Wait for its end."""
        while not self.is_over:
            time.sleep(0.002)
        texts = [path.read_text("utf-8", "replace") for path in (self._out, self._error)]
        return Ended(self.process.returncode, texts[0], texts[1], self._cpu_s)

    def outlived(self) -> float:
        """How long anything of its session outlives it; seconds."""
        begun = time.monotonic()
        while members(self.process.pid) and time.monotonic() - begun < PATIENCE_S:
            time.sleep(0.01)
        return time.monotonic() - begun


@dataclass(frozen=True)
class Undisturbed:
    """What a command does when nothing is in its way.

    Attributes
    ----------
    final, other : dict
        What it leaves, and what the earlier run left whose files it replaces.
    saved : Path
        The folder of that earlier run.
    keys : frozenset of str
        The runs that it executed.
    cpu_s : float
        CPU time from its first own import on.
    changes : int
        How often it changes something where it writes.
    """

    command: Command
    reads: Path
    final: dict[str, Content]
    other: dict[str, Content]
    saved: Path
    keys: frozenset[str]
    cpu_s: float
    changes: int


def undisturbed(command: Command, reads: Path, scratch: Path) -> Undisturbed:
    """Run a command twice, the second time where an earlier run has left its files.

    Raises
    ------
    RuntimeError
        If it fails, or the two differ.
    """
    saved, writes, counted = scratch / "saved", scratch / "undisturbed", scratch / "counted"
    saved.mkdir(parents=True)
    if command.other:
        _done(command.line(reads, saved, command.other), scratch / "notes", {})
    shutil.copytree(saved, writes)
    variables = {"RELIABILITY_CHANGES": str(writes), "RELIABILITY_COUNTED": str(counted)}
    again = _done(command.line(reads, writes), scratch / "notes", variables)
    final = left.contents(command, writes)
    first = scratch / "first"
    first.mkdir()
    submitted = scratch / "submitted"
    _done(command.line(reads, first), scratch / "notes", {"RELIABILITY_SUBMITTED": str(submitted)})
    if final != left.contents(command, first):
        raise RuntimeError(f"{command.name}: not the same where an earlier run was")
    keys = frozenset(submitted.read_text().split()) if command.resumes else frozenset()
    changes = counted.read_text().count("\n")
    return Undisturbed(command, reads, final, left.contents(command, saved), saved, keys, again.cpu_s, changes)


def _done(line: list[str], notes: Path, variables: Mapping[str, str]) -> Ended:
    running = Running(line, notes, variables)
    running.wait_cpu(MOST_S)
    ended = running.ended()
    if ended.code:
        raise RuntimeError(f"{line}: exit code {ended.code}\n{ended.error}")
    return ended


class Place:
    """Where a command is disturbed, again and again, and in the end comes to its end.

    Parameters
    ----------
    over_earlier : bool
        Whether an earlier run has left its files there.
    writes : Path, optional
        Where it writes, a folder that is there; else one is made.
    """

    def __init__(self, known: Undisturbed, scratch: Path, *, over_earlier: bool, writes: Path | None = None) -> None:
        self.known = known
        self.writes = writes or scratch / "out"
        self._scratch = scratch
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        self.writes.mkdir(exist_ok=True)
        if over_earlier:
            shutil.copytree(known.saved, self.writes, dirs_exist_ok=True)

    def disturb(
        self,
        trial: Trial,
        disturb: Callable[[Running], None],
        judge: Callable[[Ended], Iterator[str]],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Start the command, disturb it, and look at what it left.

        Parameters
        ----------
        trial : Trial
            What is known of it before; it is filled in.
        disturb : callable
            Does something to the command while it runs.
        judge : callable
            Says what is wrong with how it ended.
        variables : mapping of str to str, optional
            For the command; ``{out}`` in them is where it writes.
        """
        running, before = self._begun(variables or {})
        disturb(running)
        ended = running.ended()
        trial.ended = ended.code == 0
        trial.outlived_s = running.outlived()
        trial.problems += judge(ended)
        if trial.outlived_s >= PATIENCE_S:
            trial.problems.append("a process outlived the command")
        trial.problems += self._not_whole(ended)
        trial.litter = len(left.litter(self.writes))
        self._count(trial, before)

    def finish(self, trial: Trial) -> None:
        """The same command undisturbed: it has to come to the result that it always has."""
        running, before = self._begun({})
        ended = running.ended()
        self._count(trial, before)
        if ended.code:
            trial.problems.append(f"the rerun ended with {ended.code}: {ended.error.strip()[-300:]}")
            return
        trial.lost = len(self.known.keys - left.stored(self.known.command, self.writes))
        if left.contents(self.known.command, self.writes) != self.known.final:
            trial.problems.append("the rerun came to another result")
        trial.litter_after = len(left.litter(self.writes))

    def _begun(self, variables: Mapping[str, str]) -> tuple[Running, frozenset[str]]:
        """The command, begun, and the runs that are stored before."""
        command = self.known.command
        before = left.stored(command, self.writes)
        if not command.other:
            for name, path in left.wholes(command, self.writes):
                if left.content(path) == self.known.final.get(name):
                    path.unlink()  # whole, and not to be replaced: that would be refused
        self._submitted.unlink(missing_ok=True)
        filled = {name: value.replace("{out}", str(self.writes)) for name, value in variables.items()}
        more = {**filled, "RELIABILITY_SUBMITTED": str(self._submitted)}
        return Running(command.line(self.known.reads, self.writes), self._scratch / "notes", more), before

    @property
    def _submitted(self) -> Path:
        return self._scratch / "submitted"

    def _count(self, trial: Trial, before: frozenset[str]) -> None:
        """Which runs were found, executed all the same, or had no reason to be executed."""
        executed = frozenset(self._submitted.read_text().split()) if self._submitted.exists() else frozenset()
        trial.kept += len(before & self.known.keys)
        trial.repeated += len(before & executed)
        if executed - self.known.keys:
            trial.problems.append("other runs were executed than undisturbed")

    def _not_whole(self, ended: Ended) -> Iterator[str]:
        """What is there and neither as it was nor as it shall be; after an interrupt it may say of what was done."""
        for name, path in left.wholes(self.known.command, self.writes):
            found = left.content(path)
            if found in (None, self.known.final.get(name), self.known.other.get(name)):
                continue
            files = self.known.final.get(name)
            may_be = ended.code == INTERRUPTED or self._was_interrupted
            lacking = left.partial(path, files) if may_be else ["it is not what an undisturbed run leaves"]
            if lacking:
                yield f"{name} is not whole: {', '.join(lacking)}"
        self._was_interrupted |= ended.code == INTERRUPTED

    _was_interrupted = False


#: Disturbs a command so often: what is known of it, a folder, how often, random numbers, whom to tell of problems.
Disturbing = Callable[[Undisturbed, Path, int, random.Random, Callable[[str], None]], Iterator[Trial]]


def of_commands(
    disturbing: Disturbing,
    scratch: Path,
    count: int,
    *,
    seed: int = 18,
    commands: Sequence[Command] = COMMANDS,
    at_once: int = 4,
    say: Callable[[str], None] = lambda _text: None,
) -> list[Trial]:
    """Disturb each command so often.

    Parameters
    ----------
    scratch : Path
        A folder for it, which must not exist.
    at_once : int
        How many commands are disturbed at the same time; what comes of each does not depend on it.
    """
    # Started in the background of a shell, this ignores interrupts, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reads = scratch / "reads"
    prepare(reads)

    def of_command(command: Command) -> list[Trial]:
        folder = scratch / command.name.replace(" ", "-")
        known = undisturbed(command, reads, folder / "known")
        say(f"{command.name}: {known.cpu_s:.1f} s of CPU time, {known.changes} changes of the file system")
        chance = random.Random(f"{seed} {command.name}")  # noqa: S311 (no secret)
        found = list(disturbing(known, folder, count, chance, say))
        say(f"{command.name}: done")
        return found

    with ThreadPoolExecutor(at_once) as threads:
        return [trial for found in threads.map(of_command, commands) for trial in found]
