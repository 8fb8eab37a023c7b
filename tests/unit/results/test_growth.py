"""Whether a queue grows: by hand, how often it is said of queues that do not, and of what nothing is said."""

from __future__ import annotations

import heapq
from types import SimpleNamespace

import numpy as np
import pytest

import batchsim as bs
from batchsim.report.narrative import attention, growth_notes
from batchsim.results.durations import Durations
from batchsim.results.growth import NOTHING, QueueGrowth
from batchsim.spec.arrivals import Arrivals
from batchsim.units import DAY, HOUR
from tests.builders import job, queue, scenario, unmanaged, workflow

POISSON = {"poisson": {"rate": 1}}


def judged(at, waited, arrivals=POISSON, duration=None, since=0.0):
    """What is said of a queue whose jobs came at some instants and waited so long."""
    at, waited = np.array(at, float), np.array(waited, float)
    work = SimpleNamespace(
        submitted_at=at, group=np.zeros(len(at), int), groups=[SimpleNamespace(workflow="flow")]
    )  # fmt: skip
    recording = SimpleNamespace(ended_at=float((at + waited).max()) + 1, runnable_at=at)
    source = SimpleNamespace(name="flow", arrivals=None if arrivals is None else Arrivals(**arrivals))
    made = SimpleNamespace(duration_s=duration, sources=[source])
    outcome = SimpleNamespace(workload=work, recording=recording)
    return QueueGrowth(made, outcome, Durations(waited, np.zeros(len(at), bool)), since).of(np.ones(1, bool))


def waits(rng, servers, load, jobs):
    """Arrivals and waits in a queue at random, which starts empty."""
    at, service = np.cumsum(rng.exponential(1 / (servers * load), jobs)), rng.exponential(1.0, jobs)
    free, waited = [0.0] * servers, np.zeros(jobs)
    for number in range(jobs):
        start = max(at[number], heapq.heappop(free))
        waited[number] = start - at[number]
        heapq.heappush(free, start + service[number])
    return at, waited


def test_thirds_by_hand():
    # 300 jobs in 300 s, that wait as long as they come late: of the first 100 s 49.5 s on average, of the last 249.5.
    found = judged(np.arange(300), np.arange(300), duration=300.0)
    assert found == {
        "first_third_s": 49.5, "last_third_s": 249.5, "difference_s": 200.0, "emptied": 0.0, "grows": True,
    }  # fmt: skip


def test_a_warm_up_is_in_no_third():
    at = np.arange(600)
    assert judged(at, at, duration=600.0, since=300.0) == judged(at[:300], at[300:], duration=300.0)


def test_a_queue_that_was_emptied_does_not_grow():
    waited = np.arange(300.0)
    assert judged(np.arange(300), waited, duration=300.0)["grows"]
    # One comes when all before it have started: 250 + 250 s is the latest of them.
    at = np.append(np.arange(251), np.arange(500.0, 549.0))
    found = judged(at, waited, duration=549.0)
    assert found["last_third_s"] > found["first_third_s"]
    assert (found["emptied"], found["grows"]) == (1.0, False)


@pytest.mark.parametrize("servers", [1, 10])
@pytest.mark.parametrize("since_asked", [0.0, 5.0], ids=["at once", "after a boot"])
def test_a_stable_queue_is_hardly_ever_said_to_grow(servers, since_asked):
    # With a wait that all have, as for an instance to boot, it is the batches that have to say it.
    rng = np.random.default_rng(7)
    runs = [waits(rng, servers, 0.8, 1000) for _ in range(150)]
    said = [judged(at, waited + since_asked)["grows"] for at, waited in runs]
    assert sum(said) <= 0.05 * len(said)


@pytest.mark.parametrize("servers", [1, 10])
def test_a_queue_above_its_capacity_is_found(servers):
    rng = np.random.default_rng(8)
    assert np.mean([judged(*waits(rng, servers, 1.05, 4000))["grows"] for _ in range(60)]) > 0.85
    assert np.mean([judged(*waits(rng, servers, 1.2, 1000))["grows"] for _ in range(60)]) > 0.95


@pytest.mark.parametrize(
    ("arrivals", "duration"),
    [({"at": [0]}, 300.0), ({"trace": [0, 10]}, 300.0), (POISSON, 149.0 / 20), ({"cron": "0 * * * *"}, 5 * DAY)],
    ids=["at", "instants", "few jobs", "few days"],
)
def test_of_others_nothing_is_said(arrivals, duration):
    assert judged(np.arange(300) / 20, np.arange(300), arrivals, duration) == NOTHING


