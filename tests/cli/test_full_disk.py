"""A disk that is full while a file is written: the file is as it was, and one line names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import batchsim as bs
from batchsim.cli.main import main
from batchsim.experiments.optimize.written import write_recommendation
from tests.aws.configurations import DEPLOYMENT
from tests.builders import environment, job, scenario, workflow


@pytest.fixture
def full_disk(monkeypatch):
    """Half of a text finds room."""
    write_text = Path.write_text

    def half(self: Path, text: str, *arguments: object, **more: object) -> int:
        write_text(self, text[: len(text) // 2])
        raise OSError(28, "No space left on device", str(self))

    return lambda: monkeypatch.setattr(Path, "write_text", half)


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["schema", "--out", "{out}/schema.json"], "schema.json"),
        (["validate", "{in}", "--format", "json", "--out", "{out}/findings.json"], "findings.json"),
        (["export", "{in}", "--format", "boto3", "--out", "{out}/exported"], "exported"),
        (["init", "etl", "--out", "{out}/etl.yaml"], "etl.yaml"),
        (["import", "config", "{in}.json", "--out", "{out}/batch.yaml"], "batch.yaml"),
    ],
)
def test_a_file_that_finds_no_room_is_not_there(tmp_path, capsys, full_disk, arguments, named):
    made = scenario(workflow(job()), deployment=DEPLOYMENT)
    (tmp_path / "in").write_text(made.to_yaml(relative_to=tmp_path))
    (tmp_path / "in.json").write_text(json.dumps(made.document.values["batch"]))
    (tmp_path / "out").mkdir()
    filled = [text.replace("{in}", f"{tmp_path}/in").replace("{out}", f"{tmp_path}/out") for text in arguments]
    full_disk()
    assert main(filled) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert named in told
    assert told.endswith("can't be written: No space left on device")
    assert content(tmp_path / "out") == {}


def test_an_earlier_recommendation_is_kept_where_the_new_one_finds_no_room(tmp_path, full_disk):
    class Found:
        recommendation = scenario(workflow(job()), environments=[environment(type="EC2")])

    path = tmp_path / "recommended.yaml"
    write_recommendation(Found, path)
    before = path.read_text()
    full_disk()
    with pytest.raises(bs.OutputError, match=r"recommended\.yaml"):
        write_recommendation(Found, path)
    assert content(tmp_path) == {"recommended.yaml": before}
