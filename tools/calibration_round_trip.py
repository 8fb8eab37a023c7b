"""How well calibration finds what is known: simulated accounts are learnt from their first days, the rest is predicted.

``python -m tools.calibration_round_trip [--seeds 20] [--days 30] [--workers 2]`` prints the tables of
docs/validation.md. Each account is a scenario that is run once, told as AWS tells of jobs (DescribeJobs, and events of
a third of the attempts), and learnt from without the scenario: only its ``batch:`` section is given, as an account
gives it. What was learnt is held against the scenario, and what was predicted against the days that were not learnt
from.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import batchsim as bs
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.experiments.calibrate.back_test.back_test import BackTest, back_test
from batchsim.scenario.loading import from_mapping
from batchsim.scenario.scenario import Scenario
from batchsim.spec.distributions import as_distribution
from tests.histories import details, events, write_events, write_pages

ROOT = Path(__file__).resolve().parents[1]

#: Of thirty days, twenty are learnt from.
SHARE = 2 / 3

#: Members of an event's detail that the reader of a history has a use for: the others are in DescribeJobs' answers.
_TOLD = ("jobId", "jobName", "jobQueue", "jobDefinition", "status", "createdAt")

#: Of so many attempts the events of one are kept: reading them takes most of the time.
_KEPT = 3

#: What fails in the account of `transactions`, which by itself never does.
_FAILURES = {
    "workload.payments.jobs.check.failure": {"probability": 0.05, "exitCode": 3, "after": 20},
    "workload.settlement.jobs.settle.failure": {"probability": 0.02, "exitCode": 1},
}

_PER_HOUR = 0.05

#: Instances that are taken back alone and together; jobs that come at random, and a bulk of them each night.
_SPOT: dict[str, Any] = {
    "name": "spot",
    "region": "us-east-1",
    "start": "2026-11-02T00:00:00Z",
    "batch": {
        "computeEnvironments": [
            {
                "computeEnvironmentName": "spot",
                "type": "MANAGED",
                "computeResources": {
                    "type": "SPOT",
                    "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
                    "minvCpus": 0,
                    "maxvCpus": 64,
                    "instanceTypes": ["c6i.xlarge", "m6i.xlarge"],
                },
            }
        ],
        "jobQueues": [
            {
                "jobQueueName": "work",
                "priority": 1,
                "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "spot"}],
            }
        ],
        "jobDefinitions": [
            {
                "jobDefinitionName": name,
                "type": "container",
                "containerProperties": {
                    "image": "public.ecr.aws/docker/library/python:3.12-slim",
                    "resourceRequirements": [
                        {"type": "VCPU", "value": vcpus},
                        {"type": "MEMORY", "value": memory},
                    ],
                },
                "retryStrategy": {"attempts": 5},
            }
            for name, vcpus, memory in (("steady", "1", "1800"), ("nightly", "2", "3600"))
        ],
    },
    "workload": [
        {
            "workflow": "steady",
            "arrivals": {"poisson": {"rate": "120/h"}},
            "jobs": [
                {
                    "jobName": "steady",
                    "jobQueue": "work",
                    "jobDefinition": "steady",
                    "runtime": {"lognormal": {"median": "6m", "p95": "18m"}},
                    "failure": {"probability": 0.03, "exitCode": 1},
                }
            ],
        },
        {
            "workflow": "nightly",
            "arrivals": {"cron": "0 2 * * *"},
            "jobs": [
                {
                    "jobName": "nightly",
                    "jobQueue": "work",
                    "jobDefinition": "nightly",
                    "arrayProperties": {"size": 300},
                    "runtime": {"gamma": {"mean": "15m", "cv": 0.5}},
                }
            ],
        },
    ],
    "environment": {"spot": {"interruptions": {"ratePerHour": _PER_HOUR}, "together": 0.5}},
}


@dataclass(frozen=True)
class Account:
    """A scenario, and the rate of interruptions that is to be found of it."""

    scenario: Scenario
    interruptions_per_hour: float


def account(name: str) -> Account:
    """One of `ACCOUNTS`."""
    if name == "transactions":
        scenario = bs.load(ROOT / "scenarios" / "transactions.yaml").with_(_FAILURES)
        return Account(scenario, 0.01)  # environment.spot.fargateRatePerHour, by default
    return Account(from_mapping({**_SPOT, "duration": "1d"}), _PER_HOUR)


ACCOUNTS = ("transactions", "spot")


@dataclass(frozen=True)
class RoundTrip:
    """What came of one account: errors are relative.

    Attributes
    ----------
    means : float
        The largest error of a mean run time.
    failures, interruptions : (int, int)
        Rates that are within 5 %, or whose stated interval has the true one, and how many there are: of intervals of
        95 % one in twenty misses.
    p50, p95 : float
        Of the predicted queue time.
    days_inside : float
        The share of the days' quantiles in their band.
    clock_s : float
        Quantiles that differ by no more than this can't be told apart by events.
    """

    account: str
    seed: int
    means: float
    failures: tuple[int, int]
    interruptions: tuple[int, int]
    p50: float
    p95: float
    days_inside: float
    observed: tuple[float, float]
    predicted: tuple[float, float]
    clock_s: float

    @property
    def quantiles_hold(self) -> bool:
        """Whether both quantiles are within 10 %, or within what events tell apart."""
        pairs = zip((self.p50, self.p95), self.observed, self.predicted, strict=True)
        return all(abs(error) <= 0.10 or abs(seen - told) <= self.clock_s for error, seen, told in pairs)


def told_by(result: bs.Result, folder: Path) -> list[Path]:
    """Files as an account would have them of a run: answers of DescribeJobs, and state change events."""
    jobs, changes = folder / "jobs.json", folder / "events.jsonl"
    write_pages(details(result), jobs)
    told = [event for number, event in enumerate(events(result)) if number // 2 % _KEPT == 0]
    for event in told:
        event["detail"] = {key: event["detail"][key] for key in _TOLD}
    write_events(told, changes)
    return [jobs, changes]


def predicted(name: str, seed: int, *, days: int = 30, replications: int = 10) -> tuple[Account, BackTest]:
    """An account that ran, learnt from its first days without its scenario."""
    chosen = account(name)
    result = bs.run(chosen.scenario.with_({"duration": f"{days}d"}), seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        history = read_history(told_by(result, Path(folder)))
    configuration = AccountConfiguration(chosen.scenario.document.values["batch"], {})
    del result
    return chosen, back_test(history, configuration, share=SHARE, replications=replications, seed=seed + 1_000_000)


def round_trip(name: str, seed: int, *, days: int = 30, replications: int = 10) -> RoundTrip:
    """What was learnt and predicted of one account, against what is known of it."""
    chosen, found = predicted(name, seed, days=days, replications=replications)
    figures = found.figures
    seen, told = (figures[part]["queue_time_s"] for part in ("observed", "predicted"))
    return RoundTrip(
        account=name,
        seed=seed,
        means=max(abs(error) for _, error in mean_errors(chosen.scenario, figures)),
        failures=_counted(failure_rates(chosen.scenario, figures)),
        interruptions=_counted(
            (chosen.interruptions_per_hour, each["per_hour"]) for each in figures["learned"]["interruptions"]
        ),
        p50=_or_nan(figures["error"]["queue_time_s"]["p50"]),
        p95=_or_nan(figures["error"]["queue_time_s"]["p95"]),
        days_inside=figures["days_inside"],
        observed=(seen["p50"], seen["p95"]),
        predicted=(told["p50"], told["p95"]),
        clock_s=found.record.clock_s,
    )


def _jobs(scenario: Scenario) -> Iterator[Mapping[str, Any]]:
    for entry in scenario.document.values["workload"]:
        yield from entry["jobs"]


def mean_errors(scenario: Scenario, figures: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Relative errors of the mean run times that were learnt."""
    learned = {each["job_name"]: each for each in figures["learned"]["runtimes"]}
    for job in _jobs(scenario):
        truth = as_distribution(job["runtime"]).mean_s()
        yield job["jobName"], learned[job["jobName"]]["mean_s"] / truth - 1


