"""Round values for the ticks of pictures and pages."""

from __future__ import annotations

import math


def round_step(least: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below a value."""
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(each * power for each in (1, 2, 5, 10) if each * power >= least * (1 - 1e-9)))
