from __future__ import annotations

import gzip
import io
import json
import math
from typing import get_args

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from rich.console import Console

import batchsim as bs
from batchsim.aws.importers.jobs import import_jobs
from batchsim.scenario.loading import from_mapping
from batchsim.spec.configuration import Shape
from batchsim.spec.traces import Trace
from batchsim.validation.workload import earliest_ends, review
from batchsim.workload.build import build_workload
from batchsim.workload.traces.swf import DOUBTS
from tests.builders import definition, environment, queue, scenario, unmanaged

SWF = """; UnixStartTime: 0
; a comment
1 0 5 100 4 -1 -1 4 200 2048 1 1 1 1 1 -1 -1 -1
2 10 5 50 -1 -1 -1 8 200 -1 1 1 1 1 2 -1 1 -1
3 20 5 0 4 -1 -1 4 200 -1 1 1 1 1 1 -1 -1 -1
4 30 5 70 -1 -1 -1 -1 200 -1 1 1 1 1 1 -1 -1 -1
"""

WORKFLOW = {
    "name": "w",
    "schemaVersion": "1.5",
    "workflow": {
        "specification": {
            "tasks": [
                {"id": "split.1", "parents": [], "children": ["merge.2"]},
                {"id": "merge.2", "parents": ["split.1"], "children": []},
            ]
        },
        "execution": {
            "tasks": [
                {"id": "merge.2", "runtimeInSeconds": 0.0},
                {"id": "split.1", "runtimeInSeconds": 12.5, "coreCount": 2.5, "memoryInBytes": 1024**3 + 1},
            ]
        },
    },
}

DETAIL = {
    "jobId": "a1",
    "jobName": "first",
    "jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/queue",
    "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/task:3",
    "status": "SUCCEEDED",
    "createdAt": 1_000_000,
    "startedAt": 1_060_000,
    "stoppedAt": 1_100_000,
    "attempts": [
        {"startedAt": 1_005_000, "stoppedAt": 1_010_000},
        {"startedAt": 1_060_000, "stoppedAt": 1_100_000},
    ],
    "container": {
        "exitCode": 0,
        "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "512"}],
    },
}
SECOND = {
    **DETAIL,
    "jobId": "b2",
    "jobName": "second",
    "createdAt": 1_002_000,
    "dependsOn": [{"jobId": "a1"}],
    "attempts": [],
    "container": {"vcpus": 1, "memory": 128},
}
PARENT = {**DETAIL, "jobId": "c3", "arrayProperties": {"size": 2}}
NODES = {**DETAIL, "jobId": "d4", "nodeProperties": {}}
WAITING = {key: value for key, value in DETAIL.items() if key not in {"startedAt", "stoppedAt", "attempts"}}


def work_of(tmp_path, format_, content, name="trace", **members):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    entry = {"format": format_, "path": name, "jobQueue": "queue", "jobDefinition": "task", **members}
    entry = {key: value for key, value in entry.items() if value is not None}
    return build_workload(
        scenario(
            {"trace": entry},
            environments=[environment(maxvCpus=64)],
            queues=[queue("queue"), queue("other")],
            definitions=[definition()],
            base=tmp_path,
        )
    )


def findings_of(tmp_path, format_, content, **members):
    with pytest.raises(bs.ScenarioError) as caught:
        work_of(tmp_path, format_, content, **members)
    return [(finding.line, str(finding).removeprefix(str(tmp_path))) for finding in caught.value.findings]


def test_a_log_of_one_long_line_is_refused_before_it_is_read(tmp_path):
    ((line, told),) = findings_of(tmp_path, "swf", f"{SWF}{'1 ' * 5_000}\n")
    assert line == SWF.count("\n") + 1
    assert "a line of more than 10,000 characters; expected 18 numbers" in told


def test_swf(tmp_path):
    work = work_of(tmp_path, "swf", SWF)
    assert list(work.submitted_at) == [0, 10]
    assert list(work.runtime_s) == [100, 50]
    assert [work.shapes[shape].vcpus for shape in work.shape] == [4, 8]
    # 4 processors of 2,048 KB each are 8 MiB; the other job has the definition's memory.
    assert [work.shapes[shape].memory_mib for shape in work.shape] == [8, 1024]
    assert work.skipped == {"no run time": 1, "no processors": 1}
    assert list(work.open_dependencies) == [0, 1]  # job 2 names job 1 as preceding


def test_swf_queues_and_memory_per_vcpu(tmp_path):
    work = work_of(tmp_path, "swf", SWF, queues={"2": "other"}, memoryPerVcpu=100)
    assert [work.groups[group].job_queue for group in work.group] == ["queue", "other"]
    assert [work.shapes[shape].memory_mib for shape in work.shape] == [400, 800]


