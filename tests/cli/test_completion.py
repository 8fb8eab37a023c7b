"""The scripts of ``batchsim completion``: real shells complete by them."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from batchsim.cli.main import main
from batchsim.scenario.rules import RULES

COMMANDS = {"run", "compare", "validate", "export", "deploy", "import", "prices", "schema", "explain", "completion"}
#: Completes the words that it is given, the last of them, as bash does at a tab.
COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
complete_with=$(complete -p batchsim | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
"$complete_with" batchsim "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(capsys, tmp_path):
    def write(shell):
        assert main(["completion", shell]) == 0
        path = tmp_path / f"completion.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return write


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("",), COMMANDS),
        (("va",), {"validate"}),
        (("validate", "--fo"), {"--format"}),
        (("validate", "--format", ""), {"text", "json", "sarif"}),
        (("prices", ""), {"refresh"}),
        (("run", "scen"), {"scenario.yaml", "scenarios"}),
        (("run", "--out", "scen"), {"scenarios"}),
        (("run", "--ignore", "spot-"), {rule.code for rule in RULES if rule.code.startswith("spot-")}),
        (("completion", ""), {"bash", "zsh", "fish"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_bash_completes(script, tmp_path, words, expected):
    path = script("bash")
    (tmp_path / "scenario.yaml").touch()
    (tmp_path / "scenarios").mkdir()
    command = ["bash", "--norc", "-c", COMPLETE, "bash", str(path), "batchsim", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    found = {word.strip() for word in done.stdout.splitlines() if not word.startswith("-") or words[-1].startswith("-")}
    assert (found - {""}) >= expected, done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_script(script, shell):
    path = script(shell)
    assert "validate" in path.read_text()
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    assert subprocess.run([shell, "-n", str(path)], check=False, timeout=60).returncode == 0


def test_without_the_package_there_is_one_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "batchsim[completion]" in capsys.readouterr().err
