#!/usr/bin/env bash
# pyarrow 26.0.1 and pandas 3.1.1: a Parquet file has no checksum unless it is asked for, and nothing asks when it is read.
#
# Parquet's format has a CRC for each page (PageHeader, crc). pyarrow writes it with write_page_checksum=True alone, and
# looks at it with page_checksum_verification=True alone; pandas leaves both off. zstd, whose frames may hold a checksum
# too, is used without.
# Output seen: of 300 files with one bit that is another, 272 were read without an error and with other
# figures; none of them with both options, which cost no time that can be measured.
# Why it matters: a results table, a bill or a job trace from a disk or a copy that lost a bit is believed. A tool that
# says where its money went writes checksums, and looks at them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import io
import random

import pandas as pd

chance = random.Random(1)
jobs = pd.DataFrame({"job": range(2000), "cost": [chance.random() for _ in range(2000)]})


def believed(**options):
    """How many of 300 files with one other bit are read as other figures."""
    out = io.BytesIO()
    jobs.to_parquet(out, compression="zstd", **({"write_page_checksum": True} if options else {}))
    others = 0
    for _ in range(300):
        content = bytearray(out.getvalue())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        try:
            found = pd.read_parquet(io.BytesIO(bytes(content)), **options)
        except Exception:  # told, of whatever kind
            continue
        others += list(found.columns) == list(jobs.columns) and not found.equals(jobs)
    return others


plain, checked = believed(), believed(page_checksum_verification=True)
print("read as other figures, of 300:", plain, "with checksums:", checked)
assert plain > 200, "this has changed: files have checksums by themselves"
assert checked == 0, "this has changed: checksums are not looked at"
PYTHON
