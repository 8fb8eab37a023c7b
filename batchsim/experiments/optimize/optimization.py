"""What a user holds after ``optimize``: the recommendation, why, and what else was seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batchsim.experiments.optimize.frontier import Seen
from batchsim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group

    from batchsim.report.optimize import OptimizationPlots


def without_limit(expression: str) -> str:
    """What an objective is about: ``p95(queue_time)`` of ``p95(queue_time) <= 10m``."""
    return expression.partition("<")[0].strip()


@dataclass(frozen=True, eq=False)
class Optimization:
    """The cheapest configuration that is shown to keep the objectives, if one is.

    Attributes
    ----------
    scenario : Scenario
        As it was written.
    recommendation : Scenario or None
        The same with the recommended values, to run, export or deploy.
    figures : dict
        What ``optimize --json`` prints.
    seen : tuple of Seen
        Every configuration that was simulated, the cheapest first.
    frontier : tuple of Seen
        Those than which none is cheaper and quicker, in the replication that the search looked at.
    subject : str
        What the frontier holds against the cost.
    """

    scenario: Scenario
    recommendation: Scenario | None
    figures: Mapping[str, Any]
    seen: tuple[Seen, ...] = ()
    frontier: tuple[Seen, ...] = ()
    subject: str = "p95(queue_time)"
    subject_limit: float | None = field(default=None, repr=False)
    subject_clock: bool = field(default=False, repr=False)

    @property
    def set(self) -> dict[str, Any]:
        """The recommended values by dotted path; empty without a recommendation."""
        return dict(self.figures["recommendation"]["set"]) if self.figures["recommendation"] else {}

    @property
    def table(self) -> pd.DataFrame:
        """A row for each configuration that was simulated: its values, its figures, what became of it."""
        import pandas as pd

        rows = [
            {
                **each.labels,
                "cost_usd": each.cost_usd,
                "queue_time_p95_s": each.queue_time_p95_s,
                "objectives_kept": each.kept,
                "on_frontier": each in self.frontier,
                "recommended": dict(each.set) == self.set and bool(self.set),
            }
            for each in self.seen
        ]
        return pd.DataFrame(rows)

    @property
    def plot(self) -> OptimizationPlots:
        """The picture of the frontier."""
        from batchsim.report.figures.frontier import Frontier, FrontierPoint
        from batchsim.report.optimize import OptimizationPlots, pick_label

        def point(each: Seen) -> FrontierPoint:
            return FrontierPoint(each.figure or 0.0, each.cost_usd, each.kept)

        pick = next((each for each in self.seen if self.recommendation and dict(each.set) == self.set), None)
        drawn = Frontier(
            name=self.scenario.name,
            points=[point(each) for each in self.seen if each.figure is not None],
            best=[point(each) for each in self.frontier],
            pick=None if pick is None or pick.figure is None else point(pick),
            of=f"{without_limit(self.subject)}, in the replication that the search looked at",
            limit=self.subject_limit,
            clock=self.subject_clock,
            label=pick_label(self.set),
        )
        return OptimizationPlots(drawn)

    def to_json(self) -> str:
        """`figures` as text."""
        return json.dumps(self.figures, indent=2) + "\n"

    def __repr__(self) -> str:
        simulations = self.figures["simulations"]
        if self.recommendation is None:
            return f"<Optimization {self.scenario.name}: nothing keeps the objectives, {simulations} simulations>"
        cost = self.figures["recommendation"]["cost_usd"]["mean"]
        return f"<Optimization {self.scenario.name}: {cost:,.2f} USD, {simulations} simulations>"

    def _repr_html_(self) -> str:
        from batchsim.report.optimize import optimization_html

        return optimization_html(self.figures)

    def __rich__(self) -> Group:
        from batchsim.report.optimize import optimization_renderable

        return optimization_renderable(self.figures)