def test_swf_faults_come_with_their_lines(tmp_path):
    broken = SWF.replace("2 10 5 50", "2 10 5 x").replace("3 20 5 0 4 -1 -1 4 200 -1 1 1 1 1 1 -1 -1 -1", "3 20 5")
    found = findings_of(tmp_path, "swf", broken)
    assert [line for line, _ in found] == [4, 5]
    assert "expected 18 numbers" in found[1][1]
    assert "no job in it" in findings_of(tmp_path, "swf", "; nothing\n")[0][1]


def test_truncated_gzip(tmp_path):
    whole = gzip.compress(SWF.encode())
    assert len(work_of(tmp_path, "swf", whole, name="log.swf.gz")) == 2
    assert "truncated or damaged" in findings_of(tmp_path, "swf", whole[:-20], name="log.swf.gz")[0][1]
    assert "expected a gzip file" in findings_of(tmp_path, "swf", SWF, name="log.swf.gz")[0][1]


def test_a_missing_file(tmp_path):
    entry = {"format": "csv", "path": "nowhere.csv", "jobQueue": "queue", "jobDefinition": "task"}
    with pytest.raises(bs.ScenarioError, match=r"nowhere.csv: \[trace\] No such file"):
        build_workload(scenario({"trace": entry}, base=tmp_path))


def test_wfformat(tmp_path):
    work = work_of(tmp_path, "wfformat", json.dumps(WORKFLOW))
    assert work.job_names == ("split-1", "merge-2")
    assert list(work.runtime_s) == [12.5, 0]
    assert [work.shapes[shape].vcpus for shape in work.shape] == [3, 1]
    assert [work.shapes[shape].memory_mib for shape in work.shape] == [1025, 1024]
    assert list(work.open_dependencies) == [0, 1]


def test_wfformat_arrives_as_often_as_it_is_told(tmp_path):
    work = work_of(tmp_path, "wfformat", json.dumps(WORKFLOW), arrivals={"at": ["0s", "1h"]})
    assert list(work.submitted_at) == [0, 0, 3600, 3600]
    assert list(work.open_dependencies) == [0, 1, 0, 1]
    assert list(work.run) == [0, 0, 1, 1]


def test_wfformat_faults(tmp_path):
    found = findings_of(tmp_path, "wfformat", json.dumps(WORKFLOW)[:-40])
    assert "not JSON" in found[0][1]
    assert found[0][0] == 1
    lost = json.loads(json.dumps(WORKFLOW))
    lost["workflow"]["specification"]["tasks"][1]["parents"] = ["gone"]
    del lost["workflow"]["execution"]["tasks"][1]
    text = "\n".join(text for _, text in findings_of(tmp_path, "wfformat", json.dumps(lost)))
    assert "waits for 'gone'" in text
    assert "'split.1' has no run time" in text


def test_describe_jobs(tmp_path):
    pages = json.dumps([{"jobs": [SECOND, PARENT]}, {"jobs": [DETAIL, NODES, WAITING]}])
    work = work_of(tmp_path, "describe-jobs", pages, jobQueue=None, jobDefinition=None)
    assert work.job_names == ("first", "second")
    assert list(work.submitted_at) == [0, 2]
    # The last attempt of the first job; the second has only its own times.
    assert list(work.runtime_s) == [40, 40]
    assert [work.shapes[shape].vcpus for shape in work.shape] == [2, 1]
    assert [work.shapes[shape].memory_mib for shape in work.shape] == [512, 128]
    assert list(work.open_dependencies) == [0, 1]
    assert work.skipped == {"parent of an array": 1, "multi-node job": 1, "no run time": 1}


def test_describe_jobs_of_an_unknown_queue(tmp_path):
    foreign = {**DETAIL, "jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/quue"}
    found = findings_of(tmp_path, "describe-jobs", json.dumps({"jobs": [foreign]}), jobQueue=None)
    assert "names the jobQueue 'quue'" in found[0][1]
    assert "expected queue" in found[0][1]
    assert len(work_of(tmp_path, "describe-jobs", json.dumps({"jobs": [foreign]}))) == 1


def test_the_real_describe_jobs_answers(shared_data, tmp_path):
    answer = (shared_data / "workloads" / "describe-jobs" / "pcluster-single_array_job_children.json").read_bytes()
    work = work_of(tmp_path, "describe-jobs", answer)
    assert len(work) + sum(work.skipped.values()) == len(json.loads(answer)["jobs"])
    parent = (shared_data / "workloads" / "describe-jobs" / "pcluster-single_array_job.json").read_bytes()
    assert "1 parent of an array" in findings_of(tmp_path, "describe-jobs", parent)[0][1]


