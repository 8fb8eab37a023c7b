"""Commands whose disk becomes full while they run, or can only be read."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.reliability.trials import Ended, Place, Running, Trial, Undisturbed

WRONG = 2
SIZE = "64m"


class Disk:
    """A small disk in memory, mounted; it takes root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def __enter__(self) -> Disk:
        self.folder.mkdir(parents=True, exist_ok=True)
        _mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.folder))
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True, capture_output=True)  # noqa: S603, S607

    def fill(self, leave: int) -> None:
        """Leave room for so many bytes."""
        room = shutil.disk_usage(self.folder).free - leave
        with contextlib.suppress(OSError), self._ballast.open("wb") as file:
            while room > 0:
                room -= file.write(bytes(min(room, 1 << 20)))

    def make_room(self) -> None:
        """Undo `fill`."""
        self._ballast.unlink(missing_ok=True)

    def let_write(self, allowed: bool) -> None:
        """Whether it can be written to."""
        _mount("-o", f"remount,{'rw' if allowed else 'ro'}", str(self.folder))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)  # noqa: S603, S607


def can_mount(folder: Path) -> bool:
    """Whether a disk can be mounted here."""
    try:
        with Disk(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def trials(
    known: Undisturbed, scratch: Path, count: int, chance: random.Random, say: Callable[[str], None]
) -> Iterator[Trial]:
    """Fill the disk of a command so often, at a moment of its CPU time, and each fifth time have it read alone.

    After each the disk has room again, and the command is given once more.
    """
    for number in range(count):
        trial = _trial(known, scratch, chance, reads_alone=number % 5 == 0)
        for problem in trial.problems:
            say(f"{known.command.name}, {trial.fault} at {trial.at}: {problem}")
        yield trial


def _trial(known: Undisturbed, scratch: Path, chance: random.Random, *, reads_alone: bool) -> Trial:
    over_earlier = bool(known.command.other) and chance.random() < 0.5
    with Disk(scratch / "disk") as disk:
        place = Place(known, scratch / "trial", over_earlier=over_earlier, writes=disk.folder)

        def judge(ended: Ended) -> Iterator[str]:
            return _told(ended, disk.folder)

        if reads_alone:
            trial = Trial(known.command.name, "read-only folder", "the start")
            disk.let_write(False)
            place.disturb(trial, Running.wait_begun, judge)
            disk.let_write(True)
        else:
            after_s, leave = chance.uniform(0, known.cpu_s), chance.choice((0, 0, 4096, 1 << 14, 1 << 16, 1 << 18))
            trial = Trial(known.command.name, "full disk", f"{after_s:.2f} s, but for {leave >> 10} KiB")

            def disturb(running: Running) -> None:
                running.wait_cpu(after_s)
                disk.fill(leave)

            place.disturb(trial, disturb, judge)
            disk.make_room()
        if not trial.ended:
            place.finish(trial)
        return trial


def _told(ended: Ended, folder: Path) -> Iterator[str]:
    """A disk on which all found room changes nothing; one that did not is told in a line that names the place."""
    if found := re.search("Traceback|Exception ignored", ended.error):
        yield f"it says {found[0]}: {ended.error.strip()[-600:]}"
    if ended.code not in (0, WRONG):
        yield f"it ended with {ended.code}"
    lines = [line for line in ended.error.splitlines() if "can't be written" in line]
    if ended.code == WRONG and not (len(lines) == 1 and lines[0].startswith(str(folder))):
        yield f"it does not say in one line what can't be written: {ended.error.strip()[-300:]!r}"
