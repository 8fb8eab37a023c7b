"""Templates and the exact sections that come of them."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from batchsim.aws.cloudformation_names import to_cloudformation
from batchsim.aws.importers.config import import_config
from batchsim.aws.objects import OBJECTS
from batchsim.errors import ScenarioError
from batchsim.scenario.document.document import compose
from tests.aws.importers.reading import batch, errors, imported, notes

EXPORTER = "the template that exports it, given together with this one"

FLEET = {
    "computeEnvironmentName": "Fleet",
    "type": "MANAGED",
    "computeResources": {"type": "EC2", "minvCpus": 0, "maxvCpus": 8, "instanceTypes": ["c6i"]},
}
FLEET_TEXT = """
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      Type: MANAGED
      ComputeResources: {Type: EC2, MinvCpus: 0, MaxvCpus: 8, InstanceTypes: [c6i]}
"""


def test_an_object_without_a_name_goes_by_its_logical_id(tmp_path):
    text = f"""
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Resources: {FLEET_TEXT}
  Queue:
    Type: AWS::Batch::JobQueue
    Properties:
      Priority: 1
      ComputeEnvironmentOrder: [{{Order: 1, ComputeEnvironment: !Ref Fleet}}]
  Work:
    Type: AWS::Batch::JobDefinition
    Properties: {{Type: container, ContainerProperties: {{Image: busybox, Vcpus: 1, Memory: 512}}}}
  Fair:
    Type: AWS::Batch::SchedulingPolicy
  Licence:
    Type: AWS::Batch::ConsumableResource
    Properties: {{ResourceType: REPLENISHABLE, TotalQuantity: 5}}
"""
    assert batch(tmp_path, text) == {
        "computeEnvironments": [FLEET],
        "jobQueues": [
            {
                "jobQueueName": "Queue",
                "priority": 1,
                "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "Fleet"}],
            }
        ],
        "jobDefinitions": [
            {
                "jobDefinitionName": "Work",
                "type": "container",
                "containerProperties": {"image": "busybox", "vcpus": 1, "memory": 512},
            }
        ],
        "schedulingPolicies": [{"name": "Fair"}],
        "consumableResources": [
            {"consumableResourceName": "Licence", "totalQuantity": 5, "resourceType": "REPLENISHABLE"}
        ],
    }


REFERENCES = """
Parameters:
  Stage: {Type: String, Default: test}
Resources:
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      ComputeEnvironmentName: !Sub "${Stage}-fleet"
      ReplaceComputeEnvironment: false
      Type: UNMANAGED
      UnmanagedvCpus: 4
  Fair:
    Type: AWS::Batch::SchedulingPolicy
    Properties:
      Name: fair
      FairsharePolicy: {ShareDecaySeconds: 60, ShareDistribution: [{ShareIdentifier: a, WeightFactor: 0.5}]}
  Queue:
    Type: AWS::Batch::JobQueue
    Properties:
      JobQueueName: queue
      Priority: 1
      SchedulingPolicyArn: %s
      ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: %s}]
  Licence:
    Type: AWS::Batch::ConsumableResource
    Properties: {ConsumableResourceName: licence, ResourceType: REPLENISHABLE, TotalQuantity: 5}
  Work:
    Type: AWS::Batch::JobDefinition
    Properties:
      JobDefinitionName: work
      Type: container
      ContainerProperties: {Image: busybox}
      ConsumableResourceProperties: {ConsumableResourceList: [{ConsumableResource: %s, Quantity: 1}]}
"""


@pytest.mark.parametrize(
    ("policy", "environment", "resource"),
    [
        ("!Ref Fair", "!Ref Fleet", "!Ref Licence"),
        ("!GetAtt Fair.Arn", "!GetAtt Fleet.ComputeEnvironmentArn", "!GetAtt Licence.ConsumableResourceArn"),
        ('{"Ref": Fair}', '{"Fn::GetAtt": [Fleet, ComputeEnvironmentArn]}', '!Sub "${Licence}"'),
        (
            '!Join ["/", ["arn:aws:batch:x:1:scheduling-policy", fair]]',
            "!Select [1, !Split [/, !Ref Fleet]]",
            '!Sub "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:consumable-resource/licence"',
        ),
        (
            '!Sub "${Fair.Arn}"',
            '!Join ["", ["arn:aws:batch:x:", !Ref AWS::AccountId, ":compute-environment/", !Ref Stage, -fleet]]',
            "licence",
        ),
    ],
)
@pytest.mark.parametrize("parameters", [{}, {"AWS::AccountId": "012345678901"}])
def test_references_between_batch_resources_go_by_name(tmp_path, policy, environment, resource, parameters):
    found = batch(tmp_path, REFERENCES % (policy, environment, resource), parameters=parameters)
    assert found["jobQueues"] == [
        {
            "jobQueueName": "queue",
            "schedulingPolicyArn": "fair",
            "priority": 1,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "test-fleet"}],
        }
    ]
    assert found["jobDefinitions"][0]["consumableResourceProperties"] == {
        "consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]
    }
    assert found["schedulingPolicies"][0]["fairsharePolicy"]["shareDistribution"] == [
        {"shareIdentifier": "a", "weightFactor": 0.5}
    ]


def test_an_arn_of_another_stack_stays(tmp_path):
    arn = "arn:aws:batch:us-east-1:012345678901:compute-environment/elsewhere"
    found = batch(tmp_path, REFERENCES % ("!Ref Fair", arn, "licence"))
    assert found["jobQueues"][0]["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": arn}]


def definition(properties):
    return f"""
