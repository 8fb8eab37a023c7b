#!/usr/bin/env bash
# cfn-lint 1.58.0: Fargate's table of vCPUs and memory is checked for Amazon ECS, not for AWS Batch.
#
# A task definition of 0.25 vCPU and 8192 MiB is refused (E3047). A Batch job definition of the same size for Fargate is
# not; nor is a Fargate compute environment with minvCpus, instance types and an allocation strategy, which the API
# reference of ComputeResource says not to state there. The linter does know Batch: a time limit below 600 s is refused.
# Output seen:
#   E3047 Cpu '256' is not compatible with memory '8192'     (Amazon ECS only)
#   E3034 5 is less than the minimum of 600                  (AWS Batch)
# Why it matters: a template that the linter passes fails when its stack is made, after other resources have been; a
# pipeline that trusts it checks sizes of jobs nowhere before the account does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check cfn-lint==1.58.0
cat >"$folder/template.yaml" <<'YAML'
Resources:
  BatchJob:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: container
      PlatformCapabilities: [FARGATE]
      ContainerProperties:
        Image: busybox
        ExecutionRoleArn: arn:aws:iam::123456789012:role/execution
        ResourceRequirements:
          - {Type: VCPU, Value: "0.25"}
          - {Type: MEMORY, Value: "8192"}
  BatchEnvironment:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      Type: MANAGED
      ComputeResources:
        Type: FARGATE
        MaxvCpus: 16
        MinvCpus: 4
        InstanceTypes: [m5.large]
        AllocationStrategy: BEST_FIT
        Subnets: [subnet-12345678]
        SecurityGroupIds: [sg-12345678]
  BatchQueue:
    Type: AWS::Batch::JobQueue
    Properties:
      Priority: 1
      ComputeEnvironmentOrder:
        - {Order: 1, ComputeEnvironment: !Ref BatchEnvironment}
      JobStateTimeLimitActions:
        - {Action: CANCEL, MaxTimeSeconds: 5, Reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY, State: RUNNABLE}
  EcsTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "8192"
      ContainerDefinitions:
        - {Name: task, Image: busybox}
YAML
"$folder/venv/bin/cfn-lint" --non-zero-exit-code none --format json "$folder/template.yaml" >"$folder/found.json"
python3 - "$folder/found.json" <<'PYTHON'
import json
import sys

found = json.load(open(sys.argv[1], encoding="utf-8"))
seen = sorted((each["Rule"]["Id"], each["Location"]["Path"][1]) for each in found)
for each in found:
    print(each["Rule"]["Id"], each["Message"])
assert seen == [("E3034", "BatchQueue"), ("E3047", "EcsTask")], f"this has changed: {seen}"
PYTHON
