"""A results folder read back: a table that is not as it was written is told, never taken for figures."""

from __future__ import annotations

from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import batchsim as bs
from batchsim.experiments.run_store import write_run
from tests.builders import job, scenario, workflow

TABLES = ("jobs", "attempts", "instances", "timeline")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("results") / "run"
    write_run(bs.run(scenario(workflow(job(), arrivals={"every": 60, "count": 50}))), place)
    return place


@pytest.fixture
def copy(folder, tmp_path):
    for each in folder.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    return tmp_path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(TABLES), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_that_flips_on_the_disk_changes_no_figure(folder, copy, name, where, bit):
    content = bytearray((folder / f"{name}.parquet").read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    (copy / f"{name}.parquet").write_bytes(bytes(content))
    whole = getattr(bs.read(folder), name)
    with suppress(bs.OutputError):  # the next test tells its words
        found = getattr(bs.read(copy), name)
        common = [column for column in whole.columns if column in found.columns]
        assert len(common) >= len(whole.columns) - 1  # a name that is another
        pd.testing.assert_frame_equal(found[common], whole[common])


@pytest.mark.parametrize("name", ["summary.json", *(f"{table}.parquet" for table in TABLES)])
def test_a_file_that_is_cut_or_gone_is_told(copy, name):
    path = copy / name
    attribute = name.partition(".")[0]
    for spoil in (lambda: path.write_bytes(path.read_bytes()[:-20]), path.unlink):
        spoil()
        if name == "summary.json" and not path.exists():
            with pytest.raises(bs.OutputError, match="can't be read: it is not a results folder"):
                bs.read(copy)
            return
        with pytest.raises(bs.OutputError, match=rf"{name}: \[output\] can't be read: .* run the scenario again"):
            getattr(bs.read(copy), attribute)