@pytest.mark.parametrize(
    ("name", "tasks", "edges"), [("rnaseq-dirt02-001", 197, 451), ("bwa-chameleon-large-004", 1004, 4000)]
)
def test_the_real_workflows(shared_data, tmp_path, name, tasks, edges):
    content = (shared_data / "workloads" / "workflows" / f"{name}.json.gz").read_bytes()
    work = work_of(tmp_path, "wfformat", content, name="w.json.gz")
    assert (len(work), len(work.dependents)) == (tasks, edges)


CSV = """job_name,submitted_at,runtime_s,vcpus,memory_mib,gpus,job_queue,depends_on,array_size,exit_code
prepare,0,10,1,500,,,,,
work,5,20.5,2,,0,other,prepare,3,
collect,6,1,,,,,prepare;work,,7
"""


def check_table(work):
    assert list(work.submitted_at) == [0, 5, 5, 5, 6]
    assert list(work.array_index) == [-1, 0, 1, 2, -1]
    assert list(work.runtime_s) == [10, 20.5, 20.5, 20.5, 1]
    assert [work.groups[group].job_queue for group in work.group] == ["queue", "other", "other", "other", "queue"]
    # The array's parent is node 5; collect waits for prepare and for it.
    assert list(work.open_dependencies) == [0, 1, 1, 1, 2, 3]
    assert work.exit_code[4] == 7
    assert work.later_attempt(4, 2) == (1, 7)
    assert [work.shapes[shape].memory_mib for shape in work.shape] == [500, 1024, 1024, 1024, 1024]


def test_csv(tmp_path):
    check_table(work_of(tmp_path, "csv", CSV))
    check_table(work_of(tmp_path, "csv", gzip.compress(CSV.encode()), name="t.csv.gz"))


def test_parquet(tmp_path):
    table = pa.table(
        {
            "job_name": ["prepare", "work", "collect"],
            "submitted_at": [0, 5, 6],
            "runtime_s": [10.0, 20.5, 1.0],
            "vcpus": [1.0, 2.0, None],
            "memory_mib": [500, None, None],
            "job_queue": [None, "other", None],
            "depends_on": [[], ["prepare"], ["prepare", "work"]],
            "array_size": [None, 3, None],
            "exit_code": [0, 0, 7],
        }
    )
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    check_table(work_of(tmp_path, "parquet", buffer.getvalue()))
    assert "not a Parquet file" in findings_of(tmp_path, "parquet", buffer.getvalue()[:-10])[0][1]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("job_name,submitted_at\na,0\n", 1, "the column runtime_s is missing"),
        ("job_name,submitted_at,runtime_s,vcpu\na,0,1,1\n", 1, "expected vcpus"),
        ("job_name,submitted_at,runtime_s\na,0,1\nb,0,-1\n", 3, "runtime_s '-1'"),
        ("job_name,submitted_at,runtime_s\na,0,1\nb,nan,1\n", 3, "submitted_at 'nan'"),
        ("job_name,submitted_at,runtime_s\na,0,1\nb,0,inf\n", 3, "runtime_s 'inf'"),
        ("job_name,submitted_at,runtime_s\na,0,1\nb,,1\n", 3, "submitted_at is empty"),
        ("job_name,submitted_at,runtime_s\na,0,1\nb,0\n", 3, "Expected 3 columns, got 2"),
        ("job_name,submitted_at,runtime_s,depends_on\na,0,1,\nb,0,1,aa\n", 3, "'b' waits for 'aa'"),
        ("job_name,submitted_at,runtime_s,depends_on\na,0,1,a\n", 2, "itself"),
        ("job_name,submitted_at,runtime_s,share_identifier\na,0,1,x\n", 0, "takes no share_identifier"),
        ("job_name,submitted_at,runtime_s,array_size\na,0,1,1\n", 2, "array_size 1"),
        ("job_name,submitted_at,runtime_s\n", 0, "no job in it"),
        ("job_name,submitted_at,runtime_s\ra,0,1\r", 1, "no line of the names of columns"),
        # Blank lines are none of the table, and a quoted text may go over several.
        ("job_name,submitted_at,runtime_s\n\na,0,1\n\n\nb,0,-1\n", 6, "runtime_s '-1'"),
        ("job_name,submitted_at,runtime_s\r\na,0,1\r\n\r\nb,,1\r\n", 4, "submitted_at is empty"),
        ('job_name,submitted_at,runtime_s\n"a\nb",0,1\nc,0,-1\n', 4, "runtime_s '-1'"),
        ('job_name,submitted_at,runtime_s\n\n"a\nb",0,1\nc,0\n', 5, "Expected 3 columns, got 2"),
    ],
)
def test_csv_faults_come_with_their_lines(tmp_path, content, line, said):
    found = findings_of(tmp_path, "csv", content)
    assert found[0][0] == line
    assert said in found[0][1]


