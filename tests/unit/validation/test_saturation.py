"""Where a blocked head lets a queue grow below full load: by hand, by the chain of states, and by running it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import batchsim as bs
from batchsim.validation.saturation import Stream, limit_of
from batchsim.validation.validate import validate
from batchsim.validation.workload import review
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.conftest import ROOT


def drawn(widths, shares, jobs=200_000, mean=1.0, seed=1):
    """Jobs that are wide as drawn, with exponential run times, at a load that does not matter here."""
    rng = np.random.default_rng(seed)
    return Stream(rng.choice(np.array(widths, float), jobs, p=shares), rng.exponential(mean, jobs), jobs * mean)


def chain(vcpus, widths, shares):
    """The limit by the states of the saturated system, run times exponential with mean 1.

    A state is how many jobs of each width run and how wide the head is; from each, jobs end one by one, and as many
    start as fit. The load is what runs on average, of all vCPUs.
    """
    kinds = range(len(widths))

    def settled(running, likely, head, found):
        for kind in kinds if head is None else [head]:
            chance = likely * (shares[kind] if head is None else 1.0)
            if sum(n * w for n, w in zip(running, widths, strict=True)) + widths[kind] <= vcpus:
                more = tuple(n + (each == kind) for each, n in zip(kinds, running, strict=True))
                settled(more, chance, None, found)
            else:
                found[running, kind] = found.get((running, kind), 0.0) + chance
        return found

    states = settled((0,) * len(widths), 1.0, None, {})
    number = {state: place for place, state in enumerate(states)}
    moves, left = [], list(states)
    while left:
        running, head = state = left.pop()
        for kind in kinds:
            fewer = tuple(n - (each == kind) for each, n in zip(kinds, running, strict=True))
            for after, chance in settled(fewer, 1.0, head, {}).items() if running[kind] else ():
                if after not in number:
                    number[after] = len(number)
                    left.append(after)
                moves.append((number[state], number[after], running[kind] * chance))
    rates = np.zeros((len(number), len(number)))
    for before, after, rate in moves:
        rates[before, after] += rate
        rates[before, before] -= rate
    equations = np.vstack([rates.T, np.ones(len(number))])
    share = np.linalg.lstsq(equations, np.append(np.zeros(len(number)), 1.0), rcond=None)[0]
    ends = sum(share[place] * sum(running) for (running, _), place in number.items())
    return ends * sum(p * w for p, w in zip(shares, widths, strict=True)) / vcpus


def test_two_classes_by_hand():
    # Two vCPUs, jobs of one and of two, as likely. A wide job runs alone; after it come one or two narrow ones, or
    # none. With one and the next wide: 1 s, then wide. With two, while they go on to be followed by narrow ones, two
    # run. States: wide runs (W), one narrow and a wide head (N), two narrow (NN). From W, 1 a second: W 1/2, N 1/4,
    # NN 1/4. From N, 1: W. From NN, 2: NN 1/2, N 1/2. So N = (W/4 + NN), NN = W/4, N = W/2: W 4/7, N 2/7, NN 1/7.
    throughput = (4 * 1 + 2 * 1 + 1 * 2) / 7
    exact = throughput * 1.5 / 2
    assert exact == pytest.approx(6 / 7)
    assert chain(2, (1, 2), (0.5, 0.5)) == pytest.approx(exact)
    assert limit_of(drawn((1, 2), (0.5, 0.5)), [2.0]).limit == pytest.approx(exact, rel=0.01)


def test_as_wide_as_everything_by_hand():
    # Between two wide jobs come n narrow ones, geometric: all start at once, and the last of them ends after the sum
    # of 1/1 to 1/n; its mean is ln(1 / share of wide). With 64 there is nearly always room for all.
    wide = 16 / 158
    cycle = 1 + math.log(1 / wide)
    exact = (1 / wide) / cycle * (1 - wide + 64 * wide) / 64
    assert exact == pytest.approx(0.346, abs=2e-4)
    assert limit_of(drawn((1, 64), (1 - wide, wide)), [64.0]).limit == pytest.approx(exact, rel=0.015)


@pytest.mark.parametrize(
    ("vcpus", "widths", "shares"),
    [(4, (1, 3), (0.7, 0.3)), (5, (1, 2, 4), (0.5, 0.3, 0.2)), (8, (2, 3), (0.5, 0.5)), (6, (1, 6), (0.9, 0.1))],
)
def test_exponential_times_by_the_states_of_the_saturated_system(vcpus, widths, shares):
    found = limit_of(drawn(widths, shares), [float(vcpus)]).limit
    assert found == pytest.approx(chain(vcpus, widths, shares), rel=0.015)


@pytest.mark.parametrize(("vcpus", "width", "share"), [(64, 1, 1.0), (64, 16, 1.0), (64, 24, 0.75), (7, 4, 4 / 7)])
def test_jobs_of_one_width_get_through_as_far_as_they_fit(vcpus, width, share):
    assert limit_of(drawn([width], [1.0]), [float(vcpus)]).limit == pytest.approx(share, rel=0.01)


def test_those_that_may_pass_leave_nothing_idle():
    # Narrow ones fill what a wide one can't use; by the head alone 2 of 3 s are 4 of 4 vCPU, 1 of 3 is 1.
    jobs = drawn((1, 3), (0.5, 0.5), 20_000)
    assert limit_of(jobs, [4.0], 100).limit > limit_of(jobs, [4.0]).limit + 0.05


def test_environments_are_tried_in_their_order():
    # Width 2 fits the second alone: 1 and 2 in turns, a second each, never wait for each other.
    jobs = Stream(np.array([1.0, 2.0] * 500), np.ones(1000), 2000.0)
    assert limit_of(jobs, [1.0, 2.0]).limit == pytest.approx(1.0, rel=0.01)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(1, 50)), min_size=1, max_size=60),
    st.sampled_from([2.0, 8.0]),
)
def test_units_of_time_and_of_width_bear_on_nothing(jobs, unit):
    vcpus, runtime_s = (np.array(column, float) for column in zip(*jobs, strict=True))
    found = limit_of(Stream(vcpus, runtime_s, 100.0), [8.0])
    assert limit_of(Stream(vcpus * unit, runtime_s, 100.0), [8.0 * unit]) == found
    assert limit_of(Stream(vcpus, runtime_s * unit, 100.0 * unit), [8.0]) == found


def mixed(wide=16, narrow=142, **changed):
    """A pool of 64: narrow and wide jobs at random, so many an hour, 100 s each."""
    definitions = [definition("narrow", "1", "4"), definition("wide", "64", "4")]
    flows = [
        workflow(job(runtime={"exponential": {"mean": 100}}, jobDefinition=name), name=name, arrivals=arrivals)
        for name, arrivals in (("narrow", rate(narrow)), ("wide", rate(wide)))
    ]
    given_ = {"environments": [unmanaged(64)], "definitions": definitions, "duration": "10d", **changed}
    return scenario(*flows, **given_)


def rate(per_hour):
    return {"poisson": {"rate": per_hour}}


def told(made):
    return [finding for finding in review(made) if finding.code == "fifo-saturation"]


def test_a_mix_that_saturates_is_told_with_its_limit_and_what_helps():
    (found,) = told(mixed())
    assert "a load of 0.50" in found.message or "a load of 0.51" in found.message
    limit = float(found.message.split("a load of ")[1].split(",")[0])
    assert limit == pytest.approx(0.346, rel=0.04)
    jobs_an_hour = float(found.message.split("more than ")[1].split(" ")[0])
    assert jobs_an_hour == pytest.approx(108, rel=0.04)  # 38,400 jobs: 1.6 % by chance
    assert "jobs of 64 vCPU in a queue and an environment of their own, of 64 vCPU" in found.expected
    assert "overtake: fitting" in found.expected


def test_the_verdict_is_what_runs_show():
    # 108 an hour get through: at 90 % of that the queue is emptied, at 110 % it is not.
    for factor, grows in ((0.6, False), (0.684 * 1.15, True)):
        made = mixed(16 * factor, 142 * factor)
        assert bool(told(made)) == grows
        assert bs.run(made).summary["job_queues"]["queue"]["growth"]["grows"] == grows


def test_what_helps_does():
    of_their_own = mixed(
        environments=[unmanaged(64), unmanaged(64, "large")],
        queues=[queue("queue", "servers"), queue("wide", "large")],
    )
    apart = of_their_own.with_({"workload.1.jobs.0.jobQueue": "wide"})
    assert not told(apart)
    growth = {name: each["growth"]["grows"] for name, each in bs.run(apart).summary["job_queues"].items()}
    assert growth == {"queue": False, "wide": False}
    passing = mixed(settings={"scheduler": {"overtake": "fitting"}})
    assert not told(passing)
    assert bs.run(passing).summary["job_queues"]["queue"]["growth"]["grows"] is False


def test_a_fair_share_queue_goes_past_a_share_that_is_blocked():
    policy = {"name": "fair", "fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "a"}]}}
    changes = {"batch.schedulingPolicies": [policy], "batch.jobQueues.0.schedulingPolicyArn": "fair"}
    for number, share in enumerate("ab"):
        changes[f"workload.{number}.jobs.0.shareIdentifier"] = share
        changes[f"workload.{number}.jobs.0.schedulingPriorityOverride"] = 1
    assert not told(mixed().with_(changes))


@pytest.mark.parametrize(
    "made",
    [
        mixed(0.5, 142),  # the head blocks, and the queue gets over it
        mixed(duration="3m"),  # a few jobs: no load
        mixed(60, 142),  # above all there is: `overload` tells it
        scenario(workflow(job(runtime=110), arrivals={"every": 60}), environments=[unmanaged(2)], duration="10d"),
    ],
    ids=["low", "few", "overload", "one width"],
)
def test_nothing_is_told_of_others(made):
    assert not told(made)


@pytest.mark.parametrize(
    ("types", "grows"), [(["c6i.16xlarge"], True), (["c6i.16xlarge", "c6i.8xlarge"], False)], ids=["64", "96"]
)
def test_instances_may_pass_the_limit_by_less_than_one(types, grows):
    # Of 64 alone there is one; after one of 32 there may be one of 64 more.
    assert bool(told(mixed(environments=[environment(instanceTypes=types, maxvCpus=64)]))) == grows


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_do_not_saturate(path):
    assert "fifo-saturation" not in {finding.code for finding in validate(path).findings}


def test_the_limit_falls_with_the_share_of_wide_jobs_until_they_are_alone():
    limits = [limit_of(drawn((1, 64), (1 - p, p), 50_000), [64.0]).limit for p in (0.001, 0.01, 0.1)]
    assert all(later < earlier for earlier, later in pairwise(limits[1:]))
    assert limit_of(drawn((1, 64), (0.0, 1.0), 50_000), [64.0]).limit == pytest.approx(1.0, rel=0.01)
