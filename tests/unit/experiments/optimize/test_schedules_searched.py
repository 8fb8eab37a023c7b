"""optimize over schedules: what it recommends is the cheapest of all that keep the objectives, each of them simulated.

Nothing is random, so that one run of a candidate is as good as many.
"""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.experiments.optimize.written import write_recommendation
from batchsim.experiments.parameters import grid_of
from tests.builders import definition, environment, job, scenario, workflow

RESOURCES = "batch.computeEnvironments.fleet.computeResources"
MIN, MAX = f"{RESOURCES}.minvCpus", f"{RESOURCES}.maxvCpus"


def evenings(schedule: dict, *objectives: str, size: int = 4, **resources) -> bs.Scenario:
    """Jobs of ten minutes at 20:00, on instances that take five minutes to start."""
    return scenario(
        workflow(job(runtime=600, arrayProperties={"size": size}), arrivals={"cron": "0 20 * * *"}),
        environments=[environment(**{"minvCpus": 0, "maxvCpus": 8, "instanceTypes": ["c6i.large"], **resources})],
        definitions=[definition(vcpus="1", memory="1024")],
        settings={"ec2": {"launch": "5m"}},
        start="2026-11-02T12:00:00Z",
        duration="2d",
        seed=1,
        objectives=[*objectives, "minimise cost"],
        search={"night": {"schedule": schedule}},
    )


def cheapest(made: bs.Scenario) -> dict:
    """What the cheapest candidate sets that keeps the objectives, every one simulated."""
    kept = {}
    for point in grid_of(made, "search"):
        summary = bs.run(made.with_(point.overrides)).summary
        if all(each["kept"] is not False for each in summary["objectives"]):
            kept[point.index] = summary["cost_usd"]["total"]
    return grid_of(made, "search")[min(kept, key=kept.__getitem__)].overrides


LEVELS = {"path": MIN, "outside": [0, 4], "inside": [0, 4]}
TIMES = {"from": ["18:00", "19:30", "20:00"], "until": ["20:30", "06:00"]}


@pytest.mark.parametrize(
    ("objective", "label"),
    [
        # Instances have to be there at 20:00: the latest time that is early enough, the earliest that is late enough.
        ("max(queue_time) <= 10s", "4 from 19:30 to 20:30 else 0"),
        # Five minutes may be waited: no minimum at all.
        ("max(queue_time) <= 6m", "0"),
    ],
)
def test_the_recommendation_is_the_cheapest_of_all(objective, label):
    made = evenings({**LEVELS, **TIMES}, objective)
    (parameter,) = made.search
    best = next(dict(value.overrides) for value in parameter.values if value.label == label)
    assert cheapest(made) == best
    found = bs.optimize(made, sensitivity=False, workers=1)
    assert found.set == best
    assert found.figures["candidates"] == 14  # 2 levels alone, and 2 x 3 x 2


def test_capacity_that_a_schedule_brings_is_not_excluded_by_what_there_is_in_the_beginning():
    # 16 jobs of ten minutes take 53 on three vCPUs, which a maximum of two may become; on sixteen they take 15.
    schedule = {"path": MAX, "outside": 2, "inside": [2, 16], "from": ["19:00", "22:00"], "until": "23:00"}
    made = evenings(schedule, "max(finished_at) <= 20:45", size=16, maxvCpus=2)
    found = bs.optimize(made, sensitivity=False, workers=1)
    assert found.set == cheapest(made)
    assert [each["cron"] for each in found.set["updates"]] == ["0 19 * * *", "0 23 * * *"]
    # Two vCPUs at all times are.
    assert found.figures["excluded"]["bound"] == 1


def test_what_is_written_has_the_updates_and_costs_the_same(tmp_path):
    made = evenings({**LEVELS, **TIMES}, "max(queue_time) <= 10s")
    found = bs.optimize(made, sensitivity=False, workers=1)
    path = write_recommendation(found, tmp_path / "recommended.yaml")
    written = bs.load(path)
    assert [each.name for each in written.updates.entries] == ["night-from", "night-until"]
    cost = bs.run(written).summary["cost_usd"]["total"]
    assert cost == pytest.approx(found.figures["recommendation"]["cost_usd"]["mean"])
    # Searched again, it is found to be what it is.
    again = bs.optimize(written, sensitivity=False, workers=1)
    assert again.set == found.set
    assert again.figures["recommendation"]["changes"] == []
