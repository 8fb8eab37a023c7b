"""optimize: on scenarios small enough to be simulated many times."""

from __future__ import annotations

import json
from typing import Any

import pytest

import batchsim as bs
from batchsim.errors import ScenarioError
from batchsim.experiments.executors.local import LocalExecutor
from batchsim.experiments.optimize import configurations
from batchsim.experiments.optimize.capacity import Capacity, lacking
from batchsim.scenario.sections.parameters import Requirements
from tests.builders import definition, environment, job, queue, scenario, workflow

MAX = "batch.computeEnvironments.fleet.computeResources.maxvCpus"
MIN = "batch.computeEnvironments.fleet.computeResources.minvCpus"
TYPES = "batch.computeEnvironments.fleet.computeResources.instanceTypes"
LENIENT = "p95(queue_time) <= 20m"


def nightly(*objectives: str, search: dict[str, Any] | None = None, **members: Any) -> bs.Scenario:
    """Bursts of twenty jobs of some ten minutes: more room, less waiting; idle room is paid until it is scaled in."""
    members.setdefault("definitions", [definition(vcpus="1", memory="1500")])
    if search is not None:
        members["search"] = search
    return scenario(
        workflow(
            job(runtime={"lognormal": {"median": "10m", "p95": "20m"}}, arrayProperties={"size": 20}),
            arrivals={"every": "6h"},
        ),
        duration="1d",
        seed=5,
        ideal=False,
        objectives=list(objectives),
        **members,
    )


RANGE = {MAX: {"from": 2, "to": 24, "step": 2}}


@pytest.fixture(scope="module")
def found() -> bs.Optimization:
    return bs.optimize(nightly(LENIENT, "minimise cost", search=RANGE), sensitivity=False, workers=1)


def test_the_pick_keeps_its_objective_in_runs_of_its_own_and_is_the_cheapest_that_does(found):
    pick = found.recommendation
    assert pick is not None
    result = bs.run(pick, replications=6)
    assert result.summary["objectives"][0]["value"]["mean"] <= 20 * 60
    figures = found.figures["recommendation"]
    assert figures["set"] == found.set == {MAX: pick.batch["computeEnvironments"][0]["computeResources"]["maxvCpus"]}
    # The figures are those of the replications after the first.
    n = figures["cost_usd"]["n"]
    costs = [each["cost_usd"]["total"] for each in bs.run(pick, replications=n + 1).summaries[1:]]
    assert figures["cost_usd"]["mean"] == pytest.approx(sum(costs) / n)
    for row in found.table.itertuples():
        assert not row.objectives_kept or row.cost_usd >= 0.98 * found.table.query("recommended").cost_usd.iloc[0]


def test_candidates_are_simulated_or_excluded_and_all_are_counted(found):
    figures = found.figures
    assert figures["candidates"] == 12 == figures["explored"] + sum(figures["excluded"].values())
    raced = sum(1 for _ in figures["recommendation"]["objectives"])
    assert raced == 1
    assert figures["explored"] + 5 <= figures["simulations"] <= 60


def test_the_frontier_gets_dearer_as_it_gets_quicker(found):
    points = found.figures["frontier"]
    assert len(points) > 1
    costs, waits = ([point[key] for point in points] for key in ("cost_usd", "queue_time_p95_s"))
    assert costs == sorted(costs)
    assert waits == sorted(waits, reverse=True)
    assert json.loads(found.to_json()) == found.figures


def test_the_next_cheaper_one_fails_and_why(found):
    cheaper = found.figures["next_cheaper"]
    assert cheaper is not None
    assert cheaper["set"][MAX] < found.set[MAX]
    assert LENIENT in cheaper["why"]


def test_the_same_is_found_again_and_nothing_runs_twice(tmp_path, monkeypatch):
    made = nightly(LENIENT, search=RANGE)
    submitted: list[str] = []
    submit = LocalExecutor.submit
    monkeypatch.setattr(LocalExecutor, "submit", lambda self, task: (submitted.append(task.key), submit(self, task)))
    first = bs.optimize(made, out=tmp_path, sensitivity=False, workers=1)
    assert len(submitted) == len(set(submitted)) == first.figures["simulations"]
    again = bs.optimize(made, out=tmp_path, sensitivity=False, workers=1)
    assert len(submitted) == first.figures["simulations"]
    assert again.to_json() == first.to_json()


def test_what_a_sweep_has_run_is_not_run_again(tmp_path, monkeypatch):
    made = nightly(LENIENT, search=RANGE)
    bs.sweep(made, RANGE, out=tmp_path, workers=1)
    submitted: list[int] = []
    submit = LocalExecutor.submit
    monkeypatch.setattr(
        LocalExecutor, "submit", lambda self, task: (submitted.append(task.replication), submit(self, task))
    )
    found = bs.optimize(made, out=tmp_path, sensitivity=False, workers=1)
    assert 0 not in submitted  # the replication that is explored
    assert len(submitted) == found.figures["simulations"] - found.figures["explored"]


