#!/usr/bin/env bash
# cronsim 2.7 and croniter 6.0.0: six fields of cron, two meanings.
#
# Behaviour: both take "0 2 * * * 0". cronsim (since 2.7; 2.6 refuses six fields) reads the first field as seconds: minute
# 2 of every hour on Sundays. croniter reads the last as seconds: 02:00 every day. EventBridge's sixth is the year.
# Output seen, from 2026-01-01 on:
#   cronsim 2.6     refused: Wrong number of fields
#   cronsim 2.7     2026-01-04 00:02:00, 01:02:00, 02:02:00
#   croniter 6.0.0  2026-01-01 02:00:00, 2026-01-02 02:00:00, 2026-01-03 02:00:00
# Why it matters: a minor release turned an error into arrivals, and a job that is meant for 02:00 each night arrives 24
# times on Sundays and never else. Whoever validates "five fields" by the library alone does not.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
pip() { "$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

cat > "$scratch/next.py" <<'PYTHON'
import sys
from datetime import datetime
from itertools import islice

AT, EXPRESSION = datetime(2026, 1, 1), "0 2 * * * 0"


def cronsim():
    from cronsim import CronSim, CronSimError

    try:
        return [str(instant) for instant in islice(CronSim(EXPRESSION, AT), 3)]
    except CronSimError as error:
        return [str(error)]


def croniter():
    from croniter import croniter

    following = croniter(EXPRESSION, AT)
    return [str(following.get_next(datetime)) for _ in range(3)]


print(", ".join(globals()[sys.argv[1]]()))
PYTHON

expect() {
  local seen
  seen=$("$scratch/venv/bin/python" "$scratch/next.py" "$1")
  printf '%s: %s\n' "$1" "$seen"
  [ "$seen" = "$2" ] || { echo "this has changed; expected $2" >&2; exit 1; }
}

pip "cronsim==2.6"
expect cronsim "Wrong number of fields"
pip "cronsim==2.7" "croniter==6.0.0"
expect cronsim "2026-01-04 00:02:00, 2026-01-04 01:02:00, 2026-01-04 02:02:00"
expect croniter "2026-01-01 02:00:00, 2026-01-02 02:00:00, 2026-01-03 02:00:00"
