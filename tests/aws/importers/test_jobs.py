from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

import batchsim as bs
from batchsim.aws.client import AwsAccount
from batchsim.aws.importers import jobs as importer
from batchsim.aws.importers.jobs import import_details, import_jobs
from batchsim.aws.importers.live_jobs import live_jobs
from batchsim.errors import OutputError
from batchsim.scenario.loading import loads
from batchsim.workload.build import build_workload
from tests.builders import definition, environment, queue, scenario

ARN = "arn:aws:batch:us-east-1:123456789012"
#: 2026-11-02T02:00:00Z
START = 1_793_584_800_000


def detail(job_id: str, name: str = "", at: float = 0.0, runtime: float = 60.0, **members: Any) -> dict[str, Any]:
    """A job that was submitted so many seconds after `START` and ran so long."""
    created = START + round(at * 1000)
    started, stopped = created + 90_000, created + 90_000 + round(runtime * 1000)
    container = {"vcpus": 2, "memory": 512, "exitCode": 0, **members.pop("container", {})}
    return {
        "jobId": job_id,
        "jobName": name or job_id,
        "jobQueue": f"{ARN}:job-queue/queue",
        "jobDefinition": f"{ARN}:job-definition/task:7",
        "status": "SUCCEEDED",
        "createdAt": created,
        "attempts": [{"startedAt": started, "stoppedAt": stopped}],
        "container": container,
        **members,
    }


def child(array: str, index: int, **members: Any) -> dict[str, Any]:
    return detail(f"{array}:{index}", f"{array}-name", arrayProperties={"index": index}, **members)


def parent(array: str, size: int, **members: Any) -> dict[str, Any]:
    properties = {"arrayProperties": {"size": size}, "attempts": []}
    return {**detail(array, f"{array}-name", **members), **properties}


def waiting(*job_ids: str) -> list[dict[str, str]]:
    return [{"jobId": job_id} for job_id in job_ids]


def needs(imported: importer.ImportedJobs) -> dict[str, list[str]]:
    """What each job waits for, by names."""
    frame = imported.frame
    return {name: text.split(";") if text else [] for name, text in zip(frame.job_name, frame.depends_on, strict=True)}


RECORD = [
    detail("a", "prepare", at=0, runtime=40.25),
    detail("b", "work", at=2.5, dependsOn=waiting("a")),
    detail("c", "work", at=3, runtime=1.001, container={"exitCode": 3}, status="FAILED", dependsOn=waiting("a")),
    detail("d", "collect", at=10, dependsOn=waiting("b", "c"), container={"resourceRequirements": [
        {"type": "VCPU", "value": "0.5"}, {"type": "MEMORY", "value": "300"}, {"type": "GPU", "value": "1"}]}),
    detail("e", "unsized", at=11, container={"vcpus": 0, "memory": 0}),
]  # fmt: skip


def replayed(path, format_, **members):
    return build_workload(
        scenario(
            {"trace": {"format": format_, "path": path.name, **members}},
            environments=[environment(maxvCpus=64)],
            queues=[queue("queue")],
            definitions=[definition("task", vcpus="4", memory="2048")],
            base=path.parent,
        )
    )


def columns(work):
    return {
        "submitted_at": list(work.submitted_at),
        "runtime_s": list(work.runtime_s),
        "exit_code": list(work.exit_code),
        "open_dependencies": list(work.open_dependencies),
        "dependents": list(work.dependents),
        "shapes": [work.shapes[shape] for shape in work.shape],
        "queues": [work.groups[group].job_queue for group in work.group],
        "definitions": [work.groups[group].job_definition for group in work.group],
    }


@pytest.mark.parametrize("name", ["jobs.csv", "jobs.csv.gz", "jobs.parquet"])
def test_a_trace_replays_what_describe_jobs_says(tmp_path, name):
    source = tmp_path / "answer.json"
    record = [*RECORD[:4], {**RECORD[4], "container": {}}]
    source.write_text(json.dumps([{"jobs": record[3:]}, {"jobs": record[:3]}]))
    imported = import_jobs([source])
    imported.write(tmp_path / name)
    direct = columns(replayed(source, "describe-jobs"))
    assert direct["submitted_at"] == [0, 2.5, 3, 10, 11]
    assert direct["open_dependencies"] == [0, 1, 1, 2, 0]
    assert direct["exit_code"] == [0, 0, 3, 0, 0]
    assert columns(replayed(tmp_path / name, "parquet" if name.endswith("parquet") else "csv")) == direct


