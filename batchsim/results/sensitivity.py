"""Sensitivity: what other assumptions, each tried alone on the same jobs, would change of a run's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: A figure of one run; of replications ``{mean, low, high, n}``; None where it is not known.
Figure = float | Mapping[str, Any] | None
#: Less than this part of the bill, of the turnaround or of the jobs is hardly a change.
HARDLY = 0.01


@dataclass(frozen=True)
class VariedValue:
    """A run with another value of one assumption.

    Attributes
    ----------
    value : value
        As a scenario writes it.
    cost_usd, queue_time_p95_s : figure
        What came of it; see `summary.json`. Seconds are null where jobs never started.
    cost_usd_difference, queue_time_p95_s_difference : figure
        How much more that is than as assumed; of replications the mean of the pairs' differences.
    undone : float
        Jobs that failed or did not end.
    objectives : tuple of dict
        Those whose verdict is another: ``expression``, ``kept`` (as assumed, then with this value), and ``value``, of
        both.
    cost_share, turnaround_share : float
        The difference of the bill as a share of it; that of queue time as a share of the 95th percentile of turnaround.
    """

    value: Any
    cost_usd: Figure
    cost_usd_difference: Figure
    queue_time_p95_s: Figure
    queue_time_p95_s_difference: Figure
    undone: float
    objectives: tuple[Mapping[str, Any], ...]
    cost_share: float
    turnaround_share: float


@dataclass(frozen=True)
class VariedAssumption:
    """One assumption that a scenario does not state, and what its other values would change.

    Attributes
    ----------
    key : str
        Its path in a scenario, as for ``--set``.
    what, evidence : str
        What it is, and why these values.
    assumed : value
        As a scenario writes it.
    tried : tuple of VariedValue
        The low and the high end, or the other reading.
    jobs, undone : float
        How many were submitted, and how many of them failed or did not end, as assumed.
    """

    key: str
    what: str
    evidence: str
    assumed: Any
    tried: tuple[VariedValue, ...]
    jobs: float
    undone: float

    def leaves_others_undone(self, tried: VariedValue) -> bool:
        """Whether jobs are left undone where all were done, or none where some were; or a hundredth more or fewer."""
        return (tried.undone == 0) != (self.undone == 0) or abs(tried.undone - self.undone) >= HARDLY * self.jobs > 0

    @property
    def changes_answer(self) -> bool:
        """Whether an objective's verdict is another, or others are left undone."""
        return any(each.objectives or self.leaves_others_undone(each) for each in self.tried)

    @property
    def share(self) -> float:
        """The largest change: of the bill as a share of it, or of queue time p95 as a share of turnaround p95."""
        return max(max(abs(each.cost_share), abs(each.turnaround_share)) for each in self.tried)

    @property
    def hardly_changes(self) -> bool:
        """Whether it would change no verdict, and less than a hundredth of the bill and of the turnaround."""
        return not self.changes_answer and self.share < HARDLY


@dataclass(frozen=True)
class TriedAssumptions:
    """The assumptions that a scenario does not state, each with what else it may be.

    Attributes
    ----------
    assumptions : tuple of VariedAssumption
        Those that change the answer first, then by how much they change.
    cost_usd, queue_time_p95_s : figure
        As assumed.
    replications : int
        Of each run.
    stated : tuple of str
        The keys that were not varied, since the scenario states them.
    refused : tuple of str
        The values that would make the scenario an invalid one, and why.
    interrupted : bool
        Whether the user stopped before all had run.
    """

    assumptions: tuple[VariedAssumption, ...]
    cost_usd: Figure
    queue_time_p95_s: Figure
    replications: int = 1
    stated: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row for each value that was tried, in the order of `assumptions`."""
        return [
            {"key": each.key, "what": each.what, "assumed": each.assumed, **asdict(value)}
            for each in self.assumptions
            for value in each.tried
        ]

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a DataFrame; figures of replications are their means."""
        import pandas as pd

        rows = [{key: _mean(value) for key, value in row.items()} for row in self.rows]
        return pd.DataFrame([{**row, "objectives": len(row["objectives"])} for row in rows])

    def as_json(self) -> dict[str, Any]:
        """As plain values, as in ``summary.json``."""
        told = asdict(self)
        for mine, each in zip(told["assumptions"], self.assumptions, strict=True):
            del mine["jobs"], mine["undone"]
            mine |= {"changes_answer": each.changes_answer, "share": each.share}
        plain: dict[str, Any] = _lists(told)
        return plain


def _lists(value: Any) -> Any:
    """The same with lists for tuples."""
    if isinstance(value, dict):
        return {key: _lists(each) for key, each in value.items()}
    return [_lists(each) for each in value] if isinstance(value, (list, tuple)) else value


def _mean(figure: Any) -> Any:
    return figure["mean"] if isinstance(figure, dict) and "mean" in figure else figure
