"""Tasks that do harm where they are executed: what a worker makes of the scenario it is sent does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from batchsim.experiments.tasks import Task
from batchsim.spec.resolved_scenario import ResolvedScenario
from tests.builders import job, scenario, workflow

#: Quick, and of a few hundred bytes of summary that differ by seed.
QUICK = scenario(workflow(job(runtime={"lognormal": {"median": "5m", "p95": "20m"}}, arrayProperties={"size": 8})))


def quick(seeds: int) -> list[Task]:
    return [Task(QUICK, seed, 0) for seed in range(1, seeds + 1)]


class Doing:
    """Pickled, it is some code, and then the scenario."""

    def __init__(self, code: str, then: bytes) -> None:
        self.code, self.then = code, then

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"({self.code}, __import__('pickle').loads({self.then!r}))[1]",)


def doing(code: str, seed: int = 99) -> Task:
    """A task during which an expression is evaluated."""
    import pickle

    values = {name: getattr(QUICK, name) for name in ResolvedScenario.__dataclass_fields__}
    made = ResolvedScenario(**values)
    made.__dict__["packed"] = pickle.dumps(Doing(code, QUICK.packed))
    made.__dict__["content_digest"] = code
    return Task(made, seed, 0)


def killing(signal: int = 9, seed: int = 99) -> Task:
    """A task that is killed each time."""
    return doing(f"__import__('signal').raise_signal({signal})", seed)


def killing_once(folder: Path, seed: int = 99) -> Task:
    """A task that is killed the first time."""
    flag = str(folder / f"tried-{seed}")
    exists, write = f"__import__('os').path.exists({flag!r})", f"open({flag!r}, 'w').close()"
    return doing(f"{exists} or ({write}, __import__('signal').raise_signal(9))", seed)
