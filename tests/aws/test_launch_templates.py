"""Launch templates from AWS's formats and back: what is imported is what was exported, and deployed is what was run.

CloudFormation, *AWS::EC2::LaunchTemplate* (Ref is its id, GetAtt LatestVersionNumber, DefaultVersionNumber);
Terraform AWS provider, *aws_launch_template*; EC2 API, CreateLaunchTemplate, DescribeLaunchTemplateVersions.
"""

from __future__ import annotations

import base64
import json

import boto3
import pytest

import batchsim as bs
from batchsim.aws.client import AwsAccount
from batchsim.aws.deployment.deployable import deployable
from batchsim.aws.exporters import export
from batchsim.aws.importers.config import import_config
from batchsim.aws.importers.live import live_config
from batchsim.cli.main import main
from batchsim.errors import ScenarioError
from batchsim.scenario.loading import from_mapping
from batchsim.validation.validate import validate
from tests.builders import environment, job, scenario, workflow

USER_DATA = base64.b64encode(b'Content-Type: multipart/mixed; boundary="x"\n\n--x--\n').decode()
DATA = {
    "imageId": "ami-0abc",
    "ebsOptimized": True,
    "userData": USER_DATA,
    "keyName": "mine",
    "securityGroupIds": ["sg-1"],
    "blockDeviceMappings": [
        {"deviceName": "/dev/xvda",
         "ebs": {"volumeSize": 100, "volumeType": "gp3", "iops": 3500, "throughput": 250, "encrypted": True}},
        {"deviceName": "/dev/sdb", "ebs": {"volumeSize": 500, "volumeType": "st1", "deleteOnTermination": True}},
        {"deviceName": "/dev/sdc", "noDevice": ""},
    ],
    "capacityReservationSpecification": {"capacityReservationPreference": "none"},
    "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2, "httpProtocolIpv6": "disabled"},
    "monitoring": {"enabled": False},
    "iamInstanceProfile": {"name": "profile"},
    "tagSpecifications": [{"resourceType": "instance", "tags": [{"key": "team", "value": "data"}]}],
}  # fmt: skip
NETWORK = {"subnets": ["subnet-1"], "securityGroupIds": ["sg-1"], "instanceRole": "ecsInstanceRole"}


def held(*entries, reference=None, data=None, **resources):
    """A scenario that is launched from templates."""
    chosen = environment(
        launchTemplate=reference or {"launchTemplateName": "wide", "version": "$Latest"}, **NETWORK, **resources
    )
    values = scenario(workflow(job(runtime=600)), environments=[chosen]).document.values
    entries = entries or ({"launchTemplateName": "wide", "launchTemplateData": DATA if data is None else data},)
    bootDelay = {"wide": "20s"}  # noqa: N806 (AWS's spelling)
    settings = {**values["environment"], "ec2": {"bootDelay": bootDelay}}
    return from_mapping({**values, "launchTemplates": list(entries), "environment": settings})


def written(made, format_, folder):
    for name, text in export(deployable(made.document), format_).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def again(made, imported):
    """The scenario with a configuration that was imported."""
    templates = list(imported.launch_templates)
    return from_mapping({**made.document.values, "batch": imported.batch, "launchTemplates": templates})


@pytest.mark.parametrize("format_", ["boto3", "cloudformation", "terraform"])
def test_what_was_run_is_exported_and_comes_back(tmp_path, format_):
    made = held()
    (tmp_path / "scenario.yaml").write_text(made.to_yaml(), encoding="utf-8")
    assert not [finding for finding in validate(tmp_path / "scenario.yaml").findings if finding.severity == "error"]
    imported = import_config([written(made, format_, tmp_path / "first")])
    assert not [note for note in imported.notes if "aunchTemplate" in note.path]
    back = again(made, imported)
    assert back.configuration == made.configuration
    first, second = (bs.run(each).summary["cost_usd"]["total"] for each in (made, back))
    assert first == second > 0
    # 600 s of the instance, 620 of its volumes: 100 GB, 500 IOPS, 125 MiB/s, 500 GB.
    by_month = 100 * 0.08 + 500 * 0.005 + 125 * 0.04 + 500 * 0.045
    assert first == pytest.approx(620 * (0.085 + by_month / 730) / 3600)
    (entry,) = imported.launch_templates
    data = entry["launchTemplateData"]
    assert {key: data.get(key) for key in DATA if key != "blockDeviceMappings"} == {
        key: value for key, value in DATA.items() if key != "blockDeviceMappings"
    }
    files = {path.name: path.read_text() for path in written(back, format_, tmp_path / "second").rglob("*.*")}
    third = import_config([tmp_path / "second"])
    assert third.launch_templates == imported.launch_templates
    assert files


