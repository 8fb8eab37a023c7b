"""Endpoints on loopback that boto3 talks to."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass

import pytest


@pytest.fixture(autouse=True)
def credentials(monkeypatch, tmp_path):
    """Credentials of nobody; nothing of this machine's AWS configuration."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@dataclass(frozen=True)
class Moto:
    """A moto server with the roles and network that Batch asks for."""

    url: str
    deployment: dict


@pytest.fixture(scope="session")
def moto_url():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def _post(url: str, content: object = None) -> None:
    data = json.dumps(content).encode() if content is not None else b""
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method="POST")  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310


@pytest.fixture
def moto(moto_url, credentials) -> Moto:
    """The server, emptied, with a deployment section of objects that exist in it."""
    return emptied(moto_url)


def emptied(moto_url: str) -> Moto:
    """The server without anything but the roles and the network that Batch asks for."""
    import boto3

    _post(f"{moto_url}/moto-api/reset")
    _post(f"{moto_url}/moto-api/config", {"batch": {"use_docker": False}})
    iam = boto3.client("iam", endpoint_url=moto_url, region_name="us-east-1")
    ec2 = boto3.client("ec2", endpoint_url=moto_url, region_name="us-east-1")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.create_role(RoleName="instances", AssumeRolePolicyDocument=trust)
    profile = iam.create_instance_profile(InstanceProfileName="instances")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="instances", RoleName="instances")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    groups = [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]]
    deployment = {
        "subnets": subnets[:2],
        "securityGroupIds": groups[:1],
        "instanceRole": profile,
        "serviceRole": role,
        "tags": {"team": "data"},
    }
    return Moto(moto_url, deployment)
