#!/usr/bin/env bash
# most-queue 2.9 (most_queue.theory.fifo.m_d_n.MDn), Python 3.11 or newer.
#
# MDn(n) gives the probabilities of 0, 1, 2 … customers of an M/D/n queue. The first are right to many digits, and up to a
# load of a half all are. They are found by a recursion that divides by exp(-arrivals in a service time), so that rounding
# errors grow from state to state; where one turns out below 0 the rest is left at 0, without a word. From a load of 0.8 on
# with two and more servers the tail, which the mean is made of, is wrong or cut off: probabilities do not sum to 1.
# Output seen (the exact mean from the same chain, solved as a linear system of 600 states):
#   M/D/1, load 0.9: sum 1.0000, mean number 4.9500, exactly 4.9500
#   M/D/2, load 0.9: sum 0.9752, mean number 5.0783, exactly 5.6645
#   M/D/3, load 0.9: sum 1.0202, mean number 6.7972, exactly 6.4204
#   M/D/5, load 0.9: sum 0.9823, mean number 7.5015, exactly 7.9951
#   M/D/5, load 0.5: sum 1.0000, mean number 2.5766, exactly 2.5766
# Why it matters: a simulation that is held against these figures looks 6 to 10 % wrong and is right. The sum is the check
# to make before a state distribution is believed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check most-queue==2.9 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import math

import numpy as np
from most_queue.theory.fifo.m_d_n import MDn

STATES = 600


def exact_mean(servers, load):
    """Mean number of customers: those in service at one instant are gone a service time later, and Poisson ones came."""
    arrivals = load * servers
    came = np.array([math.exp(n * math.log(arrivals) - arrivals - math.lgamma(n + 1)) for n in range(STATES)])
    step = np.zeros((STATES, STATES))
    for state in range(STATES):
        left = max(state - servers, 0)
        step[state, left:] = came[: STATES - left]
    step[:, -1] += 1 - step.sum(axis=1)
    equations = np.vstack([(step.T - np.eye(STATES))[:-1], np.ones(STATES)])
    share = np.linalg.solve(equations, np.append(np.zeros(STATES - 1), 1.0))
    return float(share @ np.arange(STATES))


def told(servers, load):
    queue = MDn(servers)
    queue.set_sources(l=load * servers)
    queue.set_servers(b=1.0)
    share = np.array(queue.run().p)
    return float(share.sum()), float(share @ np.arange(len(share)))


found = {}
for servers, load in ((1, 0.9), (2, 0.9), (3, 0.9), (5, 0.9), (5, 0.5)):
    total, mean = told(servers, load)
    exact = exact_mean(servers, load)
    found[servers, load] = total, mean / exact - 1
    print(f"M/D/{servers}, load {load}: sum {total:.4f}, mean number {mean:.4f}, exactly {exact:.4f}")

for right in ((1, 0.9), (5, 0.5)):
    assert abs(found[right][0] - 1) < 1e-6 and abs(found[right][1]) < 1e-4
for wrong in ((2, 0.9), (3, 0.9), (5, 0.9)):
    assert abs(found[wrong][0] - 1) > 0.01 and abs(found[wrong][1]) > 0.05
PYTHON
echo "as stated"
