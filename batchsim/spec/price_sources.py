"""Where a scenario's prices come from, as far as a run's summary tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DerivedType:
    """An instance type of whose figures something was derived from those of others, and from which."""

    instance_type: str
    on_demand_usd_per_hour: float
    price_derived_from: str | None
    spot_derived_from: str | None


@dataclass(frozen=True, slots=True)
class PriceSources:
    """The day of a scenario's prices, their catalog, and what was derived.

    Attributes
    ----------
    as_of : date or None
        None where the catalog lacks the region: every price is then stated.
    is_old : bool
        Whether they are of long before the scenario's start.
    catalog : str
        Digest of a catalog of the user's; empty for the bundled one.
    stated : tuple of str
        Keys of ``environment.prices.overrides``.
    fargate_derived : bool
        Whether there are Fargate tasks whose price was derived.
    derived : tuple of DerivedType
        Candidates of the compute environments, each once.
    """

    as_of: date | None = None
    is_old: bool = False
    catalog: str = ""
    stated: tuple[str, ...] = ()
    fargate_derived: bool = False
    derived: tuple[DerivedType, ...] = ()
