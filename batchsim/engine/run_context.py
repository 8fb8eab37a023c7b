"""What every compute environment and job queue of a run is built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from batchsim.engine.job_table import JobTable
from batchsim.engine.recorder import Recorder
from batchsim.spec.assumptions import Assumptions
from batchsim.spec.distributions import Delay, Exponential, Uniform
from batchsim.spec.sampling import sampler
from batchsim.spec.workload import Workload
from batchsim.streams import Draws


@dataclass(frozen=True)
class RunContext:
    """The jobs, the settings and the record of one run, and its random numbers."""

    workload: Workload
    settings: Assumptions
    table: JobTable
    recorder: Recorder
    seed: int
    replication: int

    @cached_property
    def _delays(self) -> dict[str, Delay]:
        settings = self.settings
        return {
            "launch": settings.ec2.launch,
            "spot-fulfilment": settings.ec2.spot_fulfilment,
            "register": settings.ec2.register_,
            "image-jitter": settings.image.jitter,
            "scale-down-idle": settings.scheduler.scale_down_idle,
            "managed-launch": settings.managed_instances.launch,
            "managed-register": settings.managed_instances.register_,
            "managed-scale-in": settings.managed_instances.scale_in_after,
            "fargate-start": settings.fargate.start,
            "fargate-pull": settings.image.jitter,
            # Lives until an interruption, in units of their mean.
            "interruption": Exponential(mean=1.0),
            "fargate-interruption": Exponential(mean=1.0),
            "pool-event-taken": Uniform(min=0.0, max=1.0),
        }

    def draws(self, name: str, owner: str, attempt: int = 0) -> Draws:
        """The values of one stream: by launch of an environment (the owner), or by job and attempt."""
        return Draws(sampler(self._delays[name]), self.seed, self.replication, name, owner, attempt)
