"""Faults of every stage in one document: each is told, in one go, at the line where it stands."""

from __future__ import annotations

import re

from batchsim.scenario.checking import check
from batchsim.scenario.document.document import read
from tests.scenarios.rules.base import STAGES

#: A comment names what is told of its line; a list or a mapping stands where its first entry does.
SCENARIO = """\
name: wrong
batch:
  computeEnvironments:
    - computeEnvironmentName: fleet
      type: MANAGED
      state: DISABLED  # created-disabled
      computeResources:
        type: SPOT
        allocationStrategy: BEST_FIT_PROGRESSIVE_ORDERED  # strategy
        minvCpus: 9  # vcpu-bounds
        maxvCpus: 8
        bidPercentage: 0  # bid
        scalingPolicy:
          minScaleDownDelayMinutes: 19  # scale-down-delay
        instanceTypes:
          - c6i  # spot-diversity
          - m6i.xlagre  # instance-type
        ec2Configuration:
          - imageType: ECS_AL2_NVIDIA  # ec2-configuration
        launchTemplate:
          launchTemplateName: wide  # launch-template-held
          overrides:
            - launchTemplateName: wide
              targetInstanceTypes:
                - r6i  # launch-template
        securityGroupIds: [sg-1]
        instanceRole: role
        subnets: [subnet-1]
  jobQueues:
    - jobQueueName: queue
      priority: 1001  # priority
      jobQueueType: ECS_FARGATE  # queue-type
      computeEnvironmentOrder:
        - {order: 1, computeEnvironment: fleet}  # disabled-environment
        - {order: 1, computeEnvironment: fleet}  # environment-order, disabled-environment
      jobStateTimeLimitActions:
        - reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY
          state: RUNNABLE
          maxTimeSeconds: 599  # time-limit
          action: CANCEL
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      tags:
        aws:owner: me  # tags
      containerProperties:
        image: my image  # documented-form
        environment:
          - name: AWS_BATCH_MINE  # reserved-variable
            value: x
        mountPoints:
          - sourceVolume: data  # volume
            containerPath: /data
        resourceRequirements:
          - type: VCPU
            value: "1.5"  # requirements
          - type: MEMORY
            value: "1024"
        linuxParameters:
          swappiness: 60  # no-effect
        runtimePlatform:
          cpuArchitecture: X86  # runtime-platform, runtime-platform
      retryStrategy:
        attempts: 11  # attempts
        evaluateOnExit:
          - onExitCode: x  # attempts, retries-everything
            action: RETRY
      timeout:
        attemptDurationSeconds: 59  # timeout, short-timeout
workload:
  - workflow: work
    jobs:
      - jobName: job  # parameter
        jobQueue: queue
        jobDefinition: task
        runtime: 2h  # long-on-spot
        shareIdentifier: blue  # share-identifier
        schedulingPriorityOverride: 1  # scheduling-priority-override
        arrayProperties:
          size: 10001  # array
        dependsOn:
          - jobName: jbo  # dependency
        containerOverrides:
          command: ["Ref::input", ""]  # empty-argument
          vcpus: 2  # old-overrides
"""


def test_every_fault_is_told_at_its_line(tmp_path):
    expected = [
        (number, code)
        for number, line in enumerate(SCENARIO.splitlines(), 1)
        for code in re.findall(r"[a-z0-9-]+", line.partition("  # ")[2])
    ]
    path = tmp_path / "wrong.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    findings = check(read(path, "wrong.yaml"), STAGES).findings
    told = sorted((each.line, each.code) for each in findings)
    assert told == sorted(expected)
    assert {each.file for each in findings} == {"wrong.yaml"}
    assert all(each.column > 0 for each in findings)