def test_a_search_that_was_interrupted_goes_on(tmp_path):
    made = nightly(LENIENT, search=RANGE)

    def interrupt(done: int) -> None:
        if done == 13:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bs.optimize(made, out=tmp_path, sensitivity=False, workers=1, on_simulated=interrupt)
    resumed = bs.optimize(made, out=tmp_path, sensitivity=False, workers=1)
    assert resumed.to_json() == bs.optimize(made, sensitivity=False, workers=1).to_json()


@pytest.mark.slow
def test_the_answer_does_not_depend_on_the_number_of_workers():
    made = nightly(LENIENT, search=RANGE)
    assert bs.optimize(made, workers=2).to_json() == bs.optimize(made, workers=1).to_json()


def test_what_nothing_keeps_says_what_binds():
    found = bs.optimize(nightly("p95(queue_time) <= 1s", search=RANGE), sensitivity=False, workers=1)
    assert found.recommendation is None
    assert found.set == {}
    binding = found.figures["binding"]
    assert binding["expression"] == "p95(queue_time) <= 1s"
    assert binding["limit"] == 1
    assert binding["value"]["mean"] > 1
    # The largest comes nearest.
    assert binding["set"][MAX] >= 20
    assert found.figures["next_cheaper"] is None


def test_when_bounds_exclude_all_nothing_is_simulated():
    found = bs.optimize(nightly("max(turnaround) <= 1m", search=RANGE), sensitivity=False, workers=1)
    assert found.figures["excluded"] == {"bound": 12, "monotone": 0, "surrogate": 0}
    assert found.figures["simulations"] == 0
    assert found.figures["binding"]["expression"] == "max(turnaround) <= 1m"


def test_of_a_large_grid_too_what_a_bound_excludes_counts_as_that_and_not_as_simulated(monkeypatch):
    monkeypatch.setattr(configurations, "MOST_CHECKED", 5)
    found = bs.optimize(nightly("max(turnaround) <= 1m", search=RANGE), sensitivity=False, workers=1).figures
    assert found["excluded"]["bound"] > 0
    assert found["explored"] == found["simulations"] == 0
    assert found["candidates"] == 12 == sum(found["excluded"].values())
    assert found["binding"]["expression"] == "max(turnaround) <= 1m"
    assert "excluded by a bound" in found["binding"]["why"]
    # Some are no scenario, others are simulated.
    search = {MAX: [6, 7, 16], MIN: [0, 8]}
    found = bs.optimize(nightly(LENIENT, search=search), sensitivity=False, workers=1).figures
    assert found["excluded"]["bound"] == 2
    assert found["candidates"] == 6 == found["explored"] + sum(found["excluded"].values())
    raced = found["recommendation"]["cost_usd"]["n"]
    assert found["simulations"] >= found["explored"] + raced
    assert (found["simulations"] - found["explored"]) % 5 == 0


def test_candidates_that_are_no_scenario_are_left_out():
    search = {MAX: [6, 7, 16], MIN: [0, 8]}
    found = bs.optimize(nightly(LENIENT, search=search), sensitivity=False, workers=1)
    assert found.figures["excluded"]["bound"] == 2  # a minimum of 8 above a maximum of 6 or 7
    assert found.recommendation is not None


def test_when_none_is_a_scenario_it_says_what_is_wrong():
    with pytest.raises(ScenarioError, match="minvCpus"):
        bs.optimize(nightly(LENIENT, search={MIN: [100, 200]}))


def test_a_type_too_small_for_the_jobs_is_left_out_by_a_bound():
    search = {TYPES: [["c6i.large"], ["c6i.xlarge"]], MAX: [48, 80]}
    made = nightly(LENIENT, search=search, definitions=[definition(vcpus="3", memory="1500")])
    found = bs.optimize(made, sensitivity=False, workers=1)
    assert found.figures["excluded"]["bound"] == 2
    assert found.set[TYPES] == ["c6i.xlarge"]


def test_what_is_required_is_kept():
    search = {
        TYPES: [["c6i.large"], ["c6i.large", "m6i.large"]],
        MAX: [8, 16],
        "require": {"instanceTypes": 2, "families": 2},
    }
    spot = environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")
    found = bs.optimize(nightly(LENIENT, search=search, environments=[spot]), sensitivity=False, workers=1)
    assert found.figures["excluded"]["bound"] == 2
    assert found.set[TYPES] == ["c6i.large", "m6i.large"]


def test_what_is_required_of_spot_is_not_required_of_on_demand():
    search = {TYPES: [["c6i.large"]], MAX: [8, 16], "require": {"families": 2}}
    assert bs.optimize(nightly(LENIENT, search=search), sensitivity=False, workers=1).figures["excluded"]["bound"] == 0


