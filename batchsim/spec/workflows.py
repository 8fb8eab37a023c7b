"""What workflows submit, resolved: each job with what it asks for, how long it runs, and what it waits for.

Nothing of SubmitJob's own shapes is left here: `batchsim.scenario.batch.job_groups` has read the definition and the
overrides of a job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from batchsim.spec.arrivals import Arrivals
from batchsim.spec.configuration import Shape
from batchsim.spec.distributions import Delay
from batchsim.spec.fields import Probability, Section, none_beside
from batchsim.spec.workload import JobGroup


class Failure(Section):
    """How a job's attempts fail: so likely, with this exit code, so long into the run (default: at its end).

    ``reason`` is what ECS says of the container (API ContainerSummary.reason), for ``evaluateOnExit``. With ``toStart``
    the container never runs: the attempt ends when it would have, with "Task failed to start" and no exit code.
    """

    model_config = ConfigDict(
        json_schema_extra=none_beside(
            {"properties": {"toStart": {"const": True}}, "required": ["toStart"]}, "exitCode", "after"
        )
    )

    probability: Probability
    exit_code: Annotated[int, Field(ge=1, le=255)] = 1
    after: Delay | None = None
    reason: Annotated[str, Field(max_length=255)] = ""
    to_start: bool = False

    @model_validator(mode="after")
    def _starts(self) -> Failure:
        if self.to_start and self.model_fields_set & {"exit_code", "after"}:
            raise ValueError("what fails to start has no exitCode and no after")
        return self


@dataclass(frozen=True, slots=True)
class Dependency:
    """What the children of a job wait for (API JobDependency, ArrayJobDependency).

    Attributes
    ----------
    needed : int or None
        Place of another job of the workflow; None where each child of the array waits for the one before it
        (SEQUENTIAL).
    child_by_child : bool
        Whether each child waits for the one of its own index only (N_TO_N), and not for the whole job.
    """

    needed: int | None = None
    child_by_child: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedJob:
    """One job of a workflow as each arrival submits it.

    Attributes
    ----------
    array_size : int
        How many children the array has; 0 for a single job.
    """

    name: str
    group: JobGroup
    shape: Shape
    runtime: Delay
    failure: Failure | None = None
    array_size: int = 0
    depends_on: tuple[Dependency, ...] = ()

    @property
    def rows(self) -> int:
        """How many jobs run at each arrival."""
        return max(self.array_size, 1)


@dataclass(frozen=True, slots=True)
class ResolvedWorkflow:
    """A DAG of jobs; each arrival submits all of it, and without arrivals second 0 does."""

    name: str
    jobs: tuple[ResolvedJob, ...]
    arrivals: Arrivals | None = None
