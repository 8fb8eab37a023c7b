"""There and back: a run, told as an account would tell it, teaches a scenario that is like the one that ran."""

from __future__ import annotations

import numpy as np
import pytest

import batchsim as bs
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.configuration import read_configuration
from batchsim.experiments.calibrate.calibration import calibrate
from batchsim.experiments.calibrate.scenario_text import checked_scenario_text
from batchsim.experiments.calibrate.workflows import JobKind
from batchsim.scenario.loading import loads
from batchsim.spec.distributions import as_distribution
from batchsim.validation.validate import validate
from tests.conftest import ROOT
from tests.histories import details, events, write_events, write_pages

TRANSACTIONS = ROOT / "scenarios" / "transactions.yaml"
FAILURE = {"probability": 0.05, "exitCode": 3, "after": 20}
#: Of a tenth of the jobs events were kept.
KEPT = 10
CHECK = as_distribution({"lognormal": {"median": "40s", "p95": "2m"}})
SETTLE = as_distribution({"weibull": {"mean": "6m", "cv": 0.7}})


def there_and_back(days, folder):
    """What ran, what was learnt of it, and the scenario that was written."""
    scenario = bs.load(TRANSACTIONS).with_({"duration": f"{days}d", "workload.payments.jobs.check.failure": FAILURE})
    result = bs.run(scenario)
    write_pages(details(result), folder / "jobs.json")
    kept = [event for number, event in enumerate(events(result)) if number // 2 % KEPT == 0]
    write_events(kept, folder / "events.jsonl")
    configuration = read_configuration(TRANSACTIONS)
    found = calibrate(read_history([folder / "jobs.json", folder / "events.jsonl"]), configuration)
    text = checked_scenario_text(found, configuration)
    path = folder / "calibrated.yaml"
    path.write_text(text, encoding="utf-8")
    return result, found, path


def held(found, days, tolerance):
    check, settle = found.kinds[JobKind("check-payment", "check")], found.kinds[JobKind("settle", "settle")]
    for learned, truth in ((check.runtime, CHECK), (settle.runtime, SETTLE)):
        written = as_distribution(learned.written)
        assert learned.by == "empirical"
        assert learned.mean_s == pytest.approx(truth.mean_s(), rel=tolerance)
        assert written.mean_s() == pytest.approx(truth.mean_s(), rel=tolerance)
        assert learned.p95_s == pytest.approx(truth.quantile_s(0.95), rel=tolerance)
        assert written.quantile_s(0.95) == pytest.approx(truth.quantile_s(0.95), rel=tolerance)
    ledger = found.kinds[JobKind("settle", "ledger")].runtime
    assert ledger.written == pytest.approx(300.0, rel=1e-3)
    assert check.failures.written["probability"] == pytest.approx(0.05, rel=tolerance)
    assert check.failures.written["exitCode"] == 3
    assert as_distribution(check.failures.written["after"]).mean_s() == pytest.approx(20, rel=tolerance)
    assert settle.failures.written is None
    payments, settlement = found.workflows
    assert payments.arrivals.by == "poisson"
    assert settlement.arrivals.written == {"trace": [14 * 3600 + day * 86400 for day in range(days)]}
    assert [part.size for part in settlement.recorded.parts] == [600, 0]


@pytest.mark.slow
def test_ten_days_of_transactions(tmp_path):
    result, found, path = there_and_back(10, tmp_path)
    held(found, 10, 0.05)
    (fargate,) = found.spot
    assert fargate.per_hour.low <= 0.01 <= fargate.per_hour.high  # `environment.spot.fargateRatePerHour`
    assert not validate(path).errors
    again = bs.run(bs.load(path))
    assert again.summary["jobs"]["submitted"] == pytest.approx(result.summary["jobs"]["submitted"], rel=0.05)
    for queue in ("urgent", "bulk"):
        seen, made = (queue_times(each, queue) for each in (result, again))
        assert np.quantile(made, 0.5) == pytest.approx(np.quantile(seen, 0.5), rel=0.10)
        assert np.quantile(made, 0.95) == pytest.approx(np.quantile(seen, 0.95), rel=0.10)


def queue_times(result, queue):
    jobs = result.jobs[result.jobs["job_queue"] == queue]
    return (jobs["starting_at"] - jobs["runnable_at"]).dropna()


def test_a_day_of_transactions(tmp_path):
    _, found, path = there_and_back(1, tmp_path)
    check = found.kinds[JobKind("check-payment", "check")]
    assert check.runtime.mean_s == pytest.approx(CHECK.mean_s(), rel=0.03)
    assert check.failures.probability["low"] <= 0.05 <= check.failures.probability["high"]
    assert found.history.events > 100
    assert loads(path.read_text(encoding="utf-8")).duration_s == 86400
