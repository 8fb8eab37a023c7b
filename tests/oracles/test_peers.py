"""Other simulators on the same arrivals and run times start each job at the same instant."""

from __future__ import annotations

import numpy as np
import pytest

from tools.validation.peers import CLASSES, PEERS, agreement, drawn, here, simpy_starts


@pytest.mark.parametrize(("peer", "classes"), PEERS)
def test_starts_are_those_of_a_peer(peer, classes):
    assert agreement(peer, classes, 500)["largest_s"] <= 1e-9


def test_the_peers_jobs_do_wait_and_priorities_bear_on_whom():
    submitted, runtimes, kinds = drawn(500, CLASSES)
    waits = here(submitted, runtimes, kinds) - submitted
    assert waits.mean() > 10
    assert waits[kinds == 0].mean() < waits[kinds == CLASSES - 1].mean() / 2
    alike = simpy_starts(submitted, runtimes, np.zeros_like(kinds))
    assert not np.array_equal(alike, simpy_starts(submitted, runtimes, kinds))
