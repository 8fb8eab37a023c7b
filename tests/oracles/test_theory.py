"""The formulas that cases are held against, held against values worked by hand and other libraries'."""

from __future__ import annotations

import math
import shutil
import subprocess

import numpy as np
import pytest
from most_queue.sim.msj import MsjClass
from most_queue.theory.batch.mm1 import BatchMM1
from most_queue.theory.fifo.mg1 import MG1Calc
from most_queue.theory.msj.exact import MsjExactCalc
from most_queue.theory.msj.saturated import MsjSaturatedCalc

from batchsim.validation.saturation import Stream, limit_of
from tools.validation import multiserver_jobs, theory


def test_erlang_c_by_hand():
    # M/M/1: an arrival waits with probability rho. M/M/2: 2 rho^2 / (1 + rho).
    assert theory.erlang_c(1, 0.7) == pytest.approx(0.7)
    assert theory.erlang_c(2, 1.6) == pytest.approx(2 * 0.8**2 / 1.8)
    assert theory.mmc_queue_time(1, 0.9, 1) == pytest.approx(0.9 / 0.1)
    assert theory.mmc_longer(1, 0.5, 1, 2) == pytest.approx(0.5 * math.exp(-1))


def test_erlang_c_of_many_servers_does_not_overflow():
    assert 0 < theory.erlang_c(200, 190) < 1
    assert theory.erlang_c(1000, 500) == pytest.approx(0, abs=1e-50)


def test_constant_run_times_wait_half_as_long():
    assert theory.mdc_queue_time(1, 0.8, 1) == pytest.approx(theory.mg1_queue_time(0.8, 1, 1), rel=1e-9)
    assert theory.mg1_queue_time(0.8, 1, 1) == pytest.approx(theory.mmc_queue_time(1, 0.8, 1) / 2)


def test_d_m_1_is_less_than_m_m_1():
    waits = theory.dm1_queue_time(1 / 0.8, 1)
    share = waits / (1 + waits)
    assert share == pytest.approx(math.exp(-(1 - share) / 0.8))
    assert waits < theory.mmc_queue_time(1, 0.8, 1) / 2 * 1.1


def test_priorities_conserve_work():
    # Kleinrock's law: the sum of load times wait is that of one queue.
    loads = [0.2, 0.3, 0.4]
    waits = theory.priority_queue_times(0.9, loads)
    assert sum(load * wait for load, wait in zip(loads, waits, strict=True)) == pytest.approx(0.9 * 0.9 / 0.1)
    assert theory.priority_queue_times(0.9, [0.9]) == pytest.approx([0.9 / 0.1])


def test_batches_of_one_are_single_jobs():
    assert theory.batch_queue_time(0.7, 1, 1, 2) == pytest.approx(theory.mmc_queue_time(1, 0.7, 1))
    assert theory.batch_servers_in_system(2, 1.4, 1, 1, 2000) == pytest.approx(
        1.4 * (theory.mmc_queue_time(2, 1.4, 1) + 1)
    )


def test_batches_by_balance_equations_and_by_formula():
    # 0.1 batches of 5 a second of mean 1: L = rate * size * (W + 1).
    waits = theory.batch_queue_time(0.1, 5, 1, 2)
    assert theory.batch_servers_in_system(1, 0.1, 5, 1, 4000) == pytest.approx(0.5 * (waits + 1))


def test_setup_of_no_time_is_none():
    assert theory.setup_queue_time(0.5, 1, 2, 0) == theory.mg1_queue_time(0.5, 1, 2)
    assert theory.setup_share_on(0.5, 1, 0) == pytest.approx(0.5)
    # Off for 2, on for 1 and the jobs of both: cycle (2 + 1) / (1 - 0.5) = 6, of which 4 are on.
    assert theory.setup_share_on(0.5, 1, 1) == pytest.approx(4 / 6)


def test_billed_seconds_summed():
    seconds = range(61, 5000)
    expected = 60 * (1 - math.exp(-60 / 90)) + sum(s * (math.exp(-(s - 1) / 90) - math.exp(-s / 90)) for s in seconds)
    assert theory.billed(90, 60) == pytest.approx(expected, rel=1e-12)


