#!/usr/bin/env bash
# aws-cdk-lib 2.275.0 (aws_batch.ManagedEc2EcsComputeEnvironment; needs Node.js): "optimal" beside the types given.
#
# A compute environment made with instance_types=[c7g.xlarge] should have that type. It has "optimal" too: the property
# use_optimal_instance_classes is true if nothing is said, also where types or classes are given. AWS Batch then may launch
# any size of its x86 families as well; with a Graviton type the two architectures are mixed, which it does not take.
# Output seen, InstanceTypes of the template:
#   instance_types=[c7g.xlarge]                                        c7g.xlarge, optimal
#   instance_classes=[c6i], spot=True                                  c6i, optimal
#   instance_types=[c7i.large], use_optimal_instance_classes=False     c7i.large
# Why it matters: whoever reads the program plans with one type's vCPUs, memory and price; the account launches m, c and r
# of all sizes, other bins and other prices. Plan from the synthesised template, and say use_optimal_instance_classes.
set -euo pipefail
command -v node > /dev/null || { echo "needs Node.js"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import aws_cdk as cdk
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2

app = cdk.App()
stack = cdk.Stack(app, "stack")
vpc = ec2.Vpc(stack, "vpc", max_azs=1, nat_gateways=0)
ASKED = {
    "graviton": {"instance_types": [ec2.InstanceType("c7g.xlarge")]},
    "spot": {"instance_classes": [ec2.InstanceClass.C6I], "spot": True},
    "only": {"instance_types": [ec2.InstanceType("c7i.large")], "use_optimal_instance_classes": False},
}
for name, asked in ASKED.items():
    batch.ManagedEc2EcsComputeEnvironment(stack, name, vpc=vpc, **asked)

resources = app.synth().get_stack_by_name("stack").template["Resources"]
types = sorted(
    resource["Properties"]["ComputeResources"]["InstanceTypes"]
    for resource in resources.values()
    if resource["Type"] == "AWS::Batch::ComputeEnvironment"
)
for each in types:
    print("InstanceTypes:", *each)
assert types == [["c6i", "optimal"], ["c7g.xlarge", "optimal"], ["c7i.large"]], "this has changed"
PYTHON
