"""One command on one input: in a child of its own, with limits, watched for what it writes, judged by what it says."""

from __future__ import annotations

import io
import os
import re
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from batchsim.errors import printable

#: CPU time that a command may take; seconds.
MOST_CPU_S = 10.0
#: How long one may wait for something without using the CPU, and may take at all on a busy machine; seconds.
MOST_WAIT_S, MOST_S = 10.0, 1200.0
#: Resident memory that it may take, itself included; address space that it may ask for besides what it begins with.
MOST_MIB, MOST_MORE_MIB = 1024, 2048
#: What a child says that can't go on: Python's memory is used up; it took too long; it simulates still.
_NO_MEMORY, _TOO_LONG, _SIMULATING, _RAISED = 97, 98, 99, 96

#: Events of `sys.addaudithook` that come before a change, with the places of paths in their arguments.
_CHANGES = {
    "open": (0,), "os.rename": (0, 1), "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "sqlite3.connect": (0,), "shutil.rmtree": (0,),
}  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OUTSIDE = "writes outside: "

#: A finding with its place: a file or an option, or both; line and column where there are some; the rule; the key.
_FINDING = re.compile(r"(?P<place>.*?)(?P<line>:\d+)?(:\d+)?(: )?\[(?P<code>[a-z][a-z0-9-]*)\] (?P<rest>.*)")
_KEY = re.compile(r"\S+: ")
#: Findings about a whole file, which has neither line nor key for them.
_OF_FILES = frozenset({
    "unreadable", "too-large", "history", "trace", "not-a-configuration", "output", "catalog", "execution",
})  # fmt: skip


class Late(BaseException):
    """The command has taken all of its time."""


@dataclass
class Outcome:
    """How a command took an input.

    Attributes
    ----------
    code : int
        Its exit code; minus a signal.
    problems : list of (str, str)
        What should not be, with its kind: one of `KINDS_OF_PROBLEM`.
    simulating : bool
        Whether it was still simulating, its clock going on, when its time was over.
    """

    code: int
    out: str = ""
    error: str = ""
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    problems: list[tuple[str, str]] = field(default_factory=list)
    simulating: bool = False


#: Kinds of what should not be, as the table says them.
KINDS_OF_PROBLEM = ("traceback", "hang", "over memory", "no place", "written elsewhere", "exit code", "other results")


def in_child(line: Sequence[str], writes: Path) -> Outcome:
    """Execute a command of the program in a forked child.

    Parameters
    ----------
    line : sequence of str
        Its arguments.
    writes : Path
        The folder where it works: nothing may change elsewhere.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        child = os.fork()
        if child == 0:
            _execute(line, writes, out.fileno(), error.fileno())
        status, usage, killed = _waited(child)
        outcome = Outcome(os.waitstatus_to_exitcode(status), _content(out), _content(error))
    outcome.cpu_s, outcome.peak_mib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    outcome.simulating = outcome.code == _SIMULATING
    outcome.problems += _judged(outcome, line, killed=killed)
    return outcome


def _content(file: Any) -> str:
    file.seek(0)
    return str(file.read(4_000_000).decode("utf-8", "replace"))


def _waited(child: int) -> tuple[int, resource.struct_rusage, bool]:
    """Wait for a child; kill it when it is blocked, or goes on in spite of its own alarm."""
    begun, cpu_s, since, killed = time.monotonic(), 0.0, time.monotonic(), False
    watched = os.pidfd_open(child)
    try:
        while not select.select([watched], [], [], 1.0)[0]:
            now, used_s, state = time.monotonic(), *_cpu_s(child)
            if used_s > cpu_s + 0.05 or state != "S":  # on a busy machine it may wait for its turn, not for a file
                cpu_s, since = used_s, now
            if now - since > MOST_WAIT_S or used_s > 3 * MOST_CPU_S or now - begun > MOST_S:
                os.kill(child, signal.SIGKILL)
                killed = True
                break
    finally:
        os.close(watched)
    _, status, usage = os.wait4(child, 0)
    return status, usage, killed


def _cpu_s(process: int) -> tuple[float, str]:
    """CPU time of a process in seconds, and its state."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0]


def _execute(line: Sequence[str], writes: Path, out: int, error: int) -> None:
    """The child: execute, and leave without coming back."""
    code = _RAISED
    try:
        os.dup2(out, 1)
        os.dup2(error, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8")
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", line_buffering=True)
        os.chdir(writes)
        _limit()
        sys.addaudithook(_watching(str(writes.resolve())))
        code = _main(line)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 (whatever it is, it is told)
        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _main(line: Sequence[str]) -> int:
    from batchsim.cli.main import main

    try:
        return main(list(line))
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else _RAISED
    except MemoryError:
        return _NO_MEMORY
    except Late:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return _TOO_LONG


def _limit() -> None:
    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + MOST_MORE_MIB * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**30, 2**30))
    clock, told = list[float](), list[bool]()

    def late(_number: int, frame: FrameType | None) -> None:
        at = _simulated_s(frame)
        if at is not None and not clock:
            clock.append(at)
            signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S / 5, 0.5)
            return
        if at is not None and at > clock[0]:
            os._exit(_SIMULATING)
        if not told:
            told.append(True)
            os.write(2, "".join(traceback.format_stack(frame)[-8:]).encode("utf-8", "replace"))
        raise Late

    signal.signal(signal.SIGPROF, late)
    # Again and again: what is raised while Python collects garbage is lost.
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S, 0.5)


