#!/usr/bin/env bash
# SimPy 4.1.2 (PriorityStore, PriorityItem), Python 3.11 or newer: jobs of one priority do not leave in their order.
#
# A job queue by priority is first in, first out among equals, and PriorityResource is. PriorityStore keeps its items in a
# binary heap that compares the priority alone, so that equal ones leave in the order in which the heap happens to hold
# them: neither first nor last come first, and different with the number that waits.
# Output seen:
#   8 jobs of priority 0 put in order 0..7 leave as 0 2 6 5 7 4 1 3
#   one server at 95 % load, all jobs of one priority: mean wait 19.6, p99 298.5; in order 20.6 and 105.4
# Why it matters: a simulated queue of AWS Batch, where most jobs share one scheduling priority, has about the right mean
# wait (in the long run no order that ignores run times changes it) and so looks verified, but a tail that is much too
# long: p95, p99 and every objective on them are wrong. Give each item a rising number as a second key:
# PriorityItem((priority, number), job).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check simpy==4.1.2
"$folder/venv/bin/python" - <<'PYTHON'
import itertools
import random

import simpy


def order(count):
    env = simpy.Environment()
    store, left = simpy.PriorityStore(env), []

    def put_and_get():
        for job in range(count):
            yield store.put(simpy.PriorityItem(0, job))
        for _ in range(count):
            left.append((yield store.get()).item)

    env.process(put_and_get())
    env.run()
    return left


seen = order(8)
print("8 jobs of one priority leave as", *seen)
assert sorted(seen) == list(range(8))
assert seen != list(range(8)), "this has changed: equals leave in order"


def waits(numbered):
    """One server, exponential gaps (mean 1/0.95) and run times (mean 1), one priority."""
    env, random_ = simpy.Environment(), random.Random(1)
    store, waited, number = simpy.PriorityStore(env), [], itertools.count()

    def arrive():
        while True:
            yield env.timeout(random_.expovariate(0.95))
            priority = (0, next(number)) if numbered else 0
            yield store.put(simpy.PriorityItem(priority, (env.now, random_.expovariate(1))))

    def serve():
        while True:
            arrived, run_time = (yield store.get()).item
            waited.append(env.now - arrived)
            yield env.timeout(run_time)

    env.process(arrive())
    env.process(serve())
    env.run(until=100_000)
    waited.sort()
    return sum(waited) / len(waited), waited[int(0.99 * len(waited))]


(mean, p99), (fifo_mean, fifo_p99) = waits(numbered=False), waits(numbered=True)
print(f"as it is: mean wait {mean:.1f}, p99 {p99:.1f}; in order: mean wait {fifo_mean:.1f}, p99 {fifo_p99:.1f}")
assert abs(mean / fifo_mean - 1) < 0.1, "this has changed: the mean wait"
assert p99 / fifo_p99 > 1.3, "this has changed: the tail of the waits"
PYTHON
