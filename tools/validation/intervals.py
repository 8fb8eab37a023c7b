"""The mean over replications with its interval, adjusted by what their random numbers happened to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, stdtrit

from tools.validation.case import Sample

LEVEL = 0.95
#: Of the largest variance of controls: what a combination of them varies by at least that is looked at.
_LEAST_VARIANCE = 1e-9


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


def centred(samples: Sequence[Sample]) -> float:
    """How probable controls are that are as far from 0 together, or further, if 0 is their mean (Hotelling 1931).

    What is adjusted by random numbers does not tell when these are wrong; this does.
    """
    weights = np.array([sample.weight for sample in samples])
    found = np.array([sample.controls for sample in samples]).reshape(len(samples), -1)
    found = found * (weights / weights.mean())[:, None]
    scaled = found / np.where(found.std(axis=0) > 0, found.std(axis=0), 1.0)
    spread = scaled - scaled.mean(axis=0)
    variances, axes = np.linalg.eigh(spread.T @ spread / (len(samples) - 1))
    # What differs from others by rounding alone, or nearly so, tells nothing.
    kept = variances > _LEAST_VARIANCE * variances.max(initial=0.0)
    rank = int(kept.sum())
    left = len(samples) - rank
    if not rank or left < 1:
        return 1.0
    along = scaled.mean(axis=0) @ axes[:, kept]
    far = len(samples) * float(along**2 @ (1 / variances[kept]))
    return float(fdtrc(rank, left, far * left / (rank * (len(samples) - 1))))


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
