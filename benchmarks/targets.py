"""The lines of the table, in groups that are measured together."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.builds import BEFORE
from benchmarks.lines import Line, Quantity, Subject
from benchmarks.measure import WHOLE

SPEED, COST, WALL, TIME, CPU, MEMORY = Quantity
JOBS, LESS, HALF_A_MILLION, MILLION = 200_000, 100_000, 500_000, 1_000_000

FULL = Subject("full model", JOBS)
BACKLOG = Subject("full model with a backlog", LESS)
LONG_RUN = Subject("one queue", 5 * MILLION)
ONE, TWO = Subject("a sweep here", 20), Subject("a sweep in 2 processes", 20)
#: What a user of the public simulator would time.
EXAMPLE = f"import batchsim; from benchmarks.scenarios import mm15; batchsim.run(mm15({LESS})).summary"


def _faster(
    title: str, case: str, than: str, jobs: int = LESS, target: float | None = None, compiled: float | None = None
) -> Line:
    """Jobs per CPU second of a case to those of another, with as many jobs."""
    return Line(title, SPEED, Subject(case, jobs), Subject(than, jobs), target, compiled)


def _before(title: str, subject: Subject, target: float, compiled: float | None = None, *, part: str = WHOLE) -> Line:
    """Against the same of an older batchsim: jobs per CPU second where the target is above 1, or CPU time."""
    quantity = SPEED if target > 1 else COST
    return Line(title, quantity, subject, replace(subject, build=BEFORE), target, compiled, part)


def _dearer(title: str, case: str, than: str, jobs: int, target: float | None) -> Line:
    """CPU time of a job to that of one of another case, with as many jobs."""
    return Line(title, COST, Subject(case, jobs), Subject(than, jobs), target)


def _grown(title: str, subject: Subject, jobs: int, target: float, *, long: bool = False) -> Line:
    """CPU time of a job to that of one among fewer."""
    return Line(title, COST, subject, replace(subject, jobs=jobs), target, long=long)


def _process(title: str, target: float, *arguments: str) -> Line:
    """CPU seconds of a whole process of Python."""
    return Line(title, CPU, Subject(arguments), target=target)


GROUPS = {
    "full model": (
        _before("engine, to before", FULL, 2, 4.5, part="engine"),
        _before("summary and files, time to before", FULL, 0.5, part="summary and files"),
        _faster(
            "full model, tables written, to textbook SimPy's M/M/64", "full model", "SimPy: M/M/64", JOBS, 0.5, 1.1
        ),
        _faster(
            "the same to a textbook SimPy cluster (priorities, packing)", "full model", "SimPy: cluster", JOBS, 1.5, 3
        ),
        _faster(
            "the same to that cluster with nodes of plain numbers",
            "full model",
            "SimPy: cluster of plain numbers",
            JOBS,
        ),
        _faster("M/M/64 to textbook SimPy", "M/M/64", "SimPy: M/M/64", JOBS, 1.5, 3.3),
        _faster("M/M/64 to SimPy's clock alone, with callbacks", "M/M/64", "SimPy's clock: M/M/64", JOBS),
        _faster("M/M/64 to Ciw", "M/M/64", "Ciw: M/M/64", LESS, 1),
        Line("full model: a job in the engine, µs", TIME, FULL, part="engine"),
        Line("full model: a job in the summary, µs", TIME, FULL, part="summary"),
        Line("full model: a job in the files, µs", TIME, FULL, part="files"),
    ),
    "backlog": (
        _before("engine with a backlog (load 0.96), to before", BACKLOG, 2, 4.5, part="engine"),
        _faster(
            "full model with a backlog to a SimPy cluster with one",
            "full model with a backlog",
            "SimPy: cluster with a backlog",
        ),
        _dearer("a job with a backlog to one without", "full model with a backlog", "full model", LESS, None),
    ),
    "Fargate": (
        _faster("M/M/15 on Fargate, with summary, to textbook SimPy", "M/M/15", "SimPy: M/M/15", LESS, 1.3, 2.5),
        _faster("the same with two fair shares", "M/M/15, two shares", "SimPy: M/M/15, two shares"),
        _faster("the same with retries", "M/M/15, retries", "SimPy: M/M/15, retries"),
        Line("that first example of 100,000 jobs in a whole process, CPU seconds", CPU, Subject(("-c", EXAMPLE))),
    ),
    "small": (
        _before("one more run of etl, time to before", Subject("runs of etl", 10), 0.5, 0.3),
        _before("an empty run and with_, time to before", Subject("empty runs", 50), 0.5),
        _process("batchsim --help, CPU seconds", 0.25, "-m", "batchsim", "--help"),
        _process("import batchsim, CPU seconds", 0.15, "-c", "import batchsim"),
        _process("run scenarios/etl.yaml, CPU seconds", 4, "-m", "batchsim", "run", "scenarios/etl.yaml"),
    ),
    "sweeps": (
        Line("a run of a sweep besides its simulation, µs", TIME, Subject("stored runs", 1_000), target=300),
        Line("20 runs of a second in 2 processes to 1, wall", WALL, TWO, ONE, 0.56, part="wall"),
        Line("the same, CPU", COST, TWO, ONE, 1.15),
    ),
    "growth": (
        _dearer("a job on 65,536 vCPUs to one on 256", "65,536 vCPUs", "256 vCPUs", JOBS, 1.5),
        _dearer("a job of 200 sizes to one of one size", "200 sizes", "one size", LESS, 1.5),
        _dearer("a job of 500 fair shares to one of a FIFO queue", "fair share", "FIFO", LESS, 2),
        _grown("a child of ten arrays of 10,000 to one of 1,000", Subject("arrays", 100_000), 10_000, 1.3),
        _grown("a task of a workflow of 20,000 to one of 2,000", Subject("tasks", 20_000), 2_000, 1.3),
    ),
    "waiting": (
        _dearer("a job behind 500,000 to one in an empty queue", "full queue", "empty queue", HALF_A_MILLION, 1.5),
    ),
    "a million": (
        _grown("a job among a million to one among 10,000", replace(FULL, jobs=MILLION), 10_000, 1.3),
        Line("peak memory of a million jobs, tables written, MiB", MEMORY, replace(FULL, jobs=MILLION), target=400),
    ),
    "five million": (
        _grown("a job among 5 million to one among a million", LONG_RUN, MILLION, 1.2, long=True),
        Line("peak memory of 5 million jobs, tables written, MiB", MEMORY, LONG_RUN, target=1638, long=True),
    ),
}
