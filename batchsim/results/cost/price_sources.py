"""Where a run's prices come from: region, day, catalog, and which of them were derived from those of other types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from batchsim.recording import Recording
from batchsim.spec.resolved_scenario import ResolvedScenario


def provenance(scenario: ResolvedScenario, recording: Recording) -> dict[str, Any]:
    """Region and day of the prices, and the launched types whose price or Spot statistics were derived."""
    sources = scenario.price_sources
    launched: set[str] = set()
    for number, environment in enumerate(scenario.recorded_configuration.environments):
        codes = np.unique(recording.instances.offering[recording.instances.environment == number])
        launched |= {environment.offerings[code].instance_type for code in codes.tolist() if environment.offerings}
    return {
        "region": scenario.region,
        "as_of": None if sources.as_of is None else sources.as_of.isoformat(),
        "old": sources.is_old,
        "catalog": sources.catalog or "bundled",
        "stated": list(sources.stated),
        "fargate_derived": sources.fargate_derived,
        "candidates_derived": len(sources.derived),
        "types": [asdict(each) for each in sources.derived if each.instance_type in launched],
    }
