"""Purchase options: how what a compute environment runs jobs on is bought."""

from __future__ import annotations

from typing import Final, Literal

PurchaseOption = Literal[
    "EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "MANAGED_INSTANCES", "MANAGED_INSTANCES_SPOT", "UNMANAGED"
]
#: What a job definition is for (API RegisterJobDefinitionRequest.platformCapabilities).
Platform = Literal["EC2", "FARGATE", "MANAGED_INSTANCES"]
#: What the account's vCPU quotas, its capacity pools and stated discounts are of.
AccountOption = Literal["EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "UNMANAGED"]

#: Instances that ECS manages are EC2's: its quotas, pools, prices and interruptions hold of them.
ACCOUNT_OPTIONS: Final[dict[PurchaseOption, AccountOption]] = {
    "EC2": "EC2",
    "SPOT": "SPOT",
    "FARGATE": "FARGATE",
    "FARGATE_SPOT": "FARGATE_SPOT",
    "MANAGED_INSTANCES": "EC2",
    "MANAGED_INSTANCES_SPOT": "SPOT",
    "UNMANAGED": "UNMANAGED",
}