def test_the_entry_replays_the_trace(tmp_path):
    path = tmp_path / "my jobs.csv"
    imported = import_details(RECORD)
    imported.write(path)
    entry = imported.workload_entry("my jobs.csv")
    whole = f"""
name: replay
batch:
  computeEnvironments:
    - {{computeEnvironmentName: servers, type: UNMANAGED, unmanagedvCpus: 8}}
  jobQueues:
    - {{jobQueueName: queue, priority: 1, computeEnvironmentOrder: [{{order: 1, computeEnvironment: servers}}]}}
  jobDefinitions:
    - {{jobDefinitionName: task, type: container, containerProperties: {{image: busybox, vcpus: 1, memory: 512}}}}
workload:
{entry}
environment: {{preset: ideal}}
"""
    loaded = loads(whole, base=tmp_path)
    assert list(build_workload(loaded).runtime_s) == [40.25, 60, 1.001, 60, 60]
    assert "queues that the scenario must have: queue\n" in entry
    assert "definitions: task\n" in entry
    assert "2026-11-02T02:00:00Z" in entry


def test_no_account_id_is_written(tmp_path):
    imported = import_details(RECORD)
    imported.write(tmp_path / "jobs.csv")
    assert "123456789012" not in (tmp_path / "jobs.csv").read_text() + imported.workload_entry("jobs.csv")
    assert (imported.job_queues, imported.job_definitions) == (("queue",), ("task",))


def test_figures_of_a_row():
    frame = import_details(RECORD).frame
    assert frame.loc[3, ["job_name", "submitted_at", "runtime_s", "vcpus", "memory_mib", "gpus"]].tolist() == [
        "collect", 10.0, 60.0, 0.5, 300, 1,
    ]  # fmt: skip
    # 0 is what AWS prints where nothing was asked for: the definition says it.
    assert frame.loc[4, ["vcpus", "memory_mib"]].isna().all()


def test_jobs_that_are_waited_for_get_names_of_their_own():
    twins = [detail("a", "twin"), detail("b", "twin", at=1), detail("c", "twin-2", at=2), detail("d", "twin", at=3)]
    last = detail("z", "last", at=4, dependsOn=waiting("b", "c"))
    found = needs(import_details([*twins, last]))
    assert found["last"] == ["twin-3", "twin-2"]  # twin-2 is another job's
    # Nobody waits for the others: they keep their name.
    assert list(import_details([*twins, last]).frame.job_name) == ["twin", "twin-3", "twin-2", "twin", "last"]


def test_who_waits_for_an_array_waits_for_all_its_children(tmp_path):
    array = [parent("x", 3), *(child("x", index, runtime=10 * index + 1) for index in range(3))]
    imported = import_details([*array, detail("z", "last", at=4, dependsOn=waiting("x"))])
    assert needs(imported)["last"] == ["x-name-0", "x-name-1", "x-name-2"]
    assert list(imported.frame.runtime_s) == [1, 11, 21, 60]
    assert imported.skipped == {"parent of an array": 1}
    imported.write(tmp_path / "jobs.csv")
    assert list(replayed(tmp_path / "jobs.csv", "csv").open_dependencies) == [0, 0, 0, 3]


def test_children_wait_as_their_array_does():
    first = [parent("x", 2), child("x", 0), child("x", 1)]
    same = [parent("y", 2, dependsOn=[{"jobId": "x", "type": "N_TO_N"}]), child("y", 0, at=1), child("y", 1, at=1)]
    chain = [
        parent("z", 2, dependsOn=[{"type": "SEQUENTIAL"}, {"jobId": "y"}]), child("z", 0, at=2), child("z", 1, at=2),
    ]  # fmt: skip
    imported = import_details([*first, *same, *chain])
    frame = imported.frame
    assert list(frame.job_name[:5]) == ["x-name-0", "x-name-1", "y-name-0", "y-name-1", "z-name-0"]
    assert list(frame.depends_on) == [
        "", "", "x-name-0", "x-name-1", "y-name-0;y-name-1", "z-name-0;y-name-0;y-name-1",
    ]  # fmt: skip
    assert imported.notes == ()


def test_a_child_says_its_own_dependency():
    array = [child("x", 0), child("x", 1), child("y", 1, at=1, dependsOn=waiting("x:1"))]
    assert list(import_details(array).frame.depends_on) == ["", "", "x-name-1"]


