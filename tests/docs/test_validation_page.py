"""The validation page: its sections, and the names of its cases, are those that its command knows."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import ROOT
from tools.validation import coverage, page, pieces, recorded
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
    heads = {"case", "fault", "kind of figure", "scenario", "simulator", "log", "workflow", "account"}
    return [cell for cell in cells if cell not in heads]


def test_the_committed_page_is_the_commands():
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(page.HEADINGS)
    names = [case.name for case in cases()]
    assert sorted(rows(text, "Queueing theory")) == sorted(names)
    assert sorted(rows(text, "Planted faults")) == sorted([*(fault.name for fault in FAULTS), *names])
    kinds = dict.fromkeys(figure.kind for figure in coverage.FIGURES)
    assert rows(text, "Coverage of intervals") == [*kinds, *(figure.case for figure in coverage.FIGURES)]
    assert rows(text, "Recorded logs, start for start") == [name for name, _ in recorded.LOGS]
    assert rows(text, "Executions of workflows") == [name for name, _ in recorded.WORKFLOWS]
    assert len(rows(text, "Other simulators")) == len(PEERS)
    for picture in re.findall(r"\]\((images/.*?)\)", text):
        assert (PAGE.parent / picture).is_file()


def case(name, theory):
    return QueueingCase(name, "group", lambda _: None, 1.0, lambda: theory, "source", "unit", lambda _: 0.0, 10)


def found(*figures):
    return [[[figure + number / 200, [], 1] for figure in figures] for number in range(-20, 20)]


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


FIGURE = coverage.Figure("M/M/2, load 0.8", "utilisation", "utilisation.vcpu", lambda *_: 0.8)


@pytest.fixture
def covered(monkeypatch):
    def text(*intervals):
        monkeypatch.setattr(coverage, "FIGURES", (FIGURE,))
        return "\n".join(page._coverage({("coverage", FIGURE.case, "0"): list(intervals)}))

    return text


def test_coverage_is_told_with_its_own_interval(covered):
    # 19 of 20 hold 0.8, of which one at its very end and one by less than half of its width.
    text = covered(*[[0.81, 0.78, 0.84]] * 17, [0.9, 0.8, 1.0], [0.82, 0.79, 0.85], [0.9, 0.81, 0.99])
    assert "Of 20 intervals 19 hold theory: 95.0% (75.1% to 99.9%). Were each half as wide, 85.0% would" in text
    assert "| utilisation | 20 | 19 | 95.0% (75.1% to 99.9%) |" in text
    assert "| M/M/2, load 0.8 | `utilisation.vcpu` | 20 | 19 |" in text


def test_coverage_that_is_not_as_asked_is_said_to_be(covered):
    missing = [[0.9, 0.81, 0.99]] * 40
    assert "50.0% (38.6% to 61.4%): **not what is asked for**" in covered(*missing, *[[0.8, 0.7, 0.9]] * 40)
    # All of 80 may be 98 %, all of 300 can't.
    assert "not what" not in covered(*[[0.8, 0.7, 0.9]] * 80)
    assert "**not what is asked for**" in covered(*[[0.8, 0.7, 0.9]] * 300)
    assert "Not run" in covered()


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


def test_parts_that_are_not_computed_yet_are_said_to_be_on_a_page_of_the_rest():
    text = page.text({}, [], {}, 1.0)
    every = list(pieces.pieces())
    assert f"**{len(every)} of {len(every)} parts of this page are not computed yet**" in text
    assert f"| {recorded.LOGS[0][0]} | {recorded.LOGS[0][1]} | not run |" in text
    assert f"| {recorded.WORKFLOWS[0][0]} | not run |" in text
    assert "validation-faults.png" not in text  # it would be that of another page
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(page.HEADINGS)
