"""The timeline, by hand: jobs by state, vCPUs by state, spend."""

from __future__ import annotations

import numpy as np
import pytest

from batchsim.recording import Status
from batchsim.results import spans
from batchsim.results.spending import idle_commitment, spend_rate, spent
from batchsim.results.step_functions import integral
from batchsim.results.timeline import job_states, timeline
from batchsim.results.vcpus import Vcpus
from tests.unit.results.recorded import NAN, attempt, instance, outcome
from tests.worlds import LARGE, fleet, jobs, servers


def listed(curve) -> list[tuple[float, float]]:
    return list(zip(*(column.tolist() for column in curve), strict=True))


def states(made) -> dict[str, list[tuple[float, float]]]:
    return {state: listed((at, level)) for _, state, at, level in job_states(made)}


def test_a_job_is_in_one_state_after_the_other():
    made = outcome(jobs([0], 60), servers(1), attempts=[attempt(0, 5, 20, 30, 90)], runnable_at=[5])
    assert states(made) == {
        "SUBMITTED": [(0, 1), (5, 0)],
        "RUNNABLE": [(5, 1), (20, 0)],
        "STARTING": [(20, 1), (30, 0)],
        "RUNNING": [(30, 1), (90, 0)],
    }


def test_what_waits_for_others_is_pending():
    needs = jobs([0, 0], 60, waits_for=[(1, 0)])
    attempts = [attempt(0, 0, 0, 0, 60), attempt(1, 60, 60, 60, 120)]
    found = states(outcome(needs, servers(1), attempts=attempts, runnable_at=[0, 60]))
    assert found == {"PENDING": [(0, 1), (60, 0)], "RUNNING": [(0, 1), (120, 0)]}


def test_the_end_of_the_run_cuts_off():
    cut = attempt(0, 0, 10, NAN, NAN, status=Status.STARTING)
    made = outcome(jobs([0, 0], 60), servers(1), attempts=[cut], ended_at=50)
    assert states(made) == {"RUNNABLE": [(0, 2), (10, 1), (50, 0)], "STARTING": [(10, 1), (50, 0)]}


def test_a_retry_is_runnable_again():
    attempts = [attempt(0, 0, 10, 10, 20, status=Status.FAILED), attempt(0, 20, 30, 30, 40, number=2)]
    assert states(outcome(jobs([0], 60), servers(1), attempts=attempts))["RUNNABLE"] == [
        (0, 1), (10, 0), (20, 1), (30, 0),
    ]  # fmt: skip


def test_vcpus_boot_idle_run_and_are_stranded():
    # A c6i.large: 2 vCPUs, one of which runs from 120 to 300 s; the other is stranded from 200 to 250 s.
    made = outcome(
        jobs([0], 60),
        fleet(),
        attempts=[attempt(0, 0, 120, 120, 300, instance=0)],
        instances=[instance(10, 40, 100, 400)],
        stranded=[(200, 0, 1), (250, 0, 0)],
    )
    found = {state: listed(curve) for state, curve in Vcpus(made).of(0).items()}
    assert found == {
        "running": [(120, 1), (300, 0)],
        "stranded": [(100, 0), (200, 1), (250, 0)],
        "idle": [(100, 2), (120, 1), (200, 0), (250, 1), (300, 2), (400, 0)],
        "booting": [(10, 2), (100, 0)],
    }


def test_long_ones_are_means_that_keep_the_area(monkeypatch):
    attempts = [attempt(n, 0, 100 + 10 * n, 100 + 10 * n, 107 + 10 * n, instance=0) for n in range(20)]
    made = outcome(
        jobs([0] * 20, 60), fleet(), attempts=attempts, instances=[instance(10, 40, 100, 400)], stranded=[(203, 0, 1)]
    )
    exact, ended = Vcpus(made).of(0), np.array([1000.0])
    monkeypatch.setattr(spans, "MANY", 4)
    monkeypatch.setattr(spans, "MOST_STEPS", 6)
    monkeypatch.setattr("batchsim.results.timeline.MOST_STEPS", 6)
    means = Vcpus(made).of(0)
    assert set(means) == set(exact)
    for state in ("running", "stranded", "idle"):
        assert len(means[state][0]) == 7
        assert integral(*means[state], ended) == pytest.approx(integral(*exact[state], ended))


def test_money_is_spent_by_the_hour_from_running_on():
    made = outcome(jobs([0], 60), fleet(root_volume_usd_per_hour=0.005), instances=[instance(0, 40, 100, 400)])
    assert LARGE.price_usd_per_hour == 0.085
    assert listed(spend_rate(made, 0)) == [(40, pytest.approx(0.09)), (400, 0)]
    # The volume from the launch on.
    until = np.array([0.0, 40.0, 400.0, 1000.0])
    assert spent(made, until) * 3600 == pytest.approx([0, 40 * 0.005, 40 * 0.005 + 360 * 0.09, made.costs.total * 3600])
    assert idle_commitment(made, until).tolist() == [0, 0, 0, 0]


def test_the_table_has_series_after_series():
    made = outcome(jobs([0], 60), servers(3), attempts=[attempt(0, 0, 0, 0, 60)])
    rows = timeline(made).to_pylist()
    assert [(row["measure"], row["name"], row["state"]) for row in rows] == [
        ("jobs", "queue", "RUNNING"),
        ("jobs", "queue", "RUNNING"),
        ("vcpus", "servers", "running"),
        ("vcpus", "servers", "running"),
        ("vcpus", "servers", "limit"),
    ]
    assert [(row["at"], row["value"]) for row in rows] == [(0, 1), (60, 0), (0, 1), (60, 0), (0, 3)]