Resources:
  Work:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: container
{properties}
"""


def test_free_text_keeps_its_case(tmp_path):
    text = definition("""
      Parameters: {inputFile: s3, OutputFile: s3, Vcpus: "1", type: x}
      Tags: {CostCentre: a, costCentre: b, Type: c}
      ContainerProperties:
        Image: busybox
        Environment: [{Name: Image, Value: Command}, {Name: maxvCpus, Value: Memory}]
        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: G, Image: i, mode: Non-Blocking}}
        Secrets: [{Name: Image, ValueFrom: "arn:aws:ssm:x"}]
""")
    assert batch(tmp_path, text)["jobDefinitions"] == [
        {
            "jobDefinitionName": "Work",
            "type": "container",
            "parameters": {"inputFile": "s3", "OutputFile": "s3", "Vcpus": "1", "type": "x"},
            "containerProperties": {
                "image": "busybox",
                "environment": [{"name": "Image", "value": "Command"}, {"name": "maxvCpus", "value": "Memory"}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "G", "Image": "i", "mode": "Non-Blocking"},
                },
                "secrets": [{"name": "Image", "valueFrom": "arn:aws:ssm:x"}],
            },
            "tags": {"CostCentre": "a", "costCentre": "b", "Type": "c"},
        }
    ]


def test_values_become_what_the_api_wants(tmp_path):
    text = definition("""
      PropagateTags: "true"
      SchedulingPriority: "7"
      PlatformCapabilities: [ec2]
      Parameters: {count: 3}
      Timeout: {AttemptDurationSeconds: "600"}
      RetryStrategy: {Attempts: "2", EvaluateOnExit: [{Action: retry, OnExitCode: 137}]}
      ContainerProperties:
        Image: busybox
        Command: [run, 2, 0.5, 3.0, true, "007"]
        Privileged: "False"
        ReadonlyRootFilesystem: yes
        User: 1000
        ResourceRequirements: [{Type: vcpu, Value: 2}, {Type: MEMORY, Value: "2048"}]
""")
    assert batch(tmp_path, text)["jobDefinitions"] == [
        {
            "jobDefinitionName": "Work",
            "type": "container",
            "parameters": {"count": "3"},
            "schedulingPriority": 7,
            "containerProperties": {
                "image": "busybox",
                "command": ["run", "2", "0.5", "3", "true", "007"],
                "readonlyRootFilesystem": True,
                "privileged": False,
                "user": "1000",
                "resourceRequirements": [{"value": "2", "type": "VCPU"}, {"value": "2048", "type": "MEMORY"}],
            },
            "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"onExitCode": "137", "action": "RETRY"}]},
            "propagateTags": True,
            "timeout": {"attemptDurationSeconds": 600},
            "platformCapabilities": ["EC2"],
        }
    ]


def test_what_does_not_convert_is_left_for_validation(tmp_path):
    text = definition("""
      Timeout: {AttemptDurationSeconds: soon}
      Tags: [{Key: a, Value: b}]
      ContainerProperties: {Image: busybox, Privileged: maybe, Vcpus: 1.5, Unheard: {Of: 1}}
