"""Which attempt has which share of which instance.

An attempt's share is ``(9 v + m) / (9 V + M)`` with vCPUs v of V and GiB m of M: AWS's own weights for splitting an
instance among its containers (Cost and Usage Report, *Split cost allocation data*, worked example, read 2026-11). On
GPU instances 95 % goes by GPUs and 5 % by that rule (an assumption: AWS publishes no weight for Batch). A multi-node
job has the whole of several instances.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchsim.arrays import Floats, Ints
from batchsim.recording import InstanceColumns, Recording
from batchsim.spec.configuration import ComputeEnvironment, Configuration, Offering
from batchsim.spec.workload import Workload
from batchsim.units import MIB_PER_GIB

VCPU_WEIGHT, GIB_WEIGHT = 9.0, 1.0
GPU_SHARE = 0.95


def by_instance(
    configuration: Configuration, instances: InstanceColumns, figure: Callable[[ComputeEnvironment, Offering], float]
) -> Floats:
    """A figure of each instance's offering (and environment)."""
    column = np.zeros(len(instances.environment))
    for index, environment in enumerate(configuration.environments):
        here = np.flatnonzero(instances.environment == index)
        if len(here):
            known = np.array([figure(environment, offering) for offering in environment.offerings], float)
            column[here] = known[instances.offering[here]]
    return column


@dataclass(frozen=True)
class Tenancies:
    """Some attempts on their instances, each with its share; one of a multi-node job stands there several times.

    Attributes
    ----------
    attempt : ndarray of int
        Counted from the first of the attempts that were asked for.
    """

    attempt: NDArray[np.int64]
    instance: NDArray[np.int64]
    share: Floats

    def summed(self, of_instances: Floats, attempts: int) -> Floats:
        """A figure of instances by attempt: of each instance the attempt's share."""
        weights = of_instances[self.instance] * self.share
        return np.bincount(self.attempt, weights=weights, minlength=attempts).astype(np.float64, copy=False)


@dataclass(frozen=True)
class InstanceShares:
    """The shares that attempts have of instances."""

    workload: Workload
    configuration: Configuration
    recording: Recording

    def of(self, start: int, stop: int) -> Tenancies:
        """Those of a stretch of attempts, in the order of the recording; other nodes of multi-node jobs come last."""
        attempts, nodes = self.recording.attempts, self.recording.nodes
        on = attempts.instance[start:stop]
        hosted = np.flatnonzero(on >= 0)
        instance = on[hosted].astype(np.int64)
        shape = self.workload.shape[attempts.job[start:stop][hosted]]
        share = self._share(shape, instance)
        if not len(nodes.attempt):
            return Tenancies(hosted, instance, share)
        share[self._is_multi_node[shape]] = 1.0
        # Nodes are recorded with their attempts, and so in their order.
        others = slice(*np.searchsorted(nodes.attempt, (start, stop)))
        return Tenancies(
            np.concatenate([hosted, nodes.attempt[others].astype(np.int64) - start]),
            np.concatenate([instance, nodes.instance[others].astype(np.int64)]),
            np.concatenate([share, np.ones(others.stop - others.start)]),
        )

    def _share(self, shape: Ints, instance: NDArray[np.int64]) -> Floats:
        """The share of jobs of such shapes of such instances."""
        split: Floats = self._weight[shape] / self._whole[instance]
        if not self._instance_gpus.any():
            return split
        with_gpus = self._instance_gpus[instance] > 0
        by_gpu = self._gpus[shape] / np.where(with_gpus, self._instance_gpus[instance], 1.0)
        split[with_gpus] = GPU_SHARE * by_gpu[with_gpus] + (1 - GPU_SHARE) * split[with_gpus]
        return split

    @cached_property
    def _weight(self) -> Floats:
        shapes = self.workload.shapes
        return np.array([VCPU_WEIGHT * s.vcpus + GIB_WEIGHT * s.memory_mib / MIB_PER_GIB for s in shapes], float)

    @cached_property
    def _whole(self) -> Floats:
        return self._by_instance(lambda _e, o: VCPU_WEIGHT * o.vcpus + GIB_WEIGHT * o.memory_mib / MIB_PER_GIB)

    @cached_property
    def _gpus(self) -> Floats:
        return np.array([shape.gpus for shape in self.workload.shapes], float)

    @cached_property
    def _instance_gpus(self) -> Floats:
        return self._by_instance(lambda _e, o: o.gpus)

    @cached_property
    def _is_multi_node(self) -> NDArray[np.bool_]:
        return np.array([bool(shape.nodes) for shape in self.workload.shapes], bool)

    def _by_instance(self, figure: Callable[[ComputeEnvironment, Offering], float]) -> Floats:
        return by_instance(self.configuration, self.recording.instances, figure)
