#!/usr/bin/env bash
# CPython 3.11 (python -m MODULE). No package is needed.
#
# A program that catches its KeyboardInterrupt and ends by sys.exit(5) should end with exit code 5. Started by -m, it is
# killed by SIGINT instead when the interrupt came through code that is executed from a text, by exec() or eval():
# run_eval_code_obj() in Python/pythonrun.c notes every KeyboardInterrupt that leaves such code as one that nobody
# handles, and Py_RunMain() sends the process a SIGINT at its end for that note. As a script it exits before it asks.
# Output seen:
#   -m, in ordinary code: 5; -m, in exec(): -2; script, in exec(): 5; -m, in exec(), SIGINT blocked at the end: 130
# Why it matters: dataclasses and namedtuples are made by exec(), so that a Ctrl-C while modules are loaded ends, now and
# then, in another way than the program says, and whoever started it (make, a shell's script) takes it for killed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 --version

cat >"$folder/program.py" <<'PROGRAM'
import os, signal, sys
text = "os.kill(os.getpid(), signal.SIGINT); list(range(10))"
try:
    if sys.argv[1] == "exec":
        exec(text)
    else:
        os.kill(os.getpid(), signal.SIGINT)
        list(range(10))
except KeyboardInterrupt:
    if "blocked" in sys.argv:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    sys.exit(5)
PROGRAM
cat >"$folder/ended.py" <<'ENDED'
import subprocess, sys
print(subprocess.run([sys.executable, *sys.argv[1:]]).returncode)
ENDED
cd "$folder"
plain=$(python3 ended.py -m program plain)
executed=$(python3 ended.py -m program exec)
script=$(python3 ended.py program.py exec)
blocked=$(python3 ended.py -m program exec blocked)
echo "-m, in ordinary code: $plain; -m, in exec(): $executed; script, in exec(): $script; -m, in exec(), SIGINT blocked at the end: $blocked"
[ "$plain" = 5 ] && [ "$executed" = -2 ] && [ "$script" = 5 ] && [ "$blocked" = 130 ]