""")
    assert batch(tmp_path, text)["jobDefinitions"] == [
        {
            "jobDefinitionName": "Work",
            "type": "container",
            "containerProperties": {"image": "busybox", "vcpus": 1.5, "privileged": "maybe", "Unheard": {"Of": 1}},
            "timeout": {"attemptDurationSeconds": "soon"},
            "tags": [{"Key": "a", "Value": "b"}],
        }
    ]


@pytest.mark.parametrize(
    "strategy",
    ["{}", "{EvaluateOnExit: []}", "!Ref AWS::NoValue", "{Attempts: !Ref AWS::NoValue}"],
)
def test_an_empty_retry_strategy_is_not_sent(tmp_path, strategy):
    text = definition(f"      RetryStrategy: {strategy}\n      ContainerProperties: {{Image: busybox}}")
    (found,) = batch(tmp_path, text)["jobDefinitions"]
    assert found == {
        "jobDefinitionName": "Work",
        "type": "container",
        "containerProperties": {"image": "busybox"},
    }


def test_members_of_cloudformation_alone_are_left_out(tmp_path):
    text = """
    Resources:
      Fleet:
        Type: AWS::Batch::ComputeEnvironment
        Properties:
          Type: MANAGED
          ReplaceComputeEnvironment: true
          UpdatePolicy: {TerminateJobsOnUpdate: true}
          ComputeResources:
            {Type: EC2, MinvCpus: 0, MaxvCpus: 8, InstanceTypes: [c6i], UpdateToLatestImageVersion: true}
      Work:
        Type: AWS::Batch::JobDefinition
        Properties:
          Type: container
          ResourceRetentionPolicy: {SkipDeregisterOnUpdate: true}
          ContainerProperties: {Image: busybox}
    """
    found = imported(tmp_path, text)
    assert found.batch["computeEnvironments"] == [FLEET]
    assert found.batch["jobDefinitions"] == [
        {"jobDefinitionName": "Work", "type": "container", "containerProperties": {"image": "busybox"}}
    ]
    assert notes(found) == [
        ("info", "left-out", "Resources.Fleet.Properties.UpdatePolicy"),
        ("info", "left-out", "Resources.Fleet.Properties.ComputeResources.UpdateToLatestImageVersion"),
        ("info", "left-out", "Resources.Work.Properties.ResourceRetentionPolicy"),
    ]


@pytest.mark.parametrize(
    ("members", "warned"),
    [
        ("ComputeEnvironmentName: fleet", True),
        ("ComputeEnvironmentName: fleet, ReplaceComputeEnvironment: true", True),
        ("ComputeEnvironmentName: fleet, ReplaceComputeEnvironment: false", False),
        ('ComputeEnvironmentName: fleet, ReplaceComputeEnvironment: "false"', False),
        ("ComputeEnvironmentName: !Ref AWS::NoValue", False),
        ("State: ENABLED", False),
    ],
)
def test_a_named_environment_that_is_to_be_replaced_is_warned_of(tmp_path, members, warned):
    text = f"""
    Resources:
      Fleet:
        Type: AWS::Batch::ComputeEnvironment
        Properties: {{Type: UNMANAGED, UnmanagedvCpus: 4, {members}}}
    """
    found = imported(tmp_path, text)
    assert [(note.severity, note.code, note.line) for note in found.notes] == (
        [("warning", "named-replacement", 5)] if warned else []
    )


@pytest.mark.parametrize(
    ("resources", "warned"),
    [
        ("{Type: EC2, MaxvCpus: 8, InstanceTypes: [c6i]}", True),
        ("{Type: SPOT, MinvCpus: !Ref AWS::NoValue, MaxvCpus: 8, InstanceTypes: [c6i]}", True),
        ("{Type: EC2, MinvCpus: 0, MaxvCpus: 8, InstanceTypes: [c6i]}", False),
        ("{Type: FARGATE, MaxvCpus: 8}", False),
    ],
)
def test_an_environment_without_a_minimum_is_warned_of(tmp_path, resources, warned):
    text = f"""
    Resources:
      Fleet:
        Type: AWS::Batch::ComputeEnvironment
        Properties:
          Type: MANAGED
          ComputeResources: {resources}
    """
    found = imported(tmp_path, text)
    told = [(note.severity, note.code, note.line) for note in found.notes]
    assert told == ([("warning", "min-vcpus", 7)] if warned else [])


CONDITIONAL = f"""
Parameters:
  Spot: {{Type: String, Default: "no", AllowedValues: ["yes", "no"]}}
  Size: {{Type: Number, Default: 8}}
Conditions:
  UseSpot: !Equals [!Ref Spot, "yes"]
Mappings:
  Kinds:
    us-east-1: {{types: [c6i]}}
    eu-west-1: {{types: [c7i, m7i]}}
Resources: {FLEET_TEXT}
  Cheap:
    Type: AWS::Batch::ComputeEnvironment
    Condition: UseSpot
    Properties:
      Type: MANAGED
      ComputeResources:
        Type: SPOT
        MinvCpus: 0
        MaxvCpus: !Ref Size
        BidPercentage: !If [UseSpot, 80, !Ref AWS::NoValue]
        InstanceTypes: !FindInMap [Kinds, !Ref AWS::Region, types]
  Queue:
    Type: AWS::Batch::JobQueue
    Properties:
      Priority: 1
      Tags: !If [UseSpot, {{Kind: spot}}, !Ref AWS::NoValue]
      ComputeEnvironmentOrder:
        - !If [UseSpot, {{Order: 1, ComputeEnvironment: !Ref Cheap}}, !Ref AWS::NoValue]
        - {{Order: 2, ComputeEnvironment: !Ref Fleet}}
"""


def test_a_condition_that_is_false_leaves_out(tmp_path):
    assert batch(tmp_path, CONDITIONAL) == {
        "computeEnvironments": [FLEET],
        "jobQueues": [
            {
                "jobQueueName": "Queue",
                "priority": 1,
                "computeEnvironmentOrder": [{"order": 2, "computeEnvironment": "Fleet"}],
            }
        ],
    }


def test_parameters_and_region_decide(tmp_path):
    found = batch(tmp_path, CONDITIONAL, parameters={"Spot": "yes", "Size": "100"}, region="eu-west-1")
    assert found["computeEnvironments"][1] == {
        "computeEnvironmentName": "Cheap",
        "type": "MANAGED",
        "computeResources": {
            "type": "SPOT",
            "minvCpus": 0,
            "maxvCpus": 100,
            "instanceTypes": ["c7i", "m7i"],
            "bidPercentage": 80,
        },
    }
    assert found["jobQueues"][0]["tags"] == {"Kind": "spot"}
    assert [entry["order"] for entry in found["jobQueues"][0]["computeEnvironmentOrder"]] == [1, 2]


def test_parameters_are_checked_by_name(tmp_path):
    found = errors(tmp_path, CONDITIONAL, parameters={"Sppot": "yes", "Size": "many"})
    assert [(finding.code, finding.suggestion) for finding in found] == [
        ("unknown-parameter", "Spot"),
        ("parameter", ""),
    ]


UNDECIDED = """
Parameters:
  Name: {Type: String}
  Types: {Type: CommaDelimitedList}
  Most: {Type: Number}
  Stage: {Type: String}
Conditions:
  Production: !Equals [!Ref Stage, production]