def test_small_closed_forms():
    assert theory.slowest(3, 6) == pytest.approx(6 + 3 + 2)
    assert theory.fork_join_turnaround(0, 1) == pytest.approx(1.5)
    assert theory.restarted_attempts(1, math.log(2), 2) == pytest.approx(1.5)
    assert theory.retried_moments(1, 0, 5) == pytest.approx((1, 2))
    # Two attempts at most, half fail: 1 or 2 exponential times, each half of the time.
    assert theory.retried_moments(1, 0.5, 2) == pytest.approx((1.5, 0.5 * 2 + 0.5 * 6))


def test_jobs_of_one_width_are_m_m_c():
    assert multiserver_jobs.turnarounds(4, [1], [3.2], [1], 400) == pytest.approx(
        [theory.mmc_queue_time(4, 3.2, 1) + 1], rel=1e-6
    )
    assert multiserver_jobs.saturation(4, [1], [1], [2]) == pytest.approx(4 / 2)
    # All are as wide as the machine: M/M/1.
    assert multiserver_jobs.turnarounds(4, [4], [0.8], [1], 400) == pytest.approx([5], rel=1e-6)


def test_jobs_of_different_width_as_most_queue_has_them():
    classes = [MsjClass(0.2, 1, 1.0), MsjClass(0.15, 2, 1.0)]
    other = MsjExactCalc(2, classes, truncation=12).run()
    assert multiserver_jobs.turnarounds(2, [1, 2], [0.2, 0.15], [1, 1], 60) == pytest.approx(
        other.v_per_class, rel=2e-5
    )
    saturated = MsjSaturatedCalc(4, [MsjClass(0.8, 1, 1.0), MsjClass(0.2, 4, 0.5)])
    saturated.run()
    assert multiserver_jobs.saturation(4, [1, 4], [0.8, 0.2], [1, 2]) == pytest.approx(saturated.throughput)


def test_validates_limit_of_a_queue_whose_head_blocks_is_the_exact_one():
    generator = np.random.default_rng(6)
    n, widths, means = 60_000, np.array([1.0, 4.0]), np.array([1.0, 2.0])
    kinds = generator.choice(2, n, p=[0.8, 0.2])
    stream = Stream(widths[kinds], generator.exponential(means[kinds]), span_s=float(n))
    exact = multiserver_jobs.saturation(4, [1, 4], [0.8, 0.2], [1, 2])
    # A job is 0.8 * 1 + 0.2 * 4 * 2 vCPU-seconds in the mean.
    assert limit_of(stream, [4.0]).limit == pytest.approx(exact * 2.4 / 4, rel=0.02)


def test_single_server_queues_as_most_queue_has_them():
    calculated = MG1Calc()
    calculated.set_sources(0.7)
    calculated.set_servers([1.0, 2.44, 12.0, 90.0])
    assert theory.mg1_queue_time(0.7, 1, 2.44) == pytest.approx(calculated.run().w[0])
    batches = BatchMM1()
    batches.set_sources(0.1, [0, 0, 0, 0, 1.0])
    batches.set_servers(1.0)
    assert theory.batch_queue_time(0.1, 5, 1, 2) + 1 == pytest.approx(batches.run().v[0])


@pytest.mark.slow
def test_formulas_as_octaves_package_queueing_has_them():
    octave = shutil.which("octave-cli")
    if octave is None:
        pytest.skip("GNU Octave is not installed")
    asked = (
        "pkg load queueing;"
        "[u, r] = qsmmm(190/60, 1/60, 200); printf('%.12g\\n', r);"
        "[u, r] = qsmmm(2.8/60, 1/60, 4); printf('%.12g\\n', r);"
        "[u, r] = qsmg1(0.7, 1, 2.44); printf('%.12g\\n', r);"
    )
    told = subprocess.run(
        [octave, "--quiet", "--eval", asked], capture_output=True, text=True, check=False, timeout=120
    )
    if told.returncode:
        pytest.skip("GNU Octave's package queueing is not installed")
    expected = [
        theory.mmc_queue_time(200, 190 / 60, 60) + 60,
        theory.mmc_queue_time(4, 2.8 / 60, 60) + 60,
        theory.mg1_queue_time(0.7, 1, 2.44) + 1,
    ]
    assert [float(line) for line in told.stdout.split()] == pytest.approx(expected)
