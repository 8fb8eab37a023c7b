"""What came of the jobs of one run, by job, attempt and instance: the columns that figures and tables are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from batchsim.arrays import SLICE, Floats, Ints
from batchsim.recording import Recording
from batchsim.results.attempts import JobAttempts, job_attempts
from batchsim.results.cost.bill import costs
from batchsim.results.cost.purposes import Costs
from batchsim.results.waits.attribution import JobWaits
from batchsim.results.window import WHOLE, Window
from batchsim.spec.configuration import Configuration
from batchsim.spec.workload import Workload


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was simulated, what was recorded, and what follows from both; each column made when first asked for.

    Costs are of what was paid within the window; other columns are of everything.
    """

    workload: Workload
    configuration: Configuration
    recording: Recording
    window: Window = WHOLE

    @cached_property
    def attempts_of_jobs(self) -> JobAttempts:
        """First and last attempts."""
        return job_attempts(self.recording)

    @cached_property
    def last_environment(self) -> Ints:
        """The environment of each job's last attempt; -1 where it never began one."""
        last, environment = self.attempts_of_jobs.last, self.recording.attempts.environment
        found = np.full(len(last), -1, np.int32)
        found[last >= 0] = environment[last[last >= 0]]
        return found

    @cached_property
    def queue_of_group(self) -> list[int]:
        """Queue of each group of jobs, by place in the configuration."""
        place = {queue.name: index for index, queue in enumerate(self.configuration.queues)}
        return [place[group.job_queue] for group in self.workload.groups]

    @cached_property
    def waits(self) -> JobWaits:
        """Seconds waited by cause, per job."""
        return JobWaits(self.workload, self.recording, self.attempts_of_jobs, self.queue_of_group)

    @cached_property
    def costs(self) -> Costs:
        """Costs by attempt and instance."""
        return costs(self.workload, self.configuration, self.recording, self.window)

    @cached_property
    def job_costs(self) -> Floats:
        """US dollars per job: the sum of its attempts."""
        job, usd = self.recording.attempts.job, np.zeros(len(self.workload))
        for first in range(0, len(job), SLICE):
            rows = slice(first, first + SLICE)
            np.add.at(usd, job[rows], self.costs.of_attempts(rows))
        return usd