def test_names_that_come_twice_are_told_apart(tmp_path):
    work = work_of(tmp_path, "csv", "job_name,submitted_at,runtime_s\na,0,1\na,1,1\n")
    assert [work.job_names[name] for name in work.job_name] == ["a", "a-2"]


def test_a_cycle_in_a_trace_is_refused(tmp_path):
    cycle = "job_name,submitted_at,runtime_s,depends_on\na,0,1,b\nb,0,1,a\n"
    assert "wait for each other" in findings_of(tmp_path, "csv", cycle)[0][1]


def described(job_id, **members):
    """A job that ran from its creation for 60 s."""
    at = 1_760_000_000_000
    return {"jobId": job_id, "jobName": job_id.replace(":", "-"), "jobQueue": "queue", "jobDefinition": "task",
            "status": "SUCCEEDED", "createdAt": at, "startedAt": at, "stoppedAt": at + 60_000,
            "container": {"vcpus": 1, "memory": 512}, **members}  # fmt: skip


def array_of(name, size, **members):
    children = [described(f"{name}:{index}", arrayProperties={"index": index}) for index in range(size)]
    return [described(name, arrayProperties={"size": size}, **members), *children]


def ends(work):
    """When each job would end with room for all, by its name."""
    names = [work.job_names[name] for name in work.job_name]
    return dict(zip(names, earliest_ends(work)[: len(work)].tolist(), strict=True))


def test_who_depends_on_an_array_waits_for_all_its_children(tmp_path):
    # User Guide, Array jobs: the parent has ended when all its children have; N_TO_N and SEQUENTIAL are child by child.
    jobs = [
        *array_of("split", 2),
        *array_of("each", 2, dependsOn=[{"jobId": "split", "type": "N_TO_N"}]),
        *array_of("chain", 3, dependsOn=[{"jobId": "each"}, {"type": "SEQUENTIAL"}]),
        described("merge", dependsOn=[{"jobId": "split"}]),
        described("last", dependsOn=[{"jobId": "chain:2"}, {"jobId": "gone"}]),
    ]
    work = work_of(tmp_path, "describe-jobs", json.dumps({"jobs": jobs[::-1]}), jobQueue=None, jobDefinition=None)
    assert ends(work) == {
        "split-0": 60, "split-1": 60, "each-0": 120, "each-1": 120, "merge": 120,
        "chain-0": 180, "chain-1": 240, "chain-2": 300, "last": 360,
    }  # fmt: skip
    assert work.notes == {"dependencies are left out: the jobs waited for are not in the trace": 1}


@st.composite
def histories(draw):
    """Jobs and arrays, each of which waits for some before it."""
    jobs, names = [], []
    for number in range(draw(st.integers(1, 6))):
        size = draw(st.sampled_from([0, 0, 2, 3]))
        needed = [
            {"jobId": name, "type": "N_TO_N"} if size and size == other and draw(st.booleans()) else {"jobId": name}
            for name, other in names
            if draw(st.booleans())
        ]
        if size and draw(st.booleans()):
            needed.append({"type": "SEQUENTIAL"})
        name = f"j{number}"
        jobs += array_of(name, size, dependsOn=needed) if size else [described(name, dependsOn=needed)]
        names.append((name, size))
    return jobs


@given(histories())
def test_the_trace_and_the_import_are_one_reader(tmp_path_factory, jobs):
    folder = tmp_path_factory.mktemp("history")
    direct = work_of(folder, "describe-jobs", json.dumps({"jobs": jobs}), jobQueue=None, jobDefinition=None)
    import_jobs([folder / "trace"]).write(folder / "jobs.csv")
    imported = work_of(folder, "csv", (folder / "jobs.csv").read_bytes(), jobQueue=None, jobDefinition=None)
    assert sorted(ends(direct).values()) == sorted(ends(imported).values())


