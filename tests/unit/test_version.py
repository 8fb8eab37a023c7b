"""What is said of an installation: the version, and whether its engine is compiled."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from batchsim._version import __version__, engine_build
from batchsim.cli.main import main
from tests.builders import scenario


def test_one_compiled_module_is_a_compiled_engine(tmp_path):
    (tmp_path / "queues").mkdir()
    (tmp_path / "queues" / "fifo.py").touch()
    assert engine_build(tmp_path) == "python"
    (tmp_path / "queues" / f"fifo{EXTENSION_SUFFIXES[0]}").touch()
    assert engine_build(tmp_path) == "compiled"


def test_the_program_says_so(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"batchsim {__version__} (engine: {engine_build()})\n"


def test_results_say_so():
    assert f"  engine: {engine_build()}\n" in scenario().to_yaml()
