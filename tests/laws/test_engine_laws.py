"""Laws that hold for every workload on every configuration, on worlds that Hypothesis makes up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsim.engine.compute.allocation_strategies import STRATEGIES
from batchsim.recording import Status
from batchsim.spec.configuration import ComputeEnvironment, JobQueue
from batchsim.spec.reservations import ReservationUse
from batchsim.spec.workload import JobGroup
from tests.worlds import fleet, jobs, offering, reservation, run, servers

OFFERINGS = (
    offering("c6i.large", 2, 3775, 0.085, interruptions_per_hour=2.0, interruption_bucket=2),
    offering("c6i.xlarge", 4, 7738, 0.17, interruptions_per_hour=0.5, interruption_bucket=0),
    offering("m6i.xlarge", 4, 15664, 0.192, listed=1, interruptions_per_hour=1.0, interruption_bucket=1),
)
ON_DEMAND = tuple(offering(o.instance_type, o.vcpus, o.memory_mib, o.price_usd_per_hour) for o in OFFERINGS)


ARM = offering("m6g.xlarge", 4, 15664, 0.154, architecture="arm64")
MANAGED = ("MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT")
#: In any open reservation, in none, or in those of a group where they have room.
USES = (ReservationUse(), ReservationUse("none"), ReservationUse(targets=("group",)))


@st.composite
def reservations(draw, uses=ON_DEMAND, blocks=False):
    """Up to three, of types and zones that environments have, some of the time."""
    made = []
    for number in range(draw(st.integers(0, 3))):
        starts_at = draw(st.sampled_from([0.0, 0.0, 333.3, 1800.0]))
        length = draw(st.sampled_from([600.0, 4000.0, math.inf]))
        is_block = blocks and draw(st.booleans())
        terms = {
            "zone": draw(st.sampled_from(["a", "b"])),
            "groups": draw(st.sampled_from([(), ("group",)])),
            "starts_at": starts_at,
            "ends_at": starts_at + (1800.0 + min(length, 4000.0) if is_block else length),
            "is_open": not is_block and draw(st.booleans()),
            "is_block": is_block,
        }
        made.append(reservation(f"r{number}", draw(st.integers(1, 4)), draw(st.sampled_from(uses)), **terms))
    return made


@st.composite
def environments(draw, name):
    kind = draw(st.sampled_from(["EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "UNMANAGED", *MANAGED]))
    size = draw(st.integers(1, 24))
    if kind == "UNMANAGED":
        return servers(size, name)
    if kind.startswith("FARGATE"):
        hazard = 1.0 if kind == "FARGATE_SPOT" else 0.0
        return ComputeEnvironment(name, kind, True, size, interruptions_per_hour=hazard)
    if kind in MANAGED:
        offerings = OFFERINGS if kind == "MANAGED_INSTANCES_SPOT" else ON_DEMAND
        return fleet(
            name,
            purchase_option=kind,
            max_vcpus=size,
            allocation_strategy="",
            offerings=tuple(replace(each, management_usd_per_hour=0.01) for each in (*offerings, ARM)),
            zones=("a", "b"),
            scale_in_after_s=draw(st.sampled_from([None, 0.0, 300.0, math.inf])),
            reservation_use=draw(st.sampled_from(USES)),
        )
    return fleet(
        name,
        purchase_option=kind,
        max_vcpus=size,
        min_vcpus=draw(st.integers(0, size)),
        offerings=OFFERINGS if kind == "SPOT" else ON_DEMAND,
        zones=("a", "b"),
        allocation_strategy=draw(st.sampled_from(sorted(STRATEGIES))),
        min_scale_down_delay_s=draw(st.sampled_from([0.0, 1200.0])),
        reservation_use=draw(st.sampled_from(USES)),
    )


@st.composite
def worlds(draw):
    count = draw(st.integers(1, 3))
    names = [f"environment-{number}" for number in range(count)]
    built = [draw(environments(name)) for name in names]
    queues = [
        JobQueue(f"queue-{number}", draw(st.integers(0, 3)), True, tuple(draw(st.permutations(names))))
        for number in range(draw(st.integers(1, 2)))
    ]
    groups = [
        JobGroup(
            "work",
            queue.name,
            "definition",
            attempts=draw(st.integers(1, 3)),
            timeout_s=draw(st.sampled_from([None, 60.0, 900.0])),
            image="image",
            image_size_mib=450.0,
        )
        for queue in queues
    ]
    n = draw(st.integers(1, 25))

    def each(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    submitted_at = sorted(each(st.sampled_from([0.0, 0.0, 7.0, 60.0, 333.3, 1800.0])))
    waits_for = [(job, job - 1 - back) for job, back in enumerate(each(st.integers(0, 4))) if 0 < back < job]
    workload = jobs(
        submitted_at,
        each(st.sampled_from([0.0, 5.0, 61.7, 600.0, 4000.0])),
        each(st.sampled_from([1, 1, 2, 3, 4, 8])),
        memory_mib=draw(st.sampled_from([500, 3000])),
        exit_code=each(st.sampled_from([0, 0, 0, 1])),
        groups=groups,
        group=each(st.integers(0, len(groups) - 1)),
        waits_for=waits_for,
    )
    if not any(each.limits_instances for each in built) and draw(st.booleans()):
        # Every job is built for an architecture, which bears on where instances may be of both.
        built_for = st.sampled_from(["x86_64", "arm64"])
        workload = replace(
            workload, shapes=tuple(replace(shape, architecture=draw(built_for)) for shape in workload.shapes)
        )
    preset = draw(st.sampled_from(["ideal", "measured"]))
    overtake = draw(st.sampled_from(["none", "fitting"]))
    together = draw(st.sampled_from([0.0, 0.5, 1.0]))
    spot = {"together": together, "outage": draw(st.sampled_from(["0s", "40m"]))}
    reserved = draw(reservations())
    if not any(each.groups for each in reserved):
        # What targets a group that there is not is launched nowhere.
        built = [replace(each, reservation_use=ReservationUse()) for each in built]
    settings_of = {"preset": preset, "scheduler": {"overtake": overtake}, "spot": spot}
    return workload, built, queues, {**settings_of, "reservations": reserved}


@given(world=worlds(), seed=st.integers(0, 3))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_laws(world, seed):
    workload, built, queues, environment = world
    recording = run(workload, *built, queues=queues, seed=seed, duration_s=600.0, **environment)

    # Every job is in one state; those that ended have an end, those that did not are waiting for what never comes.
    assert set(recording.status) <= {Status.SUCCEEDED, Status.FAILED, Status.RUNNABLE, Status.PENDING}
    ended = recording.status >= Status.SUCCEEDED
    assert np.array_equal(ended, ~np.isnan(recording.stopped_at))

    # A queue that still holds RUNNABLE jobs has a head that nothing can ever hold, unless instances that are kept
    # warm take up the limit.
    for queue in queues:
        mine = [job for job in range(len(workload)) if workload.groups[workload.group[job]].job_queue == queue.name]
        left = [job for job in mine if recording.status[job] == Status.RUNNABLE]
        if left:
            kept_warm = any(spec.min_vcpus for spec in built if spec.name in queue.environments)
            assert kept_warm or any(
                not any(
                    spec.can_hold(workload.shapes[workload.shape[job]])
                    for spec in built
                    if spec.name in queue.environments
                )
                for job in left
            )

    assert_laws(recording, workload, built)


def assert_laws(recording, workload, built):
    """What holds of every run."""
    attempts, instances = recording.attempts, recording.instances
    ended = recording.status >= Status.SUCCEEDED

    # An attempt goes through its states in order.
    times = np.array([attempts.runnable_at, attempts.starting_at, attempts.stopped_at])
    assert (np.diff(times, axis=0) >= 0).all()
    ran = ~np.isnan(attempts.started_at)
    assert (attempts.started_at[ran] <= attempts.stopped_at[ran]).all()
    assert (attempts.pull_at[ran] <= attempts.started_at[ran]).all()

    # Attempts of a job follow each other, no more than allowed, and only the last may succeed.
    for job in range(len(workload)):
        mine = np.flatnonzero(attempts.job == job)
        mine = mine[np.argsort(attempts.number[mine])]
        assert list(attempts.number[mine]) == list(range(1, len(mine) + 1))
        assert len(mine) <= workload.groups[workload.group[job]].attempts
        assert (attempts.starting_at[mine][1:] >= attempts.stopped_at[mine][:-1]).all()
        assert (attempts.status[mine][:-1] == Status.FAILED).all()
        if len(mine) and ended[job]:
            assert attempts.status[mine][-1] == recording.status[job]

    # No job runs before what it waits for has succeeded.
    for needed in range(workload.nodes):
        for dependent in workload.dependents[workload.dependents_start[needed] : workload.dependents_start[needed + 1]]:
            if not math.isnan(recording.runnable_at[dependent]):
                assert recording.status[needed] == Status.SUCCEEDED
                assert recording.runnable_at[dependent] >= recording.stopped_at[needed]

    # Capacity at every instant.
    vcpus = np.array([workload.shapes[workload.shape[job]].vcpus for job in attempts.job])
    memory = np.array([workload.shapes[workload.shape[job]].memory_mib for job in attempts.job])
    for index, spec in enumerate(built):
        here = attempts.environment == index
        if not spec.limits_instances:
            assert peak(attempts.starting_at[here], attempts.stopped_at[here], vcpus[here]) <= spec.max_vcpus
        if spec.launches_instances:
            mine = np.flatnonzero(instances.environment == index)
            sizes = np.array([spec.offerings[instances.offering[i]].vcpus for i in mine], float)
            largest = max(offering_.vcpus for offering_ in spec.offerings)
            over = 0 if (spec.purchase_option, spec.allocation_strategy) == ("EC2", "BEST_FIT") else largest - 1
            limit = max(spec.max_vcpus + over, spec.min_vcpus + largest - 1)
            held = peak(instances.requested_at[mine], instances.terminated_at[mine], sizes)
            assert held <= limit or not spec.limits_instances
            gang = np.array([bool(workload.shapes[workload.shape[job]].nodes) for job in attempts.job], bool)
            for instance in mine:
                on = here & (attempts.instance == instance) & ~gang
                kind = spec.offerings[instances.offering[instance]]
                assert peak(attempts.starting_at[on], attempts.stopped_at[on], vcpus[on]) <= kind.vcpus
                assert peak(attempts.starting_at[on], attempts.stopped_at[on], memory[on]) <= kind.memory_mib
                assert (attempts.starting_at[on] >= instances.registered_at[instance]).all()
                assert (attempts.stopped_at[on] <= instances.terminated_at[instance]).all()
                built_for = {workload.shapes[workload.shape[job]].architecture for job in attempts.job[on]}
                assert built_for <= {"", kind.architecture}


def peak(start, stop, size):
    """The highest level of what is held over [start, stop); what ends at an instant makes room at that instant."""
    at = np.concatenate([stop, start])
    step = np.concatenate([-np.asarray(size, float), np.asarray(size, float)])
    if not len(at):
        return 0.0
    # Held for no time at all holds nothing.
    held = np.concatenate([start < stop, start < stop])
    at, step = at[held], step[held]
    order = np.argsort(at, kind="stable")
    return float(np.cumsum(step[order]).max(initial=0.0))


@given(world=worlds())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=20)
def test_same_seed_same_recording(world):
    workload, built, queues, environment = world
    first, second = (run(workload, *built, queues=queues, seed=5, duration_s=600.0, **environment) for _ in range(2))
    for name in ("runnable_at", "stopped_at", "status", "reason"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()
    for table in ("attempts", "instances", "causes", "stranded"):
        for column, values in vars(getattr(first, table)).items():
            assert values.tobytes() == getattr(getattr(second, table), column).tobytes()


@given(
    sizes=st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=30),
    gaps=st.lists(st.sampled_from([0.0, 1.0, 10.0]), min_size=30, max_size=30),
)
@settings(deadline=None)
def test_without_overtaking_jobs_of_a_queue_start_in_the_order_of_submission(sizes, gaps):
    recording = run(jobs(np.cumsum(gaps[: len(sizes)]), 15.0, sizes), servers(4))
    order = np.argsort(recording.attempts.job)
    starts = recording.attempts.starting_at[order]
    assert (np.diff(starts) >= 0).all()
