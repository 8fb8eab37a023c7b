"""Lines of the terminal."""

from __future__ import annotations

import io

from rich.console import Console

from batchsim.report.console import line


def test_a_path_longer_than_the_terminal_is_told_to_its_end():
    path = "/results/" + "x" * 150 + "/scenario.yaml"
    console = Console(file=io.StringIO(), width=60)
    console.print(line("scenario", path))
    told = console.file.getvalue()
    assert all(len(row) <= 60 for row in told.splitlines())
    assert "".join(told.split()) == f"scenario{path}"
