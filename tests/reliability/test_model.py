"""Scenarios at random: they are legal and mixed, laws tell of what is wrong; and a bounded form of the part."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsim.recording import Status
from batchsim.results.run import Run
from tests.drawn_scenarios import Drawn, draw, numbered, write_recordings
from tests.laws import of_results, of_runs
from tests.laws.of_runs import Checked
from tools.reliability import model
from tools.reliability.model import Drew


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("recordings")
    write_recordings(made)
    return made


def test_a_number_gives_the_same_scenario_and_it_can_be_written_down():
    assert numbered(7).as_json() == numbered(7).as_json() != numbered(8).as_json()
    assert Drawn(**json.loads(numbered(7).as_json())).mapping == numbered(7).mapping


def test_scenarios_mix_every_feature():
    # Of 400 scenarios each feature is in some, and half of them have six or more.
    drawn = [numbered(number).features for number in range(400)]
    found = set().union(*drawn)
    assert {"SPOT", "MANAGED_INSTANCES_SPOT", "FARGATE_SPOT", "UNMANAGED", "capacity reservations", "Capacity Blocks",
            "pools", "account quotas", "fair share", "multi-node jobs", "consumable resources", "time limits",
            "recorded market", "recorded prices", "traces", "processes: submit", "processes: drain", "processes: probe",
            "updates: minvCpus", "updates: maxvCpus", "updates: desiredvCpus", "updates: state", "updates: priority",
            "updates: computeEnvironmentOrder", "updates: totalQuantity", "updates: fairsharePolicy",
            "updates: instanceTypes", "updates: cancel", "updates: terminate"} <= found  # fmt: skip
    assert sum(len(features) >= 6 for features in drawn) > 200


@given(chance=st.randoms(use_true_random=False))
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=15, derandomize=True)
def test_the_laws_hold(folder, chance):
    drawn = draw(chance)
    assert model.held(drawn, folder).broken == [], drawn.as_json()


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 10_000])
def test_the_laws_hold_on_more(folder, first):
    found = [model.drew(number, folder) for number in range(first, first + 250)]
    assert [(each.number, law, how) for each in found for law, how in each.broken] == []
    assert [each.stopped for each in found if each.stopped] == []


def test_the_lines_of_the_page_count():
    found = [
        Drew(0, frozenset({"SPOT"}), 18, seconds=0.51),
        Drew(
            1, frozenset({"SPOT", "pools"}), 19, [("money_adds_up", "Traceback\nAssertionError: 1 != 2")], seconds=0.2
        ),
        Drew(2, frozenset(), stopped="no job has moved"),
    ]
    assert list(model.rows(found))[2:] == [
        "| SPOT | 2 | 37 | 1 | 0 | 0.5 s |",
        "| pools | 1 | 19 | 1 | 0 | 0.2 s |",
        "| all | 3 | 37 | 1 | 1 | 0.5 s |",
        "",
        "- scenario 1, money_adds_up: AssertionError: 1 != 2",
    ]


def test_what_raises_and_what_the_watchdog_stops_is_told(folder, monkeypatch):
    def endless(drawn, folder, seed):
        raise model.StandstillError("no job has moved", 3.0)

    monkeypatch.setattr(model, "executed", endless)
    assert model.held(numbered(0), folder).stopped.startswith("[standstill] no job has moved")
    monkeypatch.setattr(model, "executed", lambda *_: 1 / 0)
    ((law, how),) = model.held(numbered(0), folder).broken
    assert (law, how.splitlines()[-1]) == ("a run ends", "ZeroDivisionError: division by zero")


# Laws on what is wrong: one law each.


@pytest.fixture(scope="module")
def sound(folder):
    """A run with instances, retries and waits, which every law holds of."""
    rng = random.Random(3)  # noqa: S311
    for number in rng.sample(range(1000), 60):
        run = model.executed(numbered(number), folder, 0)
        attempts, instances = run.recording.attempts, run.recording.instances
        if len(attempts.job) > 40 and len(instances.zone) > 5 and (attempts.number > 1).any():
            return run
    raise AssertionError("none of sixty is large enough")


def changed(run: Checked, **members) -> Checked:
    """A run with other columns: of the recording, or by name of its attempts and instances."""
    recording = run.recording
    for name in ("attempts", "instances"):
        if name in members:
            members[name] = replace(getattr(recording, name), **members[name])
    return Checked(Run(run.run.scenario, run.workload, replace(recording, **members), run.run.seed), run.done)


@pytest.mark.parametrize(
    ("law", "table", "column", "wrong"),
    [
        (of_runs.jobs_are_in_one_state, "", "status", lambda _: np.full_like(_, Status.STARTING)),
        (of_runs.attempts_follow_each_other, "attempts", "starting_at", lambda _: _ - 1e5),
        (of_runs.attempts_follow_each_other, "attempts", "number", lambda _: _ + 1),
        (of_runs.jobs_fit_their_instances, "instances", "terminated_at", lambda _: _ - 1e5),
        (of_runs.failures_are_explained, "", "reason", lambda _: np.zeros_like(_)),
        (of_results.waits_add_up, "", "runnable_at", lambda _: _ - 1e5),
    ],
)
def test_a_law_tells_of_what_is_wrong(sound, law, table, column, wrong):
    law(sound)
    values = wrong(getattr(getattr(sound.recording, table) if table else sound.recording, column))
    members = {table: {column: values}} if table else {column: values}
    with pytest.raises((AssertionError, IndexError)):
        law(changed(sound, **members))
