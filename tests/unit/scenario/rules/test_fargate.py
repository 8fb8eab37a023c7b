"""Sizes of Fargate tasks, held against AWS's own text of them, and what a task there can't have."""

from __future__ import annotations

import re
from itertools import product

import pytest

from batchsim.scenario.batch.service_model import shape_named
from batchsim.scenario.document.document import Document
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.fargate import fargate_size
from tests.scenarios.rules.base import changed, full, of_rule, of_rules
from tests.scenarios.rules.changes import FARGATE, FARGATE_SPOT, Change, asks, behind, beside, job
from tests.scenarios.rules.of_requests import efs, main_asks, memory, on_fargate


def sizes_in_words() -> set[tuple[str, str]]:
    """Pairs of vCPU and MiB as the API's text lists them: for each memory its vCPUs, for each vCPU its memory."""
    text = re.sub(r"<[^>]+>", "", shape_named("ResourceRequirement").members["value"].documentation)
    listed = r"((?:[\d.]+(?:, or |, | or )?)+)"
    by_memory, by_vcpu = set(), set()
    for values, other, others in re.findall(rf"value = {listed}\s*(VCPU|MEMORY) = {listed}", text):
        pairs = product(re.findall(r"\d+(?:\.\d+)?", values), re.findall(r"\d+(?:\.\d+)?", others))
        for value, each in pairs:
            if other == "VCPU":
                by_memory.add((each, value))
            else:
                by_vcpu.add((value, each))
    assert by_memory == by_vcpu
    return by_vcpu


def asking(vcpus: str, mib: str) -> Change:
    return {**FARGATE, "container.resourceRequirements": asks(vcpus, mib)}


def test_every_size_of_aws_text_is_taken_and_no_other_between_them():
    legal = sizes_in_words()
    assert len(legal) == 3 + 4 + 7 + 13 + 23 + 12 + 12 + 3
    vcpus, mib = ({each[n] for each in legal} for n in (0, 1))
    # Beside the sizes those with a MiB more or less, and a vCPU count of none.
    odd = {str(int(each) + by) for each in mib for by in (-1, 1)}
    taken = {
        pair
        for pair in {*product(vcpus, mib), *product(vcpus, sorted(odd)[::7]), *product(["0.75", "3", "12", "64"], mib)}
        if not list(fargate_size(Context(Document(changed(asking(*pair)), "<mapping>"))))
    }
    assert taken == legal


@pytest.mark.parametrize(
    ("vcpus", "mib", "at", "expected"),
    [
        ("1", "1024", 1, "1 vCPU with 2048 MiB"),
        ("0.25", "2049", 1, "0.5 vCPU with 3072 MiB"),
        ("2", "16385", 1, "4 vCPU with 17408 MiB"),
        ("8", "17408", 1, "8 vCPU with 20480 MiB"),
        ("16", "8192", 1, "16 vCPU with 32768 MiB"),
        ("16", "122881", 1, "32 vCPU with 249856 MiB"),
        ("0.3", "512", 0, "0.5 vCPU with 1024 MiB"),
        ("3", "4096", 0, "4 vCPU with 8192 MiB"),
        ("17", "61440", 0, "32 vCPU with 61440 MiB"),
        ("33", "61440", 0, "32 vCPU with 249856 MiB at most"),
        ("32", "249857", 1, "32 vCPU with 249856 MiB at most"),
    ],
)
def test_the_figure_that_does_not_fit_is_told_with_the_next_size_that_holds_both(vcpus, mib, at, expected):
    (finding,) = of_rule("fargate-size", asking(vcpus, mib))
    assert finding.path == full(f"container.resourceRequirements.{at}.value")
    assert finding.expected == expected


def overriding(*requirements: dict[str, str]) -> Change:
    return {"job.containerOverrides": {"resourceRequirements": list(requirements)}}


TASK = "task.ecsProperties.taskProperties.0"
VCPU_2, GPU = {"type": "VCPU", "value": "2"}, {"type": "GPU", "value": "1"}


def test_a_job_is_judged_by_what_it_overrides_and_what_it_leaves():
    # The definition's 1 vCPU with 2,048 MiB.
    assert of_rule("fargate-size", FARGATE, overriding(*asks("2", "4096"))) == []
    assert of_rule("fargate-size", FARGATE, overriding(*memory("8192"))) == []
    (finding,) = of_rule("fargate-size", FARGATE, overriding(*memory("8193")))
    assert finding.path == full("job.containerOverrides.resourceRequirements.0.value")
    # 2 vCPU need 4,096 MiB at least: what the job says itself is where it is told.
    (finding,) = of_rule("fargate-size", FARGATE, overriding(VCPU_2))
    assert finding.path == full("job.containerOverrides.resourceRequirements.0.value")
    assert finding.message == "Fargate has no size of 2 vCPU with 2048 MiB"