def test_overrides_come_back_where_the_format_has_them(tmp_path):
    reference = {
        "launchTemplateName": "wide",
        "overrides": [{"launchTemplateName": "large", "targetInstanceTypes": ["m6i.large"]}],
    }
    larger = {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 900, "volumeType": "gp2"}}]}
    made = held(
        {"launchTemplateName": "wide", "launchTemplateData": {}},
        {"launchTemplateName": "large", "launchTemplateData": larger},
        {"launchTemplateName": "unused", "launchTemplateData": {}},
        reference=reference,
        instanceTypes=["c6i.large", "m6i.large"],
    )
    for format_ in ("boto3", "cloudformation"):
        imported = import_config([written(made, format_, tmp_path / format_)])
        assert again(made, imported).configuration == made.configuration
        assert {entry["launchTemplateName"] for entry in imported.launch_templates} == {"wide", "large"}
    with pytest.raises(ScenarioError, match="no attribute for overrides"):
        written(made, "terraform", tmp_path)


def test_an_export_makes_one_version_of_a_template(tmp_path):
    versions = [
        {"launchTemplateId": "lt-1", "launchTemplateName": "wide", "versionNumber": number, "launchTemplateData": {}}
        for number in (1, 2)
    ]
    made = held(*versions, reference={"launchTemplateId": "lt-1", "version": "2"})
    folder = written(made, "boto3", tmp_path)
    request = json.loads((folder / "create-compute-environment" / "fleet.json").read_text())
    # What is made anew has a first version, and an id that nobody knows yet.
    assert request["computeResources"]["launchTemplate"] == {"launchTemplateName": "wide", "version": "$Latest"}
    made = held(
        *versions,
        reference={
            "launchTemplateName": "wide",
            "version": "1",
            "overrides": [{"launchTemplateName": "wide", "version": "2", "targetInstanceTypes": ["m6i.large"]}],
        },
        instanceTypes=["c6i.large", "m6i.large"],
    )
    for format_ in ("boto3", "cloudformation", "terraform"):
        with pytest.raises(ScenarioError, match="several versions of the launch template wide"):
            export(deployable(made.document), format_)


TEMPLATE = """
Parameters:
  Size: {Type: Number%s}
Resources:
  Wide:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateName: !Sub "${AWS::Region}-wide"
      LaunchTemplateData:
        ImageId: !Ref Image
        UserData: {Fn::Base64: !Sub "echo ${Queue}"}
        BlockDeviceMappings: [{DeviceName: /dev/xvda, Ebs: {VolumeSize: !Ref Size, VolumeType: gp3}}]
  Image: {Type: AWS::EC2::Image}
  Others: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {}}}
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      Type: MANAGED
      ComputeResources:
        Type: EC2
        MaxvCpus: 8
        InstanceTypes: [c6i]
        LaunchTemplate: %s
  Queue:
    Type: AWS::Batch::JobQueue
    Properties: {Priority: 1, ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: !Ref Fleet}]}
"""


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("{LaunchTemplateId: !Ref Wide}", {}),
        ("{LaunchTemplateId: !Ref Wide, Version: !GetAtt Wide.LatestVersionNumber}", {"version": "$Latest"}),
        ("{LaunchTemplateId: !GetAtt Wide.LaunchTemplateId, Version: !GetAtt Wide.DefaultVersionNumber}",
         {"version": "$Default"}),
        ('{LaunchTemplateName: !Sub "${AWS::Region}-wide", Version: "$Latest"}', {"version": "$Latest"}),
    ],
)  # fmt: skip
def test_a_template_beside_the_environment_is_read(tmp_path, reference, expected):
    (tmp_path / "stack.yaml").write_text(TEMPLATE % (", Default: 60", reference))
    found = import_config([tmp_path / "stack.yaml"])
    (entry,) = found.launch_templates
    assert entry == {
        "launchTemplateName": "us-east-1-wide",
        "launchTemplateData": {
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 60, "volumeType": "gp3"}}]
        },
    }
    resources = found.batch["computeEnvironments"][0]["computeResources"]
    assert resources["launchTemplate"] == {"launchTemplateName": "us-east-1-wide", **expected}
    left_out = {note.path: note.severity for note in found.notes if note.path.startswith("launchTemplates")}
    assert left_out == {
        f"launchTemplates.us-east-1-wide.LaunchTemplateData.{member}": "info" for member in ("ImageId", "UserData")
    }


