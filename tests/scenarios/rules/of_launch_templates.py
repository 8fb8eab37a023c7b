"""Examples of rules about launch templates: references, versions, volumes, what is not simulated, what is carried."""

from __future__ import annotations

import base64
from typing import Any

from tests.scenarios.rules.changes import Change, Example

DATA = "launchTemplates.wide.launchTemplateData"
VOLUME = f"{DATA}.blockDeviceMappings.0.ebs"
MIME = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\necho {}\n--x--\n"


def held(data: dict[str, Any] | None = None, *, version: str = "$Default", **more: Any) -> Change:
    """The environment is launched from a template that the scenario holds."""
    return {
        "resources.launchTemplate": {"launchTemplateName": "wide", "version": version},
        "launchTemplates": [{"launchTemplateName": "wide", "launchTemplateData": data or {}, **more}],
    }


def volume(device: str = "/dev/xvda", **ebs: Any) -> Change:
    """The template has one volume."""
    return held({"blockDeviceMappings": [{"deviceName": device, "ebs": {"volumeSize": 100, **ebs}}]})


def user_data(text: str, **ec2: Any) -> Change:
    """The template has user data; what the section ``environment.ec2`` says."""
    encoded = base64.b64encode(text.encode()).decode()
    return {**held({"userData": encoded}), "environment": {"ec2": ec2}}


DELAY = {"bootDelay": {"wide": "30s"}}

EXAMPLES: dict[str, list[Example]] = {
    "V-05": [
        Example(
            "launch-template-held",
            "resources.launchTemplate",
            {"resources.launchTemplate": {"launchTemplateName": "other"}},
            held(),
            "warning",
        ),
        Example("launch-template-version", "resources.launchTemplate.version", held(version="3"), held(version="1")),
        Example(
            "launch-template-version",
            "resources.launchTemplate.version",
            held(defaultVersion=False, versionNumber=4),
            held(defaultVersion=True, versionNumber=4),
        ),
        Example(
            "launch-template-name",
            "launchTemplates.wide",
            {
                "launchTemplates": [
                    {"launchTemplateName": "wide", "launchTemplateData": {}},
                    {"launchTemplateName": "wide", "launchTemplateData": {}},
                ]
            },
            {
                "launchTemplates": [
                    {"launchTemplateName": "wide", "launchTemplateData": {}},
                    {"launchTemplateName": "wide", "versionNumber": 2, "launchTemplateData": {}},
                ]
            },
        ),
        Example(
            "launch-template-volume",
            f"{VOLUME}.throughput",
            volume(volumeType="gp3", throughput=1000),
            volume(volumeType="gp3", throughput=1000, iops=4000),
        ),
        Example(
            "launch-template-volume",
            f"{VOLUME}.iops",
            volume(volumeType="gp3", volumeSize=8, iops=4001),
            volume(volumeType="gp3", volumeSize=8, iops=4000),
        ),
        Example("launch-template-volume", VOLUME, volume(volumeType="io2"), volume(volumeType="io2", iops=5000)),
        Example(
            "launch-template-volume",
            f"{VOLUME}.volumeType",
            volume(volumeType="st1", volumeSize=125),
            volume("/dev/sdb", volumeType="st1", volumeSize=125),
        ),
        Example(
            "launch-template-volume",
            f"{VOLUME}.iops",
            volume(volumeType="gp2", iops=3000),
            volume(volumeType="gp3", iops=3000),
        ),
        Example(
            "launch-template-member",
            f"{VOLUME}.deleteOnTermination",
            volume("/dev/sdb"),
            volume("/dev/sdb", deleteOnTermination=True),
            "warning",
        ),
        Example("launch-template-member", f"{DATA}.userData", user_data(MIME), user_data(MIME, **DELAY), "warning"),
        Example(
            "launch-template-member",
            f"{DATA}.userData",
            user_data(MIME.format("ECS_RESERVED_MEMORY=256 >> /etc/ecs/ecs.config"), **DELAY),
            user_data(MIME.format("ECS_RESERVED_MEMORY=256"), reservedMemory="256MiB", **DELAY),
            "warning",
        ),
        Example(
            "launch-template-member",
            f"{DATA}.networkInterfaces.0.associatePublicIpAddress",
            held({"networkInterfaces": [{"associatePublicIpAddress": True}]}),
            {
                **held({"networkInterfaces": [{"associatePublicIpAddress": True}]}),
                "environment": {"ec2": {"publicIp": True}},
            },
            "warning",
        ),
        Example(
            "launch-template-member",
            f"{DATA}.instanceMarketOptions",
            held({"instanceMarketOptions": {"marketType": "capacity-block"}}),
            held({"instanceType": "c6i.large", "metadataOptions": {"httpTokens": "required"}}),
            "warning",
        ),
        Example(
            "launch-template-user-data",
            f"{DATA}.userData",
            user_data("#!/bin/sh\necho\n"),
            user_data(MIME),
        ),
    ],
    "V-47": [
        Example(
            "not-simulated",
            f"{DATA}.cpuOptions.threadsPerCore",
            held({"cpuOptions": {"threadsPerCore": 1}}),
            held({"cpuOptions": {"threadsPerCore": 2}}),
        ),
        Example(
            "not-simulated",
            f"{DATA}.placement.tenancy",
            held({"placement": {"tenancy": "dedicated"}}),
            held({"placement": {"tenancy": "default"}}),
        ),
        Example("not-simulated", f"{VOLUME}.volumeType", volume(volumeType="standard"), volume(volumeType="gp2")),
        Example(
            "not-simulated",
            VOLUME,
            held({"blockDeviceMappings": [{"deviceName": "/dev/sdb", "ebs": {"snapshotId": "snap-1"}}]}),
            volume("/dev/sdb", snapshotId="snap-1"),
        ),
        Example(
            "not-simulated",
            "resources.launchTemplate.overrides.other",
            {
                "resources.instanceTypes": ["c6i.xlarge", "m6i.xlarge"],
                "resources.launchTemplate": {
                    "launchTemplateName": "wide",
                    "overrides": [{"launchTemplateName": "other", "targetInstanceTypes": ["m6i.xlarge"]}],
                },
                "launchTemplates": [
                    {"launchTemplateName": "wide", "launchTemplateData": {}},
                    {
                        "launchTemplateName": "other",
                        "launchTemplateData": {
                            "capacityReservationSpecification": {"capacityReservationPreference": "none"}
                        },
                    },
                ],
            },
            held({"capacityReservationSpecification": {"capacityReservationPreference": "none"}}),
        ),
    ],
}
