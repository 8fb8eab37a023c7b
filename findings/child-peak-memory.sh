#!/usr/bin/env bash
# Linux (seen on 6.x), Python 3.11 or newer: resource.getrusage(RUSAGE_SELF).ru_maxrss, os.wait4.
#
# The peak of resident memory that a process reports of itself should be its own. ru_maxrss is kept through exec and begins
# with what the process was forked from: a Python that does nothing, started by subprocess from one that holds 400 MiB,
# says that its own peak is 400 MiB, and so does os.wait4 to the parent. VmHWM in /proc/self/status is of the program that
# runs now, and says about 10 MiB.
# Why it matters: who measures memory in "a fresh process of its own" from a test runner, a notebook or a benchmark that
# has grown measures that instead, and a limit on a run's memory fails, or a saving stays unseen. Read VmHWM, or start the
# process from a small one.
set -euo pipefail
[ "$(uname)" = Linux ] || { echo "of Linux only"; exit 0; }
python3 - <<'PYTHON'
import os
import subprocess
import sys

CHILD = """
import resource
own = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, int(own) // 1024)
"""


def child():
    """In MiB: ru_maxrss by the child, VmHWM by the child, ru_maxrss by its parent."""
    process = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return (*map(int, said.split()), used.ru_maxrss // 1024)


small = child()
held = b"x" * (400 * 2**20)
large = child()
print("MiB by ru_maxrss, VmHWM, os.wait4: from a small parent", small, "from one of 400 MiB", large)
assert small[1] < 60 and large[1] < 60, "VmHWM is the child's own"
assert large[0] > 400 and large[2] > 400, "ru_maxrss is its parent's"
PYTHON
echo "as stated"