def test_without_an_objective_the_cheapest_that_gets_all_jobs_done_is_found():
    found = bs.optimize(nightly(search={MAX: [0, 2, 4]}), sensitivity=False, workers=1)
    assert found.figures["recommendation"]["objectives"] == []
    assert found.set[MAX] > 0
    assert found.figures["minimised"] == "cost"


def test_another_figure_may_be_minimised():
    made = nightly("cost <= 100", "minimise p95(queue_time)", search=RANGE)
    found = bs.optimize(made, sensitivity=False, workers=1)
    assert found.figures["minimised"] == "p95(queue_time)"
    assert found.set[MAX] >= 20
    assert found.figures["recommendation"]["minimised"]["mean"] == pytest.approx(
        found.figures["recommendation"]["queue_time_p95_s"]["mean"]
    )


def test_other_values_may_be_asked_for():
    found = bs.optimize(nightly(LENIENT), {MAX: [12, 16]}, sensitivity=False, workers=1)
    assert found.set[MAX] in (12, 16)
    texts = bs.optimize(nightly(LENIENT), [f"{MAX}=12,16"], sensitivity=False, workers=1)
    assert texts.set == found.set


def test_nothing_to_search_is_told_with_an_example_of_this_scenario():
    with pytest.raises(ScenarioError, match=r"no search: section.*fleet\.computeResources\.maxvCpus=8\.\.128\.\.8"):
        bs.optimize(nightly(LENIENT))


def test_too_many_candidates_are_refused():
    with pytest.raises(ScenarioError, match="60,000 candidates are too many"):
        bs.optimize(nightly(LENIENT, search={MAX: {"from": 1, "to": 60000, "step": 1}}))


def test_an_objective_that_no_run_can_measure_is_refused():
    with pytest.raises(ScenarioError, match="no job is in its scope"):
        bs.optimize(nightly("p95(queue_time, jobQueue=other) <= 1m", search=RANGE, queues=[queue(), queue("other")]))


def test_two_figures_to_minimise_are_refused():
    with pytest.raises(ScenarioError, match="two figures to minimise"):
        bs.optimize(nightly("minimise cost", "minimise makespan", search=RANGE))


@pytest.mark.parametrize(("wrong", "words"), [({"budget": 9}, "budget"), ({"confidence": 1.0}, "confidence")])
def test_numbers_out_of_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        bs.optimize(nightly(LENIENT, search=RANGE), **wrong)


def test_a_path_is_no_scenario():
    with pytest.raises(TypeError, match=r"batchsim\.load"):
        bs.optimize("etl.yaml")  # type: ignore[arg-type]


def test_a_pick_on_spot_is_tried_under_other_hazards():
    spot = environment(
        type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", instanceTypes=["c6i.large", "m6i.large"]
    )
    search = {MAX: [8, 16], TYPES: [["c6i.large", "m6i.large"], ["c6i.large"]]}
    found = bs.optimize(nightly(LENIENT, search=search, environments=[spot]), workers=1)
    assert [each["hazardScale"] for each in found.figures["sensitivity"]] == [1, 100]
    assert all(each["n"] == 3 for each in found.figures["sensitivity"])
    # The scenario as it is written ran the same replications, all after the one that was searched.
    written = found.figures["as_written"]
    summaries = bs.run(found.scenario, replications=written["n"] + 1).summaries[1:]
    assert written["n"] == found.figures["recommendation"]["cost_usd"]["n"]
    assert written["cost_usd"]["mean"] == pytest.approx(
        sum(each["cost_usd"]["total"] for each in summaries) / written["n"]
    )
    assert written["kept_in"] == sum(each["objectives"][0]["kept"] for each in summaries)
    if len(found.set[TYPES]) == 1:
        assert "1 instance type instead of 2" in found.figures["recommendation"]["gives_up"]
        assert any("alone" in each for each in found.figures["recommendation"]["gives_up"])


def test_capacity_counts_what_takes_part():
    spot = environment("spot", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", maxvCpus=48)
    made = scenario(
        environments=[spot, environment("fleet", maxvCpus=16, instanceTypes=["m6i.large"]), environment("idle")],
        queues=[queue("queue", "spot", "fleet")],
    )
    found = Capacity.of(made.configuration)
    assert (found.instance_types, found.families, found.vcpus, found.on_demand_share) == (2, 2, 64, 0.25)
    assert lacking(made.configuration, Requirements(onDemandShare=0.25)) == ""
    assert "25 %" in lacking(made.configuration, Requirements(onDemandShare=0.3))
    assert "spot has 1 of 2 instance types" in lacking(made.configuration, Requirements(instanceTypes=2))


def test_it_shows_itself(found):
    assert "USD" in repr(found)
    html = found._repr_html_()
    assert "maxvCpus" in html
    assert "95 % confidence" in html
    ax = found.plot.frontier()
    assert ax.get_title(loc="left").startswith("test")
    assert found.plot.frontier(ax) is ax
    assert len(found.plot().axes) == 1
