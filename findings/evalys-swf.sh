#!/usr/bin/env bash
# evalys 4.0.7 (Workload.from_csv, with pandas 2.3.3; pandas 3 has no delim_whitespace, and it fails): a trace in the
# Standard Workload Format.
#
# A reader of the format should give every job of the trace, and take -1 for "not known", as the format's definition says.
# from_csv takes the first line that is no comment for a header and drops it: an SWF has no header, so the first job is
# lost. It drops every job whose status is above 1 as "checkpoint information": 2, 3 and 4 are that, 5 is a cancelled job,
# which may have run for hours. A wait of -1 is added to the submission: the job starts before it is submitted.
# Output seen, of 4 jobs (1 and 3 completed, 2 cancelled after 500 s on 4 processors, 4 with an unknown wait):
#   jobs read: 3 4       processors in use: 2 from 19 on (the job was submitted at 20), 4 from 30, 2 from 69, 0 from 80
# Why it matters: a job that was cancelled while it ran held its processors as any other. Load, utilisation and the capacity
# derived from them miss it, every trace is a job short, and unknown waits lower the mean of the others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check evalys==4.0.7 pandas==2.3.3
cat > "$folder/trace.swf" <<'SWF'
; Version: 2.2
; MaxProcs: 10
1 0 10 100 4 -1 -1 4 200 -1 1 1 1 -1 1 -1 -1 -1
2 5 5 500 4 -1 -1 4 600 -1 5 1 1 -1 1 -1 -1 -1
3 10 20 50 2 -1 -1 2 60 -1 1 1 1 -1 1 -1 -1 -1
4 20 -1 50 2 -1 -1 2 60 -1 1 1 1 -1 1 -1 -1 -1
SWF
"$folder/venv/bin/python" -W ignore - "$folder/trace.swf" <<'PYTHON'
import sys

from evalys.workload import Workload

workload = Workload.from_csv(sys.argv[1])
jobs = workload.df
print("jobs read:", *jobs["jobID"])
assert list(jobs["jobID"]) == [3, 4], "this has changed: which jobs are read"
load = workload.utilisation["load"]
print("processors in use:", load.to_dict())
assert load.to_dict() == {19: 2, 30: 4, 69: 2, 80: 0}, "this has changed: the start of a job whose wait is unknown"
PYTHON