Resources:
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      ComputeEnvironmentName: !Ref Name
      ReplaceComputeEnvironment: false
      Type: MANAGED
      ComputeResources:
        Type: EC2
        MinvCpus: 0
        MaxvCpus: !Ref Most
        InstanceTypes: !Ref Types
        PlacementGroup: !Ref Group
        ScalingPolicy: {MinScaleDownDelayMinutes: !If [Production, 20, 30]}
  Extra:
    Type: AWS::Batch::JobQueue
    Condition: Production
    Properties: {Priority: 1}
  Queue:
    Type: AWS::Batch::JobQueue
    Properties:
      Priority: 1
      ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: !Ref Fleet}]
  Work:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: container
      ContainerProperties: !If [Production, {Image: a, Vcpus: 2, Memory: 2}, {Image: b, Vcpus: 1, Memory: 1}]
      Timeout: {AttemptDurationSeconds: !ImportValue timeout}
  Group: {Type: AWS::EC2::PlacementGroup}
"""


def test_what_decides_is_asked_for_by_name(tmp_path):
    resources = "batch.computeEnvironments.Fleet.computeResources"
    assert [(finding.code, finding.path, finding.expected) for finding in errors(tmp_path, UNDECIDED)] == [
        ("unresolved", "batch.computeEnvironments.Fleet.computeEnvironmentName", "--parameter Name=VALUE"),
        ("unresolved", f"{resources}.maxvCpus", "--parameter Most=VALUE"),
        ("unresolved", f"{resources}.instanceTypes", "--parameter Types=VALUE"),
        ("unresolved", f"{resources}.placementGroup", ""),
        ("unresolved", f"{resources}.scalingPolicy.minScaleDownDelayMinutes", "--parameter Stage=VALUE"),
        ("unresolved", "Resources.Extra.Condition", "--parameter Stage=VALUE"),
        ("unresolved", "batch.jobQueues.Queue.computeEnvironmentOrder.computeEnvironment", "--parameter Name=VALUE"),
        ("unresolved", "batch.jobDefinitions.Work.containerProperties", "--parameter Stage=VALUE"),
        ("unresolved", "batch.jobDefinitions.Work.timeout.attemptDurationSeconds", EXPORTER),
    ]


def test_the_question_says_what_and_why(tmp_path):
    found = next(each for each in errors(tmp_path, UNDECIDED) if each.path.endswith(".instanceTypes"))
    assert str(found) == (
        f"{tmp_path / '0.yaml'}:20:24: [unresolved] batch.computeEnvironments.Fleet.computeResources.instanceTypes: "
        "the compute environment's instanceTypes is not known: parameter Types has no default; "
        "expected --parameter Types=VALUE"
    )


LOOSE = """
Parameters:
  Role: {Type: String}
Resources:
  Template: {Type: AWS::EC2::LaunchTemplate}
  Net: {Type: AWS::EC2::Subnet}
  Log: {Type: AWS::Logs::LogGroup}
  Bucket: {Type: AWS::S3::Bucket}
  Secret: {Type: AWS::SecretsManager::Secret}
  Files: {Type: AWS::EFS::FileSystem}
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      Type: MANAGED
      ServiceRole: !Ref Role
      ComputeResources:
        Type: EC2
        MinvCpus: 0
        MaxvCpus: 8
        InstanceTypes: [c6i]
        Subnets: [!Ref Net, subnet-2]
        SecurityGroupIds: !Split [",", !ImportValue groups]
        InstanceRole: "{{resolve:ssm:role}}"
        LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: $Latest}
        Ec2Configuration: [{ImageType: ECS_AL2023, ImageIdOverride: !Ref Missing}]
        Tags: {Name: !Ref AWS::StackName}
  Work:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: container
      Tags: {kept: x, type: !Ref AWS::StackName}
      ContainerProperties:
        Image: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/x"
        Command: [run, !Ref Bucket]
        JobRoleArn: !Ref Role
        Environment: [{Name: BUCKET, Value: !Ref Bucket}, {Name: A, Value: b}]
        Secrets: [{Name: PASSWORD, ValueFrom: !Ref Secret}, {Name: OTHER, ValueFrom: x}]
        Volumes: [{Name: data, EfsVolumeConfiguration: {FileSystemId: !Ref Files, RootDirectory: /}}]
        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Log, mode: blocking}}
        ResourceRequirements: [{Type: VCPU, Value: 1}, {Type: MEMORY, Value: 512}]
