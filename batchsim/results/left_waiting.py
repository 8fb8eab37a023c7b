"""Jobs that a run leaves RUNNABLE because nothing that is to come would let them start: which, and why.

A run ends when nothing is left that anybody waits for (docs/design/the-end-of-a-run.md). Of each queue whose jobs wait
then the one is named that can't move, and what it waits for. Jobs that a horizon cuts off are not among them: what they
wait for may be to come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from batchsim.arrays import Ints
from batchsim.recording import NOWHERE, WAITS_FOR, Cause, Status
from batchsim.results.outcome import Outcome
from batchsim.results.row_texts import RowTexts
from batchsim.spec.configuration import Configuration
from batchsim.spec.resolved_scenario import ResolvedScenario


def left_waiting(scenario: ResolvedScenario, outcome: Outcome) -> dict[str, Any]:
    """``left_waiting`` of the summary, or nothing where no job is left to wait."""
    recording = outcome.recording
    cut_off = scenario.horizon_s is not None and recording.ended_at >= scenario.horizon_s
    rows = np.flatnonzero(recording.status == Status.RUNNABLE)
    if cut_off or not len(rows):
        return {}
    applied = [each.number for each in recording.updates if not each.refused]
    configuration = scenario.updates.after(outcome.configuration, applied)
    queues = np.array(outcome.queue_of_group, np.int32)[outcome.workload.group[rows]]
    return {
        "left_waiting": {
            configuration.queues[queue].name: _of_queue(outcome, configuration, queue, rows[queues == queue])
            for queue in np.unique(queues).tolist()
        }
    }


def _of_queue(outcome: Outcome, configuration: Configuration, queue: int, rows: Ints) -> dict[str, Any]:
    """How many, and of the one that is looked at first what it waits for."""
    retried = outcome.attempts_of_jobs.count[rows] > 0
    rows = np.concatenate([rows[retried], rows[~retried]])  # retried jobs come first, then those submitted first
    shapes = outcome.workload.shape[rows]
    causes = {shape: outcome.waits.cause_at_end(queue, shape) for shape in np.unique(shapes).tolist()}
    held_back = np.isin(shapes, [shape for shape, cause in causes.items() if cause is not Cause.BLOCKED])
    job = int(rows[np.argmax(held_back)])  # the first of all where others hold back every one
    shape = outcome.workload.shapes[outcome.workload.shape[job]]
    environments = configuration.attached(configuration.queues[queue])
    held = any(environment.can_hold(shape) for environment in environments)
    why, change = WAITS_FOR[causes[int(outcome.workload.shape[job])]] if held else NOWHERE
    return {
        "jobs": len(rows),
        "job_id": RowTexts(outcome).job_ids(np.array([job]))[0].as_py(),
        "job_definition": outcome.workload.groups[outcome.workload.group[job]].job_definition,
        "vcpus": shape.vcpus,
        "memory_mib": shape.asked_memory_mib,
        "gpus": shape.gpus,
        "waits": why,
        "change": change,
    }
