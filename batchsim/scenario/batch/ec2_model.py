"""EC2's own shapes of launch templates, from the service model that ships inside botocore."""

from __future__ import annotations

from functools import cache
from typing import Any

from batchsim.scenario.batch.service_model import service_model

#: The request whose entries a scenario lists.
REQUEST = "CreateLaunchTemplateRequest"
#: The shape of what a template says of instances.
DATA = "RequestLaunchTemplateData"


@cache
def ec2_shape(name: str) -> Any:
    """A shape of EC2's service model, for which only scenarios with launch templates have to wait."""
    return service_model("ec2").shape_for(name)


def ec2_member(key: str) -> str:
    """A key as EC2 spells members: with a large first letter."""
    return key[:1].upper() + key[1:]
