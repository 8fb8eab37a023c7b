"""The three examples of aws-batch-simulator (2023), the public simulator of AWS Batch, against queueing theory.

54 jobs an hour of 4 vCPUs run for 15 minutes on average (exponential) on 60 vCPUs of Fargate: M/M/15 at nine tenths of
its capacity. Its own figures, means from submission to end, are of single runs: first in, first out 20.2 to 21.7
minutes; two fair shares 15.8 and 22 to 24; retries at 5 % failures nearly 30. Theory knows them better, and batchsim is
held against it: short runs job by job, long ones by intervals.

An interval is Student's at 99.9 %, over replications with seeds of their own, each without its first jobs, which find
the system emptier than later ones, and without its last, behind which nothing more arrives. Seeds are fixed: the answer
is the same each time.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import batchsim as bs
from batchsim.scenario.loading import from_mapping
from tests.builders import definition, environment, job, queue, workflow

SERVERS = 15
ARRIVALS_PER_MIN = 0.9
SERVICE_MIN = 15.0
#: Of a thousand jobs 200 are research's, with a weight factor of 1, and 800 are finance's, with 8.
PARTS = {"research": 0.2, "finance": 0.8}
WEIGHTS = {"research": 1, "finance": 8}


def erlang_c(servers: int, offered: float) -> float:
    """The part of arrivals that have to wait in M/M/c (Erlang 1917), by the recursion of Erlang B."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return servers * blocked / (servers - offered * (1 - blocked))


def queue_time_min(service_min: float) -> float:
    """Mean wait in M/M/15."""
    offered = ARRIVALS_PER_MIN * service_min
    return erlang_c(SERVERS, offered) * service_min / (SERVERS - offered)


def service_of_attempts_min(failing: float, attempts: int) -> float:
    """Mean of all attempts of a job, one failing in so many."""
    return SERVICE_MIN * sum(failing**number for number in range(attempts))


def theory_of_priority(part: float) -> float:
    """Mean wait of the jobs that are always served first in M/M/15, if they are such a part (Cobham 1954)."""
    offered = ARRIVALS_PER_MIN * SERVICE_MIN
    return erlang_c(SERVERS, offered) * SERVICE_MIN / (SERVERS - part * offered)


@dataclass(frozen=True)
class Interval:
    """A mean over replications, and half the width of its interval at 99.9 %."""

    mean: float
    half_width: float

    @classmethod
    def of(cls, means: Sequence[float]) -> Interval:
        t = stats.t.ppf(0.9995, len(means) - 1)
        return cls(float(np.mean(means)), float(t * np.std(means, ddof=1) / math.sqrt(len(means))))

    def holds(self, expected: float) -> bool:
        return abs(self.mean - expected) <= self.half_width


def on_fargate(*work: dict, jobs: int, weights: dict | None = None, **members) -> bs.Scenario:
    """The example's queue, without delays: the public simulator has none."""
    shares = [{"shareIdentifier": name, "weightFactor": weight} for name, weight in (weights or {}).items()]
    policies = [{"name": "fair", "fairsharePolicy": {"shareDistribution": shares}}]
    return from_mapping(
        {
            "name": "test",
            "duration": jobs / ARRIVALS_PER_MIN * 60,
            "batch": {
                "computeEnvironments": [environment(type="FARGATE", maxvCpus=60)],
                "schedulingPolicies": policies if weights else [],
                "jobQueues": [{**queue(), **({"schedulingPolicyArn": "fair"} if weights else {})}],
                "jobDefinitions": [definition(vcpus="4", memory="8192", platformCapabilities=["FARGATE"], **members)],
            },
            "workload": list(work),
            "environment": {"preset": "ideal"},
        }
    )


def stream(part: float = 1.0, name: str = "work", **members) -> dict:
    """A part of the jobs."""
    runtime = {"exponential": {"mean": SERVICE_MIN * 60}}
    arrivals = {"poisson": {"rate": part * ARRIVALS_PER_MIN * 60}}
    return workflow(job(runtime=runtime, **members), name=name, arrivals=arrivals)


def first_in_first_out(jobs: int) -> bs.Scenario:
    return on_fargate(stream(), jobs=jobs)


def fair_shares(jobs: int) -> bs.Scenario:
    streams = [stream(part, name, shareIdentifier=name) for name, part in PARTS.items()]
    return on_fargate(*streams, jobs=jobs, weights=WEIGHTS)


def retries(jobs: int) -> bs.Scenario:
    """Up to two retries: three attempts, as AWS Batch counts."""
    return on_fargate(stream(failure={"probability": 0.05}), jobs=jobs, retryStrategy={"attempts": 3})


def replication(case: bs.Scenario, seed: int) -> pd.DataFrame:
    """The jobs as they were submitted, each with the start of its first attempt."""
    result = bs.run(case, seed=seed)
    attempts = result.attempts
    first = attempts[attempts["attempt"] == 1].set_index("job_id")["starting_at"]
    jobs = result.jobs.assign(starting_at=result.jobs["job_id"].map(first))
    return jobs.sort_values("submitted_at", kind="stable")


def waits_min(jobs: pd.DataFrame) -> pd.Series:
    """Waits for the first attempt."""
    return (jobs["starting_at"] - jobs["submitted_at"]) / 60


def sojourn_min(jobs: pd.DataFrame) -> float:
    """Mean time from submission to the end of the last attempt."""
    return float((jobs["stopped_at"] - jobs["submitted_at"]).mean()) / 60


