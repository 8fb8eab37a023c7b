"""The commands of the page on editor and shell do what it says; the lines for shells are commands."""

from __future__ import annotations

import re
import shlex

from batchsim.cli.init import SCHEMA
from batchsim.cli.main import main
from batchsim.scenario.stories.story import STORIES
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "editor.md").read_text(encoding="utf-8")


def test_its_commands_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    assert len(commands) == 7
    for program, *arguments in commands:
        assert program == "batchsim"
        assert main(arguments) == 0, arguments
    capsys.readouterr()
    assert {path.name for path in tmp_path.iterdir()} == {"etl.yaml", SCHEMA, "results"}


def test_what_it_names_is_there(capsys):
    assert all(f"`{name}`" in PAGE for name in STORIES)
    assert f"# yaml-language-server: $schema={SCHEMA}" in PAGE
    for shell in re.findall(r"batchsim completion (\w+)", PAGE):
        assert main(["completion", shell]) == 0
    capsys.readouterr()
