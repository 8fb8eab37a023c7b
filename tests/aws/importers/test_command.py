"""``batchsim import config`` as a user meets it."""

from __future__ import annotations

import pytest

from batchsim.cli.main import main
from batchsim.scenario.document.document import compose

TEMPLATE = """
Parameters:
  Size: {Type: Number}
Resources:
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      Type: MANAGED
      ServiceRole: !ImportValue role
      ComputeResources: {Type: EC2, MinvCpus: 0, MaxvCpus: !Ref Size, InstanceTypes: [!Sub "${AWS::Region}"]}
"""


@pytest.fixture
def template(tmp_path):
    source = tmp_path / "template.yaml"
    source.write_text(TEMPLATE)
    return source


def section(text):
    return compose(text, "x")[0]["batch"]["computeEnvironments"][0]["computeResources"]


def test_the_section_goes_to_standard_output_and_the_notes_elsewhere(template, capsys):
    assert main(["import", "config", str(template), "--parameter", "Size=64", "--region", "eu-west-1"]) == 0
    out, err = capsys.readouterr()
    assert section(out) == {"type": "EC2", "minvCpus": 0, "maxvCpus": 64, "instanceTypes": ["eu-west-1"]}
    (line,) = err.splitlines()
    assert line.startswith(f"info: {template}:9:20: [left-out] batch.computeEnvironments.Fleet.serviceRole: left out: ")


def test_the_section_goes_to_a_file_that_is_not_there_yet(template, tmp_path, capsys):
    arguments = ["import", "config", str(template), "--parameter", "Size=64", "--out", str(tmp_path / "batch.yaml")]
    assert main(arguments) == 0
    assert capsys.readouterr().out == ""
    written = (tmp_path / "batch.yaml").read_text()
    assert section(written)["instanceTypes"] == ["us-east-1"]
    assert main([*arguments[:-3], "Size=65", "--out", str(tmp_path / "batch.yaml")]) == 2
    assert "it exists already" in capsys.readouterr().err
    assert (tmp_path / "batch.yaml").read_text() == written


def test_what_is_missing_is_asked_for_with_exit_code_2(template, capsys):
    assert main(["import", "config", str(template)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    notes, error = err.splitlines()
    assert notes.startswith("info: ")
    assert error.startswith(f"{template}:10:60: [unresolved]")
    assert error.endswith("expected --parameter Size=VALUE")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "a SOURCE or --live is needed"),
        (["x.yaml", "--live"], "--live takes no SOURCE"),
        (["x.yaml", "--queue", "q"], "need --live"),
        (["x.yaml", "--parameter", "Size"], "expected NAME=VALUE"),
    ],
)
def test_arguments_that_do_not_fit_together_are_told(arguments, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["import", "config", *arguments])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_a_missing_file_is_one_line(tmp_path, capsys):
    assert main(["import", "config", str(tmp_path / "none.yaml")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'none.yaml'}: [unreadable] No such file or directory\n"


def test_a_folder_that_is_not_there_is_one_line(template, tmp_path, capsys):
    out = str(tmp_path / "none" / "batch.yaml")
    assert main(["import", "config", str(template), "--parameter", "Size=1", "--out", out]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"{out}: [output] can't be written: No such file or directory"
