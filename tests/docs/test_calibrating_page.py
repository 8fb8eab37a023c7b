"""The page on histories: its commands run, its options are there."""

from __future__ import annotations

import re
import shlex

import pytest

import batchsim as bs
from batchsim.cli.main import main
from tests.conftest import ROOT
from tests.histories import details, events, write_events, write_pages

TEXT = (ROOT / "docs" / "calibrating.md").read_text(encoding="utf-8")


def test_the_commands_run(tmp_path, monkeypatch, capsys):
    transactions = ROOT / "scenarios" / "transactions.yaml"
    result = bs.run(bs.load(transactions).with_({"duration": "6h"}))
    write_pages(details(result), tmp_path / "jobs.json")
    write_events(events(result), tmp_path / "events.jsonl")
    (tmp_path / "batch.yaml").write_text(transactions.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")  # names are broken where the terminal is narrow
    (commands,) = re.findall(r"^```sh\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
    for command in commands.splitlines():
        program, *arguments = shlex.split(command)
        assert program == "batchsim"
        assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "check-payment" in told
    assert "replay: as recorded: too few hours" in told


@pytest.mark.parametrize("option", sorted({*re.findall(r"\| `(--[a-z]+)", TEXT)}))
def test_every_option_is_there(option, capsys):
    with pytest.raises(SystemExit):
        main(["calibrate", "--help"])
    assert option in capsys.readouterr().out