def test_shares_and_priorities_of_describe_jobs_are_kept(tmp_path):
    (tmp_path / "trace").write_text(json.dumps(described("a", shareIdentifier="red", schedulingPriority=7)))
    policy = {"name": "fair", "fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "red"}]}}
    entry = {"trace": {"format": "describe-jobs", "path": "trace"}}
    made = from_mapping(
        {
            "name": "shares",
            "batch": {
                "computeEnvironments": [environment()],
                "jobQueues": [{**queue("queue"), "schedulingPolicyArn": "fair"}],
                "jobDefinitions": [definition()],
                "schedulingPolicies": [policy],
            },
            "workload": [entry],
        },
        base=tmp_path,
    )
    (group,) = build_workload(made).groups
    assert (group.share_identifier, group.scheduling_priority) == ("red", 7)


def line(number, submit=0, wait=0, run=100, processors=1, asked=200, status=1, after=-1, think=-1):
    size = f"{processors} -1 -1 {processors} {asked} -1"
    return f"{number} {submit} {wait} {run} {size} {status} 1 1 1 1 1 {after} {think}\n"


def test_swf_status(tmp_path):
    # Standard Workload Format, field 11: 1 completed, 0 failed, 5 cancelled, -1 not known.
    log = "".join(line(number, run=10 * number, status=status) for number, status in enumerate((1, 0, 5, -1), start=1))
    work = work_of(tmp_path, "swf", log)
    assert list(work.exit_code) == [0, 1, 1, 0]
    assert list(work.runtime_s) == [10, 20, 30, 40]


def test_failed_jobs_of_swf_are_not_retried(tmp_path):
    retried = definition(retryStrategy={"attempts": 3, "evaluateOnExit": [{"onExitCode": "1", "action": "RETRY"}]})
    (tmp_path / "log").write_text(line(1) + line(2, status=0) + line(3, run=40, status=5))
    entry = {"trace": {"format": "swf", "path": "log", "jobQueue": "queue", "jobDefinition": "task"}}
    result = bs.run(scenario(entry, definitions=[retried], environments=[unmanaged(8)],
                             queues=[queue("queue", "servers")], base=tmp_path))  # fmt: skip
    assert list(result.jobs["status"]) == ["SUCCEEDED", "FAILED", "FAILED"]
    assert list(result.jobs["attempts"]) == [1, 1, 1]
    assert list(result.jobs["stopped_at"]) == [100, 100, 40]


def test_swf_pieces_are_no_jobs(tmp_path):
    # Field 11: a job that was swapped out has a line of its own with 0 or 1; its pieces have 2, and the last 3 or 4,
    # and only the first a submit time.
    log = line(1) + line(1, run=60, status=2) + line(1, submit=-1, run=40, status=3) + line(2, submit=50, run=30)
    log += line(3, status=2) + line(3, submit=-1, status=4)
    work = work_of(tmp_path, "swf", log)
    assert list(work.runtime_s) == [100, 30]
    assert work.skipped == {"partial execution": 2, "partial execution of a job that has no line of its own": 2}


def test_swf_jobs_follow_others(tmp_path):
    # Fields 17 and 18: not before the preceding job has ended, whatever became of it, and the think time.
    log = line(1, status=0) + line(2, submit=10, after=1, think=30) + line(3, submit=500, after=1, think=450)
    log += line(4, submit=5, after=2) + line(5, submit=7, after=99)
    work = work_of(tmp_path, "swf", log)
    assert work.notes == {
        "jobs follow one that is not in the trace, or was left out: they can start when they are submitted": 1
    }
    # 1 ends at 100; 2 starts at 100 + 30, 3 at max(500, 100 + 450), 4 when 2 has ended.
    assert ends(work) == {"job-1": 100, "job-2": 230, "job-3": 650, "job-4": 330, "job-5": 107}
    entry = {"trace": {"format": "swf", "path": "trace", "jobQueue": "queue", "jobDefinition": "task"}}
    result = bs.run(scenario(entry, environments=[unmanaged(8)], queues=[queue("queue", "servers")], base=tmp_path))
    jobs = result.jobs.set_index("job_name")
    assert jobs["stopped_at"].to_dict() == ends(work)
    assert jobs["wait_dependency_s"].to_dict() == {"job-1": 0, "job-2": 120, "job-3": 50, "job-4": 225, "job-5": 0}
    assert jobs.loc["job-1", "status"] == "FAILED"


def test_swf_feedback_comes_again_with_each_arrival(tmp_path):
    work = work_of(tmp_path, "swf", line(1) + line(2, after=1, think=30), arrivals={"at": [0, "1h"]})
    assert sorted(earliest_ends(work).tolist()) == [100, 230, 3700, 3830]


DOUBTFUL = "; MaxProcs: 4\n" + "".join(
    [
        line(1, processors=5),
        line(2, run=401, asked=200),
        line(3, run=400, asked=200, processors=3),
        line(4, submit=10, wait=20, processors=2),  # starts at 30, when 3 of 4 processors are in use until 400
        line(5, submit=10, wait=390, processors=4),  # starts as job 3 ends
        line(6, submit=20, wait=-1, processors=4),  # nobody knows when it started
        line(7, submit=700, asked=-1, run=9999),  # it asked for no time
    ]
)


def test_what_can_not_have_happened_is_counted(tmp_path):
    work = work_of(tmp_path, "swf", DOUBTFUL)
    assert len(work) == 7
    told = {reason.partition(";")[0]: count for reason, count in work.notes.items()}
    assert told == {f"jobs {reason}": 1 for reason in DOUBTS.values()}


@pytest.mark.parametrize(
    ("leave_out", "left"),
    [(["tooWide"], "234567"), (["overrun"], "134567"), (["overlap"], "123567"), (list(DOUBTS), "3567")],
)
def test_what_can_not_have_happened_is_left_out_where_it_is_named(tmp_path, leave_out, left):
    work = work_of(tmp_path, "swf", DOUBTFUL, leaveOut=leave_out)
    assert [work.job_names[name] for name in work.job_name] == [f"job-{number}" for number in left]
    assert sum(work.skipped.values()) == len(leave_out)
    assert len(work.notes) == len(DOUBTS) - len(leave_out)


def test_notes_are_printed_and_warned_of(tmp_path):
    (tmp_path / "log").write_text(DOUBTFUL)
    entry = {"trace": {"format": "swf", "path": "log", "jobQueue": "queue", "jobDefinition": "task"}}
    made = scenario(entry, environments=[unmanaged(8)], queues=[queue("queue", "servers")], base=tmp_path)
    found = [finding for finding in review(made) if finding.code == "doubtful-records"]
    assert [finding.severity for finding in found] == ["warning"] * 3
    assert "1 jobs ran more than twice as long as they asked for" in "\n".join(map(str, found))
    result = bs.run(made)
    assert sum(result.summary["noted"].values()) == 3
    shown = Console(width=200, file=io.StringIO())
    shown.print(result)
    assert "leaveOut: [overlap] leaves them out" in shown.file.getvalue()


def test_every_doubt_can_be_left_out():
    (words, _) = get_args(Trace.model_fields["leave_out"].annotation)
    assert set(get_args(words)) == set(DOUBTS)


@pytest.mark.parametrize("member", [{"leaveOut": ["overrun"]}, {"memoryPerVcpu": 1}, {"queues": {"1": "queue"}}])
def test_members_of_swf_are_refused_elsewhere(tmp_path, member):
    with pytest.raises(bs.ScenarioError, match=f"{next(iter(member))} is of the format swf"):
        work_of(tmp_path, "csv", CSV, **member)


def test_the_real_logs(shared_data, tmp_path):
    name = "HPC2N-2002-first-3170.swf.gz"
    work = work_of(tmp_path, "swf", (shared_data / "workloads" / name).read_bytes(), name=name)
    assert (len(work), work.skipped) == (3145, {"no run time": 25})
    assert list(work.notes.values()) == [1]


FLAT = {
    "name": "two-steps",
    "schemaVersion": "1.4",
    "workflow": {
        "tasks": [
            {"name": "first_ID1", "id": "ID1", "parents": [], "children": ["second_ID2"],
             "runtimeInSeconds": 120.5, "cores": 2, "memoryInBytes": 2 * 1024**3},
            {"name": "second_ID2", "id": "ID2", "parents": ["first_ID1"], "children": [],
             "runtimeInSeconds": 60, "cores": 1, "memoryInBytes": 1024**3},
        ]
    },
}  # fmt: skip


def older(rename, **workflow):
    text = json.dumps(FLAT)
    for new, old in rename.items():
        text = text.replace(f'"{new}"', f'"{old}"')
    return {**json.loads(text), **workflow}


def by_id():
    content = json.loads(json.dumps(FLAT))
    content["workflow"]["tasks"][0]["children"] = []
    content["workflow"]["tasks"][1]["parents"] = ["ID1"]
    return content


def by_children():
    content = json.loads(json.dumps(FLAT))
    content["workflow"]["tasks"][1]["parents"] = []
    return content


@pytest.mark.parametrize("content", [FLAT, by_id(), by_children()])
def test_wfformat_1_4(tmp_path, content):
    # WfFormat v1.4's schema: workflow.tasks with runtimeInSeconds, cores, memoryInBytes; parents are names.
    work = work_of(tmp_path, "wfformat", json.dumps(content))
    assert work.job_names == ("first_ID1", "second_ID2")
    assert list(work.runtime_s) == [120.5, 60]
    assert [work.shapes[shape] for shape in work.shape] == [Shape(2.0, 2048), Shape(1.0, 1024)]
    assert ends(work) == {"first_ID1": 120.5, "second_ID2": 180.5}


@pytest.mark.parametrize("tasks", ["tasks", "jobs"])
def test_wfformat_before_1_4(tmp_path, tasks):
    # v1.1 to v1.3: jobs, later tasks, with runtime; memory in KB, which the migration tool takes as 1000 bytes.
    content = older({"runtimeInSeconds": "runtime", "memoryInBytes": "memory", "tasks": tasks}, schemaVersion="1.2")
    content["workflow"][tasks][0]["memory"] = 2_000_000
    del content["workflow"][tasks][1]["memory"]
    work = work_of(tmp_path, "wfformat", json.dumps(content))
    assert list(work.runtime_s) == [120.5, 60]
    # 2,000,000 KB are 2e9 / 1,048,576 = 1907.3 MiB, whole ones at least.
    assert [work.shapes[shape].memory_mib for shape in work.shape] == [1908, 1024]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"workflow": {"specification": {"tasks": [{"id": "a", "parents": []}]}}}, "was not executed"),
        ({"schemaVersion": "1.6", "workflow": {}}, "no tasks of a workflow in it (schemaVersion 1.6)"),
        ({**WORKFLOW, "schemaVersion": "2.0"}, "schemaVersion 2.0"),
        ({"workflow": {"tasks": [{"name": "a", "runtime": 1, "parents": ["b"]}]}}, "waits for 'b'"),
        ({"workflow": {"tasks": [{"name": "a", "runtime": 1, "children": ["b"]}]}}, "has the child 'b'"),
        ({"workflow": {"tasks": [{"name": "a", "runtime": 1}, {"name": "a", "runtime": 1}]}}, "tasks share an id"),
        ({"workflow": {"tasks": [{"name": "a"}]}}, "no run time"),
        ([], "no tasks of a workflow in it"),
    ],
)
def test_what_is_no_executed_workflow(tmp_path, content, said):
    assert said in findings_of(tmp_path, "wfformat", json.dumps(content))[0][1]
    assert "2 JSON documents" in findings_of(tmp_path, "wfformat", json.dumps(FLAT) * 2)[0][1]


