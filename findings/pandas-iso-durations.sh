#!/usr/bin/env bash
# pandas 3.1.1 and 2.3.3 (pandas.Timedelta, pandas.to_timedelta): ISO 8601 durations with a fraction, or months.
#
# A run time of one and a half hours is "PT1.5H" in ISO 8601, which allows a fraction in the last component. pandas reads
# a fraction in the seconds only; in every other component it takes the digits before the dot for one component and those
# behind it for another, without an error. "M" is minutes with or without the "T" before it, so a month is a minute.
# Output seen ("1.5h", pandas' own notation, is right):
#   PT1.5H   0 days 05:00:01       PT0.5H   0 days 05:00:00     PT0.75H  3 days 03:00:00
#   PT1.5M   0 days 00:05:01       P0.5D    5 days 00:00:00     P1M      0 days 00:01:00
# Why it matters: durations in ISO 8601 come with timeouts, run times and time limits of other systems. A trace of half
# hours is then simulated as five hours each, ten times the instance hours, and nothing looks malformed. Whole numbers are
# read well, so a test with "PT30M" and "PT2H" passes. pydantic and isodate read all of these as ISO 8601 means them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
for release in 2.3.3 3.1.1; do
  "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "pandas==$release"
  "$folder/venv/bin/python" - <<'PYTHON'
import pandas as pd

SEEN = {
    "PT1.5H": pd.Timedelta(hours=5, seconds=1),
    "PT0.5H": pd.Timedelta(hours=5),
    "PT0.75H": pd.Timedelta(hours=75),
    "PT1.5M": pd.Timedelta(minutes=5, seconds=1),
    "P0.5D": pd.Timedelta(days=5),
    "P1M": pd.Timedelta(minutes=1),
    "1.5h": pd.Timedelta(minutes=90),
    "PT90M": pd.Timedelta(minutes=90),
    "PT1.5S": pd.Timedelta(milliseconds=1500),
}
print("pandas", pd.__version__)
for text, seen in SEEN.items():
    duration = pd.Timedelta(text)
    print(f"  {text:8} {duration}")
    assert duration == seen, f"this has changed: {text}"
assert pd.to_timedelta(pd.Series(["PT0.5H"]))[0] == pd.Timedelta(hours=5), "this has changed: a column"
PYTHON
done
