#!/usr/bin/env bash
# cronsim 2.8 and croniter 6.2.2: 02:30 each day, on the day on which the clocks go forward and 02:30 is not there.
#
# cronsim does as Debian's cron: a job of a fixed time runs when the gap is over, at 03:00; one with a star among its
# minutes ("*/30 2 * * *") does not run at all that day. croniter runs the first at 03:00 too. EventBridge Scheduler skips
# both (User Guide, Schedule types, Daylight savings time: a time that is not there is skipped).
# Output seen (Europe/Berlin, the clocks go forward on 2026-03-29 at 02:00):
#   cronsim 2.8     30 2 * * *    29T03:00+0200 30T02:30+0200      */30 2 * * *  30T02:00+0200 30T02:30+0200
#   croniter 6.2.2  30 2 * * *    29T03:00+0200 30T02:30+0200
# Why it matters: a nightly change of capacity that is simulated or tested with either happens that night, and with the
# schedule that it is deployed as it does not: the fleet keeps its minimum of the evening until the next night. Keep such
# times out of the hour from 02:00 to 03:00, or say them in UTC.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check cronsim==2.8 croniter==6.2.2
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

NOON = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def shown(instants):
    return [f"{each:%dT%H:%M%z}" for each in instants]


following = croniter("30 2 * * *", NOON)
seen = {
    "cronsim fixed": shown(islice(CronSim("30 2 * * *", NOON), 2)),
    "cronsim star": shown(islice(CronSim("*/30 2 * * *", NOON), 2)),
    "croniter fixed": shown(following.get_next(datetime) for _ in range(2)),
}
for name, instants in seen.items():
    print(f"{name:16}", *instants)
assert seen == {
    "cronsim fixed": ["29T03:00+0200", "30T02:30+0200"],
    "cronsim star": ["30T02:00+0200", "30T02:30+0200"],
    "croniter fixed": ["29T03:00+0200", "30T02:30+0200"],
}, "this has changed"
PYTHON
