"""Columns of Arrow: texts by their number."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batchsim.results.arrow import coded


@given(
    known=st.lists(st.none() | st.sampled_from(["a", "b", "é", ""]), min_size=1, max_size=8),
    rows=st.lists(st.integers(-2, 7), max_size=12),
)
def test_a_row_has_the_text_of_its_number(known, rows):
    codes = np.array([row if row < len(known) else -1 for row in rows], np.int32)
    column = coded(codes, known)
    assert column.to_pylist() == [known[code] if code >= 0 else None for code in codes.tolist()]
    dictionary = column.dictionary.to_pylist()
    assert len(set(dictionary)) == len(dictionary)


def test_of_many_texts_a_part_of_the_rows_has_its_own_alone():
    # Tables are written part by part: with all names of the jobs in each the work would grow with their square.
    column = coded(np.array([70, -1, 3, 70], np.int32), [f"job-{number}" for number in range(100)])
    assert column.to_pylist() == ["job-70", None, "job-3", "job-70"]
    assert sorted(column.dictionary.to_pylist()) == ["job-3", "job-70"]
