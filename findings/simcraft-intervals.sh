#!/usr/bin/env bash
# simcraft 1.0.1 (simcraft.statistics.tally: Tally, BatchTally): confidence intervals of simulation output.
#
# An interval should widen with the confidence asked for and follow Student's t for few replications; one of a "tally of
# batches" should be that of the batch means. Below 30 values Tally's does not look at the confidence at all and uses
# 2 + (30 - n) / 60; from 30 on it knows 0.90, 0.95 and 0.99 and takes 95 % for any other. BatchTally inherits it: its
# interval is that of the single observations as if they were independent.
# Output seen (half-width in standard errors; Student's t in brackets; n = 5 replications):
#   80 %: 2.417 (1.533)   90 %: 2.417 (2.132)   95 %: 2.417 (2.776)   99 %: 2.417 (4.604)
#   BatchTally, 95 %, 4,000 values with correlation 0.95, 20 batches: covers the mean in 27 % of the runs
#   (Student's t over its batch means: 96 %)
# Why it matters: waits of successive jobs are as strongly correlated as that. An interval that is right once in four times
# says that enough has been simulated, and a difference between two plans is called real that is chance. Use the tally's
# batch means, or one value per replication, with a quantile of Student's t.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check simcraft==1.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import random
from statistics import fmean, stdev

from simcraft.statistics.tally import BatchTally, Tally

STUDENT_T = {0.80: 1.533, 0.90: 2.132, 0.95: 2.776, 0.99: 4.604}  # quantiles with 4 degrees of freedom

tally = Tally(name="five replications")
for value in (1.0, 2.0, 3.0, 4.0, 5.0):
    tally.observe(value)
for confidence, student_t in STUDENT_T.items():
    low, high = tally.confidence_interval(confidence)
    half_width = (high - low) / 2 / (tally.std / 5**0.5)
    print(f"{confidence:.0%}: {half_width:.3f} standard errors, Student's t {student_t}")
    assert abs(half_width - 2.4167) < 0.001, "this has changed: five replications"

random_ = random.Random(1)
RUNS, T_19 = 400, 2.093
covered = covered_by_batches = 0
for _ in range(RUNS):
    batches, value = BatchTally(batch_size=200), 0.0
    for _ in range(4_000):
        value = 0.95 * value + random_.gauss(0, 1)
        batches.observe(value)
    low, high = batches.confidence_interval(0.95)
    covered += low < 0 < high
    means = batches.batch_means
    covered_by_batches += abs(fmean(means)) < T_19 * stdev(means) / len(means) ** 0.5
print(f"95 % intervals that cover the mean: {covered / RUNS:.0%}, of the batch means {covered_by_batches / RUNS:.0%}")
assert covered / RUNS < 0.35, "this has changed: the interval of BatchTally"
assert covered_by_batches / RUNS > 0.85
PYTHON