def test_each_of_two_figures_has_its_own_place():
    (finding,) = of_rule("fargate-size", FARGATE, overriding(*asks("2", "4095")))
    assert finding.path == full("job.containerOverrides.resourceRequirements.1.value")
    (finding,) = of_rule("fargate-size", FARGATE, overriding(*asks("3", "4096")))
    assert finding.path == full("job.containerOverrides.resourceRequirements.0.value")


def test_a_definition_of_no_size_is_told_where_it_is_and_where_a_job_keeps_it():
    told = of_rule("fargate-size", asking("3", "8192"), overriding(*memory("9216")))
    assert [each.path for each in told] == [
        full("container.resourceRequirements.0.value"),
        full("job.containerOverrides.resourceRequirements.0.value"),
    ]
    # A job that says nothing of it is not told again.
    assert len(of_rule("fargate-size", asking("3", "8192"), {"job.containerOverrides": {"command": ["true"]}})) == 1


def test_on_ec2_sizes_are_free():
    assert of_rule("fargate-size", {"container.resourceRequirements": asks("3", "1025", GPU)}) == []
    assert of_rule("fargate-size", overriding(*asks("3", "1025", GPU))) == []


def test_there_are_no_gpus_whoever_asks_for_them():
    (finding,) = of_rule("fargate-size", FARGATE, overriding(GPU))
    assert finding.path == full("job.containerOverrides.resourceRequirements.0.value")
    assert finding.message == "Fargate has no GPUs"
    (finding,) = of_rule("fargate-size", on_fargate({"resourceRequirements": asks("1", "2048", GPU)}))
    assert finding.path == full(f"{TASK}.containers.0.resourceRequirements.2.value")


# Tasks of several containers


def test_containers_of_a_task_are_of_a_size_together():
    half, silent = {"resourceRequirements": asks("0.5", "1536")}, {"resourceRequirements": []}
    assert of_rule("fargate-size", on_fargate(half, half)) == []
    # One that asks for nothing has a share of what the other asks for.
    assert of_rule("fargate-size", on_fargate({"resourceRequirements": asks("1", "2048")}, silent)) == []
    (finding,) = of_rule("fargate-size", on_fargate(half, half, half))
    assert finding.path == full(f"{TASK}.containers")
    assert finding.message == "Fargate has no size of 1.5 vCPU with 4608 MiB"
    assert finding.expected == "2 vCPU with 5120 MiB"


def test_a_job_that_changes_one_of_two_containers():
    two = on_fargate(
        {"name": "main", "resourceRequirements": asks("0.5", "1024")},
        {"name": "side", "resourceRequirements": asks("0.5", "1024")},
    )
    assert of_rule("fargate-size", two, main_asks("2048")) == []
    (finding,) = of_rule("fargate-size", two, main_asks("2047"))
    assert finding.path == full("job.ecsPropertiesOverride")
    assert finding.message == "Fargate has no size of 1 vCPU with 3071 MiB"


# What a task there can't have


@pytest.mark.parametrize(
    ("member", "value", "at"),
    [
        ("ulimits", [{"name": "nofile", "softLimit": 1, "hardLimit": 2}], ""),
        ("instanceType", "c6i.xlarge", ""),
        ("privileged", True, ""),
        ("linuxParameters", {"devices": [{"hostPath": "/dev/fuse"}]}, ".devices"),
        ("linuxParameters", {"maxSwap": 0}, ".maxSwap"),
        ("linuxParameters", {"sharedMemorySize": 64}, ".sharedMemorySize"),
        ("linuxParameters", {"swappiness": 60}, ".swappiness"),
        ("linuxParameters", {"tmpfs": [{"containerPath": "/t", "size": 1}]}, ".tmpfs"),
        ("logConfiguration", {"logDriver": "json-file"}, ".logDriver"),
    ],
)
def test_what_is_for_hosts_of_ones_own(member, value, at):
    given = {f"container.{member}": value}
    (finding,) = of_rule("fargate-container", FARGATE, given)
    assert finding.path == full(f"container.{member}{at}")
    assert of_rule("fargate-container", given) == []


