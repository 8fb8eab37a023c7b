"""Exact results of queueing theory, each with its source; times in the unit of the mean service time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse as sparse
from scipy.optimize import brentq
from scipy.sparse.linalg import spsolve
from scipy.special import gammainc

from batchsim.arrays import Floats


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival has to wait in M/M/c (Erlang 1917), by the recursion of Erlang's B formula."""
    blocking = 1.0
    for count in range(1, servers + 1):
        blocking = load * blocking / (count + load * blocking)
    return blocking / (1 - load / servers * (1 - blocking))


def mmc_queue_time(servers: int, rate: float, mean: float) -> float:
    """Mean queue time of M/M/c (Erlang 1917)."""
    return erlang_c(servers, rate * mean) * mean / (servers - rate * mean)


def mmc_longer(servers: int, rate: float, mean: float, time: float) -> float:
    """Share of the jobs of M/M/c that wait longer, served in the order in which they came (Erlang 1917)."""
    return erlang_c(servers, rate * mean) * math.exp(-(servers - rate * mean) * time / mean)


def mg1_queue_time(rate: float, mean: float, second_moment: float) -> float:
    """Mean queue time of M/G/1 (Pollaczek 1930, Khinchine 1932)."""
    return rate * second_moment / (2 * (1 - rate * mean))


def mdc_queue_time(servers: int, rate: float, mean: float) -> float:
    """Mean queue time of M/D/c (Crommelin 1932), as that of E_c/D/1 by Spitzer's identity (1956).

    Every c-th job meets the same server: between them lies a sum of c exponential times.
    """
    total, number, last = 0.0, 1, math.inf
    while last > 1e-13 * total or number < 50:
        until, shape = number * mean, number * servers
        last = mean * gammainc(shape, rate * until) - servers / rate * gammainc(shape + 1, rate * until)
        total += last
        number += 1
    return float(total)


def dm1_queue_time(between: float, mean: float) -> float:
    """Mean queue time of D/M/1 (Kendall 1953): the root of s = exp(-(1 - s) between / mean)."""
    waiting = brentq(lambda s: s - math.exp(-(1 - s) * between / mean), 0, 1 - 1e-9, xtol=1e-15)
    return float(waiting * mean / (1 - waiting))


def priority_queue_times(work_found: float, loads: Sequence[float]) -> list[float]:
    """Mean queue time by class, the most urgent first, nothing preempted (Cobham 1954).

    Parameters
    ----------
    work_found : float
        Until a server is free: in M/G/1 the sum of rate times second moment, halved; in M/M/c with equal means the
        probability of waiting times mean over c.
    loads : sequence of float
        Of one server, by class.
    """
    before = np.concatenate([[0.0], np.cumsum(loads)])
    return [work_found / ((1 - above) * (1 - upto)) for above, upto in pairwise(before)]


def batch_queue_time(rate: float, size: int, mean: float, second_moment: float) -> float:
    """Mean queue time in M^X/G/1 with batches of one size: behind other batches, and in one's own (Burke 1975)."""
    waits_for_batches = mg1_queue_time(rate, size * mean, size * (second_moment - mean**2) + (size * mean) ** 2)
    return waits_for_batches + (size - 1) / 2 * mean


def batch_servers_in_system(servers: int, rate: float, size: int, mean: float, most: int) -> float:
    """Mean number of jobs in M^X/M/c with batches of one size: its balance equations solved, up to `most` jobs."""
    states = np.arange(most)
    leaving = np.minimum(states, servers) / mean
    up = sparse.diags([np.full(most - size, rate)], [-size], shape=(most, most))
    down = sparse.diags([leaving[1:]], [1], shape=(most, most))
    arriving = np.where(states + size < most, rate, 0.0)
    return float(states @ _stationary(up + down - sparse.diags([leaving + arriving], [0])))


def setup_queue_time(rate: float, mean: float, second_moment: float, setup: float) -> float:
    """Mean queue time of M/G/1 whose server takes a constant setup after each idle time (Welch 1964)."""
    return mg1_queue_time(rate, mean, second_moment) + (2 * setup + rate * setup**2) / (2 * (1 + rate * setup))


def setup_share_on(rate: float, mean: float, setup: float) -> float:
    """Share of time in which that server is on: renewal-reward over its cycles, each with one idle time."""
    return 1 - (1 - rate * mean) / (1 + rate * setup)


def fork_join_turnaround(rate: float, mean: float) -> float:
    """Mean time until both jobs of a pair have ended, each with an M/M/1 queue of its own (Flatto and Hahn 1984)."""
    return (12 - rate * mean) / 8 * mean / (1 - rate * mean)


def slowest(count: int, mean: float) -> float:
    """Mean of the longest of some exponential run times: they end one after another (Rényi 1953)."""
    return mean * sum(1 / number for number in range(1, count + 1))


def restarted_attempts(hazard: float, runtime: float, most: int) -> float:
    """Mean number of attempts of a job that starts over whenever it is interrupted (Kulkarni, Nicola, Trivedi 1987)."""
    failing = 1 - math.exp(-hazard * runtime)
    return (1 - failing**most) / (1 - failing)


def billed(mean: float, least: float) -> float:
    """Mean of what is paid of an exponential time: whole seconds begun, and at least so many.

    Beyond the least the time is exponential again, and the number of seconds begun geometric.
    """
    return least + math.exp(-least / mean) / (1 - math.exp(-1 / mean))


def retried_moments(mean: float, failing: float, most: int) -> tuple[float, float]:
    """First two moments of all exponential attempts of a job together, up to `most` of them (Takács 1963)."""
    number = np.arange(1, most + 1)
    share = (1 - failing) * failing ** (number - 1)
    share[-1] = failing ** (most - 1)
    return float(mean * number @ share), float(mean**2 * (number * (number + 1)) @ share)


def _stationary(transitions: sparse.spmatrix) -> Floats:
    """Stationary probabilities of a generator whose columns are where from."""
    matrix = sparse.lil_matrix(transitions)
    matrix[0, :] = 1.0
    ones = np.zeros(matrix.shape[0])
    ones[0] = 1.0
    return np.asarray(spsolve(matrix.tocsc(), ones))
