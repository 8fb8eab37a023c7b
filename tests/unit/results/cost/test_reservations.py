"""What is paid for what is reserved, of recordings written down by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchsim.recording import ReservationColumns
from batchsim.results.outcome import Outcome
from batchsim.results.series import reserved_instances, spend
from batchsim.results.spending import idle_commitment, spent
from batchsim.results.tables import Tables
from batchsim.results.timeline import timeline
from batchsim.results.window import Window
from tests.unit.results.recorded import instance, outcome
from tests.worlds import fleet, jobs, reservation

HOUR = 3600.0


def made(reservations, instances, stays, ended_at=10 * HOUR, window=None) -> Outcome:
    """Instances and who of them is in which reservation: (instance, reservation, since, until) in hours."""
    plain = outcome(jobs([0.0], 1.0), fleet(), instances=instances, ended_at=ended_at, reservations=reservations)
    rows = np.array(stays, float).reshape(-1, 4).T
    columns = ReservationColumns(rows[0].astype(np.int32), rows[1].astype(np.int32), rows[2] * HOUR, rows[3] * HOUR)
    found = replace(plain, recording=replace(plain.recording, reservations=columns))
    return found if window is None else replace(found, window=window)


def an_hour(number):
    """An instance that runs for the hour of this number."""
    at = number * HOUR
    return instance(at, at, at, at + HOUR)


def test_used_and_unused_over_time():
    found = made([reservation(instances=2, starts_at=HOUR, ends_at=5 * HOUR)], [an_hour(2)], [(0, 0, 2, 3)])
    (use,) = found.costs.reservations
    at, unused = use.unused
    assert (at / HOUR).tolist() == [1.0, 2.0, 3.0, 5.0]
    assert unused.tolist() == [2.0, 1.0, 2.0, 0.0]
    assert (use.reserved_s / HOUR, use.used_s / HOUR) == (8.0, 1.0)
    assert use.unused_usd == pytest.approx(7 * 0.085)


def test_one_that_begins_with_an_instance_in_it():
    found = made([reservation(starts_at=HOUR)], [an_hour(0.5)], [(0, 0, 1, 1.5)])
    (use,) = found.costs.reservations
    assert use.unused[1].tolist() == [0.0, 1.0, 0.0]
    assert use.unused_usd == pytest.approx(8.5 * 0.085)


def test_one_that_begins_after_the_end_costs_nothing_and_a_block_its_price():
    later = {"starts_at": 20 * HOUR, "ends_at": 44 * HOUR}
    plain, block = reservation(**later), reservation(is_block=True, **{**later, "usd_per_hour": 2.0})
    found = made([plain, block], [], [])
    assert [use.unused_usd for use in found.costs.reservations] == pytest.approx([0.0, 48.0])
    assert [use.reserved_s for use in found.costs.reservations] == [0.0, 0.0]


def test_spending_comes_to_the_bill():
    block = reservation("block", ends_at=24 * HOUR, is_block=True, usd_per_hour=2.0)
    found = made([reservation(instances=3, ends_at=5 * HOUR), block], [an_hour(1)], [(0, 0, 1, 2)])
    # Until 5 hours: 3 x 5 hours of which one is an instance's, and 5 hours of the block at 2 USD.
    at = np.array([0.0, 5.0, 10.0]) * HOUR
    assert spent(found, at)[:2] == pytest.approx([0.0, 15 * 0.085 + 10.0])
    assert spent(found, at)[2] == pytest.approx(15 * 0.085 + 48.0) == pytest.approx(found.costs.total)
    # An hour costs what is not used, and the block.
    assert idle_commitment(found, np.array([1.5, 3.0, 6.0]) * HOUR) == pytest.approx(
        [2 * 0.085 + 2, 3 * 0.085 + 2, 2.0]
    )
    assert spend(found).spent[-1] == pytest.approx(spend(found).bill)


def test_a_window_has_its_part_of_a_block():
    block = reservation(ends_at=24 * HOUR, is_block=True, usd_per_hour=2.0)
    found = made([block], [an_hour(2)], [(0, 0, 2, 3)], window=Window(HOUR, 6 * HOUR))
    assert found.costs.unused_reservations == pytest.approx(8.0)
    assert found.costs.total == pytest.approx(10.0)


def test_the_timeline_says_how_many_are_used():
    found = made([reservation("night", 2, ends_at=4 * HOUR)], [an_hour(1)], [(0, 0, 1, 2)])
    rows = timeline(found).to_pandas()
    rows = rows[rows.measure == "reserved"]
    assert set(rows.name) == {"night"}
    by_state = {
        state: list(zip(part["at"] / HOUR, part.value, strict=True))
        for state, part in rows.groupby("state", observed=True)
    }
    assert by_state["used"] == [(1.0, 1.0), (2.0, 0.0)]
    assert by_state["unused"] == [(0.0, 2.0), (1.0, 1.0), (2.0, 2.0), (4.0, 0.0)]


@pytest.mark.parametrize("at_once", [65_536, 3, 2, 1])
def test_an_instance_tells_its_reservation_and_what_it_costs_there(at_once, monkeypatch):
    monkeypatch.setattr("batchsim.results.tables.SLICE", at_once)
    night, block = reservation("night"), reservation("block", ends_at=24 * HOUR, is_block=True, usd_per_hour=2.0)
    # The second takes the first's place, and ends in another.
    stays = [(1, 1, 0.75, 1), (1, 0, 0.5, 0.75), (0, 0, 0, 0.5), (2, 2, 0, 1)]
    found = made([night, replace(night, name="late"), block], [an_hour(0)] * 4, stays)
    rows = [row for batch in Tables(found).instances() for row in batch.to_pylist()]
    assert [row["capacity_reservation"] for row in rows] == ["night", "late", "block", None]
    assert [row["price_usd_per_hour"] for row in rows] == [0.085, 0.085, 2.0, 0.085]


def test_how_many_are_reserved():
    night, day = (
        reservation(instances=2, starts_at=HOUR, ends_at=3 * HOUR),
        reservation(instances=5, starts_at=2 * HOUR),
    )
    at, level = reserved_instances(made([night, day], [], []))
    assert (at / HOUR).tolist() == [1.0, 2.0, 3.0, 10.0]
    assert level.tolist() == [2.0, 7.0, 5.0, 0.0]
    assert reserved_instances(made([], [], [])) is None