def test_very_many_pairs_become_the_last_child(monkeypatch):
    monkeypatch.setattr(importer, "MOST_PAIRS", 5)
    record = [parent("x", 3), *(child("x", index, runtime=9 - index) for index in range(3))]
    record += [parent("y", 2, dependsOn=waiting("x")), child("y", 0, at=1), child("y", 1, at=1)]
    imported = import_details(record)
    assert set(imported.frame.depends_on[3:]) == {"x-name-0"}
    assert "2 dependencies on a whole array" in " ".join(imported.notes)
    monkeypatch.setattr(importer, "MOST_PAIRS", 6)
    assert set(import_details(record).frame.depends_on[3:]) == {"x-name-0;x-name-1;x-name-2"}


def test_what_is_left_out_is_counted():
    record = [
        detail("a", dependsOn=waiting("gone"), shareIdentifier="red", schedulingPriority=0),
        detail("b", attempts=[{"startedAt": START, "stoppedAt": START + 1}] * 2, shareIdentifier="blue"),
        detail("b", at=1),
        detail("n", nodeProperties={"numNodes": 2}),
        {**detail("w"), "attempts": [], "status": "FAILED"},
    ]
    imported = import_details(record)
    assert imported.skipped == {"multi-node job": 1, "no run time": 1, "described more than once": 1}
    assert imported.frame["share_identifier"].tolist() == ["red", ""]  # the later description of b holds
    assert imported.frame["scheduling_priority"].tolist()[0] == 0
    notes = "\n".join(imported.notes)
    assert "1 dependencies are left out" in notes
    never_ran = detail("b", attempts=[{"stoppedAt": START}, {"startedAt": START, "stoppedAt": START + 1}])
    assert "1 attempts never ran" in " ".join(import_details([never_ran]).notes)


def test_when_jobs_ran_and_what_failed_before_is_kept(tmp_path):
    # Created at 0 and 10 s; the first fails after 90 s with code 3, and runs for 600 s the second time.
    created = START
    attempts = [
        {"startedAt": created + 60_000, "stoppedAt": created + 150_000, "container": {"exitCode": 3}},
        {"startedAt": created + 200_000, "stoppedAt": created + 800_000},
    ]
    imported = import_details([detail("a", attempts=attempts), detail("b", at=10, runtime=30)])
    frame = imported.frame
    assert frame["started_at"].tolist() == [60, 100]
    assert frame["stopped_at"].tolist() == [800, 130]
    assert frame["earlier_runtimes_s"].tolist() == ["90.0", ""]
    assert frame["earlier_exit_codes"].tolist() == ["3", ""]
    for name in ("trace.csv", "trace.parquet"):
        imported.write(tmp_path / name)
        made = scenario(
            {"trace": {"format": name.partition(".")[2], "path": name}},
            environments=[environment()],
            queues=[queue("queue")],
            definitions=[{**definition(), "retryStrategy": {"attempts": 3}}],
            base=tmp_path,
        )
        work = build_workload(made)
        assert (work.runtime_s.tolist(), work.exit_code.tolist()) == ([90, 30], [3, 0])
        assert [work.later_attempt(0, number) for number in (2, 3)] == [(600, 0), (600, 0)]
        assert work.recorded.started_at.tolist() == [60, 100]
    assert "earlier_runtimes_s" not in import_details([detail("b")]).frame


def test_several_files_and_gzip(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"jobs": [RECORD[1]]}))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(json.dumps([{"jobs": [RECORD[0]]}]).encode()))
    imported = import_jobs([tmp_path / "a.json", tmp_path / "b.json.gz"])
    assert needs(imported) == {"prepare": [], "work": ["prepare"]}
    assert imported.first_submission == "2026-11-02T02:00:00Z"


def test_all_faults_come_at_once(tmp_path):
    (tmp_path / "broken.json").write_text('{"jobs": [\n')
    (tmp_path / "other.json").write_text('{"jobSummaryList": []}')
    with pytest.raises(bs.ScenarioError) as caught:
        import_jobs([tmp_path / "broken.json", tmp_path / "other.json", tmp_path / "absent.json"])
    texts = [str(finding).removeprefix(str(tmp_path)) for finding in caught.value.findings]
    assert texts[0].startswith("/broken.json:2")
    assert "other.json: [trace] no job in it" in texts[1]
    assert "absent.json: [trace] No such file" in texts[2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"createdAt": None}, "'a' has no createdAt"),
        ({"createdAt": 1e30}, "created at 1e+30"),
        ({"attempts": [], "status": "FAILED"}, "no job with a run time (1 no run time)"),
        ({"container": {"vcpus": 1e12}}, "asks for vcpus 1e+12"),
    ],
)
def test_what_no_job_can_be(changes, said):
    with pytest.raises(bs.ScenarioError) as caught:
        import_details([{**detail("a"), **changes}])
    assert said in str(caught.value)


