"""Exit codes and streams of every command, in this process: 0 done, 1 missed or faulty, 2 the wrong input."""

from __future__ import annotations

import argparse
import errno
import io
import json
import sys

import pytest

from batchsim.cli import options, schema
from batchsim.cli.main import main
from tests.cli.test_cli import SMALL


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a scenario, and what is none."""
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "cut off.yaml").write_text("name: a\nbatch: [\n")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01\x02")
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "jobs.json").write_text('{"jobs": []}')
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, *arguments):
    """Exit code, standard output and standard error of a command."""
    try:
        code = main(arguments)
    except SystemExit as leaving:
        code = leaving.code
    found = capsys.readouterr()
    return code, found.out, found.err


COMMANDS = [
    ["run"], ["compare"], ["sweep"], ["optimize"], ["validate"], ["export", "--format", "boto3"], ["deploy"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_what_is_no_scenario_is_told_by_file_and_line_in_every_command(here, capsys, command):
    for file, told in {
        "missing.yaml": "missing.yaml: [unreadable] No such file or directory",
        "folder": "folder: [unreadable] Is a directory",
        "cut off.yaml": "cut off.yaml:3:1: [syntax]",
        "binary.yaml": "binary.yaml: [unreadable] not UTF-16 text (byte 4)",
        "list.yaml": "list.yaml:1: [not-a-mapping] not a scenario; expected a mapping with name, batch, workload",
        "empty.yaml": "empty.yaml:1: [not-a-mapping] not a scenario",
    }.items():
        code, out, err = said(capsys, *command, file)
        assert (code, out) == (2, ""), file
        assert err.startswith(told)
        assert len(err.splitlines()) == 1
    # Nothing was begun.
    assert sorted(path.name for path in here.iterdir() if path.is_dir()) == ["folder"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("run", "required: SCENARIO"),
        ("run small.yaml --set x", "argument --set: expected PATH=VALUE, not 'x'"),
        ("run small.yaml --set =3", "argument --set: expected PATH=VALUE, not '=3'"),
        ("run small.yaml --set duration=-1h", "    duration=-1h\n             ^^^"),
        ("run small.yaml --set seed=[", "--set: [syntax] seed:"),
        ("run small.yaml --ignore nothing", "--ignore: [ignore] ignore.0: there is no rule 'nothing'"),
        ("run small.yaml --seed 1.5", "expected a whole number of 0 or more, not '1.5'"),
        ("run small.yaml --workers -1", "argument --workers: expected a whole number of 1 or more"),
        ("run small.yaml --replications 1e3", "expected a whole number of 1 or more, not '1e3'"),
        ("run small.yaml --trace-window 1h..2h", "there is no --trace FILE that it is for"),
        ("run small.yaml --trace t --trace-window x", "'x' is no window; expected FROM..TO"),
        ("run small.yaml --trace t --trace-window 5h..1h", "the window '5h..1h' is empty"),
        ("run small.yaml --trace folder", "folder: [output] can't be written: it is a folder"),
        ("validate small.yaml --out folder", "folder: [output] can't be written: Is a directory"),
        ("validate small.yaml --out no/where", "no/where: [output] can't be written: No such file or directory"),
        ("export small.yaml", "required: --format"),
        ("import", "required: KIND"),
        ("import jobs jobs.json", "required: --out"),
        ("import jobs jobs.json --out a.csv", "jobs.json: [trace] no job in it, but an answer without jobs"),
        ("import jobs missing.json --out a.csv", "missing.json: "),
        ("import config missing.json", "missing.json: [unreadable]"),
        ("import config jobs.json", "jobs.json:1:10: [describe-jobs] jobs: this is describe-jobs output"),
        ("import config binary.yaml", "binary.yaml: [unreadable] not UTF-16 text"),
        ("calibrate missing.json", "missing.json: [history] No such file"),
        ("calibrate jobs.json", "jobs.json: [trace] no job in it"),
        ("calibrate jobs.json --back-test 2", "expected a part such as 5% or 0.05"),
        ("prices refrsh", "did you mean refresh?"),
        ("explain qeue_time", "nothing is called 'qeue_time'; did you mean queue_time?"),
        ("init nothing", "there is no story 'nothing'; expected one of etl"),
        ("schema x", "unrecognized arguments: x"),
        ("sweep small.yaml", "there is nothing to vary"),
        ("sweep small.yaml --vary x", "--vary: [usage] it says not what to vary"),
        ("sweep small.yaml --vary seed=", "there is no value to take"),
        ("optimize small.yaml", "nothing to choose from"),
        ("optimize small.yaml --budget 0", "expected a whole number of 1 or more"),
        ("optimize small.yaml --confidence 1", "expected a share between 0.5 and 1"),
        ("optimize small.yaml --confidence nan", "expected a share between 0.5 and 1"),
        ("compare small.yaml missing.yaml", "missing.yaml: [unreadable]"),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_is_wrong(here, capsys, line, told):
    before = sorted(path.name for path in here.iterdir())
    code, out, err = said(capsys, *line.split())
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
    assert sorted(path.name for path in here.iterdir()) == before


def exits_with(error):
    def execute(_arguments):
        raise error

    return execute


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (MemoryError(), 2, "there is too little memory for this; expected fewer jobs in one run"),
        (MemoryError("Unable to\n allocate 1 GiB"), 2, "for this (Unable to allocate 1 GiB); expected"),
        (OSError(errno.ENOSPC, "No space left on device", "a/b"), 2, "a/b: [output] can't be written: No space left"),
        (OSError(errno.EIO, "Input/output error"), 2, "standard output: [output] can't be written: Input/output error"),
        (BrokenPipeError(), 0, ""),
    ],
    ids=["interrupted", "memory", "memory, with words", "a full disk", "an output that fails", "a reader went away"],
)
def test_what_goes_wrong_outside_is_a_line_and_an_exit_code(monkeypatch, capsys, error, code, told):
    monkeypatch.setattr(schema, "execute", exits_with(error))
    monkeypatch.setattr("batchsim.cli.main._drop_output", lambda: None)
    found = said(capsys, "schema")
    assert found[:2] == (code, "")
    assert told in found[2]
    assert len(found[2].splitlines()) == (1 if told else 0)


def test_a_fault_of_ours_is_no_wrong_input(monkeypatch):
    # Hidden as exit code 2 it would be taken for the user's.
    monkeypatch.setattr(schema, "execute", exits_with(ZeroDivisionError("of ours")))
    with pytest.raises(ZeroDivisionError):
        main(["schema"])


LARGE = "batch.computeEnvironments.fleet.computeResources.instanceTypes=[c6i.large]"


@pytest.mark.parametrize(
    ("changes", "errors", "strict"),
    [
        ([LARGE], 0, 0),  # subnets and roles that only a deployment needs do not count
        ([LARGE, "workload.tasks.arrivals.until=0"], 0, 1),  # nothing arrives: a warning
        (["duration=1h"], 0, 1),  # a type of 128 vCPUs may be launched where maxvCpus is 8
        ([LARGE, "batch.jobQueues.work.priority=-1"], 1, 1),
        ([LARGE, "workload.tasks.arrivals.at=5h"], 1, 1),  # beside `every`
        ([LARGE, "workload.tasks.jobs.task.runtime=-5"], 1, 1),
    ],
    ids=["clean", "no arrivals", "larger than the limit", "out of range", "two ways to arrive", "no duration"],
)
def test_validate_ends_with_1_where_there_are_errors_or_with_strict_warnings(here, capsys, changes, errors, strict):
    change = [word for each in changes for word in ("--set", each)]
    code, out, err = said(capsys, "validate", "small.yaml", "--json", *change)
    assert (code, err) == (int(errors > 0), "")
    assert json.loads(out)["counts"]["error"] == errors
    assert said(capsys, "validate", "small.yaml", "--strict", *change)[0] == strict
    # Quiet it says the errors alone, and of none nothing.
    code, out, err = said(capsys, "validate", "small.yaml", "--quiet", *change)
    assert (code, err) == (int(errors > 0), "")
    assert (out == "") == (errors == 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("5%", 0.05), ("0.05", 0.05), (".5", 0.5), ("12.5 %", 0.125), ("99.9%", 0.999), ("0.001%", 1e-5)],
)
def test_a_part_is_a_share_or_a_percentage(text, value):
    assert options.part(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["0", "0%", "1", "100%", "-5%", "5", "five", "5%%", "1e-2", "", "nan"])
def test_what_is_no_part_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a part such as 5% or"):
        options.part(text)


@pytest.mark.parametrize(("text", "pair"), [("a=b", ("a", "b")), ("a.b = c=d", ("a.b", " c=d")), ("a=", ("a", ""))])
def test_an_assignment_is_cut_at_its_first_sign(text, pair):
    assert options.assignment_of("PATH")(text) == pair


def test_an_answer_reaches_a_terminal_that_lacks_its_signs(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["explain", "p95"]) == 0
    sys.stdout.flush()
    assert b"p95" in raw.getvalue()
