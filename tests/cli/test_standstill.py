"""A simulation that would never end, on the command line."""

from __future__ import annotations

from batchsim.cli.main import main
from batchsim.engine.simulation import Simulation
from batchsim.errors import StandstillError
from tests.builders import scenario


def test_it_is_told_in_lines_with_exit_code_2(monkeypatch, capsys, tmp_path):
    def endless(_):
        raise StandstillError("no job has moved in 1,000,000 events", 3.0, ["queue: work/0/job waits for room"])

    monkeypatch.setattr(Simulation, "run", endless)
    path = tmp_path / "endless.yaml"
    path.write_text(scenario().to_yaml(), encoding="utf-8")
    assert main(["run", str(path), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[-2:] == [
        "[standstill] no job has moved in 1,000,000 events (at 3.0 s)",
        "queue: work/0/job waits for room",
    ]
    assert not (tmp_path / "out").exists()
