"""``warmUp: auto``: how much of a steady scenario's beginning to leave out, by pilot runs before those that count.

MSER-5 is applied to the mean over pilot runs, as P. D. Welch's procedure is (A. M. Law (2015), "Simulation Modeling and
Analysis", 5th ed., 9.5.1): of one run it cuts nothing or far too much as chance has it. Looked at is how many jobs are
in the system, waiting or running, which what they wait and what they cost both come up with. The pilots are
replications of their own: a cut chosen by the runs that it is applied to would cut what was high in them by chance, and
their mean would be too low.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from batchsim.arrays import Floats, filled
from batchsim.errors import ScenarioError
from batchsim.experiments.simulated import simulated
from batchsim.recording import Recording
from batchsim.results.step_functions import integral, steps
from batchsim.scenario.scenario import Scenario
from batchsim.spec.workload import Workload
from batchsim.statistics.steady_state import mser_5
from batchsim.units import format_duration

#: The pilot runs, as replications that no experiment comes to.
PILOTS = range(1_000_000, 1_000_005)
#: In so many equal intervals of the duration jobs are counted.
INTERVALS = 500


def with_warm_up(scenario: Scenario, seed: int) -> Scenario:
    """The scenario with its warm-up found, where it is to be found.

    Raises
    ------
    ScenarioError
        If half or more would be cut: the duration is too short to tell.
    """
    if not scenario.warm_up_is_open:
        return scenario
    duration = scenario.duration_s
    assert duration is not None  # noqa: S101 (a warm-up without a duration is a finding)
    counts = [jobs_in_system(*simulated(scenario, seed, number), duration) for number in PILOTS]
    cut = mser_5(np.mean(counts, axis=0)) / INTERVALS
    if cut >= 0.5:
        message = f"in {format_duration(duration)} jobs in the system come to no level: MSER-5 would cut half or more"
        expected = "a longer duration; less load, where the queue grows; or a stated warmUp"
        raise ScenarioError([scenario.document.finding(("warmUp",), "warm-up", message, expected=expected)])
    return replace(scenario, warm_up_s=cut * duration)


def with_one_warm_up(scenarios: Mapping[str, Scenario], seed: int) -> dict[str, Scenario]:
    """Several scenarios that are compared, all of the longest warm-up found: their figures are of the same time."""
    found = {name: with_warm_up(scenario, seed) for name, scenario in scenarios.items()}
    longest = _longest(each for name, each in found.items() if scenarios[name].warm_up_is_open)
    return {
        name: replace(each, warm_up_s=longest) if scenarios[name].warm_up_is_open else each
        for name, each in found.items()
    }


def with_that_of(changed: Scenario, scenario: Scenario) -> Scenario:
    """A changed scenario with the warm-up that was found of the one it was made from: their figures are compared."""
    return replace(changed, warm_up_s=scenario.warm_up_s) if changed.warm_up_is_open else changed


def _longest(scenarios: Iterable[Scenario]) -> float:
    return max((each.warm_up_s or 0.0 for each in scenarios), default=0.0)


def jobs_in_system(workload: Workload, recording: Recording, duration: float) -> Floats:
    """How many jobs were submitted and had not ended, on average in each of `INTERVALS` equal parts of a duration."""
    gone = filled(recording.stopped_at, recording.ended_at)
    came = np.minimum(workload.submitted_at, gone)
    edges = np.linspace(0.0, duration, INTERVALS + 1)
    return np.diff(integral(*steps(came, gone), edges)) / (duration / INTERVALS)