def test_names_that_aws_would_not_take_do_not_break_the_table(tmp_path):
    odd = detail("a", "one;two\nthree", jobQueue='a\n"b')
    imported = import_details([odd, detail("b", at=1, dependsOn=waiting("a"))])
    assert needs(imported) == {"one-two-three": [], "b": ["one-two-three"]}
    assert "- trace:" in imported.workload_entry("x.csv").splitlines()[3]


def test_the_ending_says_the_format(tmp_path):
    imported = import_details(RECORD)
    with pytest.raises(bs.ScenarioError, match=r"expected \.csv, \.csv\.gz or \.parquet"):
        imported.write(tmp_path / "jobs.xlsx")
    with pytest.raises(OutputError, match="No such file"):
        imported.write(tmp_path / "absent" / "jobs.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_same_answer_gives_the_same_bytes(tmp_path):
    for name in ("a.csv.gz", "b.csv.gz", "a.parquet", "b.parquet"):
        import_details(RECORD).write(tmp_path / name)
    for suffix in ("csv.gz", "parquet"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_the_real_describe_jobs_answers(shared_data):
    folder = shared_data / "workloads" / "describe-jobs"
    array = [folder / "pcluster-single_array_job.json", folder / "pcluster-single_array_job_children.json"]
    imported = import_jobs(array)
    assert len(imported.frame) == 2
    assert imported.skipped == {"parent of an array": 1}
    with pytest.raises(bs.ScenarioError, match="multi-node job"):
        import_jobs([folder / "pcluster-single_mnp_job.json", folder / "pcluster-single_mnp_job_children.json"])


@dataclass(frozen=True)
class Stubbed(AwsAccount):
    """An account whose client is a stub."""

    stub: Any = None

    def client(self, service: str = "batch", *, once: bool = False) -> Any:
        assert service == "batch"
        return self.stub.client


@pytest.fixture
def stub() -> Iterator[Any]:
    import boto3
    from botocore.stub import Stubber

    client = boto3.client("batch", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def listed(*job_ids: str, at: float = 0, status: str = "SUCCEEDED", token: str = "", **members: Any) -> dict[str, Any]:
    created = START + round(at * 1000)
    summaries = [
        {"jobId": job_id, "jobName": job_id, "createdAt": created, "status": status, **members} for job_id in job_ids
    ]
    return {"jobSummaryList": summaries, **({"nextToken": token} if token else {})}


def describes(stub: Any, job_ids: list[str]) -> None:
    jobs = [{**detail(job_id), "startedAt": START} for job_id in job_ids]
    stub.add_response("describe_jobs", {"jobs": jobs}, {"jobs": job_ids})


def test_pages_and_batches_of_a_hundred(stub):
    first, second, failed = ([f"{kind}{n}" for n in range(60)] for kind in "abc")
    request = {"jobQueue": "queue", "jobStatus": "SUCCEEDED"}
    stub.add_response("list_jobs", listed(*first, token="more"), request)  # noqa: S106
    stub.add_response("list_jobs", listed(*second), {**request, "nextToken": "more"})
    stub.add_response("list_jobs", listed(*failed, status="FAILED"), {"jobQueue": "queue", "jobStatus": "FAILED"})
    every = [*first, *second, *failed]
    describes(stub, every[:100])
    describes(stub, every[100:])
    told = []
    found = live_jobs(Stubbed(stub=stub), "queue", on_progress=lambda *counts: told.append(counts))
    assert [job["jobId"] for job in found] == every
    assert told == [(100, 180), (180, 180)]
    assert len(import_details(found).frame) == 180


def test_arrays_are_expanded(stub):
    stub.add_response("list_jobs", listed("x", arrayProperties={"size": 3}))
    for status, indices in (("SUCCEEDED", "02"), ("FAILED", "1")):
        children = listed(*(f"x:{index}" for index in indices), status=status)
        stub.add_response("list_jobs", children, {"arrayJobId": "x", "jobStatus": status})
    # A child that is listed with the queue too is described once.
    stub.add_response("list_jobs", listed("x:1", status="FAILED", arrayProperties={"index": 1}))
    describes(stub, ["x", "x:0", "x:2", "x:1"])
    assert len(live_jobs(Stubbed(stub=stub), "queue")) == 4


def test_a_period_is_asked_for_with_a_filter(stub):
    since = datetime.fromtimestamp(START / 1000, UTC)
    request = {"jobQueue": "queue", "filters": [{"name": "AFTER_CREATED_AT", "values": [str(START - 1)]}]}
    answer = [listed("late", at=61), listed("end", at=60), listed("b", at=59), listed("run", status="RUNNING", at=1)]
    summaries = [summary for page in (*answer, listed("a", status="FAILED")) for summary in page["jobSummaryList"]]
    stub.add_response("list_jobs", {"jobSummaryList": summaries[:3], "nextToken": "t"}, request)
    stub.add_response("list_jobs", {"jobSummaryList": summaries[3:]}, {**request, "nextToken": "t"})
    describes(stub, ["b", "a"])
    until = datetime.fromtimestamp(START / 1000 + 60, UTC).replace(tzinfo=None)
    assert len(live_jobs(Stubbed(stub=stub), "queue", since, until)) == 2


def test_a_refusal_is_an_error_of_aws(stub):
    message = f"{ARN}:job-queue/quue does not exist"
    stub.add_client_error("list_jobs", "ClientException", message)
    with pytest.raises(bs.AwsError) as caught:
        live_jobs(Stubbed(stub=stub), "quue")
    assert (caught.value.operation, caught.value.request) == ("ListJobs", "quue")
    assert "123456789012" not in str(caught.value)


def test_an_empty_queue(stub):
    stub.add_response("list_jobs", listed())
    stub.add_response("list_jobs", listed())
    assert live_jobs(Stubbed(stub=stub), "queue") == []
    with pytest.raises(bs.ScenarioError, match="no job with a run time"):
        import_details([])


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fake AWS on loopback, without containers."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_queue_of_moto(endpoint, tmp_path):
    import requests

    # What another test left there is not this one's: the account is the process's.
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    requests.post(f"{endpoint}/moto-api/config", json={"batch": {"use_docker": False}}, timeout=10)
    account = AwsAccount(region="us-east-1", endpoint_url=endpoint)
    iam, batch = account.client("iam"), account.client()
    role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    batch.create_compute_environment(
        computeEnvironmentName="servers", type="UNMANAGED", unmanagedvCpus=8, serviceRole=role
    )
    order = [{"order": 1, "computeEnvironment": "servers"}]
    batch.create_job_queue(jobQueueName="queue", priority=1, state="ENABLED", computeEnvironmentOrder=order)
    batch.register_job_definition(**{**definition(), "containerProperties": {
        **definition()["containerProperties"], "command": ["true"]}})  # fmt: skip
    asked = {"jobQueue": "queue", "jobDefinition": "task"}
    first = batch.submit_job(jobName="first", **asked)["jobId"]
    array = {"arrayProperties": {"size": 3}, "dependsOn": [{"jobId": first}]}
    many = batch.submit_job(jobName="many", **array, **asked)["jobId"]

    for since in (None, datetime(2020, 1, 1, tzinfo=UTC)):
        imported = import_details(live_jobs(account, "queue", since))
        assert sorted(imported.frame.job_name) == ["first", "many", "many", "many"]
        assert imported.job_queues == ("queue",)
        assert imported.job_definitions == ("task",)
        assert imported.skipped == {"parent of an array": 1}
        told = batch.describe_jobs(jobs=[f"{many}:{index}" for index in range(3)] + [first])["jobs"]
        # In milliseconds; moto's jobs end as they begin, or in the millisecond after.
        lasted = [(each["stoppedAt"] - each["startedAt"]) / 1000 for each in told]
        assert sorted(imported.frame.runtime_s) == sorted(lasted)
    imported.write(tmp_path / "jobs.csv")
    assert len(replayed(tmp_path / "jobs.csv", "csv")) == 4
    assert live_jobs(account, "queue", datetime(2199, 1, 1, tzinfo=UTC)) == []


def test_children_of_an_array_come_by_their_index():
    record = [parent("x", 12), *(child("x", index, runtime=index + 1) for index in (10, 2, 11, 1, 0))]
    assert import_details(record).frame.runtime_s.tolist() == [1, 2, 3, 11, 12]
