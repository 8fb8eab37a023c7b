"""What the page on editor and shell names is there; the lines for shells are commands."""

from __future__ import annotations

import re

from batchsim.cli.init import SCHEMA
from batchsim.cli.main import main
from batchsim.scenario.stories.story import STORIES
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "editor.md").read_text(encoding="utf-8")


def test_what_it_names_is_there(capsys):
    assert all(f"`{name}`" in PAGE for name in STORIES)
    assert f"# yaml-language-server: $schema={SCHEMA}" in PAGE
    for shell in re.findall(r"batchsim completion (\w+)", PAGE):
        assert main(["completion", shell]) == 0
    capsys.readouterr()
