"""A Batch endpoint on loopback: botocore's own protocol, and the documented state machine.

It does what moto does not: environments and queues that are CREATING, UPDATING, DELETING or INVALID for a while,
updates of compute resources, consumable resources, and refusals. Any request can be made to fail, before or after it
had its effect. AWS Batch API, operation texts; AWS Batch User Guide, *Update a compute environment*.
"""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.validate import ParamValidator

from batchsim.aws.client import AwsAccount
from batchsim.scenario.batch.service_model import service_model
from batchsim.scenario.document.access import base_name
from tests.aws.fake_rules import (
    RefusedError,
    check_allowed,
    check_definition,
    check_environment,
    check_queue,
    check_submission,
)

ARN = "arn:aws:batch:us-east-1:123456789012"
LINKED_ROLE = "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
BUSY = ("CREATING", "UPDATING", "DELETING")
INFRASTRUCTURE = {
    "allocationStrategy", "instanceTypes", "ec2KeyPair", "instanceRole", "tags", "bidPercentage", "launchTemplate",
    "ec2Configuration", "imageId", "placementGroup", "subnets", "securityGroupIds", "type",
}  # fmt: skip


MANAGED, PROVIDER = "ECS_MANAGED_INSTANCES", "managedInstancesProvider"


def together(values: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Nested values with changes to some of them."""
    both = {
        key: together(values[key], each) for key, each in changed.items() if isinstance(each, dict) and key in values
    }
    return {**values, **changed, **both}


@dataclass(frozen=True)
class Call:
    """One request that arrived."""

    operation: str
    parameters: dict[str, Any]


@dataclass
class Resource:
    """An environment or a queue: what is described, and how many looks until its next state."""

    values: dict[str, Any]
    looks: int = 0
    reason: str = ""


@dataclass
class FakeBatch:
    """The endpoint.

    Attributes
    ----------
    polls : int
        How many descriptions show a passing state before the next one.
    page_size : int
        Items of a page at most.
    broken_roles : dict
        Role → why an environment with it turns INVALID.
    """

    polls: int = 2
    page_size: int = 100
    broken_roles: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    environments: dict[str, Resource] = field(default_factory=dict)
    queues: dict[str, Resource] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    consumables: dict[str, dict[str, Any]] = field(default_factory=dict)
    definitions: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __enter__(self) -> FakeBatch:
        self._lock = threading.Lock()
        self._faults: dict[int, str] = {}
        self._accounts: dict[int, AwsAccount] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fake._answer(self)

            def do_GET(self) -> None:
                """EventBridge Scheduler, asked for a group of schedules: it has none."""
                self.send_response(404)
                self.send_header("x-amzn-errortype", "ResourceNotFoundException")
                self.end_headers()
                self.wfile.write(b'{"Message": "Schedule group does not exist."}')

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def account(self, attempts: int = 1) -> AwsAccount:
        """Where a deployment is to be sent; clients are made once."""
        if attempts not in self._accounts:
            self._accounts[attempts] = AwsAccount(region="us-east-1", endpoint_url=self.url, attempts=attempts)
        return self._accounts[attempts]

    def reset(self) -> None:
        """Forget everything, and that there were to be faults."""
        for kept in (
            self.calls, self.environments, self.queues, self.policies, self.consumables, self.definitions, self.jobs,
            self._faults,
        ):  # fmt: skip
            kept.clear()

    def fail_at(self, request: int, kind: str) -> None:
        """Let the request with this number from now (from 1) fail: throttle, error, error_after, timeout, denied."""
        self._faults[len(self.calls) + request] = kind

    def changes(self) -> list[Call]:
        """Requests that ask for a change."""
        return [call for call in self.calls if not re.match("Describe|List", call.operation)]

    def resources(self) -> dict[str, Any]:
        """All there is, without what differs from one run to the next."""
        return {
            "environments": {name: resource.values for name, resource in self.environments.items()},
            "queues": {name: resource.values for name, resource in self.queues.items()},
            "policies": self.policies,
            "consumables": self.consumables,
            "definitions": [d for d in self.definitions if d["status"] == "ACTIVE"],
            "jobs": {job["tags"].get("batchsim:job", key): job["jobName"] for key, job in self.jobs.items()},
        }

    # The protocol

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        with self._lock:
            operation, parameters = _parsed(handler.command, handler.path, body)
            self.calls.append(Call(operation, parameters))
            fault = self._faults.pop(len(self.calls), "")
            status, code, content = 200, "", {}
            if fault == "throttle":
                status, code, content = 429, "TooManyRequestsException", {"message": "Rate exceeded"}
            elif fault == "denied":
                status, code, content = 403, "AccessDeniedException", {"message": "not authorized"}
            elif fault == "error":
                status, code, content = 500, "ServerException", {"message": "internal"}
            else:
                try:
                    content = self._perform(operation, parameters)
                except RefusedError as refusal:
                    status, code, content = 400, "ClientException", {"message": str(refusal)}
                if fault == "error_after":
                    status, code, content = 500, "ServerException", {"message": "internal"}
        if fault == "timeout":
            handler.close_connection = True
            handler.connection.close()
            return
        data = json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(data)))
        if code:
            handler.send_header("x-amzn-errortype", code)
        handler.end_headers()
        handler.wfile.write(data)

    def _perform(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        action = _ACTIONS.get(operation)
        if action is None:
            raise RefusedError(f"{operation} is not known here")
        shape = service_model("batch").operation_model(operation).input_shape
        report = ParamValidator().validate(parameters, shape)
        if report.has_errors():
            raise RefusedError(report.generate_report())
        check_allowed(parameters, shape)
        return copy.deepcopy(action(self, parameters))

    def _page(self, parameters: dict[str, Any], items: list[Any], member: str) -> dict[str, Any]:
        start = int(parameters.get("nextToken") or 0)
        end = start + min(self.page_size, parameters.get("maxResults") or self.page_size)
        more = {"nextToken": str(end)} if end < len(items) else {}
        return {member: items[start:end], **more}

    # What passes

    def _look(self, resources: dict[str, Resource]) -> None:
        """One look: passing states are one look older."""
        for name, resource in list(resources.items()):
            if resource.values["status"] not in BUSY:
                continue
            resource.looks += 1
            if resource.looks <= self.polls:
                continue
            resource.looks = 0
            if resource.values["status"] == "DELETING":
                del resources[name]
            elif resource.reason:
                resource.values |= {"status": "INVALID", "statusReason": resource.reason}
            else:
                resource.values |= {"status": "VALID", "statusReason": "Healthy"}

    @staticmethod
    def _get(resources: dict[str, Resource], reference: str) -> Resource:
        resource = resources.get(base_name(reference))
        if resource is None:
            raise RefusedError(f"{reference} does not exist")
        return resource

    def _change(self, resource: Resource, status: str) -> None:
        if resource.values["status"] in BUSY:
            raise RefusedError(f"Cannot change, resource is being modified ({resource.values['status']})")
        resource.values |= {"status": status}
        resource.looks = 0
        if self.polls == 0:
            self._look(self.environments)
            self._look(self.queues)

    # Compute environments

    def create_environment(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["computeEnvironmentName"]
        if name in self.environments:
            raise RefusedError("Object already exists")
        check_environment(request)
        described = copy.deepcopy(request)
        described.setdefault("serviceRole", LINKED_ROLE)
        described |= {
            "computeEnvironmentArn": f"{ARN}:compute-environment/{name}",
            "ecsClusterArn": f"arn:aws:ecs:us-east-1:123456789012:cluster/{name}_Batch",
            "containerOrchestrationType": "ECS",
            "status": "VALID",
            "state": request.get("state", "ENABLED"),
            "tags": request.get("tags", {}),
        }
        resources = described.get("computeResources")
        if resources and resources["type"] in ("EC2", "SPOT"):
            resources.setdefault("minvCpus", 0)
            resources.setdefault("desiredvCpus", 0)
            resources.setdefault("ec2Configuration", [{"imageType": "ECS_AL2023"}])
        roles = [described["serviceRole"], (resources or {}).get("instanceRole")]
        reason = next((self.broken_roles[role] for role in roles if role in self.broken_roles), "")
        resource = self.environments[name] = Resource(described, reason=reason)
        self._change(resource, "CREATING")
        return {"computeEnvironmentName": name, "computeEnvironmentArn": described["computeEnvironmentArn"]}

    def describe_environments(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._look(self.environments)
        names = [base_name(name) for name in parameters.get("computeEnvironments", self.environments)]
        found = [self.environments[name].values for name in names if name in self.environments]
        return self._page(parameters, found, "computeEnvironments")

    def update_environment(self, request: dict[str, Any]) -> dict[str, Any]:
        resource = self._get(self.environments, request["computeEnvironment"])
        values, changed = resource.values, request.get("computeResources", {})
        if values["status"] in BUSY:
            raise RefusedError(f"Cannot update, resource is being modified ({values['status']})")
        present = values.get("computeResources", {})
        if changed.get("type", present.get("type")) != present.get("type") and MANAGED in (
            changed["type"],
            present["type"],
        ):
            raise RefusedError(f"type can't be changed to or from {MANAGED}")
        if set(changed) & INFRASTRUCTURE and present.get("type") in ("EC2", "SPOT"):
            strategies = {present.get("allocationStrategy", "BEST_FIT"), changed.get("allocationStrategy")}
            if "BEST_FIT" in strategies or "aws-service-role" not in values["serviceRole"]:
                raise RefusedError("Fields can be updated for CE only with Allocation Strategy BEST_FIT_PROGRESSIVE")
        merged = {**present, **changed}
        if present.get("type") == MANAGED:
            merged[PROVIDER] = together(present[PROVIDER], changed.get(PROVIDER, {}))
        for member in ("ec2KeyPair", "imageId", "placementGroup"):
            if merged.get(member) == "":
                del merged[member]
        if "" in (merged.get("launchTemplate") or {}).values():
            del merged["launchTemplate"]
        new = {**values, **{k: v for k, v in request.items() if k in ("state", "serviceRole", "unmanagedvCpus")}}
        if present:
            new["computeResources"] = merged
        check_environment({**new, "state": "ENABLED"})
        values |= new
        self._change(resource, "UPDATING")
        return {"computeEnvironmentName": values["computeEnvironmentName"]}

    def delete_environment(self, request: dict[str, Any]) -> dict[str, Any]:
        resource = self._get(self.environments, request["computeEnvironment"])
        if resource.values["state"] != "DISABLED":
            raise RefusedError("Cannot delete, state must be DISABLED")
        arn = resource.values["computeEnvironmentArn"]
        for queue in self.queues.values():
            if arn in [entry["computeEnvironment"] for entry in queue.values["computeEnvironmentOrder"]]:
                raise RefusedError("Cannot delete, found existing JobQueue relationship")
        self._change(resource, "DELETING")
        return {}

    # Job queues

    def _order(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for entry in entries:
            resource = self._get(self.environments, entry["computeEnvironment"])
            if resource.values["status"] not in ("VALID", "UPDATING"):
                raise RefusedError(f"{entry['computeEnvironment']} is not VALID")
        kinds = [
            (self._get(self.environments, entry["computeEnvironment"]).values.get("computeResources") or {}).get("type")
            for entry in entries
        ]
        check_queue(entries, kinds)
        return [{**e, "computeEnvironment": f"{ARN}:compute-environment/{base_name(e['computeEnvironment'])}"}
                for e in entries]  # fmt: skip

    def create_queue(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["jobQueueName"]
        if name in self.queues:
            raise RefusedError("Object already exists")
        if not 0 <= request["priority"] <= 1000:
            raise RefusedError("Priority must be between 0 and 1000")
        if "schedulingPolicyArn" in request:
            self._policy(request["schedulingPolicyArn"])
        described = {
            "state": "ENABLED",
            "tags": {},
            "jobStateTimeLimitActions": [],
            **copy.deepcopy(request),
            "computeEnvironmentOrder": self._order(request.get("computeEnvironmentOrder", [])),
            "jobQueueArn": f"{ARN}:job-queue/{name}",
            "status": "VALID",
        }
        resource = self.queues[name] = Resource(described)
        self._change(resource, "CREATING")
        return {"jobQueueName": name, "jobQueueArn": described["jobQueueArn"]}

    def describe_queues(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._look(self.queues)
        names = [base_name(name) for name in parameters.get("jobQueues", self.queues)]
        return self._page(parameters, [self.queues[n].values for n in names if n in self.queues], "jobQueues")

    def update_queue(self, request: dict[str, Any]) -> dict[str, Any]:
        resource = self._get(self.queues, request["jobQueue"])
        changed = {member: value for member, value in request.items() if member != "jobQueue"}
        if "schedulingPolicyArn" in changed:
            self._policy(changed["schedulingPolicyArn"])
            if "schedulingPolicyArn" not in resource.values:
                raise RefusedError("A scheduling policy can't be added to a FIFO queue")
        if "computeEnvironmentOrder" in changed:
            changed["computeEnvironmentOrder"] = self._order(changed["computeEnvironmentOrder"])
        self._change(resource, "UPDATING")
        resource.values |= changed
        return {}

    def delete_queue(self, request: dict[str, Any]) -> dict[str, Any]:
        resource = self._get(self.queues, request["jobQueue"])
        if resource.values["state"] != "DISABLED":
            raise RefusedError("Cannot delete, state must be DISABLED")
        self._change(resource, "DELETING")
        for job in self.jobs.values():
            if job["jobQueue"] == resource.values["jobQueueArn"] and job["status"] not in ("SUCCEEDED", "FAILED"):
                job["status"] = "FAILED"
        return {}

    # Scheduling policies and consumable resources

    def _policy(self, arn: str) -> dict[str, Any]:
        policy = next((each for each in self.policies.values() if each["arn"] == arn), None)
        if policy is None:
            raise RefusedError(f"{arn} does not exist")
        return policy

    def create_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["name"]
        if name in self.policies:
            raise RefusedError("Object already exists")
        self.policies[name] = {"tags": {}, **copy.deepcopy(request), "arn": f"{ARN}:scheduling-policy/{name}"}
        return {"name": name, "arn": self.policies[name]["arn"]}

    def list_policies(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._page(parameters, [{"arn": each["arn"]} for each in self.policies.values()], "schedulingPolicies")

    def describe_policies(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"schedulingPolicies": [p for p in self.policies.values() if p["arn"] in parameters["arns"]]}

    def update_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        self._policy(request["arn"]).update(fairsharePolicy=request["fairsharePolicy"])
        return {}

    def delete_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        policy = self._policy(request["arn"])
        if any(queue.values.get("schedulingPolicyArn") == policy["arn"] for queue in self.queues.values()):
            raise RefusedError("Cannot delete, in use by a job queue")
        del self.policies[policy["name"]]
        return {}

    def create_consumable(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["consumableResourceName"]
        if name in self.consumables:
            raise RefusedError("Object already exists")
        arn = f"{ARN}:consumable-resource/{name}"
        defaults = {"resourceType": "REPLENISHABLE", "totalQuantity": 0, "tags": {}}
        self.consumables[name] = {**defaults, **copy.deepcopy(request), "consumableResourceArn": arn}
        return {"consumableResourceName": name, "consumableResourceArn": arn}

    def list_consumables(self, parameters: dict[str, Any]) -> dict[str, Any]:
        members = ("consumableResourceArn", "consumableResourceName", "totalQuantity")
        listed = [{member: each[member] for member in members} for each in self.consumables.values()]
        return self._page(parameters, listed, "consumableResources")

    def _consumable(self, reference: str) -> dict[str, Any]:
        if base_name(reference) not in self.consumables:
            raise RefusedError(f"{reference} does not exist")
        return self.consumables[base_name(reference)]

    def describe_consumable(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._consumable(parameters["consumableResource"])

    def update_consumable(self, request: dict[str, Any]) -> dict[str, Any]:
        resource = self._consumable(request["consumableResource"])
        if request["operation"] != "SET":
            raise RefusedError("only SET is known here")
        resource["totalQuantity"] = request["quantity"]
        return {}

    def delete_consumable(self, request: dict[str, Any]) -> dict[str, Any]:
        del self.consumables[self._consumable(request["consumableResource"])["consumableResourceName"]]
        return {}

    # Job definitions

    def register(self, request: dict[str, Any]) -> dict[str, Any]:
        check_definition(request)
        name = request["jobDefinitionName"]
        revision = 1 + sum(each["jobDefinitionName"] == name for each in self.definitions)
        arn = f"{ARN}:job-definition/{name}:{revision}"
        described = {
            "tags": {},
            "parameters": {},
            **copy.deepcopy(request),
            "revision": revision,
            "jobDefinitionArn": arn,
            "status": "ACTIVE",
        }
        for member in ("mountPoints", "volumes", "environment", "ulimits", "secrets"):
            if "containerProperties" in described:
                described["containerProperties"].setdefault(member, [])
        self.definitions.append(described)
        return {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": revision}

    def describe_definitions(self, parameters: dict[str, Any]) -> dict[str, Any]:
        found = [
            each
            for each in self.definitions
            if each["status"] == parameters.get("status", each["status"])
            and each["jobDefinitionName"] == parameters.get("jobDefinitionName", each["jobDefinitionName"])
        ]
        return self._page(parameters, found, "jobDefinitions")

    def _definition(self, reference: str) -> dict[str, Any]:
        tail = reference.rsplit("/", 1)[-1]
        active = [each for each in self.definitions if each["status"] == "ACTIVE"]
        found = [each for each in active if tail in (each["jobDefinitionName"], each["jobDefinitionArn"].split("/")[1])]
        if not found:
            raise RefusedError(f"{reference} is not an active job definition")
        return found[-1]

    def deregister(self, request: dict[str, Any]) -> dict[str, Any]:
        self._definition(request["jobDefinition"])["status"] = "INACTIVE"
        return {}

    # Jobs

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        queue = self._get(self.queues, request["jobQueue"]).values
        definition = self._definition(request["jobDefinition"])
        check_submission(request, queue, definition, self.jobs)
        number = f"{len(self.jobs):032x}"
        job = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
        self.jobs[job] = {
            "tags": {},
            "dependsOn": [],
            **copy.deepcopy(request),
            "jobId": job,
            "jobQueue": queue["jobQueueArn"],
            "jobDefinition": definition["jobDefinitionArn"],
            "status": "PENDING" if request.get("dependsOn") else "RUNNABLE",
            "createdAt": 1_790_000_000_000 + len(self.jobs),
            "startedAt": 0,
        }
        return {"jobId": job, "jobName": request["jobName"]}

    def list_jobs(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if sum(member in parameters for member in ("jobQueue", "arrayJobId", "multiNodeJobId")) != 1:
            raise RefusedError("exactly one of jobQueue, arrayJobId, multiNodeJobId")
        queue = self._get(self.queues, parameters["jobQueue"]).values["jobQueueArn"]
        found = [job for job in self.jobs.values() if job["jobQueue"] == queue]
        for condition in parameters.get("filters", []):
            pattern = condition["values"][0].lower()
            found = [
                job for job in found
                if job["jobName"].lower() == pattern
                or (pattern.endswith("*") and job["jobName"].lower().startswith(pattern[:-1]))
            ]  # fmt: skip
        if not parameters.get("filters"):
            found = [job for job in found if job["status"] == parameters.get("jobStatus", "RUNNING")]
        summary = [{"jobId": job["jobId"], "jobName": job["jobName"]} for job in reversed(found)]
        return self._page(parameters, summary, "jobSummaryList")

    def describe_jobs(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if len(parameters["jobs"]) > 100:
            raise RefusedError("100 jobs at most")
        return {"jobs": [self.jobs[job] for job in parameters["jobs"] if job in self.jobs]}

    # Tags

    def tag(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tagged(request["resourceArn"]).update(request["tags"])
        return {}

    def _tagged(self, arn: str) -> dict[str, str]:
        for resource in (*self.environments.values(), *self.queues.values()):
            if arn in resource.values.values():
                return resource.values["tags"]
        for values in (*self.policies.values(), *self.consumables.values(), *self.definitions):
            if arn in values.values():
                return values["tags"]
        raise RefusedError(f"{arn} does not exist")


_ACTIONS: dict[str, Callable[[FakeBatch, dict[str, Any]], dict[str, Any]]] = {
    "CreateComputeEnvironment": FakeBatch.create_environment,
    "DescribeComputeEnvironments": FakeBatch.describe_environments,
    "UpdateComputeEnvironment": FakeBatch.update_environment,
    "DeleteComputeEnvironment": FakeBatch.delete_environment,
    "CreateJobQueue": FakeBatch.create_queue,
    "DescribeJobQueues": FakeBatch.describe_queues,
    "UpdateJobQueue": FakeBatch.update_queue,
    "DeleteJobQueue": FakeBatch.delete_queue,
    "CreateSchedulingPolicy": FakeBatch.create_policy,
    "ListSchedulingPolicies": FakeBatch.list_policies,
    "DescribeSchedulingPolicies": FakeBatch.describe_policies,
    "UpdateSchedulingPolicy": FakeBatch.update_policy,
    "DeleteSchedulingPolicy": FakeBatch.delete_policy,
    "CreateConsumableResource": FakeBatch.create_consumable,
    "ListConsumableResources": FakeBatch.list_consumables,
    "DescribeConsumableResource": FakeBatch.describe_consumable,
    "UpdateConsumableResource": FakeBatch.update_consumable,
    "DeleteConsumableResource": FakeBatch.delete_consumable,
    "RegisterJobDefinition": FakeBatch.register,
    "DescribeJobDefinitions": FakeBatch.describe_definitions,
    "DeregisterJobDefinition": FakeBatch.deregister,
    "SubmitJob": FakeBatch.submit,
    "ListJobs": FakeBatch.list_jobs,
    "DescribeJobs": FakeBatch.describe_jobs,
    "TagResource": FakeBatch.tag,
}


def _parsed(method: str, target: str, body: bytes) -> tuple[str, dict[str, Any]]:
    """The operation of a request, and its parameters."""
    url = urlsplit(target)
    for name in service_model("batch").operation_names:
        http = service_model("batch").operation_model(name).http
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(http["requestUri"]))
        match = re.fullmatch(pattern, url.path)
        if http["method"] == method and match:
            query = dict(parse_qs(url.query))
            path = {key: unquote(value) for key, value in match.groupdict().items()}
            return name, {**json.loads(body or b"{}"), **path, **query}
    return target, {}
