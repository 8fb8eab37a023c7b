"""The five kinds of AWS Batch object, once: what each is called everywhere, and the calls that make, change and end it.

A kind goes by its list in the ``batch:`` section. The table is in the order in which AWS needs things created: a queue
takes only compute environments that exist, and a policy by its ARN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from batchsim.scenario.batch.service_model import REQUESTS


@dataclass(frozen=True, kw_only=True)
class ObjectKind:
    """A kind of AWS Batch object.

    Attributes
    ----------
    section : str
        Its list in the ``batch:`` section, and in what AWS lists and describes.
    title : str
        What people call one.
    name_member : str
        The member that names one.
    arn_word, arn_member : str
        The word in its ARN, and the member of a description that holds the ARN.
    reference : str
        The member by which requests of the section refer to one; empty where none does.
    argument : str
        The argument by which the calls that change or delete one are told which: its name or its ARN.
    list, describe, update, delete : str
        Operations of the API; `list` where `describe` has to be told of which, empty where there is none.
    has_state : bool
        Whether it is enabled and disabled, and AWS goes on working on it after it answered.
    has_revisions : bool
        Whether each request of the same name makes another revision.
    cloudformation : str
        CloudFormation's resource type.
    terraform : str
        The resource type of Terraform's AWS provider; empty where it has none.
    """

    section: str
    title: str
    name_member: str
    arn_word: str
    arn_member: str
    reference: str = ""
    argument: str
    list: str = ""
    describe: str
    update: str = ""
    delete: str
    has_state: bool = False
    has_revisions: bool = False
    cloudformation: str
    terraform: str = ""

    @property
    def create(self) -> str:
        """The operation whose requests the section lists."""
        return REQUESTS[self.section].removesuffix("Request")

    @property
    def noun(self) -> str:
        """What operations call one: ``JobQueue``."""
        return self.cloudformation.rpartition("::")[2]

    @property
    def command(self) -> str:
        """The AWS CLI's command that creates one: ``create-job-queue``."""
        return method(self.create).replace("_", "-")


def method(operation: str) -> str:
    """The name of boto3's method for an operation of the API.

    Examples
    --------
    >>> method("CreateJobQueue")
    'create_job_queue'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).lower()


#: The kinds by their lists, in the order of creation.
OBJECTS = {
    kind.section: kind
    for kind in (
        ObjectKind(
            section="schedulingPolicies",
            title="scheduling policy",
            name_member="name",
            arn_word="scheduling-policy",
            arn_member="arn",
            reference="schedulingPolicyArn",
            argument="arn",
            list="ListSchedulingPolicies",
            describe="DescribeSchedulingPolicies",
            update="UpdateSchedulingPolicy",
            delete="DeleteSchedulingPolicy",
            cloudformation="AWS::Batch::SchedulingPolicy",
            terraform="aws_batch_scheduling_policy",
        ),
        ObjectKind(
            section="consumableResources",
            title="consumable resource",
            name_member="consumableResourceName",
            arn_word="consumable-resource",
            arn_member="consumableResourceArn",
            reference="consumableResource",
            argument="consumableResource",
            list="ListConsumableResources",
            describe="DescribeConsumableResource",
            update="UpdateConsumableResource",
            delete="DeleteConsumableResource",
            cloudformation="AWS::Batch::ConsumableResource",
        ),
        ObjectKind(
            section="computeEnvironments",
            title="compute environment",
            name_member="computeEnvironmentName",
            arn_word="compute-environment",
            arn_member="computeEnvironmentArn",
            reference="computeEnvironment",
            argument="computeEnvironment",
            describe="DescribeComputeEnvironments",
            update="UpdateComputeEnvironment",
            delete="DeleteComputeEnvironment",
            has_state=True,
            cloudformation="AWS::Batch::ComputeEnvironment",
            terraform="aws_batch_compute_environment",
        ),
        ObjectKind(
            section="jobQueues",
            title="job queue",
            name_member="jobQueueName",
            arn_word="job-queue",
            arn_member="jobQueueArn",
            argument="jobQueue",
            describe="DescribeJobQueues",
            update="UpdateJobQueue",
            delete="DeleteJobQueue",
            has_state=True,
            cloudformation="AWS::Batch::JobQueue",
            terraform="aws_batch_job_queue",
        ),
        ObjectKind(
            section="jobDefinitions",
            title="job definition",
            name_member="jobDefinitionName",
            arn_word="job-definition",
            arn_member="jobDefinitionArn",
            argument="jobDefinition",
            describe="DescribeJobDefinitions",
            delete="DeregisterJobDefinition",
            has_revisions=True,
            cloudformation="AWS::Batch::JobDefinition",
            terraform="aws_batch_job_definition",
        ),
    )
}
