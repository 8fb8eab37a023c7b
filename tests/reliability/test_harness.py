"""What disturbs commands has to see when something is wrong."""

from __future__ import annotations

import json
import signal

import pytest

from tools.reliability import left, page, signals
from tools.reliability.commands import COMMANDS, Command
from tools.reliability.deploy import Case, Said, _chosen, _printed
from tools.reliability.disks import _told
from tools.reliability.trials import Ended, Trial

EXPORT = next(command for command in COMMANDS if command.name == "export")
SWEEP = next(command for command in COMMANDS if command.name == "sweep, 1 worker")


@pytest.mark.parametrize(
    ("name", "half", "whole"),
    [
        ("a.json", b'{"a": 1', json.dumps({"a": 1}).encode()),
        ("a.html", b"<html>", b"<html></html>\n"),
        ("a.yaml", b"name: a", b"name: a\n"),
        ("a.png", b"\x89PNG", b"\x89PNG IEND\xaeB`\x82"),
        ("a.parquet", b"PAR1", None),
    ],
)
def test_half_a_file_is_seen(tmp_path, name, half, whole):
    path = tmp_path / name
    path.write_bytes(half)
    assert left.partial(path, {"": ""}) == [str(path)]
    if whole is not None:
        path.write_bytes(whole)
        assert left.partial(path, {"": ""}) == []


def test_a_missing_file_of_a_folder_is_seen(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "a.json").write_text("{}")
    assert left.partial(tmp_path / "run", {"a.json": "", "b.json": ""}) == ["b.json"]


def test_wholes_are_folders_files_and_the_files_of_a_folder(tmp_path):
    for name in ("sweep/runs.parquet", "sweep/sweep.sqlite", "sweep/sweep.sqlite-wal", "sweep/.unfinished-runs-x/runs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [name for name, _ in left.wholes(SWEEP, tmp_path)] == ["sweep/runs.parquet"]
    assert left.litter(tmp_path) == ["sweep/.unfinished-runs-x"]
    assert list(left.contents(Command("", (), ("gone", "sweep")), tmp_path)) == ["sweep"]


@pytest.mark.parametrize(
    ("code", "error", "problems"),
    [
        (0, "", 0),
        (130, "interrupted\n", 0),
        (130, "interrupted: results keep the 4 runs that are done\n", 0),
        (130, "", 1),
        (130, "interrupted\ninterrupted\n", 1),
        (-signal.SIGINT, "Traceback (most recent call last):\nKeyboardInterrupt\n", 2),
        (1, "", 1),
    ],
)
def test_how_an_interrupt_is_told_is_judged(code, error, problems):
    assert len(list(signals._interrupted(Ended(code, "", error)))) == problems


@pytest.mark.parametrize(
    ("code", "error", "problems"),
    [
        (0, "", 0),
        (2, "{folder}/run: [output] can't be written: No space left on device\n", 0),
        (2, "can't be written: No space left on device\n", 1),
        (2, "Traceback (most recent call last):\n", 2),
        (1, "", 1),
    ],
)
def test_how_a_full_disk_is_told_is_judged(tmp_path, code, error, problems):
    assert len(list(_told(Ended(code, "", error.replace("{folder}", str(tmp_path))), tmp_path))) == problems


def test_what_is_printed_is_searched_for_secrets_and_tracebacks():
    assert list(_printed(Said(0, "created job queue nightly", ""))) == []
    assert list(_printed(Said(2, "", "planted-pa55word"))) == ["printed a secret: planted-pa55word"]
    assert len(list(_printed(Said(1, "Traceback (most recent call last): …", "")))) == 1


def test_calls_that_fail_are_chosen():
    calls = ["listjobs", "submitjob", *["describejobs"] * 10, "submitjob"]
    assert _chosen(calls, lasting=True) == list(range(1, 14))
    # The first look and the eleventh, and what changes something.
    assert _chosen(calls, lasting=False) == [1, 2, 12, 13]


def test_a_part_of_the_page_is_made_anew_and_nothing_else():
    text = "a\n<!-- made by: python -m tools.reliability deploy -->\nold\n<!-- end -->\nb\n"
    assert page.with_part(text, "deploy", ["new"]) == text.replace("old\n", "\nnew\n\n")
    with pytest.raises(ValueError, match="no part signals"):
        page.with_part(text, "signals", [])


def test_tables_count():
    trials = [
        Trial("run", "SIGKILL", "1 s", litter=1, kept=3, outlived_s=0.2),
        Trial("run", "SIGKILL", "2 s", ended=True, problems=["half\na file"], lost=2),
    ]
    lines = list(page.of_trials(trials))
    assert lines[2:4] == [
        "| run | SIGKILL | 2 | 1 | 1 | 3 | 0 | 2 | 1 | 0 |",
        "| all |  | 2 | 1 | 1 | 3 | 0 | 2 | 1 | 0 |",
    ]
    assert lines[-1] == "- run, SIGKILL at 2 s: half a file"
    cases = [Case("apply", "lost answer", 1, lasting=True), Case("apply", "lost answer", 2, passed=True)]
    assert list(page.of_cases(cases))[2:] == [
        "| apply | lost answer | to the end | 1 | 0 | 0 |",
        "| apply | lost answer | one call | 1 | 1 | 0 |",
        "| all | | | 2 | 1 | 0 |",
    ]
