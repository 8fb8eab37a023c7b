"""What is said of what was found: each figure from the runs that it is of, worked out beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from batchsim.experiments.optimize.race import NEAR
from tests.builders import environment
from tests.unit.experiments.optimize.figured import LIMIT, MAX, figures, fleet, optimized

#: What replications 1 to 5 are beside the one that is explored, in parts; even, so that intervals are Student's.
SWING = (0.0, -0.04, -0.02, 0.0, 0.02, 0.04)


def swinging(waits, costs):
    """By size the mean wait and cost; both swing with the replication."""

    def of(most, replication):
        swing = 1 + SWING[replication]
        wait = waits[most] * swing
        return figures(costs[most] * swing, wait, p95=wait / 2, failed=replication % 2)

    return of


def student(values, confidence):
    """Mean and interval by SciPy."""
    mean, error = np.mean(values), stats.sem(values)
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * error
    return pytest.approx({"mean": mean, "low": mean - half, "high": mean + half, "n": len(values)})


WAITS = {4: 900.0, 8: 720.0, 16: 400.0, 32: 100.0}
COSTS = {4: 10.0, 8: 12.0, 16: 15.0, 32: 20.0}


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_figures_of_the_pick_are_those_of_its_own_replications(monkeypatch, confidence):
    found, said = optimized(
        monkeypatch, swinging(WAITS, COSTS), fleet(LIMIT, seed=3), [4, 8, 16, 32], confidence=confidence
    )
    pick = found.figures["recommendation"]
    assert pick["set"] == {MAX: 16}
    assert {replication for most, replication in said.ran if most == 16} == {0, 1, 2, 3, 4, 5}
    swing = 1 + np.array(SWING[1:])
    assert pick["cost_usd"] == student(15 * swing, confidence)
    assert pick["queue_time_p95_s"] == student(200 * swing, confidence)
    assert pick["minimised"] == {**student(15 * swing, confidence).expected, "unit": "USD", "clock": False}
    assert pick["jobs_failed"] == pytest.approx(3 / 5)  # of replications 1, 3, 5
    (objective,) = pick["objectives"]
    assert objective["value"] == student(400 * swing, confidence)
    assert (objective["limit"], objective["kept"], objective["kept_in"]) == (600, True, 5)
    # Half of the error is the first racer's, of which each of three looks has a third.
    tail = (1 - confidence) / 2 / 3
    shown = 400 + stats.t.ppf(1 - tail, 4) * stats.sem(400 * swing)
    assert objective["shown"] == pytest.approx(shown, rel=0.01)
    assert shown <= objective["shown"] <= 600
    assert found.figures["confidence"] == confidence


def test_a_replication_that_misses_is_counted_though_the_mean_is_kept(monkeypatch):
    def of(most, replication):
        return figures(10.0, 610.0 if replication == 3 else 300.0)

    found, _ = optimized(monkeypatch, of, fleet(LIMIT), [4, 8], budget=60)
    (objective,) = found.figures["recommendation"]["objectives"]
    assert objective["kept_in"] == found.figures["recommendation"]["cost_usd"]["n"] - 1


def test_the_next_cheaper_one_is_the_dearest_of_those_that_fail(monkeypatch):
    found, _ = optimized(monkeypatch, swinging(WAITS, COSTS), fleet(LIMIT), [4, 8, 16, 32])
    assert found.figures["next_cheaper"] == {
        "set": {MAX: 8},
        "cost_usd": 12.0,
        "why": f"{LIMIT} is missed: 12 min in one replication",
    }


def test_one_that_raced_says_in_how_many_replications_it_missed(monkeypatch):
    # 1 % beyond the limit where the search looks, which more replications decide.
    found, _ = optimized(monkeypatch, swinging({**WAITS, 8: 606.0}, COSTS), fleet(LIMIT), [4, 8, 16, 32])
    assert found.figures["recommendation"]["set"] == {MAX: 16}
    why = found.figures["next_cheaper"]["why"]
    # Of 606 s with the swings -4 to 4 %: 581.8, 593.9, 606, 618.1, 630.2.
    assert why.startswith(f"{LIMIT} can't be shown to be kept (5 replications, missed in 3), ")


def test_jobs_that_did_not_get_so_far_are_told_instead_of_a_mean(monkeypatch):
    def of(most, replication):
        return figures(COSTS[most], 100.0, missing=7 if most == 8 and replication == 2 else 0)

    found, _ = optimized(monkeypatch, of, fleet(LIMIT), [8, 16])
    assert found.figures["recommendation"]["set"] == {MAX: 16}
    assert found.figures["next_cheaper"]["why"] == f"{LIMIT}: jobs did not get so far, in 1 of 5 replications"


def test_a_run_that_leaves_jobs_unfinished_is_never_recommended(monkeypatch):
    def of(most, replication):
        return figures(COSTS[most], 100.0, unfinished=int(most == 8))

    found, _ = optimized(monkeypatch, of, fleet(LIMIT), [8, 16])
    assert found.set == {MAX: 16}
    assert [each.set for each in found.seen] == [{MAX: 16}]
    (objective,) = found.figures["recommendation"]["objectives"]  # it is not among what was asked for
    assert objective["expression"] == LIMIT


# What binds


def test_what_the_race_decided_binds(monkeypatch):
    found, _ = optimized(monkeypatch, swinging(dict.fromkeys(WAITS, 615.0), COSTS), fleet(LIMIT), [4, 8, 16, 32])
    binding = found.figures["binding"]
    assert found.recommendation is None
    assert (binding["expression"], binding["limit"], binding["unit"]) == (LIMIT, 600, "s")
    assert binding["value"] == student(615 * (1 + np.array(SWING[1:])), 0.95)
    assert "missed in 4" in binding["why"]  # 615 x 0.96 alone is within


def test_the_nearest_binds_where_none_was_worth_a_race(monkeypatch):
    found, said = optimized(monkeypatch, swinging({4: 1800.0, 8: 1200.0, 16: 5000.0}, COSTS), fleet(LIMIT), [4, 8, 16])
    binding = found.figures["binding"]
    assert (binding["set"], binding["value"]["mean"], binding["value"]["n"]) == ({MAX: 8}, 1200, 1)
    assert binding["why"] == "the configuration that comes nearest misses it"
    assert {replication for _, replication in said.ran} == {0}
    assert found.figures["raced"] == 0


def test_of_several_objectives_the_one_that_is_missed_by_most_binds(monkeypatch):
    def of(most, replication):
        return figures(COSTS[most], 660.0, 7200.0)

    found, _ = optimized(monkeypatch, of, fleet(LIMIT, "makespan <= 1h"), [4, 8])
    assert found.figures["binding"]["expression"] == "makespan <= 1h"
    assert found.figures["binding"]["value"]["mean"] == 7200


def test_a_budget_that_ends_before_anything_is_shown_binds(monkeypatch):
    sizes = list(range(2, 62, 2))
    found, said = optimized(monkeypatch, lambda most, _: figures(float(most), 100.0), fleet(LIMIT), sizes, budget=10)
    # All keep it: but five replications more, which the first look of a race takes, are not left.
    assert (found.recommendation, found.figures["raced"]) == (None, 0)
    assert len(said.ran) == found.figures["explored"] <= 10
    assert found.figures["binding"]["expression"] is None
    assert "give a larger one" in found.figures["binding"]["why"]


def test_when_every_run_fails_the_first_failure_binds(monkeypatch):
    found, _ = optimized(monkeypatch, lambda most, _: f"no luck with {most}", fleet(LIMIT), [4, 8])
    binding = found.figures["binding"]
    assert (binding["expression"], binding["value"]) == (None, None)
    assert binding["why"] == f"every run failed, the first one: no luck with {binding['set'][MAX]}"
    assert found.figures["failed_runs"] == ["no luck with 4", "no luck with 8"]
    assert found.figures["frontier"] == []


def test_some_that_fail_leave_the_others(monkeypatch):
    def of(most, replication):
        return "out of memory" if most == 8 else figures(COSTS[most], WAITS[most])

    found, _ = optimized(monkeypatch, of, fleet(LIMIT), [4, 8, 16, 32])
    assert found.set == {MAX: 16}
    assert found.figures["failed_runs"] == ["out of memory"]
    assert found.figures["next_cheaper"]["set"] == {MAX: 4}  # of one that failed nobody knows what it costs


# What else is told


def test_the_frontier_is_of_the_objective_and_of_the_replication_that_was_explored(monkeypatch):
    waits = {4: 900.0, 8: 950.0, 16: 400.0, 32: 100.0}
    found, _ = optimized(monkeypatch, swinging(waits, COSTS), fleet("makespan <= 10m"), [4, 8, 16, 32])
    told = [(each["set"][MAX], each["cost_usd"], each["figure"], each["kept"]) for each in found.figures["frontier"]]
    # 8 costs more than 4, and takes longer.
    assert told == [(4, 10, 900, False), (16, 15, 400, True), (32, 20, 100, True)]
    assert found.figures["frontier_of"] == "makespan <= 10m"
    assert [each["queue_time_p95_s"] for each in found.figures["frontier"]] == [450, 200, 50]


def test_changes_are_those_of_the_scenario_as_written(monkeypatch):
    of = swinging(WAITS, COSTS)
    found, _ = optimized(monkeypatch, of, fleet(LIMIT, most=32), [4, 8, 16, 32])
    pick = found.figures["recommendation"]
    assert pick["changes"] == [{"path": MAX, "old": 32, "new": 16}]
    assert (pick["capacity"]["written"]["vcpus"], pick["capacity"]["recommended"]["vcpus"]) == (32, 16)
    found, _ = optimized(monkeypatch, of, fleet(LIMIT, most=16), [4, 8, 16, 32])
    assert found.figures["recommendation"]["changes"] == []


def test_another_figure_is_minimised_whatever_it_costs(monkeypatch):
    of = swinging(WAITS, COSTS)  # the objective minimised is the first one's value
    found, _ = optimized(monkeypatch, of, fleet("minimise p95(queue_time)"), [4, 8, 16, 32])
    assert found.set == {MAX: 32}
    pick = found.figures["recommendation"]
    assert pick["minimised"]["mean"] == pytest.approx(100)
    assert (pick["minimised"]["unit"], pick["cost_usd"]["mean"]) == ("s", pytest.approx(20))


def test_candidates_are_looked_at_pruned_or_passed_over_and_each_is_counted_once(monkeypatch):
    sizes = list(range(1, 61))
    found, said = optimized(
        monkeypatch, lambda most, _: figures(5 + most / 10, 9000.0 / most), fleet(LIMIT), sizes, budget=40
    )
    told = found.figures
    assert told["candidates"] == 60 == told["explored"] + sum(told["excluded"].values())
    assert told["explored"] == len({most for most, replication in said.ran if replication == 0})
    assert told["simulations"] == len(said.ran) <= 40
    # Below 12 vCPUs the limit is missed by more than a quarter: those never looked at are pruned.
    explored = {most for most, replication in said.ran if replication == 0}
    assert told["excluded"]["monotone"] <= len(set(range(1, 13)) - explored)
    assert found.set[MAX] in {15, 16}
    assert told["raced"] == len({most for most, replication in said.ran if replication})


def test_the_scenario_as_written_is_tried_in_the_replications_of_the_pick(monkeypatch):
    found, said = optimized(
        monkeypatch, swinging({**WAITS, 64: 620.0}, {**COSTS, 64: 30.0}), fleet(LIMIT), [4, 16], sensitivity=True
    )
    written = found.figures["as_written"]
    swing = 1 + np.array(SWING[1:])
    assert written["cost_usd"] == student(30 * swing, 0.95)
    assert (written["kept_in"], written["n"]) == (1, 5)  # 620 x 0.96 = 595 s alone
    assert written["missed"] == [LIMIT]
    assert written["jobs_failed"] == pytest.approx(0.6)
    assert sorted(replication for most, replication in said.ran if most == 64) == [1, 2, 3, 4, 5]
    assert found.figures["sensitivity"] == []  # no Spot
    # As written it is one of the candidates, and the pick: nothing to hold against it.
    found, _ = optimized(monkeypatch, swinging(WAITS, COSTS), fleet(LIMIT, most=16), [4, 16], sensitivity=True)
    assert found.figures["as_written"] is None


def test_other_hazards_are_tried_of_a_pick_on_spot_only(monkeypatch):
    spot = environment(maxvCpus=64, type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")
    of = swinging({**WAITS, 64: 100.0}, {**COSTS, 64: 30.0})
    made = fleet(LIMIT, environments=[spot], ideal=False)
    found, _ = optimized(monkeypatch, of, made, [4, 16], sensitivity=True)
    tried = [(each["hazardScale"], each["n"], each["kept_in"]) for each in found.figures["sensitivity"]]
    assert tried == [(1, 3, 3), (100, 3, 3)]
    none = fleet(LIMIT, environments=[spot], ideal=False, settings={"spot": {"interruptions": "none"}})
    found, _ = optimized(monkeypatch, of, none, [4, 16], sensitivity=True)
    assert found.figures["sensitivity"] == []


def test_what_was_run_is_in_the_store_and_another_budget_goes_on_from_it(monkeypatch, tmp_path):
    of, made = swinging(WAITS, COSTS), fleet(LIMIT)
    first, said = optimized(monkeypatch, of, made, [4, 8, 16, 32], out=tmp_path)
    again, asked = optimized(monkeypatch, of, made, [4, 8, 16, 32], out=tmp_path)
    assert asked.ran == []
    assert again.to_json() == first.to_json()
    assert first.figures["simulations"] == len(said.ran)
    # Another seed is other random numbers: none of them is in the store.
    _, other = optimized(monkeypatch, of, made, [4, 8, 16, 32], out=tmp_path, seed=77)
    assert sorted(other.ran) == sorted(said.ran)


def test_how_many_were_simulated_is_told_as_they_are(monkeypatch):
    told = []
    found, _ = optimized(monkeypatch, swinging(WAITS, COSTS), fleet(LIMIT), [4, 8, 16, 32], on_simulated=told.append)
    assert told == list(range(1, found.figures["simulations"] + 1))


def test_two_within_what_one_replication_scatters_both_race_and_the_cheaper_in_the_mean_is_picked(monkeypatch):
    """Where the search looks 16 is the cheaper, by less than 2 %; in all others 32 is."""

    def of(most, replication):
        cost = {16: 15.0, 32: 15.0 * (NEAR - 0.005)}[most] if replication == 0 else {16: 15.5, 32: 15.0}[most]
        return figures(cost, 100.0)

    found, _ = optimized(monkeypatch, of, fleet(LIMIT), [16, 32])
    assert found.set == {MAX: 32}
    assert found.figures["recommendation"]["cost_usd"]["mean"] == pytest.approx(15)
    assert math.isclose(next(each.cost_usd for each in found.seen if each.set == {MAX: 32}), 15.225)


def test_where_bounds_exclude_all_the_objective_that_none_can_keep_binds(monkeypatch):
    of = swinging(WAITS, COSTS)
    found, said = optimized(monkeypatch, of, fleet(LIMIT, "max(turnaround) <= 59s"), [4, 8])  # of jobs of 60 s
    binding = found.figures["binding"]
    assert (binding["expression"], binding["limit"]) == ("max(turnaround) <= 59s", 59)
    assert binding["why"].startswith("every candidate is excluded by a bound")
    assert said.ran == []
    # What is required of a configuration is no objective.
    spot = environment(maxvCpus=64, type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")
    made = fleet(LIMIT, environments=[spot], search={MAX: [4, 8], "require": {"families": 2}})
    found, _ = optimized(monkeypatch, of, made, [4, 8])
    assert (found.figures["binding"]["expression"], found.figures["binding"]["limit"]) == (None, None)
    assert "fleet has 1 of 2 families" in found.figures["binding"]["why"]


def test_of_racers_that_ran_as_often_the_first_says_which_objective_binds(monkeypatch):
    def of(most, replication):
        return figures({4: 10.0, 8: 10.1}[most], 100.0, 3000.0 if replication == 0 else 3700.0 + most)

    found, _ = optimized(monkeypatch, of, fleet(LIMIT, "makespan <= 1h"), [4, 8])
    binding = found.figures["binding"]
    assert (binding["expression"], binding["set"], binding["value"]["mean"]) == ("makespan <= 1h", {MAX: 4}, 3704)
    assert "is missed (5 replications, missed in 5)" in binding["why"]
