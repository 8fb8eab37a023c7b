"""Jobs by group, found without a look at all of them."""

from __future__ import annotations

import numpy as np

from batchsim.results.job_rows import JobRows

GROUP = np.array([2, 0, 2, 1, 0], np.int32)


def found(*groups: bool) -> list[int]:
    return np.arange(len(GROUP))[JobRows(GROUP, 3).of(np.array(groups))].tolist()


def test_jobs_of_groups_keep_their_order_within_each():
    assert found(True, False, False) == [1, 4]
    assert found(False, False, True) == [0, 2]
    assert found(True, False, True) == [1, 4, 0, 2]


def test_of_all_groups_they_are_all_and_of_none_none():
    assert found(True, True, True) == [0, 1, 2, 3, 4]
    assert found(False, False, False) == []


def test_a_group_without_jobs_has_none():
    rows = JobRows(np.array([0, 0], np.int32), 2)
    assert len(rows.of(np.array([False, True]))) == 0
