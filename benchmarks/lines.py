"""A line of the table: what is measured, what it is held against, and what it has to reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from statistics import median

from benchmarks.builds import COMPILED, THIS
from benchmarks.measure import WHOLE, Measured


@dataclass(frozen=True)
class Subject:
    """What is measured: a case and its jobs, or the arguments of a Python process; and which batchsim it is."""

    case: str | tuple[str, ...]
    jobs: int = 1
    build: str = THIS

    def __str__(self) -> str:
        name = self.case if isinstance(self.case, str) else " ".join(self.case)
        return f"{name}, {self.jobs:,}, {self.build}" if isinstance(self.case, str) else f"{name}, {self.build}"

    @property
    def is_peer(self) -> bool:
        """Whether it is another simulator, which is the same beside every batchsim."""
        return isinstance(self.case, str) and self.case.startswith(("SimPy", "Ciw"))


class Quantity(Enum):
    """What a line tells; of all but the first less is better."""

    SPEED = "jobs per CPU second, a ratio"
    COST = "CPU seconds per job, a ratio"
    WALL = "seconds of the wall's clock per job, a ratio"
    TIME = "CPU microseconds per job"
    CPU = "CPU seconds"
    MEMORY = "MiB"


Rounds = Mapping[Subject, list[Measured]]


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes
    ----------
    of, to : Subject
        What is measured, and what it is held against; without `to` the figure itself is.
    target, compiled : float, optional
        What it has to reach (speed) or must not pass (all others), as it is and with the engine compiled.
    part : str
        Of `of` and `to`: the engine, the summary, the files.
    long : bool
        Measured with ``--all`` only, or by name.
    """

    title: str
    quantity: Quantity
    of: Subject
    to: Subject | None = None
    target: float | None = None
    compiled: float | None = None
    part: str = WHOLE
    long: bool = False

    def beside(self, build: str) -> Line | None:
        """The same line of this batchsim's compiled form; None where that is not asked."""
        if build == THIS:
            return self
        if self.compiled is None and self.target is not None:
            return None
        to = self.to
        if to is not None and to.build == THIS and not to.is_peer:
            to = replace(to, build=COMPILED)
        return replace(self, of=replace(self.of, build=COMPILED), to=to, target=self.compiled)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What it needs, first what it is held against."""
        return (self.of,) if self.to is None else (self.to, self.of)

    def figure(self, rounds: Rounds) -> float:
        """The ratio of the medians of all rounds, or the median."""
        own = self._value(self.of, rounds)
        return own if self.to is None else own / self._value(self.to, rounds)

    def _value(self, subject: Subject, rounds: Rounds) -> float:
        if self.quantity is Quantity.MEMORY:
            return median(found.peak_mib for found in rounds[subject] if found.peak_mib is not None)
        cpu_s = median(found.cpu_s[self.part] for found in rounds[subject])
        if self.quantity is Quantity.SPEED:
            return subject.jobs / cpu_s
        return cpu_s / subject.jobs * (1e6 if self.quantity is Quantity.TIME else 1)

    def is_met(self, figure: float) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return figure >= self.target if self.quantity is Quantity.SPEED else figure <= self.target

    def shown(self, figure: float) -> str:
        """The figure as the table has it."""
        if self.quantity is Quantity.MEMORY:
            return f"{figure:.0f}"
        return f"{figure:.1f}" if self.quantity is Quantity.TIME else f"{figure:.2f}"

    def limit(self) -> str:
        """The target as the table has it."""
        if self.target is None:
            return ""
        return f"{'≥' if self.quantity is Quantity.SPEED else '≤'} {self.target:,g}"
