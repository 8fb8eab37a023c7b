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


TRANSACTIONS = ROOT / "scenarios" / "transactions.yaml"
COMMANDS = re.findall(r"^```sh\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
CODE = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


def tell(folder, **changes):
    """Files of an account that ran for a while."""
    result = bs.run(bs.load(TRANSACTIONS).with_(changes))
    write_pages(details(result), folder / "jobs.json")
    write_events(events(result), folder / "events.jsonl")
    (folder / "batch.yaml").write_text(TRANSACTIONS.read_text(encoding="utf-8"), encoding="utf-8")


def run(commands):
    for command in commands.splitlines():
        program, *arguments = shlex.split(command)
        assert program == "batchsim"
        assert main(arguments) == 0


def test_the_commands_run(tmp_path, monkeypatch, capsys):
    tell(tmp_path, duration="6h")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")  # names are broken where the terminal is narrow
    run(COMMANDS[0])
    run(COMMANDS[1])
    assert (tmp_path / "account.yaml").read_text() == (tmp_path / "calibrated.yaml").read_text()
    told = capsys.readouterr().out
    assert "check-payment" in told
    assert "replay: as recorded: too few hours" in told


def test_the_back_test_runs(tmp_path, monkeypatch, capsys):
    few = {
        "workload.payments.arrivals.poisson.rate": "10/h",
        "workload.settlement.jobs.settle.arrayProperties.size": 20,
    }
    tell(tmp_path, duration="2d", **few)
    monkeypatch.chdir(tmp_path)
    command, (code,) = COMMANDS[-1], CODE
    run(command)
    assert "predicted the 1 day from 2026-11-03 on" in capsys.readouterr().out
    assert (tmp_path / "back-test.png").stat().st_size > 1000
    names = {}
    exec(code, names)  # noqa: S102 (the page's own)
    assert names["found"].figures["observed"]["queue_time_s"]["p50"] > 0


@pytest.mark.parametrize("option", sorted({*re.findall(r"\| `(--[a-z]+)", TEXT)}))
def test_every_option_is_there(option, capsys):
    with pytest.raises(SystemExit):
        main(["calibrate", "--help"])
    assert option in capsys.readouterr().out
