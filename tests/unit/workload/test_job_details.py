"""What a job detail says, in each of DescribeJobs' shapes (API JobDetail, AttemptDetail, EksAttemptDetail)."""

from __future__ import annotations

import math

import pytest

from batchsim.workload.traces.answers import found_in
from batchsim.workload.traces.describe_jobs import dependencies, described_jobs, notes

START = 1_760_000_000_000


def detail(**members):
    job = {"jobId": "a", "jobName": "a", "jobQueue": "q", "jobDefinition": "d", "status": "SUCCEEDED",
           "createdAt": START, "startedAt": START + 60_000, "stoppedAt": START + 660_000}  # fmt: skip
    return {name: value for name, value in {**job, **members}.items() if value is not None}


def read(**members):
    (job,) = described_jobs(found_in(detail(**members))).jobs
    return job


def skipped(*jobs):
    return dict(described_jobs(found_in(list(jobs))).skipped)


def asks(vcpu, memory, **more):
    gpu = [{"type": "GPU", "value": more.pop("gpu")}] if "gpu" in more else []
    return {
        "resourceRequirements": [{"type": "VCPU", "value": vcpu}, {"type": "MEMORY", "value": memory}, *gpu],
        **more,
    }


def task(*containers):
    return {"taskProperties": [{"containers": list(containers)}]}


def test_containers_of_a_task_run_together():
    # EcsTaskDetails.containers; an ECS task asks for the sum of its containers.
    main = asks("2", "4096", name="main", essential=True, exitCode=0)
    agent = asks("1", "512", name="agent", essential=False, exitCode=1)
    job = read(ecsProperties=task(main, agent))
    assert (job.vcpus, job.memory_mib, job.gpus, job.exit_code) == (2 + 1, 4096 + 512, 0, 0)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((137, 0), 137), ((0, 5), 1), ((0, None), 1), ((None, 5), 1), ((300, 0), 1)],
)
def test_the_exit_code_of_a_task_is_an_essential_container_s(codes, expected):
    # TaskContainerDetails.essential: the end of an essential container ends the job. A failed job whose essential
    # containers ended with 0, or with none, fails all the same; a code beyond a byte is no exit code.
    listed = [{"name": name, "exitCode": code} for name, code in zip(("main", "agent"), codes, strict=True)]
    run = {"startedAt": START, "stoppedAt": START + 1000, "taskProperties": [{"containers": listed}]}
    properties = task(asks("1", "512", name="main"), asks("1", "512", name="agent", essential=False))
    assert read(status="FAILED", ecsProperties=properties, attempts=[run]).exit_code == expected


def test_the_attempt_that_is_read_gives_the_exit_code():
    first = {"startedAt": START, "stoppedAt": START + 5000, "container": {"exitCode": 3}}
    second = {"startedAt": START + 9000, "stoppedAt": START + 10_000, "container": {"exitCode": 4}}
    never_ran = {"stoppedAt": START + 99_000, "container": {"reason": "CannotPullContainerError"}}
    job = read(status="FAILED", attempts=[first, second])
    assert (job.runtime_s, job.exit_code, job.earlier) == (1, 4, ((5, 3),))
    # An attempt that failed to start has no start: the one before it is the last that ran.
    job = read(status="FAILED", attempts=[first, never_ran], startedAt=START, stoppedAt=START + 99_000)
    assert (job.runtime_s, job.exit_code, job.earlier, job.unstarted) == (5, 3, (), 1)
    assert skipped(detail(status="FAILED", attempts=[never_ran])) == {"no run time": 1}


def attempt(begun, lasted, exit_code=None, reason=None):
    """An attempt that began so many seconds after the job was created, and ran so long."""
    ended = {} if exit_code is None else {"container": {"exitCode": exit_code}}
    started = START + begun * 1000
    return {"startedAt": started, "stoppedAt": started + lasted * 1000, "statusReason": reason, **ended}


HOST = "Host EC2 (instance i-0123456789abcdef0) terminated."


def test_attempts_before_the_last_are_those_that_failed():
    # One failed after 90 s, one lost its instance, one never ran; the last ran for 600 s.
    never_ran = {"stoppedAt": START + 700_000, "statusReason": "Task failed to start"}
    listed = [attempt(120, 90, 1), attempt(300, 40, None, HOST), never_ran, attempt(800, 600, 0)]
    job = read(attempts=listed)
    assert (job.earlier, job.reclaimed, job.unstarted) == (((90, 1),), 1, 1)
    assert (job.runtime_s, job.exit_code) == (600, 0)
    # When it first ran, and when it ended.
    assert (job.started_at_ms - START, job.stopped_at_ms - START) == (120_000, 1_400_000)


@pytest.mark.parametrize(("said", "expected"), [(None, 1), (0, 1), (300, 1), (137, 137)])
def test_an_attempt_that_another_followed_failed(said, expected):
    assert read(attempts=[attempt(10, 5, said), attempt(20, 5, 0)]).earlier == ((5, expected),)


@pytest.mark.parametrize("reason", [HOST, "Your Spot Task was interrupted."])
def test_a_job_that_lost_its_last_host_does_not_fail_for_it(reason):
    job = read(status="FAILED", attempts=[attempt(10, 5, 3), attempt(20, 50, None, reason)])
    assert (job.runtime_s, job.exit_code, job.earlier, job.cut_short) == (50, 0, ((5, 3),), True)
    told = described_jobs(found_in(detail(status="FAILED", attempts=[attempt(20, 50, None, reason)])))
    reason, count = next(iter(notes(told, dependencies(told.jobs, told.arrays)).items()))
    assert (count, "and succeed" in reason) == (1, True)


