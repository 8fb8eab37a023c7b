"""Files that hold no configuration of AWS Batch and are pasted by mistake: by name, with the next step."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batchsim.errors import Finding
from batchsim.scenario.document.content import ZIP, kind_of_binary

_SHOW = "`terraform show -json` of a plan or the state into a file, or `batchsim import config --live`"
_DESCRIBE = "what `aws batch describe-compute-environments`, `describe-job-queues`, `describe-job-definitions` print"
_TEMPLATE = "the CloudFormation template that it makes"

_HCL = re.compile(
    r"""^[ \t]*((resource|data)\s+"[^"\n]+"\s+"[^"\n]+"|(variable|output|provider|module)\s+"[^"\n]+"|terraform"""
    r"""|locals)\s*\{""",
    re.MULTILINE,
)
#: Characters of a text that tell what it is.
_TELLING = 1_000_000
#: What a text is that is neither YAML nor JSON: its ending or its beginning, what it is called, what to do.
_TEXTS: tuple[tuple[Callable[[Path, str], bool], str, str], ...] = (
    (lambda path, text: path.suffix in {".tf", ".hcl", ".tofu"} or bool(_HCL.search(text, 0, _TELLING)),
     "Terraform's HCL", _SHOW),
    (lambda path, _: path.suffix == ".tfvars", "a file of Terraform's variables", _SHOW),
    (lambda path, _: path.suffix in {".ts", ".py", ".js", ".go", ".java", ".cs"}, "a program, such as a CDK app",
     f"{_TEMPLATE} (`cdk synth`)"),
    (lambda path, text: path.suffix == ".bicep" or "targetScope" in text[:200], "Bicep, which is Azure's", _DESCRIBE),
    (lambda path, text: path.suffix in {".nf", ".config"} and "process" in text, "a Nextflow script or configuration",
     _DESCRIBE),
)  # fmt: skip


def named(path: Path, text: str) -> Finding | None:
    """What a text is that can't be read as YAML or JSON; None for one that is not known."""
    for is_it, what, step in _TEXTS:
        if is_it(path, text):
            return _finding(path, what, step)
    return None


def binary(path: Path, beginning: bytes) -> Finding | None:
    """What a file is that is no text."""
    if kind_of_binary(beginning) == ZIP:
        return _finding(path, "an archive; a saved plan of Terraform is one", "`terraform show -json FILE` of a plan")
    return None


def _has(*keys: str) -> Callable[[dict[str, Any]], bool]:
    return lambda values: all(key in values for key in keys)


_JOBS = "`batchsim import jobs` for finished jobs, this for a configuration"
_SUBMIT = "a register-job-definition request here, and the jobs in the scenario's workload"
_UPDATE = f"a create-… request, or {_DESCRIBE}"

#: What a mapping is by its members, what it is called, what to do; the first that fits.
_MAPPINGS: tuple[tuple[Callable[[dict[str, Any]], bool], str, str], ...] = (
    (_has("batch", "workload"), "a scenario of batchsim", "it as it is: `batchsim run`, `batchsim validate`"),
    (_has("jobSummaryList"), "list-jobs output", f"describe-jobs output and {_JOBS}"),
    (_has("jobName", "jobQueue", "jobDefinition"), "a submit-job request", _SUBMIT),
    (_has("jobName", "jobId"), "an answer of submit-job, or a job", f"describe-jobs output and {_JOBS}"),
    (_has("detail-type", "detail"), "an EventBridge event", f"describe-jobs output and {_JOBS}"),
    (_has("frontOfQueue"), "get-job-queue-snapshot output", "what `aws batch describe-job-queues` prints"),
    (_has("computeEnvironment"), "an update-compute-environment request, which says only what changes", _UPDATE),
    (_has("jobQueue"), "an update-job-queue request, which says only what changes", _UPDATE),
    (_has("jobDefinition"), "a deregister-job-definition request", _UPDATE),
    (_has("scheduling_policies"), "a file in another spelling than the API's", _DESCRIBE),
    (_has("serviceEnvironments"), "describe-service-environments output, which batchsim does not simulate", _DESCRIBE),
    (_has("StartAt", "States"), "a state machine of Step Functions", "the definitions of the jobs that it submits"),
    (_has("containerDefinitions"), "an ECS task definition", "a register-job-definition request"),
    (_has("taskDefinition"), "an answer of ECS", _DESCRIBE),
    (_has("Reservations"), "describe-instances output", _DESCRIBE),
    (_has("AutoScalingGroups"), "describe-auto-scaling-groups output", _DESCRIBE),
    (_has("InstanceTypes"), "describe-instance-types output", "`batchsim prices refresh` for types and prices"),
    (_has("SpotPriceHistory"), "describe-spot-price-history output", "environment.spot.prices.history of a scenario"),
    (_has("StackResources"), "describe-stack-resources output", "`aws cloudformation get-template` of the stack"),
    (_has("Stacks"), "describe-stacks output", "`aws cloudformation get-template` of the stack"),
    (_has("HeadNode", "Scheduling"), "a configuration of AWS ParallelCluster", _DESCRIBE),
    (_has("apiVersion", "kind"), "a manifest of Kubernetes", _DESCRIBE),
    (_has("services"), "a Compose file, or a manifest of services", _DESCRIBE),
    (_has("service", "provider"), "a configuration of the Serverless Framework",
     f"{_TEMPLATE} (`serverless package`)"),
    (lambda values: values.get("runtime") is not None and "resources" in values, "a program of Pulumi", _DESCRIBE),
    (_has("ROSTemplateFormatVersion"), "a template of Alibaba Cloud", _DESCRIBE),
    (_has("$schema", "resources"), "a template of Azure's Resource Manager", _DESCRIBE),
    (_has("heat_template_version"), "a template of OpenStack Heat", _DESCRIBE),
    (_has("taskGroups"), "a job of Google Cloud Batch", _DESCRIBE),
    (_has("version", "artifacts"), "the manifest of a cloud assembly of CDK", "the *.template.json files beside it"),
)  # fmt: skip


def mapping(values: dict[str, Any]) -> tuple[str, str] | None:
    """What a mapping is called and what to do about it; None for one that is not known."""
    return next(((what, step) for is_it, what, step in _MAPPINGS if is_it(values)), None)


def _finding(path: Path, what: str, step: str) -> Finding:
    return Finding("not-a-configuration", "", f"this is {what}, which is not read", step, file=str(path))
