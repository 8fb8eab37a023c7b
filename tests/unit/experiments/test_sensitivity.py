"""Which assumptions would change an answer: by hand, against runs with the value stated, and what can't be said."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.experiments import sensitivity as module
from batchsim.experiments.run_store import write_run
from batchsim.spec.assumption_ranges import RANGES
from batchsim.spec.assumption_ranges import AssumptionRange as Range
from tests.builders import definition, environment, job, scenario, unmanaged, workflow

#: Everything on Fargate is stated but how long a container takes to start.
ONLY_THE_START = {
    "scheduler": {"admit": 0, "dispatchInterval": 0, "overtake": "none", "stop": 0},
    "fargate": {"start": 0},
    "image": {"size": 0, "jitter": 1, "fargatePullRate": 10},
}
FARGATE = {
    "environments": [environment(type="FARGATE")],
    "definitions": [definition(memory="2048", platformCapabilities=["FARGATE"])],
}
RUNTIME = {"lognormal": {"median": 600, "p95": 1800}}
SPOT = environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", instanceTypes=["c6i.large", "m5.large"])


def on_fargate(**members):
    return scenario(
        workflow(job(runtime=100, arrayProperties={"size": 3})),
        ideal=False,
        settings=ONLY_THE_START,
        **FARGATE,
        **members,
    )


def on_spot(**members):
    """Two jobs at once, every hour of a day: instances boot, idle and are interrupted."""
    arrays = workflow(job(runtime=RUNTIME, arrayProperties={"size": 2}), arrivals={"every": "1h"})
    return scenario(arrays, ideal=False, environments=[SPOT], duration="1d", **members)


def by_key(found):
    return {each.key: each for each in found.assumptions}


def test_a_bill_by_hand():
    # us-east-1: 0.04048 USD per vCPU-hour, 0.004445 per GB-hour; seconds are billed whole, from the pull on.
    usd_per_s = (0.04048 + 2 * 0.004445) / 3600
    found = bs.sensitivity(bs.run(on_fargate(objectives=["max(turnaround) <= 103s", "minimise cost"])))

    (only,) = found.assumptions
    assert (only.key, only.assumed) == ("environment.image.containerStart", "2s")
    short, long = only.tried
    assert found.cost_usd == pytest.approx(3 * 102 * usd_per_s)
    assert (short.value, short.cost_usd) == ("500ms", pytest.approx(3 * 101 * usd_per_s))
    assert (long.value, long.cost_usd) == ("7s", pytest.approx(3 * 107 * usd_per_s))
    assert long.cost_usd_difference == pytest.approx(3 * 5 * usd_per_s)
    assert long.cost_share == pytest.approx(5 / 102)
    # What a container takes to start is no queue time; it is turnaround, and 107 s is too long.
    assert long.queue_time_p95_s_difference == long.turnaround_share == 0
    assert short.objectives == ()
    (turned,) = long.objectives
    assert turned == {"expression": "max(turnaround) <= 103s", "kept": [True, False], "value": [102.0, 107.0]}
    assert only.changes_answer
    assert only.share == long.cost_share


def test_each_figure_is_that_of_a_run_with_the_value_stated():
    made = on_spot()
    result = bs.run(made)
    found = bs.sensitivity(result)

    assert len(found.assumptions) > 10
    for each in found.assumptions:
        for tried in each.tried:
            stated = bs.run(made.with_({each.key: tried.value})).summary
            assert tried.cost_usd == stated["cost_usd"]["total"]
            assert tried.queue_time_p95_s == stated["queue_time_s"]["p95"]
            assert tried.cost_usd_difference == tried.cost_usd - result.summary["cost_usd"]["total"]
            assert tried.undone == stated["jobs"]["failed"] + stated["jobs"]["unfinished"]


def test_what_changes_most_comes_first():
    shares = [each.share for each in bs.sensitivity(bs.run(on_spot())).assumptions]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0


def test_what_turns_a_verdict_comes_before_what_moves_the_bill():
    boots_fast = bs.sensitivity(bs.run(on_spot(objectives=["max(queue_time) <= 4m"])))
    turning = [each.changes_answer for each in boots_fast.assumptions]
    assert turning == sorted(turning, reverse=True)
    assert {True, False} == set(turning)
    assert boots_fast.assumptions[0].share < max(each.share for each in boots_fast.assumptions)


def test_memory_that_an_image_keeps_may_leave_a_job_without_a_place():
    # 3,775 MiB are left of a c6i.large; with 150 MiB reserved 3,657, three per cent less than is asked for.
    tight = scenario(workflow(), ideal=False, definitions=[definition(memory="3775")], duration="1h", horizon="2h")
    reserved = by_key(bs.sensitivity(bs.run(tight)))["environment.ec2.reservedMemory"]
    (less, more) = reserved.tried
    assert (less.undone, more.undone) == (0, 1)
    assert more.queue_time_p95_s is more.queue_time_p95_s_difference is None
    assert more.turnaround_share == 1.0
    assert reserved.changes_answer


def test_replications_are_paired():
    found = bs.sensitivity(bs.run(on_spot(), replications=3))
    assert found.replications == 3
    for each in found.assumptions:
        for tried in each.tried:
            difference = tried.cost_usd_difference
            assert difference["n"] == tried.cost_usd["n"] == 3
            assert difference["mean"] == pytest.approx(tried.cost_usd["mean"] - found.cost_usd["mean"])
    idle = by_key(found)["environment.scheduler.scaleDownIdle"]
    assert idle.tried[0].cost_usd_difference["high"] < 0 < idle.tried[1].cost_usd_difference["low"]


@pytest.mark.slow
def test_processes_give_the_same():
    result = bs.run(on_spot(), replications=2)
    assert bs.sensitivity(result, workers=2).as_json() == bs.sensitivity(result).as_json()


def used(made):
    found = bs.sensitivity(bs.run(made))
    return {key.removeprefix("environment.") for key in (*by_key(found), *found.stated)}


def test_only_what_bears_on_the_scenario_is_varied():
    everything = {each.key for each in RANGES}
    spot, fargate, servers = (
        used(made) for made in (on_spot(), on_fargate(), scenario(ideal=False, environments=[unmanaged(4)]))
    )
    assert servers == {"scheduler.admit"}
    assert {key for key in fargate if key.startswith(("ec2.", "spot."))} == set()
    assert {"ec2.launch", "spot.hazardScale", "spot.prices", "spot.together"} < spot
    assert {key for key in spot if "fargate" in key.lower()} == set()
    assert "image.localStoragePullRate" not in spot
    assert spot | fargate | servers < everything


@pytest.mark.parametrize(
    ("settings", "without"),
    [
        ({"spot": {"interruptions": {"ratePerHour": 0.1}}}, {"spot.hazardScale"}),
        ({"spot": {"interruptions": "none"}}, {"spot.hazardScale", "spot.together", "spot.outage"}),
        ({"spot": {"prices": {"discount": 0.6}}}, {"spot.prices"}),
        ({"spot": {"together": 0}}, {"spot.together", "spot.outage"}),
        ({"scheduler": {"scaleDownIdle": "5m"}}, {"scheduler.scaleDownIdle"}),
    ],
)
def test_what_is_stated_or_has_no_effect_is_not_varied(settings, without):
    varied = {key.removeprefix("environment.") for key in by_key(bs.sensitivity(bs.run(on_spot(settings=settings))))}
    usual = {key.removeprefix("environment.") for key in by_key(bs.sensitivity(bs.run(on_spot())))}
    assert usual - varied == without


def test_an_ideal_world_states_its_delays():
    found = bs.sensitivity(bs.run(scenario()))
    assert "environment.ec2.launch" in found.stated
    assert not {"environment.ec2.launch", "environment.image.size"} & set(by_key(found))


def test_a_variant_s_own_values_count_as_stated():
    made = on_spot(variants={"quick": {"environment.ec2.launch": "10s"}})
    assert "environment.ec2.launch" not in by_key(bs.sensitivity(bs.run(made.variant("quick"))))
    assert "environment.ec2.launch" in by_key(bs.sensitivity(bs.run(made)))


def test_what_a_definition_states_of_its_image_is_known_to_change_nothing():
    sized = on_spot(settings={"image": {"jobDefinitions": {"task": {"size": 100}}}})
    size = by_key(bs.sensitivity(bs.run(sized)))["environment.image.size"]
    assert size.share == 0
    assert size.hardly_changes


def test_a_value_that_makes_no_scenario_is_named(monkeypatch):
    bad = Range("image.containerStart", "start", "2s", ("soon",), "none, 2026", lambda _, __: True)
    monkeypatch.setattr(module, "RANGES", (bad,))
    found = bs.sensitivity(bs.run(on_fargate()))
    assert found.assumptions == ()
    (told,) = found.refused
    assert told.startswith("environment.image.containerStart=soon: ")


def test_interrupted_it_speaks_of_what_was_finished(tmp_path):
    def stop(done, _of):
        if done == 3:
            raise KeyboardInterrupt

    result = bs.run(on_spot())
    found = bs.sensitivity(result, on_run=stop)
    assert found.interrupted
    # One value of the first assumption, two of the second.
    assert set(by_key(found)) == {"environment.scheduler.admit", "environment.scheduler.dispatchInterval"}
    told = result.with_sensitivity(found)
    assert told.interrupted
    write_run(told, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["sensitivity"] == found.as_json()


def test_it_says_itself():
    found = bs.sensitivity(bs.run(on_fargate(objectives=["max(turnaround) <= 103s"])))
    assert repr(found) == "<Sensitivity: 1 of 1 assumptions would change what is met or done>"
    assert "image.containerStart" in found._repr_html_()
    assert list(found.table["value"]) == ["500ms", "7s"]
    assert list(found.table["objectives"]) == [0, 1]


def test_a_run_that_had_more_than_its_scenario_is_refused():
    def late(live):
        live.submit("work")
        yield live.env.timeout(1)

    with pytest.raises(ValueError, match="processes ran beside the engine"):
        bs.sensitivity(bs.run(scenario(ideal=False), processes=[late]))


def test_only_a_result_has_one():
    with pytest.raises(TypeError, match="expected a Result, not Scenario"):
        bs.sensitivity(on_fargate())
    with pytest.raises(ValueError, match="workers"):
        bs.sensitivity(bs.run(on_fargate()), workers=0)
