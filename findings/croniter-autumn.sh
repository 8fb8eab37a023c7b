#!/usr/bin/env bash
# croniter 6.0.0 and 6.2.2, cronsim 2.8: the day on which the clocks go back, with a zone of the standard zoneinfo.
#
# A job of 12:00 each day should start at 12:00 on that day as well, an hourly one each hour, and one of 02:30 (an hour that
# comes twice) once, as cron itself does it. croniter 6.0.0 adds the hour to what comes after the change instead: noon is
# 13:00, two of the hourly starts are missing, and 02:30 of the following night is 03:30. 6.2.2 has those right, and
# starts the job of 02:30 twice that night. cronsim starts it once.
# Output seen (Europe/Berlin, the clocks go back on 2026-10-25 at 03:00):
#   croniter 6.0.0  12:00 daily  25T13:00+0100 26T12:00+0100     02:30 daily  25T02:30+0200 26T03:30+0100
#                   :30 hourly   25T02:30+0200 25T04:30+0100
#   croniter 6.2.2  12:00 daily  25T12:00+0100 26T12:00+0100     02:30 daily  25T02:30+0200 25T02:30+0100
#                   :30 hourly   25T02:30+0200 25T02:30+0100
#   cronsim 2.8     12:00 daily  25T12:00+0100 26T12:00+0100     02:30 daily  25T02:30+0200 26T02:30+0100
# Why it matters: arrivals made for a year have a nightly batch twice, or an hour late across a deadline, on one day that
# no test of a usual week sees; and a minor release changes which. Make arrivals in UTC and shift them, or look at that day.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cat > "$folder/next.py" <<'PYTHON'
import sys
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
library, expression, day, hour = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
start = datetime(2026, 10, day, hour, tzinfo=ZONE)
if library == "croniter":
    from croniter import croniter

    instants = croniter(expression, start).all_next(datetime)
else:
    from cronsim import CronSim

    instants = CronSim(expression, start)
print(*(instant.strftime("%dT%H:%M%z") for instant in islice(instants, 2 if hour < 20 else 8)))
PYTHON
expect() {
  local seen
  seen=$("$folder/venv/bin/python" "$folder/next.py" "$1" "$2" "$3" "$4")
  printf '  %-12s %s\n' "$2" "$seen"
  case "$seen" in *"$5"*) ;; *) echo "this has changed; expected $5" >&2; exit 1 ;; esac
}
install() {
  echo "$1 $2"
  "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$1==$2" tzdata
}
install croniter 6.0.0
expect croniter "0 12 * * *" 24 13 "25T13:00+0100 26T12:00+0100"
expect croniter "30 2 * * *" 24 13 "25T02:30+0200 26T03:30+0100"
expect croniter "30 * * * *" 24 22 "25T02:30+0200 25T04:30+0100"
install croniter 6.2.2
expect croniter "0 12 * * *" 24 13 "25T12:00+0100 26T12:00+0100"
expect croniter "30 2 * * *" 24 13 "25T02:30+0200 25T02:30+0100"
expect croniter "30 * * * *" 24 22 "25T02:30+0200 25T02:30+0100"
install cronsim 2.8
expect cronsim "0 12 * * *" 24 13 "25T12:00+0100 26T12:00+0100"
expect cronsim "30 2 * * *" 24 13 "25T02:30+0200 26T02:30+0100"
