"""Fair-share scheduling policies resolved: how far back use counts, what is kept free, what a share's use weighs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FairShare:
    """A fair-share scheduling policy (API FairsharePolicy, ShareAttributes).

    Attributes
    ----------
    window_s : float
        How far back use counts (``shareDecaySeconds``; 600 s for 0).
    compute_reservation : int
        Percentage kept for shares that are not active.
    weights : tuple of (str, float)
        Identifier, or prefix with a final ``*``, and its weight factor.
    """

    window_s: float = 600.0
    compute_reservation: int = 0
    weights: tuple[tuple[str, float], ...] = ()

    def weight(self, identifier: str) -> float:
        """The factor of a share: of its own entry, of the entry whose prefix it has, or 1."""
        for entry, factor in self.weights:
            if entry == identifier or (entry.endswith("*") and identifier.startswith(entry[:-1])):
                return factor
        return 1.0

    def allowed_vcpus(self, most: float, active: int) -> float:
        """How many of so many vCPUs active shares may use: the reservation keeps the rest for those that are not.

        API ``FairsharePolicy.computeReservation``: ``(reservation / 100) ** active`` of the maximum is kept.
        """
        if not self.compute_reservation:
            return float("inf")
        return most * (1 - (self.compute_reservation / 100) ** max(active, 1))
