#!/usr/bin/env bash
# NumPy 2.4.6 (numpy.quantile) and pandas 2.3.3 (Series.quantile), Python 3.11 or newer.
#
# Waiting times of which some never ended are often marked as infinite: a quantile that falls among the others should
# then be theirs. The median of 1, 2, 3, inf, inf is 3. Both libraries give NaN: with the default method "linear" the
# value at an exact rank is computed as 3 + 0 * (inf - 3), though the neighbour has no weight. 0.25 happens to be right
# (its neighbour is finite), 0.5 is not, so it is seen only with the right number of values. The method "lower", which
# looks at no neighbour, gives 3.
#
# Why it matters: a report of queue times "p50: NaN" (or, with NaN dropped, of the jobs that started alone) for a queue
# half of whose jobs did start in time. What never ended has to be replaced by something finite and larger first, and the
# rank has to be looked at before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pandas==2.3.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import math

import numpy as np
import pandas as pd

waits = [1.0, 2.0, 3.0, math.inf, math.inf]
shares = [0.25, 0.5]
by_numpy = np.quantile(waits, shares).tolist()
by_pandas = pd.Series(waits).quantile(shares).tolist()
lower = float(np.quantile(waits, 0.5, method="lower"))
print("numpy", by_numpy, "pandas", by_pandas, "numpy, method lower", lower)
for found in (by_numpy, by_pandas):
    assert found[0] == 2.0, found
    assert math.isnan(found[1]), found
assert lower == 3.0, lower
PYTHON
echo "as stated"