def failure_rates(scenario: Scenario, figures: Mapping[str, Any]) -> Iterator[tuple[float, Mapping[str, float]]]:
    """The share of attempts that fail, in truth and as it was learnt."""
    learned = {each["job_name"]: each for each in figures["learned"]["failures"]}
    for job in _jobs(scenario):
        yield float(job.get("failure", {}).get("probability", 0.0)), learned[job["jobName"]]["probability"]


def _holds(truth: float, rate: Mapping[str, float]) -> bool:
    """Within 5 %, or the truth inside the interval that is stated."""
    near = abs(rate["mean"] - truth) <= 0.05 * truth
    return near or rate["low"] <= truth <= rate["high"]


def _counted(rates: Iterable[tuple[float, Mapping[str, float]]]) -> tuple[int, int]:
    """How many rates hold, and how many there are."""
    held = [_holds(truth, rate) for truth, rate in rates]
    return sum(held), len(held)


def _or_nan(error: float | None) -> float:
    return math.nan if error is None else error


def round_trips(
    seeds: Sequence[int],
    *,
    accounts: Sequence[str] = ACCOUNTS,
    days: int = 30,
    replications: int = 10,
    workers: int = 1,
) -> list[RoundTrip]:
    """Accounts with all seeds, in their order."""
    tasks = [(name, seed, days, replications) for seed in seeds for name in accounts]
    if workers == 1:
        return [_one(task) for task in tasks]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_one, tasks))


