"""The laws on worlds that mix fair share, multi-node jobs, consumable resources, time limits and scarce capacity."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsim.columns import PURPOSES
from batchsim.recording import Status
from batchsim.results.outcome import Outcome
from batchsim.results.spending import spent
from batchsim.results.step_functions import sample, steps
from batchsim.results.vcpus import Vcpus
from batchsim.spec.configuration import Consumable, FairShare, RetryRule, SavingsPlan, Shape, SpotTrace, TimeLimit
from tests.laws.test_engine_laws import assert_laws, peak, worlds
from tests.worlds import configuration, run

#: User Guide, Best practices.
SPOT_IDIOM = (RetryRule("RETRY", on_status_reason="Host EC2*"), RetryRule("EXIT", on_reason="*"))

REASONS = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
)


@st.composite
def rich_worlds(draw):
    workload, built, queues, environment = draw(worlds())
    policies = st.builds(
        FairShare,
        window_s=st.sampled_from([60.0, 600.0, 7200.0]),
        compute_reservation=st.sampled_from([0, 0, 25, 50]),
        weights=st.sampled_from([(), (("a", 0.5),), (("a*", 2.0), ("b", 0.1))]),
    )
    limits = st.lists(st.builds(TimeLimit, st.sampled_from(REASONS), st.just(600.0)), max_size=2)
    queues = [
        replace(queue, fair_share=draw(st.none() | policies), time_limits=tuple(draw(limits))) for queue in queues
    ]
    fair = {queue.name: queue.fair_share is not None for queue in queues}
    consumables = (Consumable("licence", draw(st.integers(1, 4)), draw(st.booleans())),)
    # Each group in up to three shares, some of whose jobs want a licence.
    groups, codes = [], np.zeros(len(workload), np.int32)
    for job in range(len(workload)):
        group = workload.groups[workload.group[job]]
        share = draw(st.sampled_from(["a", "ab", "b"])) if fair[group.job_queue] else None
        wanted = draw(st.sampled_from([(), (), (("licence", 1),)]))
        made = replace(
            group,
            share_identifier=share,
            scheduling_priority=draw(st.integers(0, 1)),
            consumables=wanted,
            evaluate_on_exit=draw(st.sampled_from([(), SPOT_IDIOM])),
            fails_to_start=draw(st.booleans()),
        )
        if made not in groups:
            groups.append(made)
        codes[job] = groups.index(made)
    # Jobs of three vCPUs are multi-node jobs of three nodes.
    shapes = tuple(
        replace(shape, nodes=(Shape(1.0, shape.memory_mib // 3),) * 3) if shape.vcpus == 3 else shape
        for shape in workload.shapes
    )
    workload = replace(workload, groups=tuple(groups), group=codes, shapes=shapes)
    if draw(st.booleans()):
        trace = SpotTrace((0.0, 900.0, 1500.0), (2, draw(st.integers(0, 1)), 5), 7200.0)
        built = [replace(spec, spot_trace=trace if spec.launches_spot_instances else None) for spec in built]
    pools = draw(
        st.sampled_from(
            [
                [],
                [{"instanceTypes": ["c6i"], "vcpus": 6}],
                [{"purchaseOption": "EC2", "vcpus": 4, "schedule": [{"at": 1000, "vcpus": 12}]}],
            ]
        )
    )
    quota = draw(st.sampled_from([{}, {"EC2": 8}]))
    environment = {**environment, "capacity": {"pools": pools, "accountvCpus": quota, "backoff": 120}}
    plan = draw(st.none() | st.just(SavingsPlan(0.1, 0.28)))
    return workload, built, queues, consumables, environment, plan


def assert_rich_laws(world, seed):
    workload, built, queues, consumables, environment, plan = world
    recording = run(
        workload, *built, queues=queues, consumables=consumables, seed=seed, duration_s=600.0, **environment
    )
    assert_laws(recording, workload, built)
    attempts, instances, nodes = recording.attempts, recording.instances, recording.nodes
    states = {Status.SUCCEEDED, Status.FAILED, Status.RUNNABLE, Status.PENDING}
    assert set(recording.status) <= states

    # All nodes of a multi-node job or none, each on an instance of its own that nobody else uses meanwhile.
    host = np.concatenate([attempts.instance, nodes.instance])
    start = np.concatenate([attempts.starting_at, attempts.starting_at[nodes.attempt]])
    stop = np.concatenate([attempts.stopped_at, attempts.stopped_at[nodes.attempt]])
    for attempt in range(len(attempts.job)):
        shape = workload.shapes[workload.shape[attempts.job[attempt]]]
        mine = [attempts.instance[attempt], *nodes.instance[nodes.attempt == attempt]]
        assert len(set(mine)) == len(mine) == max(len(shape.nodes), 1)
        for instance in mine if shape.nodes else ():
            others = (host == instance) & (start < stop[attempt]) & (stop > start[attempt])
            assert others.sum() <= 1
            assert instances.registered_at[instance] <= start[attempt]
            assert stop[attempt] <= instances.terminated_at[instance]

    # Consumable resources are never overdrawn.
    wants = np.array([dict(workload.groups[g].consumables).get("licence", 0) for g in workload.group[attempts.job]])
    licence = consumables[0]
    if licence.replenishable:
        assert peak(attempts.starting_at, attempts.stopped_at, wants) <= licence.total
    else:
        assert wants.sum() <= licence.total

    # Pools and quotas are never overdrawn by launches under their smallest size.
    kinds = [built[e].offerings[o] for e, o in zip(instances.environment, instances.offering, strict=True)]
    vcpus = np.array([kind.vcpus for kind in kinds], float)
    option = np.array([built[e].account_option for e in instances.environment])
    types = np.array([kind.instance_type.partition(".")[0] for kind in kinds])
    reserved = environment["reservations"]
    # What is reserved is in no pool; what runs in a reservation when it ends is, and may overdraw it.
    outside, since, until = outside_reservations(recording)
    for pool in environment["capacity"]["pools"] if all(each.ends_at == math.inf for each in reserved) else ():
        mine = np.ones(len(vcpus), bool)
        mine &= np.isin(types, pool["instanceTypes"]) if "instanceTypes" in pool else True
        mine &= option == pool["purchaseOption"] if "purchaseOption" in pool else True
        most = max([pool["vcpus"], *(step["vcpus"] for step in pool.get("schedule", ()))])
        counted = mine[outside]
        assert peak(since[counted], until[counted], vcpus[outside][counted]) <= most
    for name, quota in environment["capacity"]["accountvCpus"].items():
        # It counts what is reserved, used or not.
        sizes = [float(each.instances * each.vcpus) for each in reserved]
        counted = (option == name)[outside]
        if all(each.starts_at == 0 for each in reserved) and sum(sizes) <= quota:
            assert quota >= peak(
                np.concatenate([since[counted], [each.starts_at for each in reserved]]),
                np.concatenate([until[counted], [each.ends_at for each in reserved]]),
                np.concatenate([vcpus[outside][counted], sizes]),
            )

    # A recorded market never gives more instances than it has.
    for index, spec in enumerate(built):
        if spec.spot_trace is not None:
            mine = instances.environment == index
            most = max(spec.spot_trace.available)
            assert peak(instances.requested_at[mine], instances.terminated_at[mine], np.ones(mine.sum())) <= most

    # A reservation leaves its part to shares that are not active.
    used = np.array([workload.shapes[s].vcpus for s in workload.shape[attempts.job]], float)
    for queue in queues:
        if queue.fair_share is not None and queue.fair_share.compute_reservation:
            of_queue = np.array(
                [workload.groups[g].job_queue == queue.name for g in workload.group[attempts.job]], bool
            )
            whole = sum(spec.max_vcpus for spec in built if spec.name in queue.environments)
            allowed = whole * (1 - (queue.fair_share.compute_reservation / 100) ** 3)
            assert peak(attempts.starting_at[of_queue], attempts.stopped_at[of_queue], used[of_queue]) <= allowed

    # Waits and costs add up.
    resolved = configuration(*built, queues=queues, consumables=consumables, reservations=reserved)
    made = replace(resolved, savings_plan=plan)
    outcome = Outcome(workload, made, recording)
    first = outcome.attempts_of_jobs.first_starting_at
    last = np.full(len(workload), math.nan)
    np.fmax.at(last, attempts.job, attempts.starting_at)
    waited = np.sum(list(outcome.waits.of(np.arange(len(workload))).values()), axis=0)
    started = ~np.isnan(first)
    # Those that were started and wait again do so to the end of the run, or until they are cancelled.
    again = started & (recording.status == Status.RUNNABLE)
    cancelled = np.array([recording.reasons[code].startswith("Canceled") for code in recording.reason])
    until = np.where(again, recording.ended_at, np.where(started & cancelled, recording.stopped_at, last))
    assert waited[started] == pytest.approx((until - workload.submitted_at)[started], abs=1e-6)
    # Those that never were have waited to their end, or the run's; no cause was ever less than nothing.
    ended_at = np.where(np.isnan(recording.stopped_at), recording.ended_at, recording.stopped_at)
    assert waited[~started] == pytest.approx((ended_at - workload.submitted_at)[~started], abs=1e-6)
    for seconds in outcome.waits.of(np.arange(len(workload))).values():
        assert (seconds > -1e-6).all()
    assert (waits_of(outcome, "dependency")[workload.open_dependencies[: len(workload)] == 0] == 0).all()
    cost = outcome.costs
    paid = cost.instance_total.sum() + cost.task_total.sum()
    columns = [*map(cost.attempt, PURPOSES), *cost.instance.values()]
    purposes = sum(column.sum() for column in columns)
    assert purposes == pytest.approx(paid, abs=1e-9)
    assert spent(outcome, np.array([recording.ended_at]))[0] == pytest.approx(cost.total, abs=1e-9)
    assert all((column > -1e-9).all() for column in columns)

    assert_timeline(recording, built, outcome)
    assert_order(recording, workload, queues, environment)
    assert_retries(recording, workload)


def outside_reservations(recording):
    """Which instances ran outside capacity reservations, from when until when."""
    rows = []
    for instance, at in enumerate(recording.instances.requested_at):
        mine = np.flatnonzero(recording.reservations.instance == instance)
        for row in mine[np.argsort(recording.reservations.since[mine])]:
            rows.append((instance, at, recording.reservations.since[row]))
            at = recording.reservations.until[row]
        rows.append((instance, at, recording.instances.terminated_at[instance]))
    instance, since, until = np.array(rows, float).reshape(-1, 3).T
    return instance.astype(int), since, until


def assert_timeline(recording, built, outcome):
    """What is registered runs jobs, is stranded or is idle; stranded only while the bill says so."""
    instances, noted = recording.instances, recording.stranded
    for index, spec in enumerate(built):
        mine = instances.environment == index
        if not mine.any():
            continue
        series = Vcpus(outcome).of(index)
        sizes = np.array([float(offering.vcpus) for offering in spec.offerings])[instances.offering[mine]]
        registered = steps(instances.usable_from[mine], instances.terminated_at[mine], sizes)
        at = np.unique(np.concatenate([registered[0], noted.at, *(curve[0] for curve in series.values())]))
        levels = {state: sample(*curve, at) for state, curve in series.items()}
        assert all((level >= 0).all() for level in levels.values())
        stranded = levels.get("stranded", np.zeros(len(at)))
        assert levels["running"] + levels["idle"] + stranded == pytest.approx(sample(*registered, at))
        here = noted.environment == index
        flag = sample(noted.at[here], noted.stranded[here].astype(float), at)
        assert (stranded[flag == 0] == 0).all()
        assert (levels["idle"][flag == 1] == 0).all()


def waits_of(outcome, cause):
    return outcome.waits.of(np.arange(len(outcome.workload)))[cause]


def assert_order(recording, workload, queues, environment):
    """First attempts of a queue, or of a share and priority, begin in the order of submission, unless overtaking."""
    if environment["scheduler"]["overtake"] == "fitting":
        return
    attempts = recording.attempts
    first = {job: at for job, at, n in zip(attempts.job, attempts.starting_at, attempts.number, strict=True) if n == 1}
    fair = {queue.name for queue in queues if queue.fair_share is not None}
    lines: dict[tuple, list[int]] = {}
    for row in range(len(workload)):
        group = workload.groups[workload.group[row]]
        share = (group.share_identifier, group.scheduling_priority) if group.job_queue in fair else ()
        lines.setdefault((group.job_queue, share), []).append(row)
    for line in lines.values():
        begun = [row for row in line if row in first]
        for earlier, later in itertools.combinations(begun, 2):
            # One that was not RUNNABLE yet when the later one began could not come before it.
            if recording.runnable_at[earlier] < first[later]:
                assert first[earlier] <= first[later]


def assert_retries(recording, workload):
    """A job that failed has used its attempts, or was told to stop; what the rules retry, they retry."""
    attempts = recording.attempts
    for row in np.flatnonzero(recording.status == Status.FAILED):
        mine = np.flatnonzero(attempts.job == row)
        if not len(mine):
            continue
        last, group = mine[np.argmax(attempts.number[mine])], workload.groups[workload.group[row]]
        reason = recording.reasons[attempts.reason[last]]
        told = recording.reasons[recording.reason[row]].startswith("Canceled") or "timeout" in reason
        stopped = group.evaluate_on_exit and not reason.startswith("Host EC2")
        assert attempts.number[last] == group.attempts or told or stopped


@given(world=rich_worlds(), seed=st.integers(0, 3))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60, derandomize=True)
def test_the_laws(world, seed):
    assert_rich_laws(world, seed)


@pytest.mark.slow
@given(world=rich_worlds(), seed=st.integers(0, 3))
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=2000, derandomize=True)
def test_the_laws_on_more_worlds(world, seed):
    assert_rich_laws(world, seed)
