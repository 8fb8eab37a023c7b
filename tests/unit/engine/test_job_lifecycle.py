"""Attempts and jobs from end to end in small runs: retries, timeouts, dependencies, think times. Worked by hand.

AWS Batch User Guide, *Automated job retries*, *Job timeouts*, *Job dependencies*, *Array jobs*; API EvaluateOnExit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.recording import Recording, Status
from batchsim.spec.configuration import JobQueue, RetryRule, SpotTrace
from batchsim.spec.workload import JobGroup, Workload
from tests.worlds import by_job, fleet, jobs, run, servers

SUCCEEDED, FAILED = Status.SUCCEEDED, Status.FAILED
#: What comes to an attempt whose host is lost, and what the guide's idiom for Spot does with it.
HOST = RetryRule("RETRY", on_status_reason="Host EC2*")
NOTHING_ELSE = RetryRule("EXIT", on_reason="*")


def in_turn(*attempts: tuple[float, int], **members) -> Workload:
    """One job whose attempts take so long and exit so, one after the other; the last again and again."""
    made = jobs([0], attempts[0][0], exit_code=attempts[0][1], **members)
    return replace(made, later_attempt=lambda job, number: attempts[min(number, len(attempts)) - 1])


# Retries


@pytest.mark.parametrize(
    ("attempts", "begun", "status"),
    [(1, 1, FAILED), (2, 2, FAILED), (3, 3, SUCCEEDED), (9, 3, SUCCEEDED)],
)
def test_attempts_are_used_until_one_succeeds_or_none_is_left(attempts, begun, status):
    # They fail after 10 and 20 s; the third would succeed after 30.
    recording = run(in_turn((10, 1), (20, 1), (30, 0), attempts=attempts), servers(1))
    assert by_job(recording, "starting_at") == [0, 10, 30][:begun]
    assert recording.status.tolist() == [status]
    assert recording.ended_at == [10, 30, 60][begun - 1]
    assert by_job(recording, "number") == [1, 2, 3][:begun]


@pytest.mark.parametrize(
    ("rules", "begun"),
    [
        # Codes 3, 3, 4, 0. The first entry that matches decides, attempt by attempt.
        ((), 4),
        ((RetryRule("EXIT", on_exit_code="4"),), 3),
        ((RetryRule("EXIT", on_exit_code="3"),), 1),
        ((RetryRule("RETRY", on_exit_code="3"), RetryRule("EXIT", on_exit_code="*")), 3),
        ((RetryRule("EXIT", on_exit_code="0"),), 4),
        # RETRY for all is as nothing said, and gives no attempt more than there are.
        ((RetryRule("RETRY", on_exit_code="*"),), 4),
        # What a container exits with has a reason of its own, and the status reason of every exit.
        ((RetryRule("EXIT", on_reason="OutOfMemory*"),), 1),
        ((RetryRule("EXIT", on_status_reason="Essential container*"),), 1),
        ((RetryRule("EXIT", on_status_reason="Host EC2*"),), 4),
        ((RetryRule("EXIT", on_reason="OutOfMemory*", on_exit_code="4"),), 3),
    ],
)
def test_each_end_is_judged_by_the_entries_in_their_order(rules, begun):
    work = in_turn(
        (10, 3),
        (10, 3),
        (10, 4),
        (10, 0),
        attempts=4,
        evaluate_on_exit=rules,
        failure_reason="OutOfMemoryError: killed",
    )
    recording = run(work, servers(1))
    assert by_job(recording, "exit_code") == [3, 3, 4, 0][:begun]


def test_the_idiom_for_spot_gives_the_attempts_to_lost_hosts_alone():
    # The market has one instance to 100, and again from 150 to 300 and from 400 on; two attempts are lost, the third
    # ends with code 1 after 80 s, and is the last although there are attempts left.
    market = SpotTrace((0.0, 100.0, 150.0, 300.0, 400.0), (1, 0, 1, 0, 1), 1e6)
    work = in_turn((500, 0), (500, 0), (80, 1), attempts=10, evaluate_on_exit=(HOST, NOTHING_ELSE), failure_reason="x")
    recording = run(work, fleet(purchase_option="SPOT", spot_trace=market), spot={"notice": 0})
    assert by_job(recording, "starting_at") == [0, 150, 400]
    assert by_job(recording, "stopped_at") == [100, 300, 480]
    assert by_job(recording, "exit_code") == [-1, -1, 1]
    # Since when each attempt's job was RUNNABLE: from its submission, then from the end of the one before.
    assert by_job(recording, "runnable_at") == [0, 100, 300]


def test_what_fails_to_start_is_retried_as_its_status_reason_says():
    work = jobs([0], 60, exit_code=1, attempts=3, fails_to_start=True)
    assert len(run(work, servers(1)).attempts.job) == 3
    told = (RetryRule("EXIT", on_status_reason="Task failed to start"),)
    assert (
        len(run(replace(work, groups=(replace(work.groups[0], evaluate_on_exit=told),)), servers(1)).attempts.job) == 1
    )


def test_retried_jobs_come_first_in_their_order_of_submission_whichever_failed_first():
    # Three processors. Job 2 fails at 10 and job 1 at 20, while a job of another queue of higher priority holds their
    # processors; at 100 these are free, and 1 comes before 2, both before 3 that has waited longer.
    groups = [JobGroup("work", "low", "definition", attempts=2), JobGroup("work", "high", "definition")]
    queues = [JobQueue("low", 1, True, ("servers",)), JobQueue("high", 9, True, ("servers",))]
    work = jobs(
        [0, 0, 0, 1, 5, 5],
        [500, 20, 10, 7, 90, 80],
        exit_code=[0, 1, 1, 0, 0, 0],
        later_exit_code=0,
        groups=groups,
        group=[0, 0, 0, 0, 1, 1],
    )
    recording = run(work, servers(3), queues=queues)
    columns = recording.attempts.job, recording.attempts.number, recording.attempts.starting_at
    begun = {(job, number): at for job, number, at in zip(*columns, strict=True)}
    assert [begun[job, 1] for job in (4, 5)] == [10, 20]
    assert [begun[key] for key in ((1, 2), (2, 2), (3, 1))] == [100, 100, 110]


# Timeouts


@pytest.mark.parametrize(
    ("runtime_s", "stop", "ended", "code"),
    [
        (59, 5, 59, 0),
        (60, 5, 60, 0),  # it ends by itself as its time is over
        (61, 0, 60, 137),
        (61, 5, 65, 137),  # SIGTERM at 60
        (61, 500, 90, 137),  # SIGKILL 30 s later
    ],
)
def test_a_timeout_ends_what_takes_longer_and_nothing_else(runtime_s, stop, ended, code):
    recording = run(jobs([0], runtime_s, timeout_s=60.0, attempts=9), servers(1), scheduler={"stop": stop})
    assert by_job(recording, "stopped_at") == [ended]
    assert by_job(recording, "exit_code") == [code]
    assert recording.status.tolist() == [SUCCEEDED if code == 0 else FAILED]


def test_each_attempt_has_the_whole_of_its_timeout_and_one_that_uses_it_is_the_last():
    # 50 s and exit 1, then 50 s and exit 1, then more than 60 s: 50 + 50 + 60.
    recording = run(in_turn((50, 1), (50, 1), (500, 0), attempts=9, timeout_s=60.0), servers(1))
    assert by_job(recording, "stopped_at") == [50, 100, 160]
    assert recording.reasons[recording.reason[0]] == "Job attempt duration exceeded timeout"


def test_a_timeout_holds_the_processor_until_the_container_is_gone_and_fails_dependents_then():
    # SIGTERM at 60, the end at 75: then the next starts, and what depends on it fails.
    work = jobs([0, 1, 2], [500, 10, 10], timeout_s=60.0, waits_for=[(2, 0)])
    recording = run(work, servers(1), scheduler={"stop": 15})
    assert by_job(recording, "starting_at") == [0, 75]
    assert recording.stopped_at.tolist() == [75, 85, 75]


# Dependencies


def finished(recording: Recording) -> list[tuple[str, float]]:
    """The state of each job, and when it entered it."""
    names = [Status(status).name for status in recording.status]
    return list(zip(names, recording.stopped_at.tolist(), strict=True))


def test_a_diamond_ends_with_the_longer_of_its_sides():
    # 1 and 2 wait for 0, and 3 for both: 10 + 40 + 5.
    work = jobs([0] * 4, [10, 20, 40, 5], waits_for=[(1, 0), (2, 0), (3, 1), (3, 2)])
    recording = run(work, servers(9))
    assert by_job(recording, "starting_at") == [0, 10, 10, 50]


def test_a_job_fails_with_the_first_of_those_it_depends_on_and_only_once():
    # 3 waits for 0 (to 30), 1 (fails at 10) and 2 (fails at 20); 4 waits for 3.
    work = jobs([0] * 5, [30, 10, 20, 5, 5], exit_code=[0, 1, 1, 0, 0], waits_for=[(3, 0), (3, 1), (3, 2), (4, 3)])
    recording = run(work, servers(9))
    assert finished(recording) == [("SUCCEEDED", 30), ("FAILED", 10), ("FAILED", 20), ("FAILED", 10), ("FAILED", 10)]


def test_what_arrives_after_its_dependency_failed_fails_when_it_arrives_and_takes_others_with_it():
    # 0 fails at 10. 1 arrives at 50; 2, which waits for 1, was there from the beginning.
    work = jobs([0, 0, 50], [10, 5, 5], exit_code=[1, 0, 0], waits_for=[(2, 0), (1, 2)])
    assert finished(run(work, servers(9)))[1:] == [("FAILED", 50), ("FAILED", 50)]


@pytest.mark.parametrize("fails", [None, 0, 3], ids=["all succeed", "the first", "the last"])
def test_an_array_is_over_with_its_last_child_and_failed_with_any(fails):
    # Four children of 10, 20, 30 and 40 s, node 6 their parent; job 4 waits for it, and job 5 for the first child.
    codes = [int(fails == child) for child in range(4)] + [0, 0]
    edges = [(6, child) for child in range(4)] + [(4, 6), (5, 0)]
    recording = run(jobs([0] * 6, [10, 20, 30, 40, 5, 5], exit_code=codes, waits_for=edges, parents=1), servers(9))
    after_all, after_first = finished(recording)[4:]
    assert after_all == (("SUCCEEDED", 45) if fails is None else ("FAILED", 40))
    assert after_first == (("FAILED", 10) if fails == 0 else ("SUCCEEDED", 15))


def test_two_arrays_of_which_one_waits_for_the_other_as_a_whole():
    # Children 0, 1 (parent 5) of 10 and 50 s; children 2, 3 (parent 6) wait for 5; job 4 waits for 6.
    edges = [(5, 0), (5, 1), (2, 5), (3, 5), (6, 2), (6, 3), (4, 6)]
    recording = run(jobs([0] * 5, [10, 50, 7, 9, 1], waits_for=edges, parents=2), servers(9))
    assert by_job(recording, "starting_at") == [0, 0, 50, 50, 59]


def test_a_child_is_retried_before_its_array_is_judged():
    # Child 0 fails at 10 and succeeds at 20; child 1 ends at 15: the parent, node 3, succeeds at 20.
    edges = [(3, 0), (3, 1), (2, 3)]
    work = jobs([0] * 3, [10, 15, 5], exit_code=[1, 0, 0], later_exit_code=0, waits_for=edges, parents=1, attempts=2)
    recording = run(work, servers(9))
    assert finished(recording) == [("SUCCEEDED", 20), ("SUCCEEDED", 15), ("SUCCEEDED", 25)]


@given(
    runtimes=st.lists(st.integers(1, 50), min_size=1, max_size=12),
    gaps=st.lists(st.integers(0, 40), min_size=12, max_size=12),
    edges=st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20),
    admit=st.sampled_from([0, 7]),
)
def test_with_a_server_for_each_a_job_starts_when_the_last_it_depends_on_has_ended(runtimes, gaps, edges, admit):
    """The longest path, computed as such: no queue and no limit has anything to say.

    A job is looked at some time after its submission.
    """
    count = len(runtimes)
    submitted = np.cumsum(gaps[:count]).tolist()
    kept = [(job, needed) for job, needed in edges if needed < job < count]
    ends: list[float] = []
    for job in range(count):
        needed = [ends[other] for dependent, other in kept if dependent == job]
        ends.append(max([submitted[job] + admit, *needed]) + runtimes[job])
    recording = run(jobs(submitted, runtimes, waits_for=kept), servers(count), scheduler={"admit": float(admit)})
    assert recording.stopped_at.tolist() == ends


# Think times (Standard Workload Format, fields 17 and 18)


def thinking(work: Workload, *think_s: float) -> Workload:
    return replace(work, think_s=np.array(think_s))


@pytest.mark.parametrize("code", [0, 1], ids=["succeeds", "fails"])
def test_a_job_that_follows_another_thinks_after_its_end_whatever_became_of_it(code):
    # 0 ends at 10; 1 thinks for 30 s; 2 depends on 0 as AWS has it.
    work = jobs([0, 0, 0], [10, 5, 5], exit_code=[code, 0, 0], waits_for=[(1, 0), (2, 0)])
    recording = run(thinking(work, -1, 30, -1), servers(9))
    assert finished(recording)[1] == ("SUCCEEDED", 45)
    assert finished(recording)[2] == (("FAILED", 10) if code else ("SUCCEEDED", 15))
    assert recording.runnable_at[1] == 40


@pytest.mark.parametrize(("arrives_at", "starts_at"), [(5, 40), (20, 40), (40, 40), (60, 60)])
def test_what_arrives_while_it_thinks_starts_when_it_has_thought(arrives_at, starts_at):
    # From the end of 0 at 10 on it thinks for 30 s, there or not.
    recording = run(thinking(jobs([0, arrives_at], [10, 5], waits_for=[(1, 0)]), -1, 30), servers(9))
    assert by_job(recording, "starting_at") == [0, starts_at]


def test_thinking_for_no_time_is_to_follow_at_once():
    recording = run(thinking(jobs([0, 0], [10, 5], exit_code=[1, 0], waits_for=[(1, 0)]), -1, 0), servers(9))
    assert finished(recording) == [("FAILED", 10), ("SUCCEEDED", 15)]


def test_a_chain_thinks_at_each_link():
    # 10, then 30 and 5, then 2 and 7.
    work = thinking(jobs([0] * 3, [10, 5, 7], waits_for=[(1, 0), (2, 1)]), -1, 30, 2)
    assert by_job(run(work, servers(1)), "starting_at") == [0, 40, 47]
