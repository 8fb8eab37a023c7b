#!/usr/bin/env bash
# sim-tools 1.3.0 (confidence_interval_method, ReplicationsAlgorithm): how many replications a saving needs.
#
# Both look for the number of replications from which the half-width of the confidence interval is within 10 % of the mean.
# The deviation is half-width / mean, not / |mean|: of a negative mean it is negative, which is below any precision, so
# that the first number looked at is enough, without a warning. The same figures with their signs turned round need hundreds.
# Output seen (differences in cost between two plans, mean 100, standard deviation 80, 2,000 replications; their negatives):
#   plan - present   confidence_interval_method 250, interval of 92 ± 9     ReplicationsAlgorithm 250
#   present - plan   confidence_interval_method 6, interval of -121 ± 67    ReplicationsAlgorithm 3, of -140 ± 56
#   "% deviation"    -0.56 is taken for <= 0.1
# Why it matters: with common random numbers it is the difference between two plans that is estimated, and a saving is
# negative where the present plan's cost is taken from the new one's. Three to six replications are then called precise
# to 10 % while the interval reaches from half of the saving to one and a half of it. Turn the sign so that the mean is
# positive, or look at the interval.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check sim-tools==1.3.0 numpy==2.4.6 pandas==2.3.3
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import numpy
from sim_tools.output_analysis import ReplicationsAlgorithm, confidence_interval_method

differences = numpy.random.default_rng(1).normal(100, 80, 2_000)


class Model:
    """Gives the differences one after another, as if each were simulated."""

    def __init__(self, sign):
        self.sign = sign

    def single_run(self, replication_number):
        return {"difference": self.sign * differences[replication_number]}


numbers = {}
with warnings.catch_warnings():
    warnings.filterwarnings("error", message="WARNING")  # their warning that the precision is not reached
    for sign in (1, -1):
        by_interval, table = confidence_interval_method(list(sign * differences))
        by_algorithm = ReplicationsAlgorithm().select(Model(sign), ["difference"])[0]["difference"]
        row = table.loc[by_interval]
        print(
            f"sign {sign:+}: confidence_interval_method {by_interval}, {row['Lower Interval']} to {row['Upper Interval']}, "
            f"% deviation {row['% deviation']}; ReplicationsAlgorithm {by_algorithm}"
        )
        numbers[sign] = by_interval, by_algorithm, row["% deviation"]
assert numbers[1][:2] == (250, 250), f"this has changed: {numbers[1]}"
assert numbers[-1][:2] == (6, 3), f"this has changed: {numbers[-1]} (a saving should need what a loss of its size does)"
assert numbers[-1][2] < -0.5, "this has changed"
PYTHON