"""


def test_what_does_not_decide_is_left_out_with_a_note(tmp_path):
    found = imported(tmp_path, LOOSE.replace("!Ref Missing", "!GetAtt Template.Ami"))
    assert found.batch == {
        "computeEnvironments": [
            {
                **FLEET,
                "computeResources": {
                    **FLEET["computeResources"],
                    "launchTemplate": {"launchTemplateName": "Template", "version": "$Latest"},
                    "ec2Configuration": [{"imageType": "ECS_AL2023"}],
                },
            }
        ],
        "jobDefinitions": [
            {
                "jobDefinitionName": "Work",
                "type": "container",
                "containerProperties": {
                    "volumes": [{"name": "data"}],
                    "environment": [{"name": "BUCKET"}, {"name": "A", "value": "b"}],
                    "resourceRequirements": [{"value": "1", "type": "VCPU"}, {"value": "512", "type": "MEMORY"}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"mode": "blocking"}},
                    "secrets": [{"name": "OTHER", "valueFrom": "x"}],
                },
                "tags": {"kept": "x"},
            }
        ],
    }
    fleet, work = "batch.computeEnvironments.Fleet.", "batch.jobDefinitions.Work."
    assert {note.path: note.expected for note in found.notes} == {
        f"{fleet}serviceRole": "--parameter Role=VALUE or serviceRole in a deployment section",
        f"{fleet}computeResources.subnets": "subnets in a deployment section",
        f"{fleet}computeResources.securityGroupIds": f"{EXPORTER} or securityGroupIds in a deployment section",
        f"{fleet}computeResources.instanceRole": "instanceRole in a deployment section",
        f"{fleet}computeResources.ec2Configuration.imageIdOverride": "",
        f"{fleet}computeResources.tags.Name": "--parameter AWS::StackName=VALUE or tags in a deployment section",
        f"{work}tags.type": "--parameter AWS::StackName=VALUE or tags in a deployment section",
        f"{work}containerProperties.image": ("--parameter AWS::AccountId=VALUE or images in a deployment section"),
        f"{work}containerProperties.command": "",
        f"{work}containerProperties.jobRoleArn": "--parameter Role=VALUE or jobRoleArn in a deployment section",
        f"{work}containerProperties.environment.value": "",
        f"{work}containerProperties.secrets": "",
        f"{work}containerProperties.volumes.efsVolumeConfiguration": "",
        f"{work}containerProperties.logConfiguration.options.awslogs-group": "",
    }
    assert {(note.severity, note.code) for note in found.notes} == {("info", "left-out")}
    assert all(note.message.startswith("left out: ") for note in found.notes)
    assert found.launch_templates == ({"launchTemplateName": "Template", "launchTemplateData": {}},)


def test_overrides_of_a_launch_template_are_not_lost(tmp_path):
    text = FLEET_TEXT.replace(
        "MaxvCpus: 8",
        "MaxvCpus: 8, LaunchTemplate: {LaunchTemplateId: !Ref T, Overrides: [{TargetInstanceTypes: [c6i]}]}",
    )
    found = imported(tmp_path, f"Resources:\n{text}\n  T: {{Type: AWS::EC2::LaunchTemplate}}")
    assert found.batch["computeEnvironments"][0]["computeResources"]["launchTemplate"] == {
        "launchTemplateName": "T",
        "overrides": [{"targetInstanceTypes": ["c6i"]}],
    }


def test_multi_node_jobs_and_tasks_of_several_containers(tmp_path):
    text = """
    Resources:
      Nodes:
        Type: AWS::Batch::JobDefinition
        Properties:
          Type: multinode
          NodeProperties:
            NumNodes: "4"
            MainNode: 0
            NodeRangeProperties:
              - TargetNodes: "0:3"
                Container: {Image: !Ref Repository, Vcpus: 2, Memory: 2048, Command: [1]}
      Task:
        Type: AWS::Batch::JobDefinition
        Properties:
          Type: container
          EcsProperties:
            TaskProperties:
              - Containers:
                  - Name: main
                    Image: !Ref Repository
                    Essential: "true"
                    ResourceRequirements: [{Type: VCPU, Value: 1}, {Type: MEMORY, Value: 512}]
      Repository: {Type: AWS::ECR::Repository}
    """
    found = imported(tmp_path, text)
    assert found.batch["jobDefinitions"] == [
        {
            "jobDefinitionName": "Nodes",
            "type": "multinode",
            "nodeProperties": {
                "numNodes": 4,
                "mainNode": 0,
                "nodeRangeProperties": [
                    {"targetNodes": "0:3", "container": {"vcpus": 2, "memory": 2048, "command": ["1"]}}
                ],
            },
        },
        {
            "jobDefinitionName": "Task",
            "type": "container",
            "ecsProperties": {
                "taskProperties": [
                    {
                        "containers": [
                            {
                                "essential": True,
                                "name": "main",
                                "resourceRequirements": [
                                    {"value": "1", "type": "VCPU"},
                                    {"value": "512", "type": "MEMORY"},
                                ],
                            }
                        ]
                    }
                ]
            },
        },
    ]
    assert [note.code for note in found.notes] == ["left-out", "left-out"]


def test_other_macros_are_noted(tmp_path):
    found = imported(tmp_path, f"Transform: [AWS::Serverless-2016-10-31, Own]\nResources: {FLEET_TEXT}")
    assert found.batch == {"computeEnvironments": [FLEET]}
    assert notes(found) == [("info", "transform", "Transform")]
    assert "Own is not run" in found.notes[0].message


def test_a_transform_may_add_resources_of_its_own(tmp_path):
    text = f"Transform: AWS::Serverless-2016-10-31\nResources: {FLEET_TEXT}      ServiceRole: !GetAtt WorkRole.Arn\n"
    found = imported(tmp_path, text)
    assert found.batch == {"computeEnvironments": [FLEET]}
    assert "WorkRole is not in the template as it is written" in found.notes[0].message


@pytest.mark.parametrize(
    ("resources", "code", "words"),
    [
        ("Share: {Type: AWS::Batch::QuotaShare}", "not-simulated", "AWS::Batch::QuotaShare is not simulated yet"),
        ("Service: {Type: AWS::Batch::ServiceEnvironment}", "not-simulated", "ServiceEnvironment is not simulated"),
        ("Queue: {Type: AWS::Batch::JobQeue}", "unknown-word", "did you mean AWS::Batch::JobQueue?"),
        ("Group: {Type: AWS::EC2::SecurityGroup}", "nothing-to-import", "the template has no Batch resource"),
        ("Queue: []", "wrong-shape", "not a resource"),
        ("Queue: {Properties: {}}", "wrong-shape", "not a resource"),
        ("Queue: {Type: AWS::Batch::JobQueue, Properties: [a]}", "wrong-shape", "not properties"),
        ("Queue: {Type: AWS::Batch::JobQueue, Condition: [a]}", "wrong-shape", "not the name of a condition"),
        ("Queue: {Type: AWS::Batch::JobQueue, Condition: Maybe}", "unknown-reference", "no condition 'Maybe'"),
        ("Queue: {Type: AWS::Batch::JobQueue, Properties: {Priority: }}", "null-value", "nothing is here"),
        ("Queue: {Type: AWS::Batch::JobQueue, Properties: {Priority: !Rnd 3}}", "unknown-function", "Fn::Rnd"),
        ("Queue: {Type: AWS::Batch::JobQueue, Properties: {JobQueueName: !Ref Queue}}", "cycle", "Queue → Queue"),
        ("Queue: {Type: AWS::Batch::JobQueue, Properties: !Transform {Name: x}}", "unresolved", "Fn::Transform"),
        ("'Fn::ForEach::Queues': [Name, [a, b], {}]", "unknown-function", "Fn::ForEach is not evaluated"),
    ],
)  # fmt: skip
def test_a_fault_is_a_finding_with_its_line(tmp_path, resources, code, words):
    found = errors(tmp_path, f"Resources:\n  {resources}\n")
    assert [finding.code for finding in found] == [code]
    assert words in str(found[0])
    assert found[0].line in (1, 2)


def test_every_fault_comes_in_one_go(tmp_path):
    text = """
    Resources:
      A: {Type: AWS::Batch::JobQueue, Properties: {Priority: !Ref Nobody}}
      B: {Type: AWS::Batch::JobQueue, Properties: {Priority: !Select [3, [1]]}}
      C: {Type: AWS::Batch::QuotaShare}
    """
    found = errors(tmp_path, text, "Resources: 3", parameters={"X": "1"})
    assert [(finding.code, finding.file.rpartition("/")[2], finding.line) for finding in found] == [
        ("unknown-parameter", "--parameter", 0),
        ("unknown-reference", "0.yaml", 3),
        ("wrong-shape", "0.yaml", 4),
        ("not-simulated", "0.yaml", 5),
        ("wrong-shape", "1.yaml", 1),
    ]


def test_two_objects_of_one_name_are_a_fault(tmp_path):
    template = f"Resources: {FLEET_TEXT}"
    found = errors(tmp_path, template, template)
    assert [(finding.code, finding.path, finding.line) for finding in found] == [
        ("duplicate-name", "batch.computeEnvironments.Fleet", 2)
    ]
    assert "the first in " in found[0].message
    assert found[0].message.endswith("0.yaml:2")
    assert found[0].file.endswith("1.yaml")


def test_json_with_tabs_and_escapes_means_the_same(tmp_path):
    template = {
        "Resources": {
            "Work": {
                "Type": "AWS::Batch::JobDefinition",
                "Properties": {"Type": "container", "Tags": {"smile": "\U0001f600", "half": "\ud83d"}},
            }
        }
    }
    found = batch(tmp_path, json.dumps(template, indent="\t"))
    assert found["jobDefinitions"][0]["tags"] == {"smile": "\U0001f600", "half": "\ufffd"}


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).filter(
    lambda text: "{{resolve" not in text
)
TAGS = st.dictionaries(TEXTS.filter(lambda key: key != "Ref" and not key.startswith("Fn::")), TEXTS, max_size=3)
RETRY = {"onReason": "Host EC2*", "action": "RETRY"}
SHARE = {"shareIdentifier": "a*", "weightFactor": 0.5}
REQUESTS = st.fixed_dictionaries(
    {
        "computeEnvironments": st.just([FLEET]),
        "jobQueues": st.lists(
            st.fixed_dictionaries(
                {
                    "jobQueueName": NAMES,
                    "state": st.sampled_from(["ENABLED", "DISABLED"]),
                    "priority": st.integers(0, 1000),
                    "computeEnvironmentOrder": st.just([{"order": 1, "computeEnvironment": "Fleet"}]),
                    "tags": TAGS,
                }
            ),
            min_size=1,
            max_size=2,
            unique_by=lambda queue: queue["jobQueueName"],
        ),
        "jobDefinitions": st.lists(
            st.fixed_dictionaries(
                {
                    "jobDefinitionName": NAMES,
                    "type": st.just("container"),
                    "parameters": TAGS,
                    "containerProperties": st.fixed_dictionaries(
                        {
                            "image": TEXTS,
                            "command": st.lists(TEXTS, max_size=3),
                            "environment": st.lists(st.fixed_dictionaries({"name": TEXTS, "value": TEXTS}), max_size=2),
                            "privileged": st.booleans(),
                            "linuxParameters": st.just({"initProcessEnabled": True, "tmpfs": []}),
                        }
                    ),
                    "retryStrategy": st.just({"attempts": 2, "evaluateOnExit": [RETRY]}),
                }
            ),
            min_size=1,
            max_size=2,
            unique_by=lambda each: each["jobDefinitionName"],
        ),
        "schedulingPolicies": st.just(
            [{"name": "fair", "fairsharePolicy": {"shareDistribution": [SHARE]}}]
        ),
    }
)  # fmt: skip


def template_of(requests):
    resources = {
        f"R{kind}{number}": {"Type": OBJECTS[kind].cloudformation, "Properties": to_cloudformation(request, kind)}
        for kind, listed in requests.items()
        for number, request in enumerate(listed)
    }
    resources["RcomputeEnvironments0"]["Properties"]["ReplaceComputeEnvironment"] = False
    return {"Resources": resources}


@given(REQUESTS)
def test_what_is_spelled_for_cloudformation_comes_back(tmp_path_factory, requests):
    found = imported(tmp_path_factory.mktemp("template"), json.dumps(template_of(requests)))
    assert found.batch == requests
    assert {note.code for note in found.notes} <= {"min-vcpus"}  # it is no member that has to be there


@given(REQUESTS)
def test_what_is_written_reads_back_with_every_reader(tmp_path_factory, requests):
    folder = tmp_path_factory.mktemp("template")
    text = imported(folder, json.dumps(template_of(requests))).to_yaml()
    assert compose(text, "x")[0] == {"batch": requests}
    assert YAML(typ="safe", pure=True).load(text) == {"batch": requests}
    assert text.startswith("batch:\n")


AWKWARD = [
    "0x1F",
    "0o17",
    "017",
    "1e6",
    ".5e3",
    "+.inf",
    ".nan",
    "12:30",
    "2012-10-17",
    "no",
    "~",
    "null",
    "true",
    "",
    " a",
]
AWKWARD += [
    "- x",
    "a: b",
    "#x",
    "&x",
    "*x",
    "!x",
    "{a}",
    "%x",
    "@x",
    "a\nb\n",
    "a\n\n b",
    "\t",
    "=",
    "<<",
    "'",
    '"',
    "1_000",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_read_back(tmp_path, text):
    requests = {"jobQueues": [{"jobQueueName": "q", "priority": 1, "tags": {"key": text}}]}
    if text:
        requests["jobQueues"][0]["tags"][text] = "value"
    written = imported(tmp_path, json.dumps(requests)).to_yaml()
    assert compose(written, "x")[0] == {"batch": requests}


SEEDS = [
    compose(text, "seed", key_of_tag=lambda tag: tag.removeprefix("!") if tag == "!Ref" else f"Fn::{tag[1:]}")[0]
    for text in (CONDITIONAL, UNDECIDED, LOOSE, REFERENCES % ("!Ref Fair", "!Ref Fleet", "!Ref Licence"))
]
ODD = [
    None,
    True,
    -1,
    1e300,
    "",
    "Fleet",
    "${Fleet}",
    "${",
    "{{resolve:x",
    [],
    {},
    [[]],
    {"Ref": "Fleet"},
    {"Ref": None},
]
ODD += [{"Fn::GetAtt": "Fleet.Arn"}, {"Fn::Sub": "${Queue}${Fleet}"}, {"Fn::If": ["Production", 1, 2]}, {"Fn::X": 1}]
ODD += [{"Fn::Split": ["/", {"Ref": "Queue"}]}, {"Ref": "AWS::NoValue"}, {"Condition": "UseSpot"}, {"Fn::Not": []}]


def places(value, where=()):
    yield where
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*where, key))


def outcome(source, **options):
    """What was imported, or the error; anything else would be a traceback."""
    try:
        return import_config([source], **options)
    except ScenarioError as error:
        return error


@given(st.data())
def test_whatever_a_template_holds_only_findings_come_of_it(tmp_path_factory, data):
    template = copy.deepcopy(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.sampled_from(list(places(template))))
        if not where:
            continue
        holder = template
        for step in where[:-1]:
            holder = holder[step]
        if isinstance(holder, dict) and data.draw(st.booleans()):
            holder[data.draw(st.sampled_from(["Ref", "Fn::Join", "Type", "Condition", "Fn::Transform"]))] = holder.pop(
                where[-1]
            )
        else:
            holder[where[-1]] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    source = tmp_path_factory.mktemp("odd") / "template.json"
    source.write_text(json.dumps(template))
    found = outcome(source, parameters={"Stage": "production", "Size": "3"})
    if isinstance(found, ScenarioError):
        assert any(finding.severity == "error" for finding in found.findings)
    else:
        assert compose(found.to_yaml(), "x")[0] == {"batch": found.batch}


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60)))
def test_whatever_a_file_holds_only_findings_come_of_it(tmp_path_factory, content):
    source = tmp_path_factory.mktemp("odd") / "file"
    source.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ScenarioError):
        import_config([source])


@pytest.mark.parametrize("opening", ["[", "{a: ", '{"Fn::Not": [', "- "])
def test_depth_is_a_finding(tmp_path, opening):
    source = tmp_path / "deep.yaml"
    source.write_text("Resources: {Q: {Type: AWS::Batch::JobQueue, Properties: {P: " + opening * 900)
    with pytest.raises(ScenarioError):
        import_config([source])


def test_depth_that_can_be_read_is_a_finding_too(tmp_path):
    value = "x"
    for _ in range(150):
        value = {"Fn::Sub": ["${A}", {"A": value}]}
    template = {"Resources": {"Q": {"Type": "AWS::Batch::JobQueue", "Properties": {"JobQueueName": value}}}}
    source = tmp_path / "deep.json"
    source.write_text(json.dumps(template))
    found = outcome(source)
    if isinstance(found, ScenarioError):
        assert [finding.code for finding in found.findings] == ["too-large"]
    else:
        assert found.batch == {"jobQueues": [{"jobQueueName": "x"}]}


EXPORTING = """
Resources:
  Compute:
    Type: AWS::Batch::ComputeEnvironment
    Properties: {Type: MANAGED, ComputeResources: {Type: FARGATE, MaxvCpus: 16}}
