"""An account on a server that stands for AWS: what is deployed to it, who else is in it, and what is in it."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REGION = "us-east-1"

#: What must never be printed: of the credentials, and of what the scenario gives its jobs.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAPLANTEDPLANTED00",
    "AWS_SECRET_ACCESS_KEY": "planted/secret/of/the/account",
    "AWS_SESSION_TOKEN": "planted-session-token",
}
PASSWORD = "planted-pa55word"  # noqa: S105 (planted, to be looked for)
SECRETS = (*CREDENTIALS.values(), PASSWORD, "123456789012")

NEIGHBOUR = "theirs"


def scenario(deployment: dict[str, Any], *, changed: bool = False) -> dict[str, Any]:
    """What is deployed; changed, an environment and a definition are replaced, one is gone, one is new."""
    container = {
        "image": "busybox",
        "environment": [{"name": "DB_PASSWORD", "value": PASSWORD}],
        "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "3600"}],
    }
    definitions: list[dict[str, Any]] = [
        {"jobDefinitionName": name, "type": "container", "containerProperties": container}
        for name in ("extract", "load", "extra" if changed else "old")
    ]
    environments: list[dict[str, Any]] = [
        {
            "computeEnvironmentName": name,
            "type": "MANAGED",
            "computeResources": {
                "type": kind,
                "allocationStrategy": strategy,
                "minvCpus": 0,
                "maxvCpus": 64,
                "instanceTypes": ["m5"],
            },
        }
        for name, kind, strategy in (
            ("spot", "SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED"),
            ("on-demand", "EC2", "BEST_FIT_PROGRESSIVE"),
        )
    ]
    if changed:
        # AWS changes no service role in place but from the linked one.
        environments[1]["serviceRole"] = deployment["serviceRole"].replace("/batch", "/instances")
        definitions[1]["timeout"] = {"attemptDurationSeconds": 600}
    job = {"runtime": "5m", "jobQueue": "nightly"}
    return {
        "name": "ours",
        "region": REGION,
        "batch": {
            "schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"shareDecaySeconds": 3600}}],
            "computeEnvironments": environments,
            "jobQueues": [
                _queue("nightly", 10, "spot", "on-demand"),
                _queue("urgent", 20, "on-demand"),
                {**_queue("shared", 30, "on-demand"), "schedulingPolicyArn": "fair"},
            ],
            "jobDefinitions": definitions,
        },
        "workload": [
            {
                "workflow": "etl",
                "jobs": [
                    {"jobName": "extract", "jobDefinition": "extract", **job, "arrayProperties": {"size": 3}},
                    {"jobName": "load", "jobDefinition": "load", **job, "dependsOn": [{"jobName": "extract"}]},
                ],
            }
        ],
        "deployment": deployment,
    }


def _queue(name: str, priority: int, *environments: str) -> dict[str, Any]:
    order = [{"order": n, "computeEnvironment": each} for n, each in enumerate(environments, 1)]
    return {"jobQueueName": name, "priority": priority, "computeEnvironmentOrder": order}


class Account:
    """The account, asked directly.

    Parameters
    ----------
    url : str
        Of the server.
    """

    def __init__(self, url: str) -> None:
        import boto3

        self.url = url
        session = boto3.Session(region_name=REGION)
        self._clients: dict[str, Any] = {
            "batch": session.client("batch", endpoint_url=url),
            "ec2": session.client("ec2", endpoint_url=url),
            "iam": session.client("iam", endpoint_url=url),
        }

    def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            client.close()

    def prepare(self) -> dict[str, Any]:
        """Empty it, make the roles and the network that Batch asks for, and what a neighbour has.

        Returns
        -------
        dict
            The ``deployment:`` section that names them.
        """
        _post(f"{self.url}/moto-api/reset")
        _post(f"{self.url}/moto-api/config", {"batch": {"use_docker": False}})
        iam, ec2 = self._clients["iam"], self._clients["ec2"]
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.create_role(RoleName="instances", AssumeRolePolicyDocument=trust)
        profile = iam.create_instance_profile(InstanceProfileName="instances")["InstanceProfile"]["Arn"]
        iam.add_role_to_instance_profile(InstanceProfileName="instances", RoleName="instances")
        network = {
            "subnets": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2],
            "securityGroupIds": [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]][:1],
        }
        self._settle_neighbour(role, network)
        return {**network, "instanceRole": profile, "serviceRole": role, "tags": {"team": "data"}}

    def _settle_neighbour(self, role: str, network: dict[str, Any]) -> None:
        """Another scenario's deployment of every kind, with a job; and an environment that nobody has tagged."""
        batch, tags = self._clients["batch"], {"batchsim:scenario": NEIGHBOUR}
        resources = {"type": "FARGATE", "maxvCpus": 4, **network}
        policy = batch.create_scheduling_policy(name=NEIGHBOUR, fairsharePolicy={"shareDecaySeconds": 60}, tags=tags)
        for name, more in ((NEIGHBOUR, {"tags": tags}), (f"{NEIGHBOUR}-by-hand", {})):
            batch.create_compute_environment(
                computeEnvironmentName=name, type="MANAGED", serviceRole=role, computeResources=resources, **more
            )
        order = [{"order": 1, "computeEnvironment": NEIGHBOUR}]
        batch.create_job_queue(
            jobQueueName=NEIGHBOUR, state="ENABLED", priority=1, computeEnvironmentOrder=order,
            schedulingPolicyArn=policy["arn"], tags=tags,
        )  # fmt: skip
        container = {"image": "busybox", "vcpus": 1, "memory": 512}
        batch.register_job_definition(
            jobDefinitionName=NEIGHBOUR, type="container", containerProperties=container, tags=tags
        )
        batch.submit_job(jobName=NEIGHBOUR, jobQueue=NEIGHBOUR, jobDefinition=NEIGHBOUR)

    def state(self) -> dict[str, list[str]]:
        """All that is in it, as texts, without what differs from one making of the same to the next.

        Nor the clusters in which instances run: AWS Batch removes them with their environment, this server does not.
        """
        batch, ec2 = self._clients["batch"], self._clients["ec2"]
        queues = batch.describe_job_queues()["jobQueues"]
        arns = [each["arn"] for each in batch.list_scheduling_policies()["schedulingPolicies"]]
        jobs: list[Any] = []
        for queue in queues:
            any_name = [{"name": "JOB_NAME", "values": ["*"]}]
            listed = batch.list_jobs(jobQueue=queue["jobQueueName"], filters=any_name)["jobSummaryList"]
            ids = [job["jobId"] for job in listed if ":" not in job["jobId"]]
            described = batch.describe_jobs(jobs=ids)["jobs"] if ids else []
            jobs += [{member: job.get(member) for member in ("jobName", "jobQueue", "tags")} for job in described]
        found = {
            "environments": batch.describe_compute_environments()["computeEnvironments"],
            "queues": queues,
            "policies": batch.describe_scheduling_policies(arns=arns)["schedulingPolicies"] if arns else [],
            "definitions": batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"],
            "jobs": jobs,
            "instances": [
                each["InstanceId"] for page in ec2.describe_instances()["Reservations"] for each in page["Instances"]
            ],
        }
        return {kind: sorted(json.dumps(_plain(each), sort_keys=True) for each in some) for kind, some in found.items()}


def neighbours(state: dict[str, list[str]]) -> dict[str, list[str]]:
    """What of an account is the neighbour's."""
    return {kind: [each for each in some if NEIGHBOUR in each] for kind, some in state.items()}


#: What another making of the same may have otherwise.
_PASSING = frozenset({"revision", "jobDefinitionArn", "ecsClusterArn", "uuid", "statusReason"})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {member: _plain(each) for member, each in value.items() if member not in _PASSING}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _post(url: str, content: object = None) -> None:
    data = json.dumps(content).encode() if content is not None else b""
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method="POST")  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310


@contextmanager
def server() -> Iterator[str]:
    """A server that stands for AWS, on loopback."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it tells each request
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        running.stop()


def write_scenarios(folder: Path, deployment: dict[str, Any]) -> tuple[Path, Path]:
    """Write what is deployed first, and what it is changed to."""
    paths = folder / "first.yaml", folder / "changed.yaml"
    for path, changed in zip(paths, (False, True), strict=True):
        path.write_text(json.dumps(scenario(deployment, changed=changed)), encoding="utf-8")  # JSON is YAML
    return paths