def starts_on_the_first_free_server(submitted_at: Sequence[float], occupied_s: Sequence[float]) -> list[float]:
    """When each job starts that is served in turn and occupies one of 15 servers for so long."""
    free_at = [0.0] * SERVERS
    starts = []
    for submitted, occupied in zip(submitted_at, occupied_s, strict=True):
        starts.append(max(submitted, free_at[0]))
        heapq.heapreplace(free_at, starts[-1] + occupied)
    return starts


def assert_served_in_turn(jobs: pd.DataFrame) -> None:
    occupied_s = jobs["stopped_at"] - jobs["starting_at"]
    expected = starts_on_the_first_free_server(jobs["submitted_at"].tolist(), occupied_s.tolist())
    assert jobs["starting_at"].tolist() == pytest.approx(expected, abs=1e-5)
    assert (waits_min(jobs) > 0).mean() > 0.3


def test_theory_says_twenty_one_minutes():
    # The part that waits, by Erlang's own sum instead of the recursion.
    offered = ARRIVALS_PER_MIN * SERVICE_MIN
    terms = [offered**k / math.factorial(k) for k in range(SERVERS)]
    last = offered**SERVERS / math.factorial(SERVERS) * SERVERS / (SERVERS - offered)
    assert erlang_c(SERVERS, offered) == pytest.approx(last / (sum(terms) + last), rel=1e-12)
    assert SERVICE_MIN + queue_time_min(SERVICE_MIN) == pytest.approx(21.03, abs=0.01)
    # All jobs alike, whoever is first: what research gains finance pays.
    research = theory_of_priority(PARTS["research"])
    finance = (queue_time_min(SERVICE_MIN) - PARTS["research"] * research) / PARTS["finance"]
    assert (SERVICE_MIN + research, SERVICE_MIN + finance) == pytest.approx((15.74, 22.35), abs=0.01)


def test_jobs_are_served_in_turn():
    assert_served_in_turn(replication(first_in_first_out(10_000), 1))


def test_retried_jobs_keep_their_server():
    # A retried job goes to the front of its queue, and without delays that is where it was: all its attempts are one
    # service.
    jobs = replication(retries(10_000), 1)
    assert_served_in_turn(jobs)
    # An attempt in twenty fails, so one job in 400 has a third: within four deviations of a binomial's.
    for attempts, part in ((2, 0.05), (3, 0.0025)):
        tolerance = 4 * math.sqrt(part * (1 - part) / len(jobs))
        assert (jobs["attempts"] >= attempts).mean() == pytest.approx(part, abs=tolerance)


def test_what_arrives_is_markovian():
    jobs = replication(first_in_first_out(20_000), 2)
    # Mean and deviation of an exponential's sample: within four of their own deviations, of which a deviation's is √2.
    for sample, mean in (
        (np.diff(jobs["submitted_at"]) / 60, 1 / ARRIVALS_PER_MIN),
        ((jobs["stopped_at"] - jobs["starting_at"]) / 60, SERVICE_MIN),
    ):
        tolerance = 4 / math.sqrt(len(sample))
        assert np.mean(sample) == pytest.approx(mean, rel=tolerance)
        assert np.std(sample) == pytest.approx(mean, rel=tolerance * math.sqrt(2))


def research_and_all(jobs: pd.DataFrame, left_out: int) -> tuple[float, float]:
    """Research's mean wait, and how much longer all jobs together wait than if they were served in turn."""
    in_turn = np.array(
        starts_on_the_first_free_server(
            jobs["submitted_at"].tolist(), (jobs["stopped_at"] - jobs["starting_at"]).tolist()
        )
    )
    longer = (jobs["starting_at"] - in_turn) / 60
    settled = slice(left_out, -left_out)
    waits = waits_min(jobs).iloc[settled]
    return float(waits[jobs["workflow"].iloc[settled] == "research"].mean()), float(longer.iloc[settled].mean())


def assert_as_priority(replications: list[tuple[float, float]], widest_min: tuple[float, float]) -> None:
    # Research may have eight ninths of the vCPUs and asks for a fifth: it is served first nearly always. No order can
    # change the mean of all, because every job's service is alike.
    research, longer = (Interval.of(means) for means in zip(*replications, strict=True))
    assert research.holds(theory_of_priority(PARTS["research"])), research
    assert longer.holds(0.0), longer
    assert (research.half_width, longer.half_width) < widest_min, (research, longer)


def test_fair_shares_serve_research_first():
    case = fair_shares(5_000)
    assert_as_priority([research_and_all(replication(case, seed), 500) for seed in range(8)], (0.3, 0.3))


@pytest.mark.slow
def test_fair_shares_are_a_queue_with_priority():
    case = fair_shares(30_000)
    assert_as_priority([research_and_all(replication(case, seed), 1_500) for seed in range(20)], (0.1, 0.5))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("example", "service_min", "left_out", "widest_min"),
    [
        # Erlang's C.
        (first_in_first_out, SERVICE_MIN, 1_500, 1.5),
        # The sum of a job's attempts varies as much as an exponential does (squared coefficient of variation 0.9995).
        (retries, service_of_attempts_min(0.05, 3), 5_000, 5.0),
    ],
)
def test_mean_time_is_theorys(example, service_min, left_out, widest_min):
    case = example(30_000)
    means = [sojourn_min(replication(case, seed).iloc[left_out:-left_out]) for seed in range(20)]
    found = Interval.of(means)
    assert found.holds(service_min + queue_time_min(service_min)), found
    assert found.half_width < widest_min, found
