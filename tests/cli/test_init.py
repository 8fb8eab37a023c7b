"""``batchsim init``: first scenarios that are valid as they are."""

from __future__ import annotations

import sys

import pytest

import batchsim as bs
from batchsim.cli.main import main
from batchsim.scenario.document.document import read
from batchsim.scenario.stories.story import STORIES
from batchsim.validation.validate import validate
from tests.unit.scenario.schema.rich import refusals


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def answers(monkeypatch):
    """What a person at a terminal answers, line by line; the questions are kept."""

    def answer(*lines):
        asked, given = [], iter(lines)

        def ask(question):
            asked.append(question)
            line = next(given, None)
            if line is None:
                raise EOFError
            return line

        monkeypatch.setattr("builtins.input", ask)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        return asked

    return answer


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_valid_and_keeps_its_promise(folder, name, capsys):
    assert main(["init", name]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{name}.yaml\nbatchsim.schema.json\nnext: batchsim run {name}.yaml\n"
    path = folder / f"{name}.yaml"
    assert path.read_text().startswith("# yaml-language-server: $schema=batchsim.schema.json\n\n# ")
    assert validate(path).findings == ()
    assert refusals(read(path, name).values) == []
    table = bs.compare(bs.load(path)).table
    assert table.loc["as-it-is", "objectives_missed"] == 0
    assert table.loc["as-it-is", "jobs"] > 50
    # Less room is dearer or later, so that there is something to see.
    assert table.loc["half", "queue_time_p95_s"] > 1.5 * table.loc["as-it-is", "queue_time_p95_s"]


def test_it_asks_on_a_terminal(folder, answers, capsys):
    asked = answers("", "50", "4", "14GiB", "", "05:30")
    assert main(["init", "--out", "mine.yaml"]) == 0
    assert asked[0] == "which story [etl]: "
    assert len(asked) == 6
    scenario = bs.load("mine.yaml")
    assert scenario.name == "mine"
    assert scenario.objectives[0].expression == "max(finished_at, workflow=nightly) <= 05:30"
    requirements = scenario.batch["jobDefinitions"][0]["containerProperties"]["resourceRequirements"]
    assert [each["value"] for each in requirements] == ["4", "14336"]
    assert "etl" in capsys.readouterr().err


def test_it_asks_again_where_an_answer_is_none(folder, answers, capsys):
    asked = answers("cake", "gpu", "many", "3", "1000", "4", "1TiB", "", "", "8", "20GiB")
    assert main(["init"]) == 0
    told = capsys.readouterr().err
    assert "there is no story 'cake'" in told
    assert "'many' is no number of jobs" in told
    assert "'1000' is no number of vCPUs" in told
    assert "no instance type here holds 4 vCPUs and 1048576 MiB" in told
    assert asked[-2:] == ["vCPUs of a job [4]: ", "memory of a job, such as 3600MiB or 7GiB [14000MiB]: "]
    assert bs.load("gpu.yaml").name == "gpu"


def test_who_leaves_has_nothing_written(folder, answers):
    answers("etl", "50")
    assert main(["init"]) == 130
    assert list(folder.iterdir()) == []


def test_nothing_is_overwritten(folder, capsys):
    (folder / "etl.yaml").write_text("mine")
    (folder / "batchsim.schema.json").write_text("{}")
    assert main(["init", "etl"]) == 2
    assert "it exists already" in capsys.readouterr().err
    assert (folder / "etl.yaml").read_text() == "mine"
    assert main(["init", "ETL", "--out", "other.yaml"]) == 0
    assert (folder / "batchsim.schema.json").read_text() == "{}"


def test_without_a_terminal_and_a_story(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert main(["init"]) == 2
    assert "expected one of etl, service, genomics, gpu" in capsys.readouterr().err
    assert main(["init", "genome"]) == 2
    assert "did you mean genomics?" in capsys.readouterr().err
