"""What an account tells of its jobs and of what they ran on, asked now; nothing is changed.

AWS Batch is asked for the jobs of each queue that finished or run, ECS for the container instances and tasks in the
clusters of the compute environments, Auto Scaling for the activities of their groups. An account that may not be asked
for the last two is learnt from without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from batchsim.aws.client import AwsAccount, aws_errors
from batchsim.aws.descriptions import described, pages, some_at_once
from batchsim.aws.histories.machines import environment_in
from batchsim.aws.importers.live_jobs import FINISHED, live_jobs
from batchsim.errors import AwsError, Finding

#: Jobs that are asked for: those that run were there for as long as they ran.
_STATUSES = ("RUNNING", *FINISHED)


def live_answers(
    account: AwsAccount, queues: Sequence[str], environments: Sequence[str], since: datetime | None = None
) -> tuple[list[Any], tuple[Finding, ...]]:
    """Answers for `read_history`, and what could not be asked for.

    Parameters
    ----------
    queues : sequence of str
        Names of the job queues.
    environments : sequence of str
        Names of the compute environments that they use.
    since : datetime, optional
        Only jobs created since then; UTC where there is no offset.

    Raises
    ------
    AwsError
        If AWS Batch refuses or does not answer.
    """
    answers: list[Any] = [{"jobs": live_jobs(account, queue, since, statuses=_STATUSES)} for queue in queues]
    notes = []
    for what, ask in (
        ("container instances and tasks of ECS", _of_clusters),
        ("activities of Auto Scaling", _of_groups),
    ):
        try:
            answers += ask(account, environments)
        except AwsError as error:
            message = f"left out: {what}: {error}"
            notes.append(Finding("left-out", "history", message, severity="info", file="<account>"))
    return answers, tuple(notes)


def _of_clusters(account: AwsAccount, environments: Sequence[str]) -> list[Any]:
    """Container instances, and tasks: those that run, and those that stopped within the last hour or so."""
    ecs = account.client("ecs")
    found: list[Any] = []
    for environment in described(account.client(), "computeEnvironments", environments):
        cluster = environment.get("ecsClusterArn")
        if not cluster:
            continue
        instances = list(pages(ecs, "ListContainerInstances", "containerInstanceArns", cluster, cluster=cluster))
        for some in some_at_once(instances):
            with aws_errors("DescribeContainerInstances", cluster):
                found.append(ecs.describe_container_instances(cluster=cluster, containerInstances=some))
        for status in ("RUNNING", "STOPPED"):
            tasks = list(pages(ecs, "ListTasks", "taskArns", cluster, cluster=cluster, desiredStatus=status))
            for some in some_at_once(tasks):
                with aws_errors("DescribeTasks", cluster):
                    found.append(ecs.describe_tasks(cluster=cluster, tasks=some))
    return found


def _of_groups(account: AwsAccount, environments: Sequence[str]) -> list[Any]:
    """The activities of the last six weeks."""
    scaling = account.client("autoscaling")
    groups = [
        str(group["AutoScalingGroupName"])
        for group in pages(scaling, "DescribeAutoScalingGroups", "AutoScalingGroups")
        if environment_in(str(group["AutoScalingGroupName"])) in environments
    ]
    return [
        {
            "Activities": list(
                pages(scaling, "DescribeScalingActivities", "Activities", group, AutoScalingGroupName=group)
            )
        }
        for group in groups
    ]