def parquet_of(table):
    buffer = io.BytesIO()
    parquet.write_table(pa.table(table), buffer)
    return buffer.getvalue()


def test_nan_in_a_parquet_trace_is_not_said(tmp_path):
    # pyarrow keeps the NaN of numpy's columns, pandas writes it as null: the same table either way.
    nan = math.nan
    said = {
        "vcpus": [2.0, nan], "memory_mib": [nan, 512.0], "gpus": [nan, 1.0], "exit_code": [nan, 3.0],
        "array_size": [nan, 2.0], "job_queue": [nan, nan], "job_definition": [nan, nan], "depends_on": [nan, nan],
        "scheduling_priority": [nan, 4.0], "share_identifier": [nan, nan],
    }  # fmt: skip
    required = {"job_name": ["a", "b"], "submitted_at": [0.0, 1.0], "runtime_s": [1.0, 1.0]}
    nulls = {name: [None if cell != cell else cell for cell in column] for name, column in said.items()}
    works = [work_of(tmp_path, "parquet", parquet_of({**required, **columns})) for columns in (said, nulls)]
    for work in works:
        assert [work.shapes[shape] for shape in work.shape] == [Shape(2.0, 1024)] + 2 * [Shape(1.0, 512, 1)]
        assert list(work.exit_code) == [0, 3, 3]
        assert [group.scheduling_priority for group in work.groups] == [0, 4]
        assert {group.job_queue for group in work.groups} == {"queue"}
    found = findings_of(tmp_path, "parquet", parquet_of({**required, "runtime_s": [1.0, nan]}))
    assert found == [(2, found[0][1])]
    assert "runtime_s is empty" in found[0][1]