Outputs:
  ComputeArn: {Value: !Ref Compute, Export: {Name: %s}}
"""
IMPORTING = """
Parameters: {Base: {Type: String, Default: base}}
Resources:
  Queue:
    Type: AWS::Batch::JobQueue
    Properties:
      Priority: 1
      ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: %s}]
"""


@pytest.mark.parametrize(
    ("exported", "asked"),
    [
        ("base:ComputeArn", "!ImportValue base:ComputeArn"),
        ('!Sub "${AWS::StackName}:ComputeArn"', "!ImportValue base:ComputeArn"),
        ('!Sub "${AWS::StackName}:ComputeArn"', 'Fn::ImportValue: !Sub "${Base}:ComputeArn"'),
        ('!Sub "${AWS::StackName}:ComputeArn"', 'Fn::ImportValue: !Sub "${AWS::AccountId}:ComputeArn"'),
        ("any", "Fn::GetStackOutput: {StackName: of-the-account, OutputName: ComputeArn}"),
    ],
)
@pytest.mark.parametrize("order", [1, -1], ids=["before", "after"])
def test_templates_given_together_refer_to_each_other(exported, asked, order, tmp_path):
    # CloudFormation User Guide, Outputs section, Export; Template Reference, Fn::ImportValue and Fn::GetStackOutput.
    asked = asked if asked.startswith("!") else f"{{{asked}}}"
    texts = [EXPORTING % exported, IMPORTING % asked][::order]
    found = imported(tmp_path, *texts).batch
    assert found["jobQueues"][0]["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": "Compute"}]


def test_an_export_that_two_templates_may_mean_is_not_guessed(tmp_path):
    pattern = '!Sub "${AWS::StackName}:ComputeArn"'
    second = EXPORTING.replace("Compute:", "Other:").replace("!Ref Compute", "!Ref Other")
    (error,) = errors(tmp_path, EXPORTING % pattern, second % pattern, IMPORTING % "!ImportValue base:ComputeArn")
    assert (error.code, error.expected) == ("unresolved", "one export of that name")
    assert "Fn::ImportValue base:ComputeArn may be of 0 (ComputeArn), 1 (ComputeArn)" in error.message


def test_an_export_that_is_spelled_otherwise_is_suggested(tmp_path):
    (error,) = errors(tmp_path, EXPORTING % "base:ComputeArn", IMPORTING % "!ImportValue base:ComputArn")
    assert (error.code, error.expected) == ("unresolved", f"base:ComputeArn, or {EXPORTER}")


def test_exports_that_need_each_other_are_a_fault_and_no_loop(tmp_path):
    text = """
    Resources: {%s: {Type: AWS::Batch::JobQueue, Properties: {Priority: !ImportValue %s}}}
    Outputs: {Out: {Value: !ImportValue %s, Export: {Name: %s}}}
    """
    found = errors(tmp_path, text % ("A", "b", "b", "a"), text % ("B", "a", "a", "b"))
    assert {error.code for error in found} == {"cycle"}


NAMED_AFTER_THE_STACK = """
Resources:
  Queue:
    Type: AWS::Batch::JobQueue
    Properties:
      JobQueueName: !Sub "${AWS::StackName}-queue"
      Priority: 1
      ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: !Sub "${AWS::StackName}-pool"}]
  Pool:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      ComputeEnvironmentName: !Sub "${AWS::StackName}-pool"
      ReplaceComputeEnvironment: false
      Type: MANAGED
      ServiceRole: !Sub "arn:aws:iam::${AWS::AccountId}:role/service/Batch"
      ComputeResources: {Type: FARGATE, MaxvCpus: 16}
