"""``run --trace``: a file for ui.perfetto.dev beside the results, what is left out of it, and what is refused."""

from __future__ import annotations

import json

import pytest

from batchsim.cli.main import main
from tests.cli.test_cli import SMALL
from tests.perfetto_traces import read


@pytest.fixture
def small(tmp_path, monkeypatch):
    (tmp_path / "small.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_trace_is_written_into_the_results_folder_again_and_again(small, capsys):
    for _ in range(2):
        assert main(["run", "small.yaml", "--out", "out", "--trace", "out/trace.pftrace"]) == 0
    assert capsys.readouterr().out.endswith("out/trace.pftrace is a trace for https://ui.perfetto.dev\n")
    assert len(read(small / "out/trace.pftrace").of("run")) == 6
    # A run without one leaves none of an earlier run.
    assert main(["run", "small.yaml", "--out", "out", "--quiet"]) == 0
    assert not (small / "out/trace.pftrace").exists()


def test_what_a_window_leaves_out_is_said(small, capsys):
    arguments = ["run", "small.yaml", "--out", "out", "--trace", "day/small.pftrace", "--trace-window"]
    assert main([*arguments, "15m..30m"]) == 0
    said = "1 of 6 jobs are shown: those with attempts from 15 min to 30 min"
    assert said in capsys.readouterr().out
    assert read(small / "day/small.pftrace").of("about")[1].name == said
    assert main([*arguments, "..30m", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["scenario"] == "small"
    assert "3 of 6 jobs are shown" in told.err
    assert main([*arguments, "..30m", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--trace", "t.pftrace", "--trace-window", "6h"], "'6h' is no window; expected FROM..TO"),
        (["--trace", "t.pftrace", "--trace-window", "2h..1h"], "is empty"),
        (["--trace", "t.pftrace", "--trace-window", "1q.."], "'1q' is not a duration"),
        (["--trace-window", "1h.."], "there is no --trace FILE"),
        (["--trace", "small.yaml"], "small.yaml: [output] can't be written: it exists and is no trace"),
        (["--trace", "."], "it is a folder; a trace is a file"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_simulated(small, capsys, arguments, expected):
    assert main(["run", "small.yaml", "--out", "out", *arguments]) == 2
    assert expected in capsys.readouterr().err
    assert not (small / "out").exists()
    assert (small / "small.yaml").read_text() == SMALL
