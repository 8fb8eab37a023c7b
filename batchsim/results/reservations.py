"""What became of capacity reservations: the summary's figures, and the reservation of each instance."""

from __future__ import annotations

from typing import Any

from batchsim.results.outcome import Outcome
from batchsim.units import HOUR


def reservation_figures(outcome: Outcome) -> dict[str, Any]:
    """``reservations`` of the summary, or nothing where there are none."""
    uses = outcome.costs.reservations
    if not uses:
        return {}
    return {
        "reservations": {
            each.spec.name: {
                "kind": "capacity-block" if each.spec.is_block else "on-demand",
                "instance_type": each.spec.instance_type,
                "availability_zone": each.spec.zone,
                "instances": each.spec.instances,
                "reserved_h": each.reserved_s / HOUR,
                "used_h": each.used_s / HOUR,
                "unused_usd": each.unused_usd,
            }
            for each in uses
        }
    }


def unused_reservations(outcome: Outcome) -> dict[str, float]:
    """``cost_usd.unused_reservations`` of the summary, or nothing where there are none."""
    costs = outcome.costs
    return {"unused_reservations": costs.unused_reservations} if costs.reservations else {}