@pytest.mark.parametrize(
    "given",
    [
        {"container.privileged": False},
        {"container.ulimits": []},
        {"container.linuxParameters": {"initProcessEnabled": True, "devices": [], "tmpfs": []}},
        {"container.logConfiguration": {"logDriver": "awslogs"}},
        {"container.readonlyRootFilesystem": True, "container.user": "1000"},
    ],
)
def test_what_a_task_may_have(given):
    assert of_rule("fargate-container", FARGATE, given) == []


@pytest.mark.parametrize("member", ["ipcMode", "networkMode"])
def test_modes_of_a_host_are_told_at_the_task(member):
    (finding,) = of_rule("fargate-container", {**on_fargate({}), f"{TASK}.{member}": "host"})
    assert finding.path == full(f"{TASK}.{member}")


def test_all_that_it_can_not_have_is_told_in_one_go():
    given = {
        **FARGATE,
        "container.privileged": True,
        "container.ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
        "container.linuxParameters": {"swappiness": 60, "maxSwap": 1},
        "container.volumes": [{"name": "data", "host": {"sourcePath": "/data"}}],
        "container.logConfiguration": {"logDriver": "syslog"},
    }
    assert {each.path.partition("containerProperties.")[2] for each in of_rule("fargate-container", given)} == {
        "privileged",
        "ulimits",
        "linuxParameters.swappiness",
        "linuxParameters.maxSwap",
        "volumes.data.host",
        "logConfiguration.logDriver",
    }


def on_version(version: str, windows: bool = False) -> Change:
    words = {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"} if windows else {"operatingSystemFamily": "LINUX"}
    return {
        **FARGATE,
        "container.fargatePlatformConfiguration": {"platformVersion": version},
        "container.runtimePlatform": words,
    }


@pytest.mark.parametrize(("version", "is_old"), [("1.0.0", True), ("1.3.0", True), ("1.4.0", False), ("LATEST", False)])
def test_file_systems_and_more_storage_are_of_platform_version_1_4_0_on(version, is_old):
    storage = {"container.ephemeralStorage": {"sizeInGiB": 100}}
    told = of_rule("fargate-container", on_version(version), efs(), storage)
    places = [full("container.ephemeralStorage"), full("container.volumes.data.efsVolumeConfiguration")]
    assert [each.path for each in told] == (places if is_old else [])
    assert {each.expected for each in told} == ({"platformVersion: 1.4.0"} if is_old else set())
    assert of_rule("fargate-container", on_version(version)) == []


def test_versions_of_windows_are_numbered_otherwise():
    given = on_version("1.0.0", windows=True), {"container.ephemeralStorage": {"sizeInGiB": 100}}
    assert of_rule("fargate-container", *given) == []
    # A file system is refused there for another reason, which is told alone.
    place = full("container.volumes.data.efsVolumeConfiguration")
    assert [each.code for each in of_rules(*given, efs()) if each.path == place] == ["windows-container"]


# Where it runs


def windows(**members: str) -> Change:
    return {"container.runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2019_FULL", **members}}


def test_windows_needs_fargate_on_demand_and_x86_64():
    assert of_rule("runtime-platform", FARGATE, windows()) == []
    assert of_rule("runtime-platform", FARGATE, windows(cpuArchitecture="X86_64")) == []
    (finding,) = of_rule("runtime-platform", FARGATE, windows(cpuArchitecture="ARM64"))
    assert finding.path == full("container.runtimePlatform.cpuArchitecture")
    (finding,) = of_rule("runtime-platform", FARGATE_SPOT, windows())
    assert finding.path == full("job.jobDefinition")
    # Behind Fargate Spot there is where it can run.
    on_demand = {**beside(), "computeResources": FARGATE["resources"]}
    assert of_rule("runtime-platform", FARGATE_SPOT, behind(on_demand), windows()) == []


def test_a_queue_that_windows_blocks_is_told_at_the_first_job():
    more = {"workload.work.jobs.+": job()}
    assert [each.path for each in of_rule("runtime-platform", FARGATE_SPOT, windows(), more)] == [
        full("job.jobDefinition")
    ]


@pytest.mark.parametrize("member", ["networkConfiguration", "fargatePlatformConfiguration"])
def test_what_is_for_fargate_is_refused_on_ec2(member):
    given = {
        "networkConfiguration": {"assignPublicIp": "ENABLED"},
        "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
    }
    change = {f"container.{member}": given[member]}
    assert [each.expected for each in of_rule("ec2-container", change)] == [f"no {member}"]
    assert of_rule("ec2-container", FARGATE, change) == []