def test_attempts_with_times_that_can_t_be_are_counted():
    backwards = {"startedAt": START + 9000, "stoppedAt": START + 8000}
    job = read(attempts=[backwards, attempt(20, 5, 0)])
    assert (job.earlier, job.unstarted, job.runtime_s) == ((), 1, 5)
    # Attempts without times: the job's own are of the last, and when it first ran is not said.
    job = read(attempts=[{"container": {}}, {"container": {}}])
    assert (job.runtime_s, job.unstarted) == (600, 1)
    assert math.isnan(job.started_at_ms)


def test_a_failed_job_fails_again():
    assert read(status="FAILED", container={"exitCode": 0}).exit_code == 1
    assert read(status="FAILED").exit_code == 1
    assert read(status="FAILED", container={"exitCode": 137}).exit_code == 137
    assert read(container={"exitCode": 0}).exit_code == 0


def pod(*containers, **more):
    return {"podProperties": {"containers": list(containers), **more}}


def resources(requests=None, limits=None, **more):
    return {"resources": {"requests": requests, "limits": limits}, **more}


def test_a_pod_asks_for_what_its_containers_request():
    # EksContainerResourceRequirements: memory in MiB with Mi; Kubernetes: requests are the limits where only those
    # are given, and 500m are half a CPU.
    first = resources({"cpu": "1", "memory": "1024Mi"}, {"cpu": "4", "memory": "1024Mi"})
    second = resources(None, {"cpu": "500m", "memory": "1Gi", "nvidia.com/gpu": "1"}, exitCode=9)
    properties = pod(first, second)
    attempt = {"containers": [{"exitCode": 0}, {"exitCode": 9}], "startedAt": START, "stoppedAt": START + 3000}
    job = read(status="FAILED", eksProperties=properties, eksAttempts=[attempt], startedAt=None, stoppedAt=None)
    assert (job.vcpus, job.memory_mib, job.gpus) == (1.5, 2048, 1)
    assert (job.runtime_s, job.exit_code, job.earlier) == (3, 9, ())
    # Kubernetes, Init Containers: the highest of an init container and the sum of the others.
    job = read(eksProperties=pod(first, initContainers=[resources({"cpu": "2", "memory": "16Mi"})]))
    assert (job.vcpus, job.memory_mib) == (2, 1024)


@pytest.mark.parametrize(
    ("quantity", "mib"),
    [("512Mi", 512), ("1Gi", 1024), ("1G", 1e9 / 1024**2), ("1048576", 1), ("1024Ki", 1), ("half", math.nan)],
)
def test_quantities_of_kubernetes(quantity, mib):
    job = read(eksProperties=pod(resources({"memory": quantity})))
    assert job.memory_mib == pytest.approx(mib, nan_ok=True)
    assert math.isnan(job.vcpus)


def test_eks_and_what_says_nothing_are_noted():
    record = described_jobs(
        found_in([detail(eksProperties=pod({})), detail(jobId="b", container={"vcpus": 0, "memory": 0})])
    )
    assert notes(record, dependencies(record.jobs, record.arrays)) == {
        "jobs do not say what they asked for: the job definition's is taken": 2,
        "jobs were pods of EKS: what they asked for is read, where they ran is not": 1,
    }


def test_what_has_not_ended_is_left_out():
    # A job that waits for its second attempt has one behind it.
    attempt = {"startedAt": START, "stoppedAt": START + 1000}
    assert skipped(detail(status="RUNNABLE", attempts=[attempt]), detail(jobId="b", status="RUNNING")) == {
        "not ended yet": 2
    }
    assert skipped(detail(startedAt=0)) == {"no run time": 1}
    assert skipped(detail(stoppedAt=START)) == {"stopped before it started": 1}
    assert skipped(detail(arrayProperties={"size": 2, "index": None})) == {"parent of an array": 1}
    assert skipped(detail(nodeProperties={"numNodes": 2})) == {"multi-node job": 1}


def test_events_of_one_job_are_one_job():
    states = ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    events = [{"detail": detail(status=state)} for state in states]
    for order in (events, events[::-1]):
        record = described_jobs(found_in(order))
        assert len(record.jobs) == 1
        assert record.skipped == {"described more than once": 4}


def test_instants_may_be_iso_and_may_not_be_seconds():
    iso = {
        "createdAt": "2025-10-09T08:53:20Z",
        "startedAt": "2025-10-09T08:54:20Z",
        "stoppedAt": "2025-10-09T09:04:20Z",
    }
    assert read(**iso) == read()
    record = described_jobs(found_in(detail(createdAt=START / 1000)))
    assert record.faults == ("the job 'a' was created at 1760000000: seconds, where AWS has milliseconds",)


def test_children_that_nobody_described_are_noted():
    parent = detail(arrayProperties={"size": 5})
    children = [detail(jobId=f"a:{index}", arrayProperties={"index": index}) for index in (0, 3)]
    record = described_jobs(found_in([parent, *children]))
    told = "children of arrays are not described: `aws batch list-jobs --array-job-id ID` names them"
    assert notes(record, dependencies(record.jobs, record.arrays))[told] == 5 - 2
    assert "--array-job-id" in described_jobs(found_in(parent)).nothing[1]
