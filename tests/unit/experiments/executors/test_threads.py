"""Threads of linear algebra: said before NumPy is imported, and only where the user said nothing."""

from __future__ import annotations

import os
import subprocess
import sys

from batchsim.experiments.executors.threads import ONE_THREAD, prefer_one_thread
from tests.conftest import ROOT


def test_one_unless_the_user_said_otherwise(monkeypatch):
    for name in ONE_THREAD:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    prefer_one_thread()
    assert [os.environ[name] for name in ONE_THREAD] == ["3", "1", "1"]


def test_optimize_says_so_before_numpy_is_imported():
    code = """
import sys
from batchsim.cli.main import main
from batchsim.experiments.executors import threads
threads.prefer_one_thread = lambda: print("numpy" in sys.modules)
main(["optimize", "nowhere.yaml"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert done.stdout.split() == [b"False"]
