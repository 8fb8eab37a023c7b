"""Configurations that other people wrote and deployed."""

from __future__ import annotations

import pytest

from batchsim.aws.importers.config import import_config
from batchsim.errors import ScenarioError
from batchsim.scenario.document.document import Document
from batchsim.scenario.sections.batch import check_batch

GENOMICS = {"Namespace": "lab", "BatchComputeInstanceTypes": "c5,m5,r5"}


@pytest.fixture
def configs(shared_data):
    folder = shared_data / "configs"
    if not folder.is_dir():
        pytest.skip("the public configurations are not beside the repository")
    return folder


@pytest.mark.parametrize(
    ("name", "parameters", "objects"),
    [
        (
            "batch-large-scale.yaml",
            {},
            {
                "computeEnvironments": ["ComputeEnvironment1"],
                "jobQueues": ["JobQueue1"],
                "jobDefinitions": ["stress-ng-2-vcpus-3192mb"],
            },
        ),
        (
            "sam-eventbridge-batch.yaml",
            {},
            {
                "computeEnvironments": ["ComputeEnvironment"],
                "jobQueues": ["JobQueue"],
                "jobDefinitions": ["JobDefinition"],
            },
        ),
        (
            "gwfcore-batch.template.yaml",
            GENOMICS,
            {
                "computeEnvironments": ["spot-lab", "ondemand-lab"],
                "jobQueues": ["priority-lab", "default-lab"],
            },
        ),
        ("create-compute-environment-c4ondemand.json", {}, {"computeEnvironments": ["C4OnDemand"]}),
        ("describe-compute-environments-p2ondemand.json", {}, {"computeEnvironments": ["P2OnDemand"]}),
        ("create-job-queue-highpriority.json", {}, {"jobQueues": ["HighPriority"]}),
        ("register-job-definition-fetch-and-run.json", {}, {"jobDefinitions": ["fetch_and_run"]}),
    ],
)
def test_a_public_configuration_is_imported_in_shapes_that_aws_takes(configs, name, parameters, objects):
    found = import_config([configs / name], parameters=parameters)
    assert {kind: [next(iter(each.values())) for each in listed] for kind, listed in found.batch.items()} == objects
    document = Document({"batch": found.batch})
    wrong = [finding for finding in check_batch(document) if finding.code != "missing-key" or finding.path != "batch"]
    assert [finding.message for finding in wrong] == []
    names = {name for listed in objects.values() for name in listed}
    for queue in found.batch.get("jobQueues", ()):
        referred = {entry["computeEnvironment"] for entry in queue["computeEnvironmentOrder"]}
        assert referred <= names or name == "create-job-queue-highpriority.json"


def test_queue_and_environment_of_two_files_come_together(configs):
    sources = ["create-job-queue-highpriority.json", "create-compute-environment-c4ondemand.json"]
    found = import_config([configs / source for source in sources])
    assert list(found.batch) == ["computeEnvironments", "jobQueues"]
    assert found.notes == ()


def test_values_of_a_template_are_those_of_its_parameters(configs):
    parameters = {**GENOMICS, "DefaultCEMaxvCpus": "64", "SubnetIds": "subnet-1,subnet-2", "FSxSubnetId": "subnet-9"}
    spot = import_config([configs / "gwfcore-batch.template.yaml"], parameters=parameters).batch["computeEnvironments"][
        0
    ]["computeResources"]
    assert spot["maxvCpus"] == 64
    assert spot["bidPercentage"] == 100
    assert spot["instanceTypes"] == ["c5", "m5", "r5"]
    assert spot["subnets"] == ["subnet-9"]
    assert spot["tags"] == {"Name": "batch-worker-spot-lab", "architecture": "genomics-workflows"}


def test_integers_of_a_command_are_texts(configs):
    found = import_config([configs / "batch-large-scale.yaml"]).batch["jobDefinitions"][0]
    assert found["containerProperties"]["command"][1:] == ["--cpu", "2", "--timeout", "600", "--cpu-load", "100"]


@pytest.mark.parametrize(
    ("name", "codes", "words"),
    [
        ("gwfcore-batch.template.yaml", {"unresolved"}, ["Namespace=VALUE", "BatchComputeInstanceTypes=VALUE"]),
        ("rejected.json", {"not-a-configuration"}, ["a CloudFormation template"]),
        ("describe-jobs-single-job.json", {"describe-jobs"}, ["batchsim import jobs"]),
    ],
)
def test_what_can_t_be_imported_says_what_it_needs(configs, name, codes, words):
    with pytest.raises(ScenarioError) as caught:
        import_config([configs / name])
    found = [finding for finding in caught.value.findings if finding.severity == "error"]
    assert {finding.code for finding in found} == codes
    assert all(word in str(caught.value) for word in words)
    assert all(finding.line for finding in found)
