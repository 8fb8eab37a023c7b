#!/usr/bin/env bash
# botocore 1.44.8: the provider of ECS Managed Instances, which AWS Batch and Amazon ECS describe by the same names.
#
# The block that an ECS capacity provider has is not the one that a compute environment of AWS Batch takes, though its
# members are called alike: instanceRequirements is of attributes there and a list of types here, storageSizeGiB sizes the
# data volume there and the root volume here, and tags reach the instance's metadata by default there and not here. Of
# Batch's no word and no range is in the model, though its texts list them: what has a misspelt capacityOptionType or a
# scaleInAfter out of range is taken. And what DescribeComputeEnvironments answers can't be handed to
# UpdateComputeEnvironment: that knows neither capacityOptionType nor fipsEnabled.
# Output seen:
#   capacityOptionType 'spot', scaleInAfter 99999      Batch: taken     ECS: ['ON_DEMAND', 'SPOT', 'RESERVED']
#   allowedInstanceTypes alone                         Batch: taken     ECS: vCpuCount and memoryMiB are missing
#   a description sent back as an update               capacityOptionType, fipsEnabled are unknown
# Why it matters: a configuration is moved from ECS to Batch by hand and checked by the client alone; on-demand capacity is
# paid where Spot was meant only if AWS takes the word too, and an update made of the description fails. Check the words and
# ranges that the texts state, and build updates from the update's own shape.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check botocore==1.44.8
"$folder/venv/bin/python" - <<'PYTHON'
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

batch, ecs = (ServiceModel(Loader().load_service_model(name, "service-2"), name) for name in ("batch", "ecs"))


def faults(shape, value):
    return ParamValidator().validate(value, shape).generate_report()


launched = {
    "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/managed",
    "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
    "instanceRequirements": {"allowedInstanceTypes": ["c6i.large"]},
}
provider = {
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
    "instanceLaunchTemplate": {**launched, "capacityOptionType": "spot", "fipsEnabled": False},
    "infrastructureOptimization": {"scaleInAfter": 99_999},
}
told = faults(batch.shape_for("ManagedInstancesProvider"), provider)
print("spot and 99999, Batch:", told or "taken")
assert told == "", "this has changed: Batch's model has words or ranges"
option = batch.shape_for("InstanceLaunchTemplate").members["capacityOptionType"]
words = ecs.shape_for("InstanceLaunchTemplate").members["capacityOptionType"].enum
print("capacityOptionType, Batch:", list(getattr(option, "enum", ())), "ECS:", words)
assert "ON_DEMAND" in option.documentation, "this has changed: the text no longer lists the words"
assert not getattr(option, "enum", ()) and "RESERVED" in words, "this has changed: the words"

told = faults(ecs.shape_for("InstanceLaunchTemplate"), {**launched, "networkConfiguration": {"subnets": ["subnet-1"]}})
print("types alone, ECS:", told.replace("\n", "; "))
assert "vCpuCount" in told and "memoryMiB" in told, "this has changed: ECS takes types alone"

texts = [
    model.shape_for("ManagedInstancesStorageConfiguration").members["storageSizeGiB"].documentation
    for model in (batch, ecs)
]
assert ("root EBS volume" in texts[0], "data volume" in texts[1]) == (True, True), "this has changed: the volumes"
texts = [
    model.shape_for("InstanceLaunchTemplate").members["instanceMetadataTagsPropagation"].documentation
    for model in (batch, ecs)
]
assert "not accessible" in texts[0] and "<code>true</code>" in texts[1], "this has changed: the tags' default"

told = faults(batch.shape_for("UpdateManagedInstancesProviderConfiguration"), provider)
print("as an update:", told.replace("\n", "; "))
assert "capacityOptionType" in told and "fipsEnabled" in told, "this has changed: the update takes a description"
PYTHON
