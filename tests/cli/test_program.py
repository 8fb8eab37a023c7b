"""The program as a process: how it ends when it is interrupted at any moment, or its output finds no room."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batchsim.__main__ import INTERRUPTED
from tests.conftest import ROOT

#: Python imports it first: an interrupt comes with the import of one module, or when the process leaves. It comes
#: through code that is executed from a text, as that of a dataclass: of such CPython would die at its end, though it
#: was caught.
INTERRUPTING = """
import os, signal, sys
# A shell starts what runs in its background with SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from importlib.abc import MetaPathFinder
class Interrupting(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPTED_AT"]:
            exec("os.kill(os.getpid(), signal.SIGINT); list(range(10))")
sys.meta_path.insert(0, Interrupting())
if os.environ["INTERRUPTED_AT"] == "the end":
    left = os._exit
    os._exit = lambda code: (os.kill(os.getpid(), signal.SIGINT), list(range(10)), left(code))
"""


def ended(folder: Path, at: str) -> subprocess.CompletedProcess[str]:
    """``batchsim schema`` interrupted somewhere."""
    (folder / "sitecustomize.py").write_text(INTERRUPTING)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "INTERRUPTED_AT": at}
    command = [sys.executable, "-m", "batchsim", "schema"]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="sends itself a signal")
@pytest.mark.parametrize(
    "at", ["batchsim.cli.main", "argparse", "batchsim.scenario.schema.scenario_schema", "pydantic"]
)
def test_an_interrupt_while_modules_are_loaded_is_told_in_a_line(tmp_path, at):
    done = ended(tmp_path, at)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "interrupted\n")


@pytest.mark.parametrize(
    ("arguments", "code"), [(["schema"], 0), (["run", "nowhere.yaml"], 2), (["--version"], 0), (["what"], 2)]
)
def test_what_libraries_do_when_the_interpreter_ends_changes_no_exit_code(tmp_path, arguments, code):
    # As threads of pyarrow's do now and then: they abort a process that ends.
    (tmp_path / "sitecustomize.py").write_text("import atexit, os\natexit.register(os.abort)\n")
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-m", "batchsim", *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert (done.stdout if code == 0 else done.stderr).endswith("\n")


@pytest.mark.skipif(os.name != "posix", reason="a shell's redirection")
@pytest.mark.parametrize("closed", ["2>&-", ">&-"])
def test_an_output_that_is_closed_changes_no_exit_code(closed):
    line = f"{shlex.quote(sys.executable)} -m batchsim --version {closed}"
    done = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="sends itself a signal")
def test_an_interrupt_when_all_is_done_changes_nothing(tmp_path):
    done = ended(tmp_path, "the end")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that finds no room")
@pytest.mark.parametrize("command", [["schema"], ["explain", "queue_time"]])
def test_output_that_finds_no_room_is_told_in_a_line(command):
    with Path("/dev/full").open("w") as full:
        line = [sys.executable, "-m", "batchsim", *command]
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert done.stderr == "standard output: [output] can't be written: No space left on device\n"
