"""Queueing theory: an UNMANAGED environment without delays is the textbook's station of c servers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import batchsim as bs
from tests.builders import job, scenario, unmanaged, workflow
from tests.worlds import jobs, run, servers


def erlang_c(servers_: int, offered_load: float) -> float:
    """Probability that an arrival has to wait in M/M/c (Erlang 1917)."""
    terms = [offered_load**k / math.factorial(k) for k in range(servers_)]
    last = offered_load**servers_ / math.factorial(servers_) * servers_ / (servers_ - offered_load)
    return last / (sum(terms) + last)


def queue_times(seed, n, arrival_rate, runtime, servers_):
    generator = np.random.default_rng(seed)
    submitted_at = np.cumsum(generator.exponential(1 / arrival_rate, n))
    recording = run(jobs(submitted_at, runtime(generator, n)), servers(servers_))
    order = np.argsort(recording.attempts.job)
    return (recording.attempts.starting_at - recording.attempts.runnable_at)[order]


@pytest.mark.slow
def test_mmc_mean_queue_time_is_erlang_c():
    # The whole program at rho = 0.7 on 4 servers of rate 1/60 per second: W_q = C(4, 2.8) / (4/60 - 2.8/60).
    expected = erlang_c(4, 2.8) / (4 / 60 - 2.8 / 60)
    station = scenario(
        workflow(job(runtime={"exponential": {"mean": 60}}), arrivals={"poisson": {"rate": "2.8/m"}}),
        environments=[unmanaged(4)],
        duration=200_000 / 2.8 * 60,
    )
    measured = bs.run(station, replications=20).summary["queue_time_s"]["mean"]
    assert measured["n"] == 20
    assert measured["mean"] == pytest.approx(expected, rel=0.03)
    # The theory lies in the interval too, stretched to 99.9 %, which is narrow enough to tell a wrong formula.
    half_width = (measured["high"] - measured["low"]) / 2 * stats.t.ppf(0.9995, 19) / stats.t.ppf(0.975, 19)
    assert abs(measured["mean"] - expected) < half_width
    assert half_width < 0.03 * expected


def test_md1_mean_queue_time_is_half_of_mm1s():
    # Pollaczek-Khinchine: W_q = rho * s / (2 (1 - rho)) for constant service s.
    rho, service = 0.6, 10.0
    means = [
        queue_times(seed, 20_000, rho / service, lambda g, n: np.full(n, service), 1)[500:].mean() for seed in range(10)
    ]
    expected = rho * service / (2 * (1 - rho))
    half_width = stats.t.ppf(0.9995, 9) * np.std(means, ddof=1) / math.sqrt(10)
    assert abs(np.mean(means) - expected) < half_width
    assert half_width < 0.1 * expected


def test_littles_law_holds_on_the_recording():
    generator = np.random.default_rng(7)
    n = 5_000
    submitted_at = np.cumsum(generator.exponential(1.0, n))
    recording = run(jobs(submitted_at, generator.exponential(3.4, n)), servers(4))
    waits = recording.attempts.starting_at - recording.attempts.runnable_at
    # L as the area under the queue's depth, computed from its own steps: +1 at RUNNABLE, -1 at STARTING.
    at = np.concatenate([recording.attempts.runnable_at, recording.attempts.starting_at])
    step = np.concatenate([np.ones(n), -np.ones(n)])
    order = np.argsort(at, kind="stable")
    depth = np.cumsum(step[order])
    area = float(np.sum(depth[:-1] * np.diff(at[order])))
    assert area == pytest.approx(waits.sum(), rel=1e-9)
    assert depth[-1] == 0