"""


def test_names_that_only_aws_knows_become_the_logical_id_with_a_note(tmp_path):
    found = imported(tmp_path, NAMED_AFTER_THE_STACK)
    (queue,), (pool,) = found.batch["jobQueues"], found.batch["computeEnvironments"]
    assert (queue["jobQueueName"], pool["computeEnvironmentName"]) == ("Queue", "Pool")
    assert queue["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": "Pool"}]
    # AWS takes a role's name, with its path (API CreateComputeEnvironment.serviceRole).
    assert pool["serviceRole"] == "service/Batch"
    assert [(note.severity, note.code) for note in found.notes] == [("info", "named-by-id")] * 2
    given = imported(tmp_path, NAMED_AFTER_THE_STACK, parameters={"AWS::StackName": "etl"}).batch
    assert given["jobQueues"][0]["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": "etl-pool"}]


def test_functions_of_the_language_extensions_have_values_and_none_is_suggested_for_one_that_exists(tmp_path):
    text = """
    Parameters: {Names: {Type: CommaDelimitedList, Default: "a,b,c"}}
    Resources:
      Work:
        Type: AWS::Batch::JobDefinition
        Properties:
          Type: container
          Timeout: {AttemptDurationSeconds: {"Fn::Length": !Ref Names}}
          Parameters: {json: {"Fn::ToJsonString": {level: [1, true]}}, all: {"Fn::RefAll": "AWS::EC2::VPC::Id"}}
    """
    found = imported(tmp_path, text)
    (work,) = found.batch["jobDefinitions"]
    assert work["timeout"] == {"attemptDurationSeconds": 3}
    assert work["parameters"] == {"json": '{"level":[1,true]}'}
    assert [(note.code, note.path, note.suggestion) for note in found.notes] == [
        ("left-out", "batch.jobDefinitions.Work.parameters.all", "")
    ]
