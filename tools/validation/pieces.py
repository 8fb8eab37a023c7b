"""The work behind the page, in pieces that are computed in any order, in several processes, and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from inspect import isfunction
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from batchsim.engine.queues.fifo import FifoQueue
from tools.validation import coverage, interpreted, peers, recorded
from tools.validation.case import REPLICATIONS, QueueingCase
from tools.validation.cases import cases
from tools.validation.experiment import replicate
from tools.validation.faults import FAULTS, suspects

ROOT = Path(__file__).resolve().parents[2]
#: Replications, and experiments, in one piece.
_CHUNK = 10
#: Faults are looked for in fewer replications, with a part of a case's jobs.
REPLICATIONS_WITH_FAULT = 20
PART_WITH_FAULT = 0.1
PEER_JOBS = 5_000
#: What is learnt and predicted of simulated accounts: so many of each kind.
ACCOUNTS = 1
#: Code that bears on all pieces, and on those of a kind.
_BEARING = (
    *(
        f"batchsim/{room}/**/*.py"
        for room in ("engine", "scenario", "spec", "workload", "results", "statistics", "catalog")
    ),
    "batchsim/experiments/simulated.py",
    "batchsim/*.py",
    *(f"tools/validation/{name}.py" for name in ("case", "experiment", "measures", "scenarios", "cases/*")),
)
_BEARING_ON = {
    "fault": ("tools/validation/faults.py",),
    "coverage": ("tools/validation/coverage.py", "batchsim/**/*.py"),
    "record": ("tools/validation/recorded.py",),
    "workflow": ("tools/validation/recorded.py",),
    "peer": ("tools/validation/peers.py",),
    "predicted": ("tools/public_logs.py", "batchsim/**/*.py"),
    "account": ("tools/calibration_round_trip.py", "batchsim/**/*.py"),
}

#: A kind of piece, and what says which it is.
Piece = tuple[str, ...]


def by_runs() -> dict[str, list[QueueingCase]]:
    """Cases, together where they measure the same runs."""
    found: dict[str, list[QueueingCase]] = {}
    for case in cases():
        found.setdefault(case.runs, []).append(case)
    return found


def pieces(part: float = 1.0) -> Iterator[Piece]:
    """All of them, those that take longest first; a part of the jobs of each case."""
    for name in sorted(by_runs(), key=lambda name: -by_runs()[name][0].jobs):
        for first in range(0, REPLICATIONS, _CHUNK):
            yield "case", name, str(first), str(part)
    for kind in ("transactions", "spot"):
        for seed in range(1, ACCOUNTS + 1):
            yield "account", kind, str(seed)
    for figure in coverage.FIGURES:
        yield from (("coverage", figure.case, str(first)) for first in range(0, coverage.EXPERIMENTS, _CHUNK))
    for fault in FAULTS:
        for name, of in by_runs().items():
            if suspects(fault, of[0]):
                yield "fault", fault.name, name
    yield from (("record", name) for name, _ in recorded.LOGS)
    yield from (("workflow", name) for name, _ in recorded.WORKFLOWS)
    yield from (("peer", name, str(classes)) for name, classes in peers.PEERS)
    yield "predicted", "HPC2N-2002-first-3170"


def _case(_: Path, name: str, first: str, part: str) -> Any:
    of = by_runs()[name]
    jobs = float(part) * of[0].jobs / REPLICATIONS
    return [_kept(replicate(of, jobs, int(first) + number)) for number in range(_CHUNK)]


def _coverage(_: Path, case: str, first: str) -> Any:
    figure = next(each for each in coverage.FIGURES if each.case == case)
    return [coverage.experiment(figure, int(first) + number) for number in range(_CHUNK)]


def _fault(data: Path, fault: str, name: str) -> Any:
    of, chosen = by_runs()[name], next(each for each in FAULTS if each.name == fault)
    if chosen.inside and not isfunction(FifoQueue.order):
        return interpreted.computed(("fault", fault, name), data)
    with chosen.planted():
        jobs = PART_WITH_FAULT * of[0].jobs / REPLICATIONS_WITH_FAULT
        return [_kept(replicate(of, jobs, number)) for number in range(REPLICATIONS_WITH_FAULT)]


def _kept(samples: Any) -> list[Any]:
    return [[sample.value, list(sample.controls), sample.weight] for sample in samples]


def _record(data: Path, name: str) -> Any:
    return recorded.log(name, dict(recorded.LOGS)[name], data)


def _workflow(data: Path, name: str) -> Any:
    return recorded.execution(name, dict(recorded.WORKFLOWS)[name], data)


def _peer(_: Path, name: str, classes: str) -> Any:
    return peers.agreement(name, int(classes), PEER_JOBS)


def _predicted(data: Path, name: str) -> Any:
    from tools.public_logs import predicted_log, table

    return table({name: predicted_log(data / "workloads", name)})


def _account(_: Path, kind: str, seed: str) -> Any:
    from tools.calibration_round_trip import round_trip

    return vars(round_trip(kind, int(seed)))


_KINDS: dict[str, Callable[..., Any]] = {
    "case": _case,
    "coverage": _coverage,
    "fault": _fault,
    "record": _record,
    "workflow": _workflow,
    "peer": _peer,
    "predicted": _predicted,
    "account": _account,
}


def compute(piece: Piece, data: Path) -> Any:
    """What JSON can keep of a piece; the same in any process."""
    kind, *which = piece
    return _KINDS[kind](data, *which)


@cache
def _sources(kind: str) -> str:
    """A digest of the code that bears on a kind of pieces."""
    digest = hashlib.sha256()
    for pattern in (*_BEARING, *_BEARING_ON.get(kind, ())):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def place(folder: Path, piece: Piece) -> Path:
    """Where a piece is kept: under another name when the code is another."""
    key = hashlib.sha256("\0".join((_sources(piece[0]), *piece)).encode()).hexdigest()
    return folder / f"{key[:32]}.json"


def computed(
    folder: Path, data: Path, workers: int, wanted: Sequence[Piece], told: Callable[[str], None]
) -> dict[Piece, Any]:
    """All pieces, of which those that are kept are not computed again; without workers those that are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [piece for piece in wanted if not place(folder, piece).exists()]
    told(f"{len(wanted) - len(missing)} of {len(wanted)} pieces are there")
    if not workers:
        return {piece: _read(folder, piece) for piece in wanted if piece not in missing}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(compute, piece, data): piece for piece in missing}
        for number, future in enumerate(as_completed(running), 1):
            piece = running[future]
            path = place(folder, piece)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(future.result()), encoding="utf-8")
            part.replace(path)
            told(f"{number} of {len(missing)}: {', '.join(piece)}")
    return {piece: _read(folder, piece) for piece in wanted}


def _read(folder: Path, piece: Piece) -> Any:
    return json.loads(place(folder, piece).read_text(encoding="utf-8"))
