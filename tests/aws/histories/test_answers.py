"""Reading histories: pages that overlap, events, and what is odd about either."""

from __future__ import annotations

import gzip
import json
import math
from itertools import count

import pytest

from batchsim.aws.histories.answers import MULTI_NODE, read_history
from batchsim.aws.histories.known_jobs import (
    AGAIN,
    BACKWARDS,
    BEFORE_CREATED,
    CONTRADICTS,
    ENDLESS,
    NEVER_RAN,
    NO_SUBMISSION,
    NOT_YET,
    WITHOUT_ZONE,
)
from batchsim.errors import ScenarioError

#: 2026-11-02T00:00:00Z in milliseconds.
START = 1_793_577_600_000
QUEUE = "arn:aws:batch:eu-west-1:123456789012:job-queue/high"


def attempt(started, stopped, **more):
    times = {"startedAt": started, "stoppedAt": stopped}
    told = {key: START + 1000 * value for key, value in times.items() if value is not None}
    return {**told, "container": {"exitCode": 0}, **more}


def job(job_id="a", *, created=0, status="SUCCEEDED", attempts=None, **more):
    return {
        "jobId": job_id,
        "jobName": "work",
        "jobQueue": QUEUE,
        "jobDefinition": "arn:aws:batch:eu-west-1:123456789012:job-definition/def:7",
        "status": status,
        "createdAt": START + 1000 * created,
        "attempts": [attempt(60, 160)] if attempts is None else attempts,
        "container": {"resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]},
        **more,
    }


@pytest.fixture
def history(tmp_path):
    numbers = count()

    def read(*files):
        paths = []
        for content in files:
            path = tmp_path / f"{next(numbers)}.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
            paths.append(path)
        return read_history(paths)

    return read


def test_a_job_as_it_was(history):
    found = history({"jobs": [job()]})
    (only,) = found.jobs
    assert (only.definition, only.queue, only.asked.vcpus, only.asked.memory_mib) == ("def", "high", 2.0, 4096.0)
    assert only.created_at == START / 1000
    assert only.attempts[0].length_s == 100.0
    assert only.attempts[0].succeeded
    assert found.region == "eu-west-1"
    assert found.notes == {}


def test_every_form_of_pages_is_the_same(history, tmp_path):
    a, b = job("a"), job("b", created=10)
    whole = history({"jobs": [a, b]}).jobs
    assert history([{"jobs": [a]}, {"jobs": [b]}]).jobs == whole
    assert history(json.dumps({"jobs": [a]}) + "\n" + json.dumps({"jobs": [b]})).jobs == whole
    assert history({"jobs": [a]}, {"jobs": [b]}).jobs == whole
    packed = tmp_path / "jobs.json.gz"
    packed.write_bytes(gzip.compress(json.dumps({"jobs": [a, b]}).encode()))
    assert read_history([packed]).jobs == whole


def test_pages_that_overlap_are_counted_and_say_the_same_once(history):
    found = history({"jobs": [job("a"), job("b")]}, {"jobs": [job("b"), job("c")]})
    assert [each.job_id for each in found.jobs] == ["a", "b", "c"]
    assert found.notes == {AGAIN: 1}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_descriptions_the_later_state_holds(history, order):
    running = job("a", status="RUNNING", attempts=[], startedAt=START + 60_000)
    both = [{"jobs": [running]}, {"jobs": [job("a")]}]
    found = history(*(both[place] for place in order))
    assert found.jobs[0].status == "SUCCEEDED"
    assert found.jobs[0].attempts[0].length_s == 100.0


def test_a_running_job_has_run_until_it_was_described(history):
    running = job("a", status="RUNNING", attempts=[], startedAt=START + 60_000)
    later = job("b", created=500, attempts=[attempt(600, 700)])
    found = history({"jobs": [running, later]})
    assert found.jobs[0].attempts[0].length_s == 640.0
    assert math.isnan(found.jobs[0].attempts[0].stopped_at)


def test_events_tell_when_a_job_was_runnable_and_starting(history):
    def event(status, at):
        told = job("a", status=status, attempts=[])
        return {"detail-type": "Batch Job State Change", "time": f"2026-11-02T00:00:{at:02}Z", "detail": told}

    made = [event("RUNNABLE", 2), event("STARTING", 40), event("STARTING", 40)]  # one comes twice
    found = history({"jobs": [job("a")]}, "\n".join(map(json.dumps, made)))
    zero = START / 1000
    assert found.jobs[0].runnable == (zero + 2,)
    assert found.jobs[0].starting == (zero + 40,)
    assert found.events == 3
    # As `aws logs filter-log-events` has them: in a text.
    found = history({"jobs": [job("a")]}, {"events": [{"message": json.dumps(each)} for each in made]})
    assert found.jobs[0].runnable == (zero + 2,)


def test_events_in_a_log_s_csv(history):
    made = {"detail-type": "Batch Job State Change", "time": "2026-11-02T00:00:09Z"}
    told = json.dumps({**made, "detail": job("a", status="STARTING", attempts=[])})
    found = history({"jobs": [job("a")]}, '@timestamp,@message\n1,"' + told.replace('"', '""') + '"\n')
    assert found.jobs[0].starting == (START / 1000 + 9,)
    assert found.events == 1


def test_what_is_odd_is_counted(history):
    found = history(
        {
            "jobs": [
                job("fine"),
                job("backwards", attempts=[attempt(160, 60)]),
                job("early", created=100),
                job("never", status="FAILED", attempts=[]),
                {key: value for key, value in job("undated").items() if key != "createdAt"},
                job("nodes#0"),
                job("zoneless", createdAt="2026-11-02T00:00:00"),
                job("zoned", createdAt="2026-11-02T01:00:00+01:00"),
            ]
        },
        {"jobs": [job("fine", created=5)]},
    )
    assert found.notes == {
        BACKWARDS: 1,
        BEFORE_CREATED: 1,
        NEVER_RAN: 2,  # the one that went backwards, too
        NO_SUBMISSION: 1,
        MULTI_NODE: 1,
        WITHOUT_ZONE: 1,
        AGAIN: 1,
        CONTRADICTS: 1,
    }
    assert {each.job_id: each.created_at for each in found.jobs}["zoned"] == START / 1000
    assert {each.job_id: each.created_at for each in found.jobs}["zoneless"] == START / 1000


def test_seconds_are_no_milliseconds(history):
    with pytest.raises(ScenarioError, match=r"'a' was created at 1793577600; expected milliseconds"):
        history({"jobs": [job("a", createdAt=START // 1000)]})


def test_what_ended_and_nobody_knows_when_has_no_run_time(history):
    endless = {"startedAt": START + 60_000, "container": {"exitCode": 1}}
    later = job("b", created=900_000, attempts=[attempt(900_060, 900_160)])
    first = history({"jobs": [job("a", status="FAILED", attempts=[endless, attempt(200, 300)]), later]})
    assert math.isnan(first.jobs[0].attempts[0].length_s)
    assert first.notes == {ENDLESS: 1}
    # Of the last attempt the job's own end is known.
    last = history({"jobs": [job("a", status="FAILED", attempts=[endless], stoppedAt=START + 90_000)]})
    assert last.jobs[0].attempts[0].length_s == 30.0
    # One that goes on has run until it was described.
    both = {"jobs": [job("a", status="RUNNING", attempts=[endless]), job("b", attempts=[attempt(60, 400)])]}
    assert history(both).jobs[0].attempts[0].length_s == 340.0


def test_jobs_that_have_not_run_yet_are_counted(history):
    found = history({"jobs": [job("a"), job("b", status="RUNNABLE", attempts=[])]})
    assert found.notes == {NOT_YET: 1}
    assert len(found.jobs) == 2


def test_microseconds_are_no_milliseconds(history):
    with pytest.raises(ScenarioError, match="expected milliseconds"):
        history({"jobs": [job("a", createdAt=START * 1000)]})


def test_mixed_zones_are_one_time(history):
    told = ["2026-11-02T02:00:00+02:00", "2026-11-01T19:00:00-05:00", "2026-11-02T00:00:00Z", START]
    found = history({"jobs": [job(str(number), createdAt=each) for number, each in enumerate(told)]})
    assert {each.created_at for each in found.jobs} == {START / 1000}
    assert found.notes == {}


def test_nothing_ran(history):
    with pytest.raises(ScenarioError, match="none of 1 job in it ran"):
        history({"jobs": [job("a", status="RUNNABLE", attempts=[])]})


def test_where_everything_is_left_out_it_says_why(history):
    backwards = [{"startedAt": START + 2000, "stoppedAt": START + 1000, "container": {"exitCode": 0}}]
    with pytest.raises(ScenarioError, match=r"none of 2 jobs in it ran \(2 attempts stopped before they started"):
        history({"jobs": [job(name, attempts=backwards) for name in "ab"]})


def test_faults_of_all_files_are_told(history):
    with pytest.raises(ScenarioError) as caught:
        history("{", {"jobQueues": []}, {"jobs": [job()]})
    assert len(caught.value.findings) == 2


def test_every_attempt_is_kept_with_what_was_said_of_it(history):
    lost = attempt(10, 40, statusReason="Host EC2 (instance i-0abc) terminated.", container={
        "containerInstanceArn": "arn:aws:ecs:eu-west-1:1:container-instance/x"})  # fmt: skip
    unstarted = attempt(None, 50, statusReason="Task failed to start", container={"reason": "CannotPullContainerError"})
    failed = attempt(60, 70, statusReason="Essential container in task exited", container={"exitCode": 3})
    (only,) = history({"jobs": [job("a", status="FAILED", attempts=[lost, unstarted, failed])]}).jobs
    assert [each.exit_code for each in only.attempts] == [None, None, 3]
    assert only.attempts[0].instance.endswith("/x")
    assert math.isnan(only.attempts[1].started_at)
    assert only.attempts[1].reason == "CannotPullContainerError"
    assert not only.attempts[2].succeeded


def test_children_and_their_parent(history):
    parent = job("p", attempts=[], arrayProperties={"size": 3}, dependsOn=[{"jobId": "x"}])
    child = job("p:1", arrayProperties={"index": 1})
    found = history({"jobs": [parent, child]})
    assert [(each.size, each.array, each.index) for each in found.jobs] == [(3, "", -1), (0, "p", 1)]
    assert found.jobs[0].depends_on == (("x", ""),)
    assert found.notes == {}


def test_several_containers_ask_for_their_sum_and_the_first_exit_code_that_is_not_0(history):
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    told = job("a", attempts=[attempt(0, 5, container=None, taskProperties=[
        {"containers": [{"exitCode": 0}, {"exitCode": 9}]}])], status="FAILED", container=None)  # fmt: skip
    told["ecsProperties"] = {"taskProperties": [{"containers": [{"resourceRequirements": needs}] * 2}]}
    (only,) = history({"jobs": [told]}).jobs
    assert (only.asked.vcpus, only.asked.memory_mib) == (2.0, 1024.0)
    assert only.attempts[0].exit_code == 9
