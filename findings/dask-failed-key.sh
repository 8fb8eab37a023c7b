#!/usr/bin/env bash
# dask.distributed 2026.8.0 (Client.submit): a task that failed is not run again when it is submitted again.
#
# Calls of the same function with the same arguments share a key and a result, which is documented (pure=True). The same
# holds of a failure: as long as the first future is alive (in a variable, a list of futures, the traceback that a notebook
# keeps), a second submit gives that error at once and runs nothing. A loop that submits again what failed never succeeds.
# retries= of the first submit does run it again, as does a key of one's own, or client.retry.
# Output seen, of a task that fails the first time only:
#   submitted, and submitted again: OSError, OSError, ran once      with another key: done      after client.retry: done
# Why it matters: a sweep runs thousands of replications, and the ones that lose a file system or memory once are tried
# again with the seed they had: the very same arguments. They stay "failed", and the plan is made from those that remain.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check distributed==2026.8.0
cat > "$folder/retry.py" <<'PYTHON'
import logging
import sys
from pathlib import Path

from distributed import Client, LocalCluster


def replication(counter):
    """Fails when it runs for the first time."""
    runs = Path(counter)
    runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
    if len(runs.read_text()) == 1:
        raise OSError("lost once")
    return "done"


def outcome(future):
    try:
        return future.result(timeout=60)
    except OSError:
        return "OSError"


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    folder = Path(sys.argv[1])
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            counter = str(folder / "runs")
            first = client.submit(replication, counter)
            seen = [outcome(first)]
            again = client.submit(replication, counter)
            seen.append(outcome(again))
            ran = len(Path(counter).read_text())
            print("submitted, and submitted again:", *seen, "- ran", ran, "time")
            assert seen == ["OSError", "OSError"] and ran == 1, "this has changed: it ran again"
            client.retry([first])
            print("after client.retry:", outcome(first))
            assert outcome(first) == "done"

            counter = str(folder / "others")
            first = client.submit(replication, counter)
            assert outcome(first) == "OSError"
            other = outcome(client.submit(replication, counter, key="replication-1-second-try"))
            print("with another key:", other)
            assert other == "done"
PYTHON
"$folder/venv/bin/python" "$folder/retry.py" "$folder"
