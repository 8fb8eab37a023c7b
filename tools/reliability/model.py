"""Scenarios at random, each of which mixes what a scenario may have, held against the laws of every run."""

from __future__ import annotations

import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from batchsim.errors import StandstillError
from batchsim.experiments.run import run_once
from tests.drawn_changes import idle_updates, process
from tests.drawn_scenarios import Drawn, numbered, write_recordings
from tests.laws.of_results import LAWS_OF_RESULTS, LAWS_OF_TABLES, page_has_figures
from tests.laws.of_runs import LAWS_OF_RUNS, Checked

#: More seconds of CPU time no run may take.
LONGEST_S = 30
#: The page of one in so many is made, the tables of one in so many, and one in so many is run twice.
PAGES, TABLES, TWICE = 20, 4, 10


@dataclass
class Drew:
    """What came of one scenario.

    Attributes
    ----------
    broken : list of (str, str)
        Laws, and how they were broken.
    stopped : str
        What the watchdog said where it stopped the run.
    seconds : float
        How long the run took.
    """

    number: int
    features: frozenset[str] = frozenset()
    laws: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    stopped: str = ""
    seconds: float = 0.0


def drew(number: int, folder: Path) -> Drew:
    """Draw the scenario of a number, run it, and hold it against the laws; its recordings lie in a folder."""
    return held(numbered(number), folder, number)


def held(drawn: Drawn, folder: Path, number: int = 0) -> Drew:
    """Run a scenario, and hold it against the laws."""
    found = Drew(number, frozenset(drawn.features))
    try:
        with _at_most(LONGEST_S):
            began = time.process_time()
            run = executed(drawn, folder, number % 4)
            found.seconds = time.process_time() - began
    except StandstillError as error:
        found.stopped = str(error)
        return found
    except Exception:  # noqa: BLE001  # whatever it is, it is told with the others
        found.broken.append(("a run ends", traceback.format_exc()))
        return found
    laws = [*LAWS_OF_RUNS, *LAWS_OF_RESULTS]
    laws += LAWS_OF_TABLES if number % TABLES == 0 else ()
    laws += [page_has_figures] if number % PAGES == 0 else []
    if number % TWICE == 0:
        laws.append(partial(_same_again, drawn, folder))
    for law in laws:
        found.laws += 1
        try:
            law(run)
        except Exception:  # noqa: BLE001
            name = getattr(law, "__name__", "the same again is the same")
            found.broken.append((name, traceback.format_exc()))
    return found


def executed(drawn: Drawn, folder: Path, seed: int) -> Checked:
    """Run a scenario with what its processes do."""
    done: list[tuple[float, str, str]] = []
    processes = [process(acts, done) for acts in drawn.actions]
    run = run_once(drawn.scenario(folder), seed, 0, processes, submissions=16)
    return Checked(run, done)


def _same_again(drawn: Drawn, folder: Path, run: Checked) -> None:
    """The same again gives the same bytes, though a process looks on, and updates set what is there already."""
    again = Drawn({**drawn.mapping, "updates": [*drawn.mapping.get("updates", ()), *idle_updates(drawn.mapping)]})
    again.actions = [*drawn.actions, [[0, "probe", 97]]]
    if not again.mapping["updates"]:
        del again.mapping["updates"]
    other = executed(again, folder, run.run.seed)
    for name in ("runnable_at", "stopped_at", "status", "attempts", "instances", "reservations", "limits"):
        if _bytes(getattr(run.recording, name)) != _bytes(getattr(other.recording, name)):
            raise AssertionError(f"{name} differs")
    ours, theirs = ({**each.run.summary, "updates": []} for each in (run, other))
    if ours != theirs:
        raise AssertionError(f"{[key for key in ours if ours[key] != theirs.get(key)]} differ")


def _bytes(value: Any) -> Any:
    if hasattr(value, "tobytes"):
        return value.tobytes()
    return {name: _bytes(column) for name, column in vars(value).items()} if hasattr(value, "__dict__") else value


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Raise where something takes more CPU time."""

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"no end after {seconds} s of CPU time")

    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def trials(folder: Path, numbers: Sequence[int], *, at_once: int, say: Callable[[str], None]) -> Iterator[Drew]:
    """What came of scenarios, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    write_recordings(folder)
    with get_context("spawn").Pool(at_once) as pool:
        for count, found in enumerate(pool.imap(partial(drew, folder=folder), numbers, chunksize=20), 1):
            for law, how in found.broken:
                say(f"scenario {found.number}: {law}: {how.strip().splitlines()[-1]}")
            if count % 500 == 0:
                say(f"{count:,} of {len(numbers):,} scenarios")
            yield found


def rows(found: Iterable[Drew]) -> Iterator[str]:
    """The lines of the page: a row for each feature, and one of all."""
    having: dict[str, Counter[str]] = {}
    broken: list[tuple[int, str, str]] = []
    slowest: dict[str, float] = {}
    for each in found:
        for feature in ("all", *each.features):
            counted = having.setdefault(feature, Counter())
            counted.update(scenarios=1, laws=each.laws, broken=len(each.broken), stopped=bool(each.stopped))
            slowest[feature] = max(slowest.get(feature, 0.0), each.seconds)
        broken += [(each.number, law, how.strip().splitlines()[-1]) for law, how in each.broken]
    yield "| scenarios with | of them | laws checked | laws broken | stopped by the watchdog | slowest run |"
    yield "|---|---:|---:|---:|---:|---:|"
    for feature in (*sorted(having.keys() - {"all"}), "all"):
        counted = having[feature]
        figures = " | ".join(f"{counted[key]:,}" for key in ("scenarios", "laws", "broken", "stopped"))
        yield f"| {feature} | {figures} | {slowest[feature]:.1f} s |"
    if broken:
        yield ""
    for number, law, how in broken:
        yield f"- scenario {number}, {law}: {how}"
