"""Commands that are killed, or interrupted as by Ctrl-C, at random moments."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.reliability.trials import INTERRUPTED, Ended, Place, Running, Trial, Undisturbed

#: So many disturbances in a row, before the command may come to its end.
IN_A_ROW = 5


def trials(
    known: Undisturbed, scratch: Path, count: int, chance: random.Random, say: Callable[[str], None]
) -> Iterator[Trial]:
    """Disturb a command so often, give it the same again, and let it come to its end after some.

    Killed and interrupted in turns; half of the moments are of the CPU time of a whole run, half are before a change of
    the file system.
    """
    done = 0
    while done < count:
        over_earlier = bool(known.command.other) and chance.random() < 0.5
        place = Place(known, scratch / "trial", over_earlier=over_earlier)
        row: list[Trial] = []
        while len(row) < min(IN_A_ROW, count - done):
            row.append(_trial(place, done + len(row), chance))
            if row[-1].ended:
                break  # the signal came too late
        if not row[-1].ended:
            place.finish(row[-1])
        done += len(row)
        for trial in row:
            for problem in trial.problems:
                say(f"{known.command.name}, {trial.fault} at {trial.at}: {problem}")
            yield trial


def _trial(place: Place, number: int, chance: random.Random) -> Trial:
    name = "SIGKILL" if number % 2 == 0 else "SIGINT"
    sent = signal.Signals[name]
    judge = _killed if sent == signal.SIGKILL else _interrupted
    if number // 2 % 2:
        change = chance.randint(1, place.known.changes)
        trial = Trial(place.known.command.name, name, f"change {change}")
        variables = {"RELIABILITY_CHANGES": "{out}", "RELIABILITY_SIGNAL": f"{change}:{int(sent)}"}
        place.disturb(trial, Running.wait_begun, judge, variables)
        return trial
    after_s = chance.uniform(0, place.known.cpu_s)

    def disturb(running: Running) -> None:
        running.wait_cpu(after_s)
        running.send(sent, all_of_it=sent == signal.SIGINT)

    trial = Trial(place.known.command.name, name, f"{after_s:.2f} s")
    place.disturb(trial, disturb, judge)
    return trial


def _killed(ended: Ended) -> Iterator[str]:
    if ended.code not in (0, -signal.SIGKILL):
        yield f"it ended with {ended.code}: {ended.error.strip()[-300:]}"


def _interrupted(ended: Ended) -> Iterator[str]:
    """An interrupt that came too late changes nothing; one in time is told in a line."""
    if ended.code not in (0, INTERRUPTED):
        yield f"it ended with {ended.code}: {ended.error.strip()[-600:]!r}"
    if found := re.search("Traceback|Exception ignored|Error", ended.error):
        yield f"it says {found[0]}: {ended.error.strip()[-600:]}"
    if ended.code == INTERRUPTED and sum("interrupted" in line for line in ended.error.splitlines()) != 1:
        yield f"it does not say in one line that it was interrupted: {ended.error.strip()[-300:]!r}"
