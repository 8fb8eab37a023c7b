from __future__ import annotations

import gzip
import json

import pytest

import batchsim as bs
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, queue, scenario

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
    import io

    import pyarrow as pa
    from pyarrow import parquet

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
