"""What ``optimize`` found, in words and as a picture."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from batchsim.report.figures.frontier import Frontier, FrontierPoint, draw_frontier, frontier_figure
from batchsim.report.optimize import flat, names_with_owner, optimization_renderable, pick_label, settings

SPOT = "batch.computeEnvironments.spot.computeResources.maxvCpus"
TYPES = "batch.computeEnvironments.spot.computeResources.instanceTypes"
INTERVAL = {"mean": 35.0, "low": 34.0, "high": 36.0, "n": 5}


def figures(**more: Any) -> dict[str, Any]:
    chosen = {SPOT: 224, TYPES: ["m6i.4xlarge", "m6a.4xlarge"]}
    return {
        "confidence": 0.9,
        "period_s": 604_800.0,
        "minimised": "cost",
        "objectives": ["p95(queue_time) <= 30m"],
        "recommendation": {
            "set": chosen,
            "changes": [{"path": SPOT, "old": None, "new": 224}],
            "cost_usd": INTERVAL,
            "minimised": INTERVAL,
            "objectives": [
                {
                    "expression": "p95(queue_time) <= 30m",
                    "value": {"mean": 1440.0, "low": 1400.0, "high": 1480.0, "n": 5},
                    "limit": 1800.0,
                    "unit": "s",
                    "clock": False,
                    "kept": True,
                    "kept_in": 4,
                    "shown": 1500.0,
                }
            ],
            "jobs_failed": 0.0,
            "gives_up": ["1 family instead of 2"],
        },
        "binding": None,
        "next_cheaper": {"set": {SPOT: 192, TYPES: ["m6i"]}, "cost_usd": 34.0, "why": "it is missed"},
        "frontier": [
            {"set": {SPOT: 64, TYPES: ["m6i"]}, "cost_usd": 30.0, "queue_time_p95_s": None, "kept": False},
            {"set": chosen, "cost_usd": 35.5, "queue_time_p95_s": 1450.0, "kept": True},
        ],
        "as_written": {"cost_usd": INTERVAL, "jobs_failed": 0.0, "kept_in": 5, "n": 5, "missed": []},
        "sensitivity": [{"hazardScale": 100, "cost_usd": INTERVAL, "kept_in": 2, "n": 3, "missed": ["makespan <= 1h"]}],
        "simulations": 38,
        "explored": 28,
        "raced": 2,
        "candidates": 360,
        "excluded": {"bound": 1, "monotone": 5, "surrogate": 326},
        "failed_runs": [],
        "without_effect": {},
        **more,
    }


def printed(found: dict[str, Any]) -> str:
    console = Console(width=160, record=True, file=None, quiet=True)
    with console.capture() as capture:
        console.quiet = False
        console.print(optimization_renderable(found), highlight=False)
    return " ".join(capture.get().split())


def test_the_answer_comes_first_and_each_fact_has_its_figures():
    text = printed(figures())
    assert text.startswith(f"change {SPOT}: nothing → 224")
    assert "cost $35.00 ($34.00 to $36.00, n = 5)" in text
    assert "p95(queue_time) <= 30m: 24 min in the mean, kept with 90 % confidence (n = 5, met in 4)" in text
    assert "instead of $35.00, kept in 5 of 5: the scenario as it is written" in text
    assert "gives up 1 family instead of 2" in text
    assert "risk hazardScale 100: $35.00, kept in 2 of 3; missed: makespan <= 1h" in text
    assert "cheaper spot.maxvCpus 192, spot.instanceTypes [m6i]: $34.00 fails: it is missed" in text
    assert "38 simulations: 28 of 360 candidates on one replication, then 2 on others" in text
    assert "1 by require or a bound (a proof), 5 because" in text
    # Lists keep their brackets, which are no markup.
    assert "224 [m6i.4xlarge, m6a.4xlarge] $35.50 24 min" in text
    assert "64 [m6i] $30.00 – missed" in text


def test_without_a_recommendation_what_binds_is_told():
    binding = {
        "expression": "max(finished_at) <= 06:00",
        "limit": 21600.0,
        "unit": "s",
        "clock": True,
        "value": {"mean": 25200.0, "low": None, "high": None, "n": 1},
        "set": {SPOT: 512},
        "why": "the configuration that comes nearest misses it",
    }
    text = printed(figures(recommendation=None, binding=binding, next_cheaper=None, frontier=[], sensitivity=[]))
    assert text.startswith("none nothing is shown to keep the objectives binding max(finished_at) <= 06:00: 07:00")
    assert "nearest maxvCpus 512" in text or "nearest spot.maxvCpus 512" in text


def test_names_are_as_short_as_tells_them_apart():
    assert names_with_owner({SPOT: 1, "order": 2}) == ["spot.maxvCpus", "order"]
    both = {
        f"batch.jobDefinitions.a.containerProperties.resourceRequirements.{kind}.value": 1
        for kind in ("VCPU", "MEMORY")
    }
    assert names_with_owner(both) == list(both)
    assert settings({SPOT: 1}) == "spot.maxvCpus 1"
    assert flat([{"order": 1}, "x"]) == "[{order: 1}, x]"
    assert pick_label({SPOT: 1}) == "recommended: spot.maxvCpus 1"
    assert pick_label({}) == ""


def point(figure: float, cost: float, kept: bool = True) -> FrontierPoint:
    return FrontierPoint(figure, cost, kept)


@pytest.mark.parametrize(
    "drawn",
    [
        Frontier("none", [], [], None, "p95(queue_time)"),
        Frontier("one", [point(0.0, 0.0)], [point(0.0, 0.0)], point(0.0, 0.0), "p95(queue_time)", 600.0, label="here"),
        Frontier("missed", [point(9000.0, 5.0, kept=False)], [point(9000.0, 5.0, kept=False)], None, "makespan", 600.0),
        Frontier(
            "clock",
            [point(18000.0, 9.0), point(25200.0, 5.0, kept=False)],
            [point(25200.0, 5.0, kept=False), point(18000.0, 9.0)],
            point(18000.0, 9.0),
            "max(finished_at)",
            21600.0,
            clock=True,
            label="here",
        ),
    ],
    ids=lambda drawn: drawn.name,
)
def test_any_frontier_can_be_drawn(drawn, tmp_path):
    figure = frontier_figure(drawn)
    figure.savefig(tmp_path / "frontier.png")
    assert figure.axes[0].get_title(loc="left") == f"{drawn.name}: what less waiting costs"


def test_the_limit_and_the_pick_are_in_the_picture():
    points = [point(300.0, 12.0), point(500.0, 10.0), point(700.0, 8.0, kept=False)]
    ax = Figure().subplots()
    draw_frontier(Frontier("x", points, points[::-1], points[1], "p95(queue_time)", 600.0, label="here"), ax)
    assert [line.get_xdata()[0] for line in ax.lines if line.get_label() == "limit"] == [600.0]
    assert [text.get_text() for text in ax.texts] == ["here"]
    assert ax.get_xlim()[1] >= 600.0
    low, high = ax.get_ylim()
    assert low < 8.0
    assert high > 12.0


UPDATES = [
    {"name": "night-from", "cron": "0 20 * * *", "timezone": "Europe/Berlin", "set": {SPOT: 64}},
    {"at": "6h", "set": {SPOT: 0}},
]


def test_updates_are_told_by_when_they_come_and_what_they_set():
    assert flat(UPDATES) == "0 20 * * * Europe/Berlin: spot.maxvCpus 64; 6h: spot.maxvCpus 0"
    assert flat([]) == "[]"
    assert flat([{"set": 1}]) == "[{set: 1}]"


def test_what_one_candidate_leaves_as_it_is_written_is_told_in_the_frontier():
    # Choices, and schedules, set paths that others of the same parameter do not.
    points = [
        {"set": {SPOT: 64}, "cost_usd": 30.0, "queue_time_p95_s": None, "kept": False},
        {"set": {"updates": UPDATES}, "cost_usd": 35.5, "queue_time_p95_s": 1450.0, "kept": True},
    ]
    for frontier in (points, points[::-1]):
        told = printed(figures(frontier=frontier))
        assert told.count("as written") == 2
        assert "6h: spot.maxvCpus 0" in " ".join(told.split())
