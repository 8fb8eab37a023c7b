#!/usr/bin/env bash
# pyawscron 1.0.7 (AWSCron.occurrence: next, prev): the last and the next start of an EventBridge schedule.
#
# The last start before an instant is the one of this very minute if some seconds have passed since. prev() compares
# minutes and goes back to the one before it. next() of one occurrence is no iterator: called again it gives the same. And
# 29 February is an error in a year that has none, instead of the next leap year.
# Output seen ("0/15 * * * ? *", every 15 minutes):
#   prev of 00:15:30: 00:00      prev of 00:16:00: 00:15      next of 00:15:30: 00:30, and again 00:30
#   "0 2 29 2 ? *": ValueError: day is out of range for month
# Why it matters: whoever looks a few seconds after a start which one is due (to catch up, to count arrivals up to now, to
# begin a replay in the middle of a day) misses the one that just fired.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pyawscron==1.0.7 python-dateutil
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timezone

from pyawscron import AWSCron


def at(minute, second=0):
    return datetime(2026, 1, 1, 0, minute, second, tzinfo=timezone.utc)


schedule = AWSCron("0/15 * * * ? *")
late = schedule.occurrence(at(15, 30)).prev()
later = schedule.occurrence(at(16)).prev()
occurrence = schedule.occurrence(at(15, 30))
following = [occurrence.next(), occurrence.next()]
print("prev of 00:15:30:", late, "prev of 00:16:00:", later, "next of 00:15:30, twice:", *following)
assert late == at(0), "this has changed: prev within the minute"
assert later == at(15), "this has changed: prev after the minute"
assert following == [at(30), at(30)], "this has changed: next"
try:
    print(AWSCron("0 2 29 2 ? *").occurrence(at(0)).next())
except ValueError as error:
    print("0 2 29 2 ? *:", error)
else:
    raise SystemExit("this has changed: 29 February")
PYTHON
