"""The mean over replications with its interval, adjusted by what their random numbers happened to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from tools.validation.case import Sample

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean and half of its interval."""

    mean: float
    half: float

    def holds(self, figure: float) -> bool:
        """Whether the interval holds it, up to rounding where nothing varies."""
        return abs(self.mean - figure) <= self.half + 1e-9 * abs(figure)


def plain(samples: Sequence[Sample]) -> Estimate:
    """Student's t over replications."""
    return adjusted([Sample(sample.value, (), sample.weight) for sample in samples])


def adjusted(samples: Sequence[Sample]) -> Estimate:
    """The mean where all controls are 0, by regression over replications (Lavenberg and Welch 1981).

    A replication counts by its arrivals: with the sums of all the figure is a ratio of means, as whole cycles have it.
    """
    weights = np.array([sample.weight for sample in samples])
    roots = np.sqrt(weights / weights.mean())
    values = np.array([sample.value for sample in samples]) * roots
    found = np.array([sample.controls for sample in samples]).reshape(len(samples), -1) * roots[:, None]
    spread = found.std(axis=0)
    found = found[:, spread > 1e-12 * np.abs(found).max(axis=0, initial=0.0)]
    found = found / np.where(found.std(axis=0) > 0, found.std(axis=0), 1.0)
    design = np.column_stack([roots, found])
    inverse = np.linalg.pinv(design)
    fitted = inverse @ values
    left = len(values) - np.linalg.matrix_rank(design)
    residuals = values - design @ fitted
    deviation = np.sqrt(residuals @ residuals / left * (inverse @ inverse.T)[0, 0])
    return Estimate(float(fitted[0]), float(stdtrit(left, (1 + LEVEL) / 2) * deviation))
