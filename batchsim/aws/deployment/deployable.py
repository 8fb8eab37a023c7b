"""A scenario's configuration as it goes to AWS: checked, the ``deployment:`` section filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from batchsim.aws.launch_templates import Deployed
from batchsim.aws.objects import OBJECTS
from batchsim.errors import Finding
from batchsim.scenario.checking import check, in_order, raise_errors
from batchsim.scenario.document.access import base_name
from batchsim.scenario.document.document import Document
from batchsim.scenario.document.overrides import Overrides
from batchsim.scenario.loading import document_of
from batchsim.scenario.sections.deployment import filled, missing
from batchsim.scenario.sections.models import TraceSource, Workflow
from batchsim.scenario.silencing import silence

#: Rules about members that AWS needs and a template may ask for.
NEEDED = frozenset(
    {
        "ec2-needs", "fargate-needs", "managed-needs", "spot-fleet-role", "service-role", "execution-role",
        "image-missing",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """A value that AWS requires and neither section gives.

    Attributes
    ----------
    kind, name : str
        The list of the ``batch:`` section and the object in it.
    steps : tuple
        Members that lead to the object that lacks it.
    member : str
        What is missing.
    finding : Finding
        The same, as the user sees it.
    """

    kind: str
    name: str
    steps: tuple[str | int, ...]
    member: str
    finding: Finding

    @property
    def parameter(self) -> str:
        """What a template asks for it by: managed instances call their security groups otherwise."""
        return "securityGroupIds" if self.member == "securityGroups" else self.member


@dataclass(frozen=True)
class Deployable:
    """What is exported and deployed.

    Attributes
    ----------
    name, region : str
        Of the scenario.
    batch : dict
        AWS's request shapes by list, with the values of the ``deployment:`` section; every list is there.
    tags : dict of str to str
        For everything that is created.
    workload : tuple
        Workflows and traces.
    missing : tuple of Missing
        What has to be known before AWS takes it.
    warnings : tuple of Finding
        What the user should know besides.
    start : str
        When second 0 of the scenario is, which the times of its updates may be relative to.
    scheduler_role : str or None
        ARN of the role with which EventBridge Scheduler makes the calls of ``updates:``.
    """

    name: str
    region: str
    batch: dict[str, list[dict[str, Any]]]
    tags: dict[str, str]
    workload: tuple[Workflow | TraceSource, ...]
    missing: tuple[Missing, ...]
    warnings: tuple[Finding, ...]
    document: Document
    start: str
    scheduler_role: str | None = None

    @cached_property
    def launch_templates(self) -> Deployed:
        """The launch templates that environments refer to and the scenario holds."""
        return Deployed({**self.document.values, "batch": self.batch})

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        """The requests of one list by the name of the object."""
        return {str(request[OBJECTS[kind].name_member]): request for request in self.batch[kind]}


def load(
    path: str | Path,
    *,
    overrides: Overrides = (),
    variant: str | None = None,
    ignore: Iterable[str] = (),
    submits: bool = False,
) -> Deployable:
    """Load a scenario for export or deployment.

    What batchsim does not simulate is a warning here: AWS takes it all the same.

    Parameters
    ----------
    ignore : iterable of str
        Codes of rules that are ignored besides those that the scenario ignores itself.
    submits : bool
        Whether its jobs are submitted too.

    Raises
    ------
    ScenarioError
        With every finding.
    """
    document = document_of(path, overrides=overrides, variant=variant, ignore=ignore)
    return deployable(document, submits=submits)


def deployable(document: Document, *, submits: bool = False) -> Deployable:
    """Make a deployable of a document; see `load`."""
    checked = check(document, ("simulation", "deployment", "submission") if submits else ("simulation", "deployment"))
    findings = [
        replace(finding, severity="warning") if finding.code == "not-simulated" else finding
        for finding in silence(checked.findings, document)
        # What is missing becomes a parameter of a template, or is written; who can't have it missing says so.
        if finding.code not in {*NEEDED, "min-vcpus"}
    ]
    raise_errors(findings)
    document = filled(document)
    frame = checked.frame
    assert frame is not None  # noqa: S101 (a frame that is None has findings)
    deployment = frame.deployment
    return Deployable(
        name=frame.name,
        region=frame.region,
        batch={kind: list(map(_with_minimum, document.values["batch"].get(kind) or ())) for kind in OBJECTS},
        tags=dict(deployment.tags) if deployment else {},
        workload=checked.workload,
        missing=tuple(_missing(document)),
        warnings=tuple(in_order(findings)),
        document=document,
        start=frame.start,
        scheduler_role=deployment.scheduler_role if deployment else None,
    )


def _with_minimum(request: dict[str, Any]) -> dict[str, Any]:
    """A request for EC2 or SPOT with the minvCpus that AWS asks for, though its documentation does not.

    CreateComputeEnvironment: "Resource minvCpus is required." (getmoto/moto#6470). 0 is what the simulation takes.
    """
    resources = request.get("computeResources")
    if not isinstance(resources, dict) or resources.get("type") not in ("EC2", "SPOT") or "minvCpus" in resources:
        return request
    return {**request, "computeResources": {**resources, "minvCpus": 0}}


def one_version_each(configuration: Deployable) -> list[Finding]:
    """Findings about launch templates of which environments use several versions: an export makes one of each."""
    return [
        configuration.document.finding(
            version.where,
            "launch-template-version",
            f"environments use several versions of the launch template {version.title}, and an export makes one",
            expected="a template of another name for the other environments",
        )
        for version in configuration.launch_templates.clashing
    ]


def _missing(document: Document) -> Iterator[Missing]:
    for (_, kind, index, *steps), member in missing(document.values["batch"]):
        name = document.values["batch"][kind][index][OBJECTS[str(kind)].name_member]
        finding = document.finding(
            ("batch", kind, index, *steps),
            "deployment-value",
            f"{member} is missing: AWS needs it",
            expected=f"{member} here or in the deployment: section",
        )
        yield Missing(str(kind), name, tuple(steps), member, finding)


def policy_name(queue: dict[str, Any], policies: Sequence[str]) -> str | None:
    """The scheduling policy of this configuration that a queue refers to, by name or ARN; None for any other."""
    reference = queue.get("schedulingPolicyArn")
    name = base_name(reference) if isinstance(reference, str) else None
    return name if name in policies else None
