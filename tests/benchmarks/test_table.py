"""The benchmark's own arithmetic: which figure a line shows, and in which order it is measured. No timing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks import table
from benchmarks.builds import BEFORE, COMPILED, THIS, Build
from benchmarks.lines import Line, Quantity, Subject
from benchmarks.measure import WHOLE, Measured
from benchmarks.targets import GROUPS
from benchmarks.turns import turns
from tests.conftest import ROOT

OURS, PEER = Subject("ours", 100), Subject("SimPy: theirs", 100)
ALL = [line for lines in GROUPS.values() for line in lines]


def measured(*cpu_s: float, part: str = WHOLE) -> list[Measured]:
    return [Measured({part: each}, 10.0) for each in cpu_s]


def test_speed_is_a_ratio_of_medians():
    # 100 jobs in 2 s, and the peer's in 3 s: 50 a second to 33.3.
    line = Line("", Quantity.SPEED, OURS, PEER, target=1.5)
    figure = line.figure({OURS: measured(1, 2, 9), PEER: measured(3, 3, 1, 8)})
    assert figure == pytest.approx(1.5)
    assert line.is_met(figure)


def test_cost_is_by_job():
    # 4 s for 400 jobs to 0.5 s for 100: 10 ms to 5.
    few, many = Subject("ours", 100), Subject("ours", 400)
    line = Line("", Quantity.COST, many, few, target=1.3)
    figure = line.figure({few: measured(0.5), many: measured(4)})
    assert figure == pytest.approx(2)
    assert not line.is_met(figure)


def test_time_is_of_a_part_and_has_no_verdict():
    line = Line("", Quantity.TIME, OURS, part="engine")
    figure = line.figure({OURS: measured(0.002, part="engine")})
    assert line.shown(figure) == "20.0"
    assert line.is_met(figure) is None


def test_compiled_is_held_against_the_same_peer_but_its_own_runs():
    beside = Line("", Quantity.SPEED, OURS, PEER, 1, 2).beside(COMPILED)
    assert beside is not None
    assert (beside.of.build, beside.to, beside.target) == (COMPILED, PEER, 2)
    grown = Line("", Quantity.COST, OURS, Subject("ours", 10)).beside(COMPILED)
    assert grown is not None
    assert grown.to == Subject("ours", 10, COMPILED)
    before = Line("", Quantity.COST, OURS, Subject("ours", 100, BEFORE), 0.5, 0.3).beside(COMPILED)
    assert before is not None
    assert before.to == Subject("ours", 100, BEFORE)
    assert Line("", Quantity.SPEED, OURS, PEER, 1).beside(COMPILED) is None


def test_peers_are_measured_before_and_after_and_long_runs_once():
    million = Subject("ours", 1_000_000)
    group = [Line("", Quantity.SPEED, OURS, PEER), Line("", Quantity.COST, million, OURS)]
    assert turns([group], 2) == [PEER, OURS, million, OURS, PEER, PEER, OURS, PEER]


def test_lines_have_names_of_their_own_and_as_many_jobs_on_both_sides():
    assert len({line.title for line in ALL}) == len(ALL)
    assert all(line.of.jobs == line.to.jobs for line in ALL if line.to and line.quantity is Quantity.SPEED)


def test_the_readme_is_changed_between_its_marks_only(tmp_path, monkeypatch):
    page = tmp_path / "README.md"
    page.write_text("above\n<!-- benchmarks -->\nold\n<!-- /benchmarks -->\nbelow\n")
    monkeypatch.setattr(table, "README", page)
    line = Line("ours to theirs", Quantity.SPEED, OURS, PEER, target=1.5)
    row = table.Row.of(line, [THIS], {OURS: measured(2, 2), PEER: measured(2)})
    table.write_readme([row], [THIS], ["noted"])
    assert page.read_text().splitlines() == [
        "above",
        "<!-- benchmarks -->",
        "|  | measured | target |  | rounds |",
        "|---|---:|---:|---:|---:|",
        "| ours to theirs | 1.00 | ≥ 1.5 | missed | 2 |",
        "",
        "noted",
        "<!-- /benchmarks -->",
        "below",
    ]


def test_a_place_without_batchsim_is_said_to_be_so(tmp_path):
    with pytest.raises(SystemExit, match="there is no batchsim in it"):
        Build.of(BEFORE, str(tmp_path))
    with pytest.raises(SystemExit, match="neither a folder nor a Python"):
        Build.of(BEFORE, str(tmp_path / "nothing"))


def test_every_line_names_a_case():
    # In a process of its own: the cases replace the engine's entry by one that takes its time.
    code = "import json; from benchmarks.cases import CASES; print(json.dumps(list(CASES)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    named = {each.case for line in ALL for each in line.subjects if isinstance(each.case, str)}
    assert named == set(json.loads(done.stdout))


def test_the_command_measures_a_line(tmp_path):
    written = tmp_path / "figures.json"
    asked = ["--only", "M/M/15 on Fargate", "a job in the engine", "--before", str(ROOT)]
    command = [sys.executable, "-m", "benchmarks", *asked, "--divide", "1000", "--rounds", "1", "--json", str(written)]
    subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    content = json.loads(written.read_text())
    assert [line["title"].split(",")[0] for line in content["lines"]] == [
        "full model: a job in the engine",
        "M/M/15 on Fargate",
    ]
    assert all(line[THIS]["figure"] > 0 for line in content["lines"])
    assert {len(each) for each in content["measurements"].values()} == {1, 2}
