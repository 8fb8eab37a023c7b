"""VCPUs of compute environments by what they do, as step functions of time."""

from __future__ import annotations

import numpy as np

from batchsim.arrays import Floats, filled
from batchsim.results.job_rows import JobRows
from batchsim.results.outcome import Outcome
from batchsim.results.spans import MOST_STEPS, Equal, Rows, Span, Spans, means, while_on
from batchsim.results.step_functions import Curve, product, thin, total


class Vcpus:
    """The vCPUs of each environment that run jobs, are stranded or idle, and are booting.

    Running, stranded and idle sum to what is registered. Stranded is what the bill calls so
    (`results/cost/purposes.py`); as there, a multi-node job holds its instances whole.
    """

    def __init__(self, outcome: Outcome) -> None:
        recording, environments = outcome.recording, len(outcome.configuration.environments)
        self._stranded = recording.stranded
        self._attempts = JobRows(recording.attempts.environment, environments)
        self._instances = JobRows(recording.instances.environment, environments)
        self._noted = JobRows(recording.stranded.environment, environments)
        self._spans = _VcpuSpans(outcome, self._instances)

    def of(self, environment: int, most: int = MOST_STEPS) -> dict[str, Curve]:
        """Those of an environment by its place in the configuration.

        Of more than `most` steps there are their means over as many equal intervals.
        """
        spans, attempts = self._spans, self._attempts.of_group(environment)
        here = self._instances.of_group(environment)
        series = {"running": Spans(((spans.running, attempts),)).curve(most)}
        if len(here):
            rows = self._noted.of_group(environment)
            stranded = self._stranded.at[rows], self._stranded.stranded[rows].astype(np.float64)
            series |= _unused(Spans(((spans.registered, here), (spans.taken, attempts))), stranded, most)
            series["booting"] = Spans(((spans.booting, here),)).curve(most)
        return series


def _unused(unused: Spans, stranded: Curve, most: int) -> dict[str, Curve]:
    """What is registered and runs no job, where it is stranded and where it is idle."""
    if unused.are_many:
        edges = unused.edges()
        in_all = unused.areas(edges, Equal(edges))
        if not stranded[1].any():
            return {"idle": (edges, means(edges, in_all))}
        in_vain = while_on(unused, stranded, edges)
        return {"stranded": (edges, means(edges, in_vain)), "idle": (edges, means(edges, in_all - in_vain))}
    idle, parts = unused.exact(), {}
    at, level = total([product(*idle, *stranded)])
    if level.any():
        parts = {"stranded": thin(at, level, most)}
        idle = total([idle, (at, -level)])
    return {**parts, "idle": thin(*idle, most)}


class _VcpuSpans:
    """From when until when how many vCPUs were in which state."""

    def __init__(self, outcome: Outcome, instances: JobRows) -> None:
        self._recording = outcome.recording
        self._work = outcome.workload
        self._held_by_shape = np.array([shape.vcpus for shape in outcome.workload.shapes])
        self._whole = np.zeros(len(outcome.recording.instances.environment))
        for index in instances.present:
            here, offerings = instances.of_group(index), outcome.configuration.environments[index].offerings
            vcpus = np.array([float(offering.vcpus) for offering in offerings])
            self._whole[here] = vcpus[outcome.recording.instances.offering[here]]
        self._of_multi_node = self._multi_node()

    def running(self, attempts: Rows) -> Span:
        """Of attempts: what their jobs ask for, or of multi-node jobs their instances."""
        recorded = self._recording.attempts
        held = self._held_by_shape[self._work.shape[recorded.job[attempts]]]
        if len(self._of_multi_node[0]):
            multi_node, vcpus = self._of_multi_node
            place = np.searchsorted(multi_node, attempts)
            place[place == len(multi_node)] = 0
            held = np.where(multi_node[place] == attempts, vcpus[place], held)
        return recorded.starting_at[attempts], filled(recorded.stopped_at[attempts], self._recording.ended_at), held

    def taken(self, attempts: Rows) -> Span:
        """The same, as what is no longer unused."""
        start, stop, held = self.running(attempts)
        assert held is not None  # noqa: S101 (for the type checker)
        return start, stop, -held

    def registered(self, instances: Rows) -> Span:
        """Of instances, while they can run jobs."""
        recorded = self._recording.instances
        return recorded.usable_from[instances], recorded.terminated_at[instances], self._whole[instances]

    def booting(self, instances: Rows) -> Span:
        """Of instances, before that."""
        recorded = self._recording.instances
        return recorded.requested_at[instances], recorded.usable_from[instances], self._whole[instances]

    def _multi_node(self) -> tuple[Rows, Floats]:
        """Attempts of multi-node jobs, and the vCPUs of their instances."""
        nodes, attempts = self._recording.nodes, self._recording.attempts
        found, place = np.unique(nodes.attempt, return_inverse=True)
        vcpus = self._whole[attempts.instance[found]]
        np.add.at(vcpus, place, self._whole[nodes.instance])
        return found, vcpus
