"""A bounded form of `python -m tools.reliability limits`: small sizes of the same kinds, and all refusals."""

from __future__ import annotations

import sys

import pytest

from batchsim.cli import main as cli
from tools.reliability import limits
from tools.reliability.limits import FINISHED, REFUSED, Limit, Outcome


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits a process as Linux does")
def test_sizes_are_finished_or_refused(tmp_path):
    some = list(limits.outcomes(tmp_path / "limits", 0.0002))
    assert [problem for each in some for problem in each.problems] == []
    assert len(some) == len(FINISHED) + len(REFUSED)
    # None of so few jobs needs what a million may have (400 MiB), and each refusal is told in one line.
    assert max(each.peak_mib for each in some if not each.limit.refused) < 400
    assert all(each.said and "\n" not in each.said for each in some if each.limit.refused)


def test_what_does_not_keep_to_its_limit_is_a_problem():
    finished, refused = Limit("one", 1, lambda *_: ()), Limit("one", 1, lambda *_: (), refused="at most 3")

    def problem(limit: Limit, code: int, error: str = "") -> str:
        return " ".join(limits._wrong(limit, code, error)).partition(":")[0]

    assert problem(finished, 0) == ""
    assert problem(finished, 1, "Traceback (most recent call last)") == "it ends in a traceback"
    assert problem(finished, -9) == "it was ended by signal 9"
    assert problem(finished, 2, "too large") == "it ended with 2"
    assert problem(refused, 2, "a.yaml:3:1: 4 jobs; expected at most 3") == ""
    assert problem(refused, 0) == "it was not refused, but ended with 0"
    assert problem(refused, 2, "no") == "its refusal does not say where, or what the limit is"


def test_the_table_has_a_line_for_each_and_the_words_of_refusals():
    finished = Outcome(Limit("{:,} jobs", 5000, lambda *_: (), 2048, 60), 1000, 3.4, 170.6, 3 << 20)
    refused = Outcome(Limit("too many", 1, lambda *_: (), refused="x"), 1, said="a.yaml:1:2: a|b")
    broken = Outcome(Limit("broken", 1, lambda *_: ()), 1, problems=["it ended with 1:\nno"])
    lines = list(limits.table([finished, refused, broken]))
    assert "| 1,000 jobs | 3 s | 60 s | 171 MiB | 2,048 MiB | 3.0 MiB |" in lines
    assert "| too many | a.yaml:1:2: a\\|b |" in lines
    assert lines[-1] == "- broken: it ended with 1: no"


@pytest.mark.parametrize(
    ("share", "size"),
    [(1.0, 5000), (0.5, 2500), (0.0001, 20)],
)
def test_a_form_has_its_share_of_the_size_and_the_least_at_least(share, size):
    assert Limit("jobs", 5000, lambda *_: (), least=20).at(share) == size


def test_where_memory_ends_one_line_says_so(monkeypatch, capsys):
    def ends(_: object) -> int:
        raise MemoryError("Unable to allocate 38.2 MiB for an array")

    monkeypatch.setattr(cli.schema, "execute", ends)
    assert cli.main(["schema"]) == cli.WRONG_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("[too-large] there is too little memory for this (Unable to allocate 38.2 MiB for an array)")
    assert "expected fewer jobs in one run, or a machine with more memory" in line