def test_a_priority_that_is_not_said_is_the_definition_s(tmp_path):
    (tmp_path / "t.csv").write_text("job_name,submitted_at,runtime_s,scheduling_priority\na,0,1,\nb,0,1,5\n")
    entry = {"trace": {"format": "csv", "path": "t.csv", "jobQueue": "queue", "jobDefinition": "task"}}
    work = build_workload(scenario(entry, definitions=[definition(schedulingPriority=3)], base=tmp_path))
    assert [work.groups[group].scheduling_priority for group in work.group] == [3, 5]


HEADER = "job_name,submitted_at,runtime_s"


@pytest.mark.parametrize(
    ("content", "line_", "said"),
    [
        ("job_name;submitted_at;runtime_s\na;0;1,5\n", 1, "separated by ';'; expected commas, and decimal points"),
        ("job_name\tsubmitted_at\truntime_s\na\t0\t1\n", 1, "separated by tabs"),
        (f'{HEADER}\na,0,"1,5"\n', 2, "expected seconds with a decimal point and no comma"),
        (f"{HEADER}\na,2026-11-02T00:00:00Z,5\n", 2, "expected seconds since the scenario's start, not an instant"),
        (f"{HEADER}\na,1760000000000,5\n", 0, "milliseconds or less since 1970"),
        (f"{HEADER}\na,1760000000,5\n", 0, "seconds since 1970"),
        (f"{HEADER}\na,0,00:10:00\n", 2, "not hours, minutes and seconds"),
        (f"{HEADER}\na,0,8m\n", 2, "expected seconds, without a unit"),
        (f"{HEADER},memory_mib\na,0,1,2 GiB\n", 2, "expected MiB, without a unit"),
        (f"{HEADER},vcpus\na,0,1,inf\n", 2, "vcpus 'inf'"),
        (f"{HEADER}\n,0,1\n", 2, "job_name is empty"),
        ("jobname,created_at,duration,cpu,mem\na,0,1,1,1\n", 1, "no column 'duration'; expected runtime_s"),
        ("JobID|JobName|State|Elapsed\n1|a|COMPLETED|00:10\n", 1, "Slurm's sacct"),
        ("JobID           JobName  Partition    State \n------- ----\n", 1, "Slurm's sacct"),
        ("04/01/2024 00:00:12;E;123.server;user=a queue=b\n", 1, "a PBS accounting log"),
        ("task_id\thash\tnative_id\tname\n1\tab\t2\tc\n", 1, "Nextflow's trace"),
        ("line_item_usage_start_date,line_item_product_code\n1,2\n", 1, "a Cost and Usage Report"),
        ('"Service","AWS Batch($)","Total costs($)"\n1,2,3\n', 1, "a Cost Explorer export"),
        ("@timestamp,@message\n1,2\n", 1, "`batchsim import jobs`"),
        ('{"jobs": []}', 1, "expected format: describe-jobs or wfformat"),
        (line(1), 1, "expected format: swf"),
        (b"PAR1", 0, "not text: Parquet"),
        ("", 0, "Empty CSV file"),
    ],
)
def test_tables_of_others_are_told_by_name(tmp_path, content, line_, said):
    found = findings_of(tmp_path, "csv", content)
    assert said in "\n".join(text for _, text in found)
    assert found[0][0] == line_


