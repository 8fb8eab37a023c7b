#!/usr/bin/env bash
# scipy 1.17.1 (stats.ttest_rel) and statsmodels 0.15.0 (stats.multitest.multipletests): plans that do not differ at all.
#
# With common random numbers a change that touches no job gives the very same figures for each seed. ttest_rel then has
# p = NaN, not 1. multipletests takes NaN without a word, and what it does with it depends on the method: Holm and
# Bonferroni count it as a test and adjust the others; Hommel calls nothing significant, whatever the other values are;
# Benjamini-Hochberg rejects as it should while every adjusted p-value it returns is NaN.
# Output seen, of p = 0.001, NaN, 0.02, 0.04 (rejected; adjusted):
#   holm     1 0 0 0; 0.004 nan 0.06 0.08
#   hommel   0 0 0 0; nan nan nan nan        (with 1 for NaN: 1 0 0 0)
#   fdr_bh   1 0 1 0; nan nan nan nan
# scipy's false_discovery_control refuses NaN.
# Why it matters: one of the plans compared often is a copy of the present one, or a limit that never binds. It then hides
# the effect of all the others, or the table of adjusted p-values is empty. Say p = 1 where all differences are zero.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scipy==1.17.1 statsmodels==0.15.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from math import isnan

import numpy as np
from scipy.stats import false_discovery_control, ttest_rel
from statsmodels.stats.multitest import multipletests

waits = np.array([31.0, 28.5, 40.2, 35.1])
unchanged = ttest_rel(waits, waits).pvalue
print("p of a plan that changes nothing:", unchanged)
assert isnan(unchanged), "this has changed: ttest_rel"

P_VALUES = [0.001, unchanged, 0.02, 0.04]
SEEN = {"holm": ([1, 0, 0, 0], 1), "hommel": ([0, 0, 0, 0], 4), "fdr_bh": ([1, 0, 1, 0], 4)}
for method, (seen, unknown) in SEEN.items():
    rejected, adjusted = multipletests(P_VALUES, method=method)[:2]
    print(f"{method:7}", rejected.astype(int), adjusted)
    assert list(rejected.astype(int)) == seen, f"this has changed: {method} rejects otherwise"
    assert np.isnan(adjusted).sum() == unknown, f"this has changed: {method} adjusts otherwise"
said = multipletests([0.001, 1, 0.02, 0.04], method="hommel")[0]
print("hommel with 1 for NaN", said.astype(int))
assert list(said) == [True, False, False, False]
try:
    false_discovery_control(P_VALUES)
except ValueError as error:
    print("scipy:", error)
else:
    raise SystemExit("this has changed: scipy takes NaN")
PYTHON
