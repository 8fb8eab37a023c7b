"""A bounded form of what `python -m tools.reliability` does."""

from __future__ import annotations

import sys

import pytest

from tools.reliability import deploy, disks, signals
from tools.reliability.commands import COMMANDS
from tools.reliability.trials import of_commands

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
]

OF_SIGNALS = [command for command in COMMANDS if command.name in {"run", "sweep, 2 workers", "export"}]
OF_DISKS = [command for command in COMMANDS if command.name in {"sweep, 1 worker", "import config", "export"}]


def test_commands_that_are_killed_or_interrupted(tmp_path):
    trials = of_commands(signals.trials, tmp_path / "signals", 4, seed=1, commands=OF_SIGNALS)
    assert len(trials) == 12
    assert {trial.fault for trial in trials if not trial.ended} == {"SIGKILL", "SIGINT"}
    assert [problem for trial in trials for problem in trial.problems] == []
    assert (sum(trial.repeated for trial in trials), sum(trial.lost for trial in trials)) == (0, 0)
    assert sum(trial.litter_after for trial in trials) == 0


def test_commands_whose_disk_is_full_or_can_only_be_read(tmp_path):
    if not disks.can_mount(tmp_path / "disk"):
        pytest.skip("mounting a disk takes root")
    trials = of_commands(disks.trials, tmp_path / "disks", 2, seed=1, commands=OF_DISKS)
    assert {trial.fault for trial in trials} == {"full disk", "read-only folder"}
    assert [problem for trial in trials for problem in trial.problems] == []
    assert sum(trial.lost + trial.repeated + trial.litter_after for trial in trials) == 0


def test_deployments_during_which_aws_fails(tmp_path):
    cases = list(deploy.cases(tmp_path / "deploy", every=20))
    assert {case.step for case in cases} == {"apply", "submit", "change", "destroy"}
    assert {case.kind for case in cases} == set(deploy.KINDS)
    assert any(case.passed for case in cases)
    assert any(not case.passed for case in cases)
    assert [problem for case in cases for problem in case.problems] == []