def test_without_a_duration_it_is_the_time_of_the_jobs():
    # From the first to the last of 300, which come from 1,000 s on; what comes before or after a duration is left out.
    late = judged(np.arange(1000, 1300), np.arange(300))
    assert (late["first_third_s"], late["last_third_s"]) == (49.5, 249.5)
    at = np.arange(400)
    cut = judged(at, np.minimum(at, 300), duration=300.0)
    assert cut == judged(at[:300], at[:300], duration=300.0)


def test_where_arrivals_follow_the_clock_days_are_compared_with_days():
    # Twenty jobs an hour from 08:00 on wait an hour longer each day: of seven and a half days the first two, and the
    # last two of six.
    at = np.concatenate([day * DAY + 8 * HOUR + np.arange(0, HOUR, 180) for day in range(8)])
    waited = at // DAY * HOUR
    found = judged(at, waited, {"cron": "0 8 * * *"}, 7.5 * DAY)
    assert (found["first_third_s"], found["last_third_s"]) == (0.5 * HOUR, 4.5 * HOUR)
    # Of forty days each stretch is of two, and a third six of them: the first twelve days of 36 against the last.
    at = np.concatenate([day * DAY + 8 * HOUR + np.arange(0, HOUR, 180) for day in range(40)])
    found = judged(at, at // DAY * HOUR, {"cron": "0 8 * * *"}, 40 * DAY)
    assert (found["first_third_s"], found["last_third_s"]) == (5.5 * HOUR, 29.5 * HOUR)


def test_one_that_starts_as_the_next_becomes_runnable_leaves_the_queue_empty():
    # One a second, each of which waits for a second, for more, or for less.
    for waited, emptied in ((1.0, 1.0), (1.01, 0.0), (0.99, 1.0)):
        assert judged(np.arange(300), np.full(300, waited), duration=300.0)["emptied"] == emptied


def nightly(jobs, nights=7, servers=10):
    """Jobs of 1,000 s at 02:00, on ten servers: 864 in a day."""
    return scenario(
        workflow(job(runtime=1000, arrayProperties={"size": jobs}), arrivals={"cron": "0 2 * * *"}),
        environments=[unmanaged(servers)],
        duration=f"{nights}d",
    )


def test_a_nightly_batch_that_is_worked_off_does_not_grow_however_long_it_waits():
    growth = bs.run(nightly(800)).summary["job_queues"]["queue"]["growth"]
    # 80 waves of ten, 1,000 s apart, every night.
    assert growth["first_third_s"] == growth["last_third_s"] == pytest.approx(1000 * 79 / 2)
    assert growth["emptied"] == 1.0
    assert growth["grows"] is False


def test_a_nightly_batch_that_is_not_worked_off_grows():
    summary = bs.run(nightly(1000)).summary
    growth = summary["job_queues"]["queue"]["growth"]
    # Each night 100 waves, of which a day does 86.4: 13,600 s more behind it. The first two of six, and the last two.
    assert growth["first_third_s"] == pytest.approx(1000 * 99 / 2 + 13_600 / 2)
    assert growth["difference_s"] == pytest.approx(4 * 13_600)
    assert growth["grows"] is True
    (note,) = growth_notes(summary)
    assert note in attention(summary)
    assert note == (
        "queue grows: jobs of the last third waited 1 d 07 h on average, those of the first 15 h 38 min; "
        "a figure of this run depends on its length"
    )


def test_replications_judge_by_their_differences():
    def replicated(rate):
        flow = workflow(job(runtime={"exponential": {"mean": 100}}), arrivals={"poisson": {"rate": rate}})
        made = scenario(flow, environments=[unmanaged(1)], duration="20h")
        return bs.run(made, replications=5).summary["job_queues"]["queue"]["growth"]

    assert replicated(18)["grows"] is False  # half of what there is
    growing = replicated(54)  # one and a half
    assert growing["grows"] is True
    assert growing["difference_s"]["low"] > 0
    assert growing["emptied"]["mean"] == 0


def test_each_queue_is_judged_by_its_own_jobs():
    flows = [
        workflow(job(runtime=90, jobQueue=name), name=name, arrivals={"every": every})
        for name, every in (("quiet", 100), ("busy", 60))
    ]
    queues = [queue("quiet", "one"), queue("busy", "other")]
    made = scenario(*flows, environments=[unmanaged(1, "one"), unmanaged(1, "other")], queues=queues, duration=6 * HOUR)
    found = {name: each["growth"]["grows"] for name, each in bs.run(made).summary["job_queues"].items()}
    assert found == {"quiet": False, "busy": True}