def test_the_size_of_a_volume_is_asked_for(tmp_path):
    (tmp_path / "stack.yaml").write_text(TEMPLATE % ("", "{LaunchTemplateId: !Ref Wide}"))
    with pytest.raises(ScenarioError, match="the launch template's VolumeSize is not known: parameter Size") as caught:
        import_config([tmp_path / "stack.yaml"])
    assert [finding.line > 0 for finding in caught.value.findings if finding.code == "unresolved"] == [True]
    found = import_config([tmp_path / "stack.yaml"], parameters={"Size": "80"})
    assert found.launch_templates[0]["launchTemplateData"]["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 80


def test_what_the_cli_prints_of_versions_is_read(tmp_path):
    versions = [
        {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "wide", "VersionNumber": number, "CreatedBy": "me",
         "CreateTime": "2026-11-02T00:00:00+00:00", "DefaultVersion": number == 1,
         "LaunchTemplateData": {"ImageId": f"ami-{number}", "SecurityGroupIds": []}}
        for number in (2, 1)
    ]  # fmt: skip
    fleet = environment(launchTemplate={"launchTemplateId": "lt-1", "version": "1"})
    (tmp_path / "versions.json").write_text(json.dumps({"LaunchTemplateVersions": versions}))
    (tmp_path / "fleet.json").write_text(json.dumps(fleet))
    found = import_config([tmp_path])
    assert [(each["versionNumber"], each["defaultVersion"]) for each in found.launch_templates] == [
        (2, False), (1, True)
    ]  # fmt: skip
    assert found.launch_templates[1]["launchTemplateData"] == {"imageId": "ami-1"}
    assert "launchTemplates:" in found.to_yaml()


def plan(template, reference, *, unknown=True, id_=None):
    """What `terraform show -json` prints: the id of a template is known after an apply, or it is a state."""
    fleet = {
        "name": "fleet", "type": "MANAGED",
        "compute_resources": [
            {"type": "EC2", "max_vcpus": 8, "instance_type": ["c6i"], "launch_template": [reference]}
        ],
    }  # fmt: skip
    values = {"id": id_, **template} if id_ else template
    resources = [
        {"address": "aws_launch_template.wide", "mode": "managed", "type": "aws_launch_template", "name": "wide",
         "values": values},
        {"address": "aws_batch_compute_environment.fleet", "mode": "managed", "type": "aws_batch_compute_environment",
         "name": "fleet", "values": fleet},
    ]  # fmt: skip
    if not unknown:
        return {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}
    after = {"compute_resources": [{"launch_template": [{"launch_template_id": True, "version": True}]}]}
    written_ = {
        "launch_template_id": {"references": ["aws_launch_template.wide.id", "aws_launch_template.wide"]},
        "version": {"references": ["aws_launch_template.wide.latest_version", "aws_launch_template.wide"]},
    }
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [
            {"address": "aws_batch_compute_environment.fleet", "change": {"after_unknown": after}},
        ],
        "configuration": {"root_module": {"resources": [
            {"address": "aws_batch_compute_environment.fleet", "type": "aws_batch_compute_environment", "name": "fleet",
             "expressions": {"compute_resources": [{"launch_template": [written_]}]}},
        ]}},
    }  # fmt: skip


OF_TERRAFORM = {
    "name": "wide", "latest_version": 3, "default_version": 1, "tags": {"team": "data"},
    "block_device_mappings": [
        {"device_name": "/dev/xvda", "no_device": "", "virtual_name": "", "ebs": [
            {"volume_size": 100, "volume_type": "gp3", "iops": 0, "throughput": 250, "encrypted": "true",
             "delete_on_termination": "true", "kms_key_id": "", "snapshot_id": ""},
        ]},
    ],
    "tag_specifications": [{"resource_type": "instance", "tags": {"team": "data"}}],
    "metadata_options": [], "vpc_security_group_ids": ["sg-1"], "image_id": "", "user_data": "",
}  # fmt: skip
READ = {
    "blockDeviceMappings": [
        {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3", "throughput": 250,
                                            "encrypted": True, "deleteOnTermination": True}},
    ],
    "tagSpecifications": [{"resourceType": "instance", "tags": [{"key": "team", "value": "data"}]}],
    "securityGroupIds": ["sg-1"],
}  # fmt: skip


def test_a_plan_of_terraform_is_read(tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps(plan(OF_TERRAFORM, {"launch_template_name": None})))
    found = import_config([tmp_path / "plan.json"])
    (entry,) = found.launch_templates
    assert (entry["launchTemplateName"], entry["launchTemplateData"]) == ("wide", READ)
    own = [{"resourceType": "launch-template", "tags": [{"key": "team", "value": "data"}]}]
    assert entry["tagSpecifications"] == own
    resources = found.batch["computeEnvironments"][0]["computeResources"]
    assert resources["launchTemplate"] == {"launchTemplateName": "wide", "version": "$Latest"}


