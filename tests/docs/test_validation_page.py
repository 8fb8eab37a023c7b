"""The validation page: its sections, and the names of its cases, are those that its command knows."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import ROOT
from tools.validation import page, pieces, recorded
from tools.validation.case import REPLICATIONS, QueueingCase
from tools.validation.cases import cases
from tools.validation.experiment import Measured
from tools.validation.faults import FAULTS
from tools.validation.peers import PEERS

PAGE = ROOT / "docs" / "validation.md"


def rows(text, heading):
    """The first cells of a section's tables, without their heads."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
    return [cell for cell in cells if cell not in {"case", "fault", "group", "simulator", "log", "workflow", "account"}]


def test_the_committed_page_is_the_commands():
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(page.HEADINGS)
    names = [case.name for case in cases()]
    assert sorted(rows(text, "Queueing theory")) == sorted(names)
    assert sorted(rows(text, "Planted faults")) == sorted([*(fault.name for fault in FAULTS), *names])
    assert rows(text, "Coverage of intervals") == list(dict.fromkeys(case.group for case in cases()))
    assert rows(text, "Recorded logs, start for start") == [name for name, _ in recorded.LOGS]
    assert rows(text, "Executions of workflows") == [name for name, _ in recorded.WORKFLOWS]
    assert len(rows(text, "Other simulators")) == len(PEERS)
    for picture in re.findall(r"\]\((images/.*?)\)", text):
        assert (PAGE.parent / picture).is_file()


def case(name, theory):
    return QueueingCase(name, "group", lambda _: None, 1.0, lambda: theory, "source", "unit", lambda _: 0.0, 10)


def found(*figures):
    return [[[figure + number / 100, [], 1] for figure in figures] for number in range(-10, 10)]


@pytest.fixture
def measured(monkeypatch):
    of = {"runs": [case("near", 5.0), case("far", 9.0)]}
    monkeypatch.setattr(page, "by_runs", lambda: of)
    return page.measured({("case", "runs", "0"): found(5.0, 5.0)})


def test_a_figure_outside_its_interval_is_said_to_be(measured):
    near, far = measured
    assert (near.is_inside, near.is_far) == (True, False)
    assert (far.is_inside, far.is_far) == (False, True)
    text = "\n".join(page._theory(measured))
    assert "the interval holds theory in 1 of 2 (50%)" in text
    assert re.search(r"^\| near .*\| yes \|", text, re.MULTILINE)
    assert re.search(r"^\| far .*\| \*\*no\*\* \|", text, re.MULTILINE)


def test_a_case_that_tells_of_no_fault_is_named(measured, monkeypatch):
    _, far = measured
    monkeypatch.setattr(page, "FAULTS", ())
    text = "\n".join(page._faults({"one": [far], "another": []}))
    assert "Told of none of them: near." in text
    assert "| another | 0 cases | none |" in text
    assert "| far | one |" in text


def test_what_was_not_run_is_said_not_to_be(measured):
    text = "\n".join(page._theory(measured[:1]))
    assert re.search(r"^\| far .*\| not run \|", text, re.MULTILINE)
    assert f"| {FAULTS[0].name} | not run | |" in "\n".join(page._faults({}))


def test_coverage_counts_plain_intervals(measured):
    text = "\n".join(page._coverage(measured))
    # Of figures a hundredth apart, ten below 5 and ten from it on: 4.945 and 5.045, each ± 0.022, for both cases.
    assert (
        "Of 4 intervals as `--replications 10` gives them, of the cases above without adjustment, 0 hold theory:\n0.0%"
        in text
    )
    single = [Measured(each.case, 5.045, each.samples) for each in measured]
    assert " 2 hold theory:\n50.0%" in "\n".join(page._coverage(single))


def test_pieces_are_named_once_and_cover_all_replications():
    every = list(pieces.pieces())
    assert len(every) == len(set(every))
    for name in pieces.by_runs():
        firsts = sorted(int(piece[2]) for piece in every if piece[:2] == ("case", name))
        assert firsts == list(range(0, REPLICATIONS, 10))
    assert {piece[1] for piece in every if piece[0] == "fault"} == {fault.name for fault in FAULTS}
    looked_at = {each.name for piece in every if piece[0] == "fault" for each in pieces.by_runs()[piece[2]]}
    assert looked_at == {case.name for case in cases()}


def test_what_is_kept_is_not_computed_again(tmp_path, monkeypatch):
    wanted = [("peer", "SimPy", "1"), ("peer", "SimPy", "3")]
    monkeypatch.setattr(pieces, "PEER_JOBS", 20)
    told = []
    first = pieces.computed(tmp_path, tmp_path, 1, wanted, told.append)
    assert first == {piece: pieces.compute(piece, tmp_path) | {"jobs": first[piece]["jobs"]} for piece in wanted}
    kept = pieces.place(tmp_path, wanted[0])
    kept.write_text(json.dumps({"kept": True}))
    assert pieces.computed(tmp_path, tmp_path, 1, wanted, told.append)[wanted[0]] == {"kept": True}
    assert told[-1] == "2 of 2 pieces are there"


def test_a_case_is_far_when_it_can_be_no_chance():
    samples = tuple(page.Sample(5 + number / 10) for number in range(-5, 6))
    half = Measured(case("one", 5.0), 5.0, samples).estimate.half
    assert not Measured(case("one", 5.0), 5.0 + 1.9 * half, samples).is_far
    assert Measured(case("one", 5.0), 5.0 + 2.1 * half, samples).is_far
