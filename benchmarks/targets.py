"""What is promised, as ratios of two measurements of one run."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measure import Measured

#: A case and its jobs, or the arguments of a Python process.
Subject = tuple[str, int] | tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """One line of the table.

    Attributes
    ----------
    of, to : Subject
        What is measured, and what it is held against; without `to` the figure itself is.
    quantity : str
        ``speed``: jobs per CPU second; ``cost``: CPU seconds per job; ``memory``: MiB; ``cpu``: CPU seconds.
    limit : float
        What the figure has to reach (speed) or must not pass (all others).
    """

    title: str
    quantity: str
    limit: float
    of: Subject
    to: Subject | None = None

    def figure(self, measured: dict[Subject, Measured]) -> float:
        """The ratio, or the figure itself."""
        own = self._value(measured[self.of], self.of)
        return own if self.to is None else own / self._value(measured[self.to], self.to)

    def _value(self, measured: Measured, subject: Subject) -> float:
        jobs = subject[1]
        if self.quantity == "memory":
            return measured.peak_mib
        if self.quantity == "cpu" or not isinstance(jobs, int):
            return measured.cpu_s
        return jobs / measured.cpu_s if self.quantity == "speed" else measured.cpu_s / jobs

    def is_met(self, figure: float) -> bool:
        """Whether the promise is kept."""
        return figure >= self.limit if self.quantity == "speed" else figure <= self.limit


#: What is measured with the engine compiled has a name that begins so.
COMPILED = "compiled: "
MILLION = 1_000_000
TEXTBOOK = ("textbook SimPy", 200_000)

HALF = 500_000

TARGETS = (
    Target("the full model, tables written, to textbook SimPy", "speed", 1.5, ("full model", MILLION), TEXTBOOK),
    Target("the same, the engine compiled", "speed", 1.5, (f"{COMPILED}full model", MILLION), TEXTBOOK),
    Target("M/M/64 to textbook SimPy", "speed", 1.0, ("M/M/64", 200_000), TEXTBOOK),
    Target("M/M/64 to textbook SimPy, the engine compiled", "speed", 1.0, (f"{COMPILED}M/M/64", 200_000), TEXTBOOK),
    Target("M/M/64 to Ciw", "speed", 1.0, ("M/M/64", 200_000), ("Ciw", 50_000)),
    Target("peak memory of a million jobs, MiB", "memory", 450, ("full model", MILLION)),
    Target("a job among a million to one among 10,000", "cost", 1.3, ("full model", MILLION), ("full model", 10_000)),
    Target("a job on 65,536 vCPUs to one on 256", "cost", 1.5, ("65,536 vCPUs", 200_000), ("256 vCPUs", 200_000)),
    Target("a job behind 500,000 to one in an empty queue", "cost", 1.5, ("full queue", HALF), ("empty queue", HALF)),
    Target("a job of 200 sizes to one of one size", "cost", 1.5, ("200 sizes", 100_000), ("one size", 100_000)),
    Target("a job of 500 fair shares to one of a FIFO queue", "cost", 2.0, ("fair share", 100_000), ("FIFO", 100_000)),
    Target("a child of ten arrays of 10,000 to one of 1,000", "cost", 1.3, ("arrays", 100_000), ("arrays", 10_000)),
    Target("a task of a workflow of 20,000 to one of 2,000", "cost", 1.3, ("tasks", 20_000), ("tasks", 2_000)),
    Target("batchsim --help, CPU seconds", "cpu", 0.25, ("-m", "batchsim", "--help")),
    Target("import batchsim, CPU seconds", "cpu", 0.15, ("-c", "import batchsim")),
    Target("run scenarios/etl.yaml, CPU seconds", "cpu", 4.0, ("-m", "batchsim", "run", "scenarios/etl.yaml")),
)  # fmt: skip