def _simulated_s(frame: FrameType | None) -> float | None:
    """The clock of the simulation that is running; None where none is."""
    while frame is not None:
        for name in ("self", "env"):
            each: Any = frame.f_locals.get(name)
            each = getattr(each, "env", each)
            if type(each).__name__ in {"Environment", "Clock"} and isinstance(getattr(each, "now", None), float | int):
                return float(each.now)
        frame = frame.f_back
    return None


def _watching(folder: str) -> Any:
    """An audit hook that tells of changes outside of a folder."""
    temporary = str(Path(tempfile.gettempdir()).resolve())

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            os.write(2, f"{_OUTSIDE}{event} {arguments[1:]}\n".encode())
        places = _CHANGES.get(event)
        if places is None or (event == "open" and not _is_written(arguments)):
            return
        for place in places:
            if isinstance(arguments[place], (str, bytes)):
                path = os.path.realpath(os.fsdecode(arguments[place]))
                own = (folder, temporary) if event != "open" else (folder, temporary, os.devnull, "/proc/self")
                if not path.startswith(own) or (path.startswith(temporary) and folder not in path and _near(path)):
                    os.write(2, f"{_OUTSIDE}{event} {path}\n".encode("utf-8", "replace"))

    def _near(path: str) -> bool:
        """Whether a path is in the folder of inputs, which lies with the temporary ones."""
        return path.startswith(str(Path(folder).parent))

    return hook


def _is_written(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return bool(set(mode or "") & set("wxa+")) or bool(int(flags or 0) & _WRITES)


def _judged(outcome: Outcome, line: Sequence[str], *, killed: bool) -> Iterator[tuple[str, str]]:
    """What is wrong with how a command ended."""
    last = outcome.error.strip()[-1500:]
    if killed or outcome.code == _TOO_LONG:
        yield "hang", f"{outcome.cpu_s:.0f} s of CPU time: {last}"
    elif outcome.code == _RAISED or "Traceback" in outcome.error or "Exception ignored" in outcome.error:
        yield "traceback", last
    elif outcome.code < 0:
        yield "traceback", f"ended by {signal.Signals(-outcome.code).name}"
    if outcome.code == _NO_MEMORY or (outcome.peak_mib > MOST_MIB and not outcome.simulating):
        yield "over memory", f"{outcome.peak_mib:.0f} MiB"
    elsewhere = [each for each in outcome.error.splitlines() if each.startswith(_OUTSIDE)]
    if elsewhere:
        yield "written elsewhere", "; ".join(elsewhere[:5])
    if outcome.code not in (_NO_MEMORY, _TOO_LONG, _SIMULATING, _RAISED, *_documented(line)) and outcome.code >= 0:
        yield "exit code", f"{outcome.code}: {last}"
    if outcome.code in (1, 2):
        yield from (("no place", text) for text in list(_without_place(outcome, line))[:3])


def _documented(line: Sequence[str]) -> tuple[int, ...]:
    """Exit codes that a command may have."""
    return (0, 1, 2) if line[0] in {"validate", "optimize"} or "--check" in line else (0, 2)


def _without_place(outcome: Outcome, line: Sequence[str]) -> Iterator[str]:
    """Messages that say nothing of where."""
    said = outcome.error if outcome.code == 2 else outcome.out
    if outcome.code == 1 and ("--json" in line or "--check" in line):
        return
    told = [each for each in said.splitlines() if each.strip() and not each.startswith(("    ", _OUTSIDE))]
    if told and told[0].startswith("usage: "):
        if not re.search(r"^batchsim.*: error: .+", told[-1]):
            yield said
        return
    if outcome.code == 2 and not told:
        yield "no message"
    for each in told:
        if each.startswith(("warning: ", "info: ")) or outcome.code == 1:
            continue
        problem = _placeless(each, line)
        if problem:
            yield f"{problem}: {each[:300]}"


def _placeless(told: str, line: Sequence[str]) -> str:
    """What a message lacks; empty for one that says where."""
    if any(not each.isprintable() for each in told):
        return "not printable"
    found = _FINDING.match(told)
    if found is None:
        return "no finding"
    place, rest = found["place"], found["rest"]
    if not place:
        # Of the command line itself: an option, or the word that it was given.
        own = rest.startswith("--") or any(printable(each) in rest for each in line[1:] if each)
        return "" if own else "no place"
    if place.startswith("-") or found["line"] or found["code"] in _OF_FILES:
        return ""
    return "" if _KEY.match(rest) else "neither line nor key"
