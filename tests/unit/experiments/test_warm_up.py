"""A warm-up: what it cuts, which identities hold of what is left, how it is found, and what has none."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import mean

import numpy as np
import pytest

import batchsim as bs
from batchsim.errors import ScenarioError
from batchsim.experiments.warm_up import INTERVALS, PILOTS, jobs_in_system, with_one_warm_up, with_warm_up
from batchsim.report.narrative import period, warm_up_sentence
from batchsim.results.spending import spent
from batchsim.units import DAY, HOUR
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.conftest import ROOT


def poisson(rate, mean_s=60, servers=1, **members):
    flow = workflow(job(runtime={"exponential": {"mean": mean_s}}), arrivals={"poisson": {"rate": rate}})
    return scenario(flow, **{"environments": [unmanaged(servers)], **members})


def every(seconds, runtime, **members):
    return scenario(workflow(job(runtime=runtime), arrivals={"every": seconds}), **members)


def spot(**members):
    """Instances with everything that costs: boot, Spot, a Savings Plan, retries, jobs that don't fill them."""
    flows = [
        workflow(
            job(runtime={"exponential": {"mean": 900}}, jobQueue=name, jobDefinition=kind),
            name=name,
            arrivals={"poisson": {"rate": 9}},
        )
        for name, kind in (("a", "task"), ("b", "task"), ("c", "light"))
    ]
    return scenario(
        *flows,
        environments=[
            environment("fleet", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", instanceTypes=["c6i"]),
            environment("sure", maxvCpus=8, instanceTypes=["m6i.large"]),
            environment("tasks", type="FARGATE", maxvCpus=16),
        ],
        queues=[queue("a", "fleet"), queue("b", "sure"), queue("c", "tasks")],
        definitions=[
            definition(retryStrategy={"attempts": 3}),
            definition("light", memory="2048", platformCapabilities=["FARGATE"]),
        ],
        ideal=False,
        settings={
            "spot": {"interruptions": {"ratePerHour": 0.5}},
            "prices": {"savingsPlan": {"usdPerHour": 0.5, "discount": 0.3}},
        },
        **members,
    )


def test_what_counts_by_hand():
    # A job of 150 s every 100 s on one server: the n-th comes at 100 n and waits 50 n. Ten come; from 500 s on five.
    made = every(100, 150, environments=[unmanaged(1)], duration=1000)
    whole, cut = (bs.run(each).summary for each in (made, made.with_({"warmUp": 500})))
    assert whole["analysis"] == {"type": "terminating", "warm_up_s": 0.0, "warm_up_by": None}
    assert cut["analysis"] == {"type": "steady", "warm_up_s": 500.0, "warm_up_by": "stated"}
    assert (whole["jobs"]["submitted"], cut["jobs"]["submitted"]) == (10, 5)
    assert whole["queue_time_s"]["mean"] == 50 * mean(range(10))
    assert cut["queue_time_s"]["mean"] == 50 * mean(range(5, 10))
    assert cut["turnaround_s"]["max"] == 50 * 9 + 150
    assert sum(cut["wait_s"].values()) == 50 * sum(range(5, 10))
    assert cut["period_s"] == 500
    assert cut["utilisation"]["vcpu"] == 1.0  # it never rests, and the drain is no part of it
    assert cut["makespan_s"] == 10 * 150 - 500


def test_utilisation_and_peak_are_of_the_time_after_it():
    # Jobs of 250 s every 100 s, enough servers: one, two, and from 200 s on two or three run; 2.5 on average.
    made = every(100, 250, environments=[unmanaged(10)], duration=1000, warmUp=500)
    summary = bs.run(made).summary
    assert summary["utilisation"]["vcpu"] == pytest.approx(0.25)
    assert summary["peak_vcpus"] == 3
    assert bs.run(made.with_({"warmUp": 0})).summary["utilisation"]["vcpu"] == pytest.approx(
        (100 + 2 * 100 + 2.5 * 800) / 10_000  # it comes up for 200 s: 1, then 2, and 2.5 after it
        + 0.5 * 0 / 10_000
    )


def test_objectives_are_of_jobs_submitted_after_it():
    # The n-th of ten jobs comes at 100 n, waits 50 n, and ends at 150 (n + 1).
    made = every(
        100, 150, environments=[unmanaged(1)], duration=1000,
        objectives=["min(queue_time) >= 4m", "mean(finished_at) >= 20m", "failed <= 0"],
    )  # fmt: skip
    whole, cut = (bs.run(each).summary["objectives"] for each in (made, made.with_({"warmUp": 500})))
    assert [each["jobs"] for each in whole] == [10, 10, 10]
    assert [each["jobs"] for each in cut] == [5, 5, 5]
    assert [each["value"] for each in whole] == [0, 150 * 5.5, 0]
    assert [each["value"] for each in cut] == [250, 150 * 8, 0]
    assert [each["kept"] for each in whole] == [False, False, True]
    assert [each["kept"] for each in cut] == [True, True, True]


def test_tables_keep_everything():
    made = poisson(30, duration="10h")
    whole, cut = bs.run(made), bs.run(made.with_({"warmUp": "5h"}))
    for table in ("jobs", "attempts", "instances", "timeline"):
        assert getattr(whole, table).equals(getattr(cut, table))
    assert len(cut.jobs) == whole.summary["jobs"]["submitted"] > cut.summary["jobs"]["submitted"]


@pytest.mark.parametrize("warm_up", ["0s", "3h", "11h 7m", "23h 59m 59s"])
def test_identities_hold_of_what_is_left(warm_up):
    result = bs.run(spot(duration="1d", warmUp=warm_up), seed=5)
    summary, jobs = result.summary, result.jobs
    cost = summary["cost_usd"]
    for parts in ("by_purpose", "by_purchase_option"):
        assert sum(cost[parts].values()) == pytest.approx(cost["total"])
    assert all(usd >= -1e-9 for usd in cost["by_purpose"].values())
    for kind in ("job_queues", "workflows"):
        assert sum(each["cost_usd"]["total"] for each in summary[kind].values()) == pytest.approx(cost["total"])
    environments = summary["compute_environments"].values()
    together = sum(each["cost_usd"]["total"] for each in environments) + cost["unused_commitment"]
    assert together == pytest.approx(cost["total"])
    counted = jobs[jobs["submitted_at"] >= summary["analysis"]["warm_up_s"]]
    waited = (counted["starting_at"] - counted["submitted_at"]).sum()
    assert sum(summary["wait_s"].values()) == pytest.approx(waited)
    by_part = [*(each["wait_s"] for each in environments), summary["never_placed"]["wait_s"]]
    assert sum(sum(each.values()) for each in by_part) == pytest.approx(waited)
    assert summary["jobs"]["submitted"] == len(counted)
    for figures in summary["compute_environments"].values():
        assert 0 <= (figures["utilisation"]["vcpu"] or 0) <= 1


@pytest.mark.parametrize("warm_up", [2 * HOUR, 7.2 * HOUR, 19 * HOUR])
def test_what_is_paid_is_what_was_spent_from_then_on(warm_up):
    # By the curve of spending, from the steps of rates: only billing minimums are in it at once, when an instance ends.
    result = bs.run(spot(duration="1d", warmUp=warm_up), seed=5)
    until, since = spent(result.run.outcome, np.array([DAY, warm_up]))
    cost = result.summary["cost_usd"]
    assert cost["unused_commitment"] > 0
    assert cost["by_purpose"]["stranded"] + cost["by_purpose"]["idle"] > 0
    assert cost["total"] == pytest.approx(until - since, rel=1e-3)


def test_cost_of_the_steady_state_is_what_tasks_cost_an_hour():
    # M/M/∞ on Fargate: 60 an hour of 30 min each, 30 of them on average, from empty.
    made = scenario(
        workflow(job(runtime=1800), arrivals={"every": 60}),
        environments=[environment(type="FARGATE", maxvCpus=100)],
        definitions=[definition(platformCapabilities=["FARGATE"], memory="2048")],
        duration="3d",
    )
    per_hour = bs.run(made).instances["price_usd_per_hour"].iloc[0]
    steady = bs.run(made.with_({"warmUp": "1h"})).summary
    assert steady["cost_usd"]["total"] == pytest.approx(30 * per_hour * 71)
    assert steady["cost_usd"]["per_month"] == pytest.approx(30 * per_hour * 730)
    assert steady["period_s"] == 71 * HOUR
    assert "after" not in period(steady)


def test_no_warm_up_cut_is_all_but_the_drain():
    made = poisson(30, duration="10h")
    whole, none = bs.run(made).summary, bs.run(made.with_({"warmUp": 0})).summary
    for key in ("jobs", "queue_time_s", "turnaround_s", "wait_s", "makespan_s", "workflows"):
        assert none[key] == whole[key]
    assert none["job_queues"]["queue"]["growth"] == whole["job_queues"]["queue"]["growth"]
    assert none["analysis"]["type"] == "steady"


def test_a_run_that_ends_in_its_warm_up_has_no_figures():
    summary = bs.run(poisson(30, duration="10h", warmUp="5h", horizon="4h")).summary
    assert summary["jobs"]["submitted"] == 0 or summary["queue_time_s"]["p50"] is None
    assert summary["period_s"] == 0
    assert summary["cost_usd"]["total"] == 0
    json.dumps(summary, allow_nan=False)


def test_jobs_in_the_system_are_counted_over_time():
    made = every(100, 150, environments=[unmanaged(10)], duration=1000)
    run = bs.run(made).run
    counts = jobs_in_system(run.workload, run.recording, 1000.0)
    assert counts[:50].tolist() == pytest.approx([1.0] * 50)  # the first alone, for 100 s
    assert np.mean(counts[50:]) == pytest.approx(1.5)


def test_jobs_in_the_system_are_those_between_submission_and_end_whatever_they_are():
    """Waiting, running, not over when the run ends: held against a count at many instants of each interval."""
    made = scenario(
        workflow(job(runtime={"exponential": {"mean": 70}}), arrivals={"every": "20s"}),
        environments=[unmanaged(3)],
        duration=600,
        horizon=500,
        seed=4,
    )
    run = bs.run(made).run
    counts = jobs_in_system(run.workload, run.recording, 600.0)
    came, gone = run.workload.submitted_at, np.nan_to_num(run.recording.stopped_at, nan=run.recording.ended_at)
    assert np.isnan(run.recording.stopped_at).any()
    at = (np.arange(INTERVALS * 200) + 0.5) * 600 / (INTERVALS * 200)
    expected = ((came <= at[:, None]) & (at[:, None] < gone)).sum(axis=1).reshape(INTERVALS, 200).mean(axis=1)
    assert counts == pytest.approx(expected, abs=0.1)
    # In job-seconds it is exact: nobody is there before the submission, or after the end.
    assert counts.sum() * 600 / INTERVALS == pytest.approx(np.maximum(gone - came, 0).sum())


def test_it_is_found_where_a_level_is_come_up_to():
    # Jobs of 2 h every minute: up to 120 in the system, and then no change. 144 s are looked at together, and five
    # means of them: the fifth from the tenth on is all at that level.
    made = every(60, "2h", environments=[unmanaged(1000)], duration="20h", warmUp="auto")
    found = with_warm_up(made, 0)
    assert found.warm_up_s == 2 * HOUR
    result = bs.run(made)
    assert result.summary["analysis"] == {"type": "steady", "warm_up_s": 2 * HOUR, "warm_up_by": "MSER-5"}
    assert "by MSER-5" in warm_up_sentence(result.summary)
    assert result.summary["utilisation"]["vcpu"] == pytest.approx(0.12)


def test_of_chance_it_is_found_too():
    # Of 300 jobs on average 86 % are there after an hour.
    made = poisson(600, 1800, 1000, duration="40h", warmUp="auto")
    assert HOUR <= with_warm_up(made, 1).warm_up_s < 20 * HOUR


def test_it_is_the_same_in_all_replications_and_processes():
    made = poisson(40, duration="20h", warmUp="auto")
    alone, two = (bs.run(made, replications=3, workers=workers).summary for workers in (1, 2))
    assert alone == two
    assert alone["analysis"]["warm_up_s"] == bs.run(made).summary["analysis"]["warm_up_s"]
    assert min(PILOTS) > 200


def test_variants_have_the_longest_of_theirs():
    made = every(60, "2h", environments=[unmanaged(1000)], duration="20h", warmUp="auto")
    slower = made.with_({"workload.0.jobs.0.runtime": "4h"})
    stated = made.with_({"warmUp": "1h"})
    both = with_one_warm_up({"a": made, "b": slower, "c": stated}, 0)
    assert [one.warm_up_s for one in both.values()] == [4 * HOUR, 4 * HOUR, HOUR]
    compared = bs.compare(made, slower)
    assert {one["analysis"]["warm_up_s"] for one in compared.summaries.values()} == {4 * HOUR}


def test_what_is_tried_of_a_run_has_its_warm_up():
    # One server too few for a wait of nothing: what is advised is held against the same time.
    result = bs.run(poisson(57, duration="60h", warmUp="auto"))
    (advice, *_) = bs.advise(result)
    changed = bs.run(result.scenario.with_({**advice.set, "warmUp": result.summary["analysis"]["warm_up_s"]}))
    assert advice.after.queue_time_p95_s == changed.summary["queue_time_s"]["p95"]
    made = every(60, "1h", environments=[environment(maxvCpus=128)], duration="20h", ideal=False, warmUp="auto")
    varied = bs.sensitivity(bs.run(made))
    assert varied.assumptions


def test_a_run_that_is_too_short_to_tell_says_so():
    growing = poisson(120, duration="20h", warmUp="auto")  # twice what there is
    with pytest.raises(ScenarioError, match="come to no level"):
        bs.run(growing)


def test_experiments_that_do_not_look_for_it_refuse_to():
    made = poisson(
        40, duration="20h", warmUp="auto", sweep={"batch.computeEnvironments.0.unmanagedvCpus": {"values": [1]}}
    )
    with pytest.raises(ScenarioError, match="`run` and `compare` alone find a warm-up"):
        bs.sweep(made)


NIGHTLY = {"cron": "0 2 * * *"}
BUSY = {"poisson": {"rate": 9, "profile": {"hourOfDay": [0.5] * 12 + [1.5] * 12}}}


@pytest.mark.parametrize(
    ("arrivals", "members", "said"),
    [
        ({"every": 60, "count": 9}, {"warmUp": "1h"}, "without a duration the scenario is terminating"),
        ({"at": [0, 60]}, {"warmUp": "1h", "duration": "2h"}, "jobs of work arrive at stated times alone"),
        (None, {"warmUp": "auto", "duration": "2h"}, "jobs of work arrive at stated times alone"),
        (NIGHTLY, {"warmUp": "auto", "duration": "9d"}, "work arrives by cron: it has no one level"),
        (BUSY, {"warmUp": "auto", "duration": "9d"}, "by the hour of day or the day of week"),
        ({"every": 60}, {"warmUp": "2h", "duration": "2h"}, "no shorter than the duration"),
        ({"every": 60}, {"warmUp": -5, "duration": "2h"}, "warmUp"),
    ],
)
def test_what_has_none_is_refused_and_told_why(arrivals, members, said):
    flow = workflow(name="work") if arrivals is None else workflow(name="work", arrivals=arrivals)
    with pytest.raises(ScenarioError) as error:
        scenario(flow, **members)
    assert {found.path for found in error.value.findings} == {"warmUp"}
    assert said in str(error.value)


def test_a_stated_one_may_be_of_what_follows_the_clock():
    for arrivals in (NIGHTLY, BUSY):
        summary = bs.run(scenario(workflow(arrivals=arrivals), duration="9d", warmUp="2d")).summary
        assert summary["period_s"] == 7 * DAY


def test_what_was_run_runs_again_to_the_same(tmp_path):
    for value in ("auto", "90m"):
        made = poisson(40, duration="20h", warmUp=value)
        path = tmp_path / "scenario.yaml"
        path.write_text(made.to_yaml(relative_to=tmp_path), encoding="utf-8")
        assert bs.load(path) == made
        assert bs.run(bs.load(path)).summary == bs.run(made).summary


def test_a_terminating_one_is_as_it_was():
    made = bs.load(ROOT / "scenarios" / "etl.yaml")
    assert made.warm_up_by is None
    assert not replace(made, warm_up_s=None).warm_up_is_open
    assert warm_up_sentence(bs.run(poisson(30, duration="1h")).summary) == ""


@pytest.mark.slow
def test_the_mean_wait_of_a_queue_that_starts_empty_is_the_theory_s():
    # M/M/1 at 80 %: 240 s. The first hours from empty are below; the interval of 60 replications holds the theory, and
    # what the cut leaves is nearer to it than a run a tenth as long without.
    found = bs.run(poisson(48, duration="100h", warmUp="auto"), replications=60).summary
    assert found["analysis"]["warm_up_by"] == "MSER-5"
    assert found["queue_time_s"]["mean"]["low"] <= 240 <= found["queue_time_s"]["mean"]["high"]
    short = bs.run(poisson(48, duration="3h"), replications=60).summary["queue_time_s"]["mean"]
    assert short["high"] < 240
