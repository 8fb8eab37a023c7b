"""Accounts that are simulated, learnt from their first days and predicted; and a public log that is none of ours."""

from __future__ import annotations

import pytest

from tools.calibration_round_trip import ACCOUNTS, RoundTrip, round_trip, table
from tools.public_logs import LOGS, predicted_log
from tools.public_logs import table as table_of_logs


@pytest.mark.slow
@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_was_learnt_predicts_the_days_that_were_not(name):
    """Nine days stand for the thirty that ``python -m tools.calibration_round_trip`` simulates, twenty times."""
    found = round_trip(name, 1, days=9, replications=5)
    assert found.means <= 0.05
    for held, rates in (found.failures, found.interruptions):
        assert held == rates > 0
    assert found.quantiles_hold, found
    # Six figures of three days, of which nine tenths are to be inside: two misses are no rare chance, four are.
    assert found.days_inside >= 0.5


def test_a_public_log_is_predicted_as_far_as_it_is(shared_data):
    """Its site let narrow jobs past wide ones and gave users priorities: strict order makes other waits, and less."""
    name = "HPC2N-2002-first-3170"
    folder = shared_data / "workloads"
    if not (folder / f"{name}.swf.gz").is_file():
        pytest.skip("the log is not at hand")
    found = predicted_log(folder, name)
    figures = found.figures
    assert figures["split"]["learned_days"] == 44
    assert figures["predicted"]["peak_vcpus"] == LOGS[name][0]
    assert figures["error"]["queue_time_s"]["p50"] == pytest.approx(-0.72, abs=0.02)
    assert figures["error"]["queue_time_s"]["p95"] == pytest.approx(-0.375, abs=0.02)
    assert figures["days_inside"] == 0.0
    assert "| -72% |" in table_of_logs({name: found})


def trip(**changes):
    made = {
        "account": "spot", "seed": 1, "means": 0.01, "failures": (2, 3), "interruptions": (1, 1),
        "p50": 0.02, "p95": -0.03, "days_inside": 0.9, "clock_s": 1.0,
        "observed": (100.0, 1000.0), "predicted": (102.0, 970.0),
    }  # fmt: skip
    return RoundTrip(**made | changes)


def test_quantiles_hold_within_a_tenth_or_what_the_clock_tells():
    assert trip().quantiles_hold
    assert not trip(p95=-0.11, predicted=(102.0, 890.0)).quantiles_hold
    assert trip(p50=0.5, observed=(2.0, 1000.0), predicted=(3.0, 970.0)).quantiles_hold
    assert not trip(p50=1.5, observed=(2.0, 1000.0), predicted=(5.0, 970.0)).quantiles_hold


def test_the_table_counts_runs_and_tells_the_largest_error():
    rows = table([trip(), trip(means=0.06, p95=-0.2, predicted=(102.0, 800.0), days_inside=0.7)]).splitlines()
    assert rows[2] == "| spot | 2 | 1 | 4 of 6 | 2 of 2 | 1 | +2.0% | -20.0% | 80% |"