def _one(task: tuple[str, int, int, int]) -> RoundTrip:
    name, seed, days, replications = task
    found = round_trip(name, seed, days=days, replications=replications)
    print(found, file=sys.stderr, flush=True)  # noqa: T201 (it takes minutes)
    return found


def table(trips: Sequence[RoundTrip]) -> str:
    """A row an account, as Markdown."""
    heads = (
        *("account", "runs", "mean run times within 5 %"),
        *("rates of failures within 5 % or in their interval", "of interruptions"),
        *(
            "queue time p50 and p95 within 10 %",
            "largest error of p50",
            "of p95",
            "days in the 90 % band on the average",
        ),
    )
    lines = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for name in dict.fromkeys(each.account for each in trips):
        of = [each for each in trips if each.account == name]
        counts = (
            str(sum(each.means <= 0.05 for each in of)),
            *(_of_all([getattr(each, rates) for each in of]) for rates in ("failures", "interruptions")),
            str(sum(each.quantiles_hold for each in of)),
        )
        largest = (max((getattr(each, which) for each in of), key=abs) for which in ("p50", "p95"))
        inside = sum(each.days_inside for each in of) / len(of)
        cells = [name, str(len(of)), *counts, *(f"{each:+.1%}" for each in largest), f"{inside:.0%}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _of_all(rates: Sequence[tuple[int, int]]) -> str:
    held, of = (sum(each) for each in zip(*rates, strict=True))
    return f"{held} of {of}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all accounts and print their table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=20, help="accounts of each kind (default: 20)")
    parser.add_argument("--accounts", nargs="+", choices=ACCOUNTS, default=ACCOUNTS, help="which (default: both)")
    parser.add_argument("--days", type=int, default=30, help="days of an account (default: 30)")
    parser.add_argument("--replications", type=int, default=10, help="of each prediction (default: 10)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--json", type=Path, help="write every run to this file too")
    given = parser.parse_args(arguments)
    seeds = range(1, given.seeds + 1)
    trips = round_trips(
        seeds, accounts=given.accounts, days=given.days, replications=given.replications, workers=given.workers
    )
    if given.json is not None:
        given.json.write_text(json.dumps([vars(each) for each in trips], indent=1), encoding="utf-8")
    print(table(trips), end="")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