def test_a_state_of_terraform_is_read_by_ids(tmp_path):
    state = plan(OF_TERRAFORM, {"launch_template_id": "lt-0abc", "version": "3"}, unknown=False, id_="lt-0abc")
    (tmp_path / "state.json").write_text(json.dumps(state))
    found = import_config([tmp_path / "state.json"])
    (entry,) = found.launch_templates
    assert (entry["launchTemplateId"], entry["launchTemplateData"]) == ("lt-0abc", READ)
    resources = found.batch["computeEnvironments"][0]["computeResources"]
    assert resources["launchTemplate"]["launchTemplateId"] == "lt-0abc"


# An account


@pytest.fixture
def ec2(moto):
    client = boto3.client("ec2", endpoint_url=moto.url, region_name="us-east-1")
    yield client
    client.close()


EC2_DATA = {
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 100, "VolumeType": "gp3"}}],
    "UserData": USER_DATA,
}
CANONICAL = {
    "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3"}}],
    "userData": USER_DATA,
}


def deployed(moto, tmp_path, data, **resources):
    """A scenario to be deployed to the mock."""
    made = held(data=data, **resources)
    values = json.loads(json.dumps(made.document.values))
    given = values["batch"]["computeEnvironments"][0]["computeResources"]
    for member in NETWORK:
        given[member] = moto.deployment[member]
    values["deployment"] = moto.deployment
    path = tmp_path / "scenario.yaml"
    path.write_text(json.dumps(values))
    return ["deploy", str(path), "--endpoint-url", moto.url, "--yes"]


def test_a_deployment_wants_the_template_that_was_simulated(moto, ec2, tmp_path, capsys):
    arguments = deployed(moto, tmp_path, CANONICAL)
    assert main(arguments) == 2
    assert "create-launch-template request" in capsys.readouterr().err
    ec2.create_launch_template(LaunchTemplateName="wide", LaunchTemplateData=EC2_DATA)
    assert main(arguments) == 0
    smaller = {**EC2_DATA, "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50}}]}
    ec2.create_launch_template_version(
        LaunchTemplateName="wide", LaunchTemplateData={**smaller, "UserData": "c2VjcmV0"}
    )
    capsys.readouterr()
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "differs in blockDeviceMappings.0.ebs.volumeSize, blockDeviceMappings.0.ebs.volumeType, userData" in said
    assert "c2VjcmV0" not in said
    assert USER_DATA not in said


def test_templates_of_an_account_are_imported(moto, ec2, tmp_path, capsys):
    ec2.create_launch_template(LaunchTemplateName="wide", LaunchTemplateData=EC2_DATA)
    ec2.create_launch_template(LaunchTemplateName="of-others", LaunchTemplateData={"ImageId": "ami-1"})
    assert main(deployed(moto, tmp_path, CANONICAL)) == 0
    found = live_config(AwsAccount(region="us-east-1", endpoint_url=moto.url))
    (entry,) = found.launch_templates
    assert (entry["launchTemplateName"], entry["versionNumber"]) == ("wide", 1)
    assert entry["launchTemplateData"] == CANONICAL
    made = from_mapping({**held().document.values, "launchTemplates": [entry]})
    volumes = made.configuration.environments[0].offerings[0].volumes_usd_per_hour
    assert volumes == pytest.approx(100 * 0.08 / 730)


def test_a_template_that_the_account_does_not_tell_is_a_note(moto, ec2, tmp_path):
    ec2.create_launch_template(LaunchTemplateName="wide", LaunchTemplateData=EC2_DATA)
    assert main(deployed(moto, tmp_path, CANONICAL)) == 0
    ec2.delete_launch_template(LaunchTemplateName="wide")
    found = live_config(AwsAccount(region="us-east-1", endpoint_url=moto.url))
    assert found.launch_templates == ()
    (note,) = [each for each in found.notes if each.path == "launchTemplates"]
    assert note.severity == "warning"
    assert "the launch template wide" in note.message


@pytest.mark.parametrize("reference", ["{a: b}", "[a]", "4"])
def test_what_is_no_reference_to_a_template_is_left_for_validate(tmp_path, reference):
    (tmp_path / "stack.yaml").write_text(f"""
Resources:
  Wide: {{Type: AWS::EC2::LaunchTemplate, Properties: {{LaunchTemplateName: wide, LaunchTemplateData: {{}}}}}}
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      Type: MANAGED
      ComputeResources:
        {{Type: EC2, MinvCpus: 0, MaxvCpus: 8, InstanceTypes: [c6i], LaunchTemplate: {{LaunchTemplateId: {reference}}}}}
""")
    found = import_config([tmp_path / "stack.yaml"])
    assert "launchTemplateName" not in found.batch["computeEnvironments"][0]["computeResources"]["launchTemplate"]
    assert found.launch_templates == ()
