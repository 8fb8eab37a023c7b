"""Holds interruptions that come together against recordings: ``python -m tools.spot_backtest RECORDING.json …``.

Recordings are of skypilot-org/spot-traces (Wu et al., *Can't Be Late*, NSDI 2024): how many instances of one type in
one zone there were, tick by tick. A fleet of as many instances, of as many interruptions an instance-hour and with the
defaults for the rest, is looked at through the same ticks; so both are measured by the same ruler. The figures are
printed, and drawn to `docs/images/spot-together.png`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import batchsim as bs
from batchsim.arrays import Floats
from batchsim.scenario.loading import from_mapping
from batchsim.units import HOUR, MINUTE

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "spot-together.png"
VCPUS = 4
#: Each fleet is simulated for so many times the length of its recording, with a seed each.
TIMES = 10


@dataclass(frozen=True)
class Observed:
    """How many instances there were at each tick.

    Attributes
    ----------
    counts : array of int
        By tick.
    tick_s : float
        How long a tick is.
    """

    counts: np.ndarray[Any, np.dtype[np.int64]]
    tick_s: float

    @property
    def most(self) -> int:
        """The size of the fleet."""
        return int(self.counts.max())

    @property
    def drops(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """How many instances went within each tick in which some did."""
        lost = -np.diff(self.counts)
        return lost[lost > 0]

    @property
    def rate_per_hour(self) -> float:
        """Interruptions an instance-hour."""
        return float(self.drops.sum() / (self.counts.sum() * self.tick_s / HOUR))

    @property
    def together(self) -> float:
        """The share of the instances that went within one tick of another."""
        return float(self.drops[self.drops > 1].sum() / max(self.drops.sum(), 1))

    @property
    def outages_s(self) -> Floats:
        """From each loss, the first since instances came, how long it was until one came again."""
        lengths, lost_at = [], -1
        changes = np.diff(self.counts)
        for at in np.flatnonzero(changes).tolist():
            if changes[at] < 0:
                lost_at = at if lost_at < 0 else lost_at
            elif lost_at >= 0:
                lengths.append((at - lost_at) * self.tick_s)
                lost_at = -1
        return np.array(lengths)

    @property
    def available(self) -> float:
        """The share of the instances that there would be without interruptions."""
        return float(self.counts.mean() / self.most)


def recorded(path: Path) -> Observed:
    """Read a recording in its run-length form."""
    content = json.loads(path.read_text(encoding="utf-8"))
    counts, ticks = np.array(content["runs"]).T
    return Observed(np.repeat(counts, ticks), float(content["metadata"]["gap_seconds"]))


def simulated(like: Observed, seed: int, **spot: Any) -> Observed:
    """A fleet of that size and rate, kept up for as long, through the same ticks."""
    length_s = len(like.counts) * like.tick_s
    resources = {
        "type": "SPOT",
        "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED",
        "minvCpus": VCPUS * like.most,
        "maxvCpus": VCPUS * like.most,
        "instanceTypes": ["m6i.xlarge"],
        "subnets": ["one"],
    }
    asked = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1024"}]
    scenario = {
        "name": "fleet",
        "duration": length_s,
        "horizon": length_s,
        "seed": seed,
        "environment": {
            "spot": {"interruptions": {"ratePerHour": like.rate_per_hour}, "prices": {"discount": 0.5}, **spot},
        },
        "batch": {
            "computeEnvironments": [
                {"computeEnvironmentName": "fleet", "type": "MANAGED", "computeResources": resources}
            ],
            "jobQueues": [
                {
                    "jobQueueName": "queue",
                    "priority": 1,
                    "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "fleet"}],
                }
            ],
            "jobDefinitions": [
                {
                    "jobDefinitionName": "job",
                    "type": "container",
                    "containerProperties": {"image": "image", "resourceRequirements": asked},
                }
            ],
        },
        "workload": [
            {
                "workflow": "one",
                "jobs": [{"jobName": "one", "jobQueue": "queue", "jobDefinition": "job", "runtime": "1m"}],
            }
        ],
    }
    instances = bs.run(from_mapping(scenario)).instances
    ticks = np.arange(len(like.counts)) * like.tick_s
    begun = np.searchsorted(np.sort(instances.running_at.to_numpy()), ticks, side="right")
    ends = np.sort(instances.terminated_at.dropna().to_numpy())
    return Observed(begun - np.searchsorted(ends, ticks, side="right"), like.tick_s)


def several(like: Observed, **spot: Any) -> list[Observed]:
    """Simulated with some seeds."""
    return [simulated(like, seed, **spot) for seed in range(1, TIMES + 1)]


def line(name: str, observed: Sequence[Observed]) -> str:
    """The figures of one recording, or of some that are like it."""
    outages = np.concatenate([each.outages_s for each in observed]) / MINUTE
    rate = np.mean([each.rate_per_hour for each in observed])
    together = np.mean([each.together for each in observed])
    available = np.mean([each.available for each in observed])
    median, high = np.quantile(outages, [0.5, 0.95]) if len(outages) else (np.nan, np.nan)
    count = len(outages) / len(observed)
    return (
        f"{name:<52} {observed[0].most:>3} {rate:>6.2f}/h  together {together:>4.0%}  available {available:>4.0%}  "
        f"outages {count:>5.1f}: median {median:>4.0f} min, 95 % {high:>5.0f} min"
    )


def draw(fleets: dict[str, tuple[Observed, list[Observed], list[Observed]]]) -> None:
    """What went together, and how long nothing came afterwards: recorded and simulated."""
    from matplotlib.figure import Figure

    from batchsim.report.figures.style import BLUE, GREY, ORANGE, save_png, titled_axes

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    shown = {name: each for name, each in fleets.items() if each[0].most > 1}
    titled_axes(left, "Lost within one tick of another", legend=True)
    for place, (label, colour) in enumerate((("recorded", GREY), ("simulated", BLUE), ("each for itself", ORANGE))):
        shares = [100 * np.mean([o.together for o in _listed(each[place])]) for each in shown.values()]
        bars = left.bar(np.arange(len(shown)) + 0.26 * (place - 1), shares, 0.24, color=colour, label=label)
        left.bar_label(bars, fmt="%.0f %%", fontsize=9)
    left.set_xticks(np.arange(len(shown)), list(shown), fontsize=9)
    left.set_ylabel("% of interruptions")
    left.set_ylim(0, 112)
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=9)
    titled_axes(right, "How long nothing came after a loss", legend=True)
    for number, (real, made, _) in enumerate(fleets.values()):
        for observed, colour, label in ((_listed(real), GREY, "recorded, a pool each"), (made, BLUE, "simulated")):
            lengths = np.sort(np.concatenate([each.outages_s for each in observed])) / MINUTE
            share = 100 * np.arange(1, len(lengths) + 1) / len(lengths)
            right.step(lengths, share, color=colour, linewidth=1.2, where="post", label="" if number else label)
    right.set_xscale("log")
    right.set_xticks([1, 5, 15, 60, 180, 1440, 10080], ["1 min", "5", "15", "1 h", "3 h", "1 d", "7 d"])
    right.minorticks_off()
    right.set_ylabel("% up to so long")
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9)
    save_png(figure, PICTURE)


def _listed(observed: Observed | list[Observed]) -> list[Observed]:
    return observed if isinstance(observed, list) else [observed]


def main() -> None:
    """Print the figures, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("recordings", nargs="+", type=Path)
    fleets = {}
    for path in parser.parse_args().recordings:
        real = recorded(path)
        made, alone = several(real), several(real, together=0)
        name = f"{real.most} instances\n{real.rate_per_hour:.2f} an hour each"
        fleets[name] = real, made, alone
        for label, observed in ((path.stem, [real]), ("  simulated", made), ("  each for itself", alone)):
            print(line(label, observed))  # noqa: T201
    draw(fleets)


if __name__ == "__main__":
    main()
