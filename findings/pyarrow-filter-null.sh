#!/usr/bin/env bash
# pyarrow 26.0.1 (pyarrow.parquet.read_table and pandas.read_parquet, filters=), pandas 3.1.1: what is not equal, and null.
#
# ("status", "!=", "FAILED") and ("status", "not in", ["FAILED"]) should select the same rows. They do not where the value
# is null: "!=" leaves null out, "not in" keeps it. A frame filtered after reading, frame[frame.status != "FAILED"], keeps
# it too, so that moving the condition into the reading loses rows. SQL (DuckDB) leaves null out with both.
# Output seen, of the states SUCCEEDED, FAILED, null:
#   "!=": SUCCEEDED      "not in": SUCCEEDED, null      frame: SUCCEEDED, null
# Why it matters: in a table of jobs null stands for what did not happen: no state yet, no instance (Fargate), no exit code,
# no share. "All that did not run on m5" or "all that did not fail" then is without the jobs that still wait, just those
# that capacity was lacking for, and waits and counts look better the sooner one filters.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1
"$folder/venv/bin/python" - "$folder/jobs.parquet" <<'PYTHON'
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

path = sys.argv[1]
pq.write_table(pa.table({"job": [1, 2, 3], "status": ["SUCCEEDED", "FAILED", None]}), path)


def jobs(condition):
    by_arrow = pq.read_table(path, filters=[condition])["job"].to_pylist()
    assert pd.read_parquet(path, filters=[condition])["job"].tolist() == by_arrow
    return by_arrow


unequal, not_in = jobs(("status", "!=", "FAILED")), jobs(("status", "not in", ["FAILED"]))
frame = pd.read_parquet(path)
after = frame[frame["status"] != "FAILED"]["job"].tolist()
print(f'jobs by "!=": {unequal}, by "not in": {not_in}, of the frame: {after}')
assert unequal == [1], 'this has changed: "!="'
assert not_in == [1, 3], 'this has changed: "not in"'
assert after == [1, 3], "this has changed: the frame"
PYTHON