@pytest.mark.parametrize("encode", [lambda text: text.encode("utf-16"), lambda text: ("\ufeff" + text).encode()])
def test_csv_as_windows_writes_it(tmp_path, encode):
    check_table(work_of(tmp_path, "csv", encode(CSV.replace(",", ", ", 1).replace("\n", "\r\n"))))


def test_lines_of_a_log_are_counted_with_those_that_say_nothing(tmp_path):
    found = findings_of(tmp_path, "swf", "; a comment\n\n   \n  1 2 3\n\n;\nx\n4")
    assert [line for line, _ in found] == [4, 7, 8]
    assert "3 fields" in found[0][1]
    assert "not a job: 'x'" in found[1][1]


def test_a_log_of_nothing_but_empty_lines(tmp_path):
    ((line, told),) = findings_of(tmp_path, "swf", "\n" * 3_000_000)
    assert line == 0
    assert "no job in it" in told


@pytest.mark.parametrize("most", ["9" * 5000, "0"])
def test_a_machine_of_any_size_is_believed(tmp_path, most):
    content = f"; MaxProcs: {most}\n1 0 5 120 4 -1 -1 4 300 -1 1 1 1 -1 1 -1 -1 -1\n"
    assert list(work_of(tmp_path, "swf", content).runtime_s) == [120]


@pytest.mark.parametrize("header", ["a" * 200_000, ",".join(["a"] * 100_000)])
def test_a_first_line_that_is_no_list_of_columns(tmp_path, header):
    ((line, told),) = findings_of(tmp_path, "csv", f"{header}\n1\n")
    assert line == 1
    assert f"a first line of {len(header):,} characters" in told
