"""What jobs ran on: told by what is in a file, whatever it stands in, odd descriptions counted."""

from __future__ import annotations

import json
import math

import pytest

from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.machines import (
    BACKWARDS_MACHINES,
    FAILED_ACTIVITIES,
    MACHINES_AGAIN,
    UNDATED,
)
from batchsim.errors import ScenarioError
from tests.aws.histories.said import (
    MONDAY,
    activity,
    container_instance,
    ec2_id,
    instance_arn,
    refuse_other_than_aws,
    task,
    task_arn,
)
from tests.aws.histories.test_answers import job


def read(tmp_path, *files):
    paths = []
    for number, content in enumerate(files):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_history(paths)


JOBS = {"jobs": [job()]}


def test_the_answers_that_are_tested_with_are_aws_s():
    refuse_other_than_aws("ecs", "DescribeTasksResponse", {"tasks": [task(1)]})
    refuse_other_than_aws("ecs", "DescribeContainerInstancesResponse", {"containerInstances": [container_instance(1)]})
    told = activity(1) | {"Progress": 100}
    refuse_other_than_aws("autoscaling", "ActivitiesType", {"Activities": [told]})


def test_a_task_an_instance_and_activities_as_they_were(tmp_path):
    found = read(
        tmp_path,
        JOBS,
        {"tasks": [task(7)], "failures": []},
        {"containerInstances": [container_instance(1)]},
        {"Activities": [activity(1), activity(1, 500, 560, launches=False, cause="user request")]},
    )
    (one,) = found.tasks
    assert (one.task, one.instance, one.image) == (task_arn(7), instance_arn(1), "repo/app:1")
    assert (one.pull_started_at - MONDAY, one.pull_stopped_at - MONDAY, one.started_at - MONDAY) == (10, 25, 27)
    (machine,) = found.instances
    assert (machine.instance_type, machine.image, machine.memory_mib) == ("m6i.large", "ami-1", 7739)
    assert (machine.ec2_instance, machine.environment) == (ec2_id(1), "fleet")
    assert machine.registered_at == MONDAY + 60
    launch, end = found.activities
    assert (launch.launches, launch.begun_at, launch.ended_at) == (True, MONDAY, MONDAY + 35)
    assert (end.launches, end.begun_at, end.cause, end.environment) == (False, MONDAY + 500, "user request", "fleet")
    assert found.notes == {}


def test_all_in_one_file_events_and_other_spellings_are_the_same(tmp_path):
    apart = read(tmp_path, JOBS, {"tasks": [task(7)]}, {"Activities": [activity(1)]})
    event = {"detail-type": "ECS Task State Change", "time": "2026-11-02T00:00:00Z", "detail": task(7)}
    shouted = {key[0].upper() + key[1:]: value for key, value in task(7).items()}
    for said in (event, {"Tasks": [shouted]}, {"events": [{"message": json.dumps(event)}]}):
        together = read(tmp_path, [JOBS, said, {"Activities": [activity(1)]}])
        assert (together.jobs, together.tasks, together.activities) == (apart.jobs, apart.tasks, apart.activities)


def test_numbers_of_ecs_are_seconds(tmp_path):
    told = task(7, createdAt=MONDAY + 0.5)
    assert read(tmp_path, JOBS, {"tasks": [told]}).tasks[0].created_at == MONDAY + 0.5


def test_a_job_knows_its_task(tmp_path):
    ran = {"startedAt": 1, "stoppedAt": 2, "container": {"taskArn": task_arn(7)}}
    assert read(tmp_path, {"jobs": [job(attempts=[ran])]}).jobs[0].attempts[0].task == task_arn(7)


def test_what_is_odd_is_counted(tmp_path):
    found = read(
        tmp_path,
        JOBS,
        {"tasks": [task(1), task(1), task(2, pull=None), task(3, pull=(30.0, 20.0))]},
        {
            "Activities": [
                activity(1, status="Failed"),
                activity(2, 50, 20),
                {**activity(3), "Description": "Launching"},
            ]
        },
    )
    assert found.notes == {MACHINES_AGAIN: 1, UNDATED: 2, BACKWARDS_MACHINES: 2, FAILED_ACTIVITIES: 1}
    assert (len(found.tasks), len(found.activities)) == (1, 0)


def test_of_two_descriptions_the_one_that_says_more_holds(tmp_path):
    pulling = {key: value for key, value in task(1).items() if key not in ("pullStoppedAt", "startedAt")}
    for pages in ([task(1), pulling], [pulling, task(1)]):
        assert not math.isnan(read(tmp_path, JOBS, {"tasks": pages}).tasks[0].pull_stopped_at)


def test_machines_alone_are_no_history(tmp_path):
    with pytest.raises(ScenarioError, match="no job in it"):
        read(tmp_path, {"tasks": [task(1)]})


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("my-ce_Batch_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "my-ce"),
        ("AWSBatch-my_ce-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "my_ce"),
        ("default", ""),
    ],
)
def test_the_environment_is_in_the_cluster_s_name(tmp_path, name, environment):
    told = container_instance(1)
    told["containerInstanceArn"] = f"arn:aws:ecs:us-east-1:1:container-instance/{name}/aa"
    assert read(tmp_path, JOBS, {"containerInstances": [told]}).instances[0].environment == environment
