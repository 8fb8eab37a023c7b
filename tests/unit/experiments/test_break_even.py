"""From what volume on one variant is cheaper than another, worked by hand."""

from __future__ import annotations

import json

import pytest

import batchsim as bs
from batchsim.experiments import run
from batchsim.experiments.run_store import write_break_even
from batchsim.report.break_even import _table, markdown, sentences
from batchsim.units import HOURS_PER_MONTH
from tests.builders import environment, job, queue, scenario, workflow

EVERY = "workload.work.arrivals.every"
ORDER = "batch.jobQueues.queue.computeEnvironmentOrder"
MINIMUM = "batch.computeEnvironments.kept.computeResources.minvCpus"


def order(name):
    return {ORDER: [{"order": 1, "computeEnvironment": name}]}


def kept_or_not(runtime=3600, **members):
    """An instance that is kept all day at 1 dollar an hour, or one for each job at 4 dollars an hour."""
    fleets = [environment("kept", minvCpus=2, maxvCpus=2), environment("each", instanceTypes=["m6i.large"])]
    return scenario(
        workflow(job(runtime=runtime), arrivals={"every": "6h"}),
        environments=fleets,
        queues=[queue("queue", "kept")],
        settings={
            "ec2": {"rootVolume": 0},
            "prices": {"overrides": {"c6i.large": 1.0, "m6i.large": 4.0}},
            "scheduler": {"scaleDownIdle": 0},
        },
        duration="1d",
        variants={"kept": {}, "each": {**order("each"), MINIMUM: 0}},
        **members,
    )


def test_it_is_where_the_lines_meet():
    # A day of 4 jobs: 24 against 16 dollars; of 8: 24 against 32. They meet at 6 a day: 6 * 730 / 24 a month.
    found = bs.break_even(kept_or_not(), volume={EVERY: ["3h", "6h"]})
    assert [volume.label for volume in found.volumes] == ["6h", "3h"]  # the fewest jobs first
    months = HOURS_PER_MONTH / 24
    assert found.monthly
    assert found.jobs == pytest.approx([4 * months, 8 * months])
    assert [row["cost_usd"] for row in found.rows] == pytest.approx([day * months for day in (24, 16, 24, 32)])
    (pair,) = found.pairs
    assert pair["cheaper"] == ["each", "kept"]
    assert pair["shown"] == [None, None]
    (point,) = pair["break_even"]
    assert point["jobs"] == pytest.approx(6 * months)
    assert (point["below"], point["above"]) == ("each", "kept")
    assert point["between"] == pytest.approx([4 * months, 8 * months])
    assert list(sentences(found.as_json())) == [
        "each is cheaper up to about 182 jobs a month, kept from there on (in one run: each at 122 and kept at 243)"
    ]
    assert found.table.loc[found.jobs[0], "each"] == pytest.approx(16 * months)


def test_what_was_not_run_is_not_told():
    found = bs.break_even(kept_or_not(), volume=f"{EVERY}=6h,8h")
    (pair,) = found.pairs
    assert (pair["cheaper"], pair["break_even"]) == (["each", "each"], [])
    assert list(sentences(found.as_json())) == [
        "each is cheaper than kept at every volume tried, 91 to 122 jobs a month"
    ]


def test_the_same_twice_costs_the_same():
    made = kept_or_not()
    found = bs.break_even(made, made.with_({}), volume=f"{EVERY}=6h,3h", replications=2)
    (pair,) = found.pairs
    assert (pair["cheaper"], pair["shown"], pair["break_even"]) == ([None, None], [False, False], [])
    assert "cost the same at every volume tried" in next(sentences(found.as_json()))


def test_with_replications_chance_is_told():
    # Jobs of an hour on average: of two a day the difference varies little, about the break-even by more than it is.
    random = {"exponential": {"mean": 3600}}
    found = bs.break_even(kept_or_not(random), volume=f"{EVERY}=12h,4h,2h", replications=12)
    (pair,) = found.pairs
    assert (pair["cheaper"][0], pair["cheaper"][2]) == ("each", "kept")
    assert (pair["shown"][0], pair["shown"][2]) == (True, True)
    (point,) = pair["break_even"]
    assert point["between"][0] <= point["jobs"] <= point["between"][1]
    assert found.rows[0]["cost_usd"]["n"] == 12
    (told,) = sentences(found.as_json())
    assert "by more than chance: each at " in told


def test_a_variant_that_misses_is_marked_and_not_the_best():
    # An instance of two vCPUs holds two jobs at once, and four come in the hour that each takes.
    found = bs.break_even(kept_or_not(objectives=["p95(queue_time) <= 1s"]), volume=f"{EVERY}=6h,15m")
    assert [row["objectives_missed"] for row in found.rows] == [0, 0, 1, 0]
    lines = markdown(found.as_json()).splitlines()
    assert lines[0] == "| every | jobs in a run | kept | each |"  # the queue took long to drain: no month's rate
    assert ", 1 missed |" in lines[3]
    (_, before), (_, after) = _table(found.as_json())[1][1][2:]
    assert (before, after) == (False, True)  # the dearer one is the least of those that keep it


def test_interrupted_it_has_the_volumes_that_are_done(monkeypatch, tmp_path):
    def stop(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return run_once(*arguments)

    calls, run_once = [], run.run_once
    monkeypatch.setattr(run, "run_once", stop)
    found = bs.break_even(kept_or_not(), volume=f"{EVERY}=6h,3h")
    assert (found.interrupted, len(found.volumes)) == (True, 1)
    write_break_even(found, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "break-even.json").read_text()) == found.as_json()


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        (f"{EVERY}=6h", "two values or more"),
        ("batch.computeEnvironments.kept.computeResources.maxvCpus=2,4", "changes nothing of how many jobs there are"),
        ("workload.work.arrivals.evry=6h,3h", "evry"),
        (f"{EVERY}=6h,3h,360m", "has two values of one volume"),
    ],
)
def test_what_is_no_volume_is_refused(volume, message):
    with pytest.raises(bs.ScenarioError, match=message):
        bs.break_even(kept_or_not(), volume=volume)
    with pytest.raises(ValueError, match="1 or more"):
        bs.break_even(kept_or_not(), volume=volume, replications=0)


def test_a_volume_at_which_something_is_lacking_says_what():
    row = {"variant": "kept", "volume": "6h", "cost_usd": 24.0, "objectives_missed": 0, "undone": 0}
    missed = {**row, "variant": "each", "cost_usd": 16.0, "objectives_missed": 1, "undone": 1}
    told = {"parameter": EVERY, "of": "run", "jobs": [4], "volumes": [row, missed]}
    names, ((label, jobs, first, second),) = _table(told)
    assert names == ["every", "jobs in a run", "kept", "each"]
    assert (label, jobs) == (("6h", False), ("4", False))
    # The cheaper lacks something: the other is the least of those that miss nothing.
    assert first == ("$24.00", True)
    assert second == ("$16.00, 1 missed, 1 job undone", False)
    undone = {**missed, "objectives_missed": 0, "undone": 3}
    assert _table({**told, "volumes": [row, undone]})[1][0][3] == ("$16.00, 3 jobs undone", False)
