"""What rules say of instances, memory and money when prices are known: at the very figures, worked by hand.

Usable by the reference: 7,739 MiB of an m6i.large (8,192 installed), 15,664 of an m6i.xlarge (16,384), 31,515 of an
m6i.2xlarge. Near to a size is what asks for 95 to 98 % of what is installed, or up to a tenth more than is usable.
Prices of us-east-1: 0.0425 USD per vCPU-hour of c6i, 0.048 of m6i, gp3 0.08 USD per GB-month, 730 hours a month.
"""

from __future__ import annotations

import pytest

from tests.scenarios.rules.base import changed, found, full
from tests.scenarios.rules.changes import (
    OTHER_QUEUE,
    Change,
    asks,
    behind,
    beside,
    gpu,
    job,
    on,
    order,
)
from tests.scenarios.rules.test_rules import trace

MEMORY = full("container.resourceRequirements.1.value")


def told(code: str, *changes: Change) -> list[tuple[str, str, str]]:
    findings = [each for each in found(changed(*changes)) if each.code == code]
    return sorted((each.path, each.message, each.expected) for each in findings)


def asking(mib: int, vcpus: str = "1") -> Change:
    return {"container.resourceRequirements": asks(vcpus, str(mib))}


# At the edge of an instance's memory


@pytest.mark.parametrize(
    ("mib", "kind", "says"),
    [
        (7739, "", ""),
        (7740, "m6i.large", "above"),
        (8192, "m6i.large", "above"),
        (8512, "m6i.large", "above"),  # 1.1 · 7,739 = 8,512.9
        (8513, "", ""),
        (15_564, "", ""),  # 0.95 · 16,384 = 15,564.8
        (15_565, "m6i.xlarge", "at the edge of"),
        (15_664, "m6i.xlarge", "at the edge of"),
        (15_665, "m6i.xlarge", "above"),
        (17_230, "m6i.xlarge", "above"),  # 1.1 · 15,664 = 17,230.4
        (17_231, "", ""),
    ],
)
def test_near_to_a_size_of_m6i(mib, kind, says):
    cliffs = told("memory-cliff", on("EC2", "m6i.large", "m6i.xlarge", "m6i.2xlarge"), asking(mib))
    assert [place for place, _, _ in cliffs] == ([MEMORY] if kind else [])
    for _, message, _ in cliffs:
        assert f"MEMORY {mib} is {says} the " in message
        assert f"MiB usable on {kind} (" in message


def test_what_is_safe_of_every_image():
    sizes = on("EC2", "m6i.large", "m6i.xlarge")
    ((_, _, expected),) = told("memory-cliff", sizes, asking(7800))
    assert expected == "7739 or less"
    # A little less than is usable by the table: 95 % of what is installed.
    ((_, _, expected),) = told("memory-cliff", sizes, asking(15_600))
    assert expected == "15564 or less"


def test_the_next_size_is_told_with_what_it_costs():
    ((_, message, _),) = told("memory-cliff", on("EC2", "m6i.xlarge", "m6i.2xlarge", "m6i.4xlarge"), asking(16_384))
    assert message.endswith("the next is m6i.2xlarge with 31515 usable, at 0.384 USD/h instead of 0.192 USD/h")
    # With another family in the list the next is the cheapest that holds the job, not the next of its own.
    ((_, message, _),) = told("memory-cliff", on("EC2", "m6i.xlarge", "m6i.2xlarge", "r6i.xlarge"), asking(16_384))
    assert message.endswith("the next is r6i.xlarge with 31516 usable, at 0.252 USD/h instead of 0.192 USD/h")


def test_where_there_is_no_larger_type_that_is_told():
    ((_, message, _),) = told("memory-cliff", on("EC2", "m6i.large"), asking(8192))
    assert message.endswith("fleet has no larger type")
    # Within the margin of measurement it is told as that, alone.
    assert told("memory-cliff", on("EC2", "m6i.large"), asking(7800)) == []
    assert [at for at, _, _ in told("memory-margin", on("EC2", "m6i.large"), asking(7800))] == [
        full("job.jobDefinition")
    ]


def test_a_size_with_too_few_vcpus_is_no_size_that_the_job_misses():
    assert told("memory-cliff", on("EC2", "m6i"), asking(8000, vcpus="3")) == []
    assert len(told("memory-cliff", on("EC2", "m6i"), asking(8000, vcpus="2"))) == 1


def test_a_stated_figure_has_no_edge():
    memory: Change = {"environment": {"ec2": {"memory": {"m6i.large": 8000}}}}
    sizes = on("EC2", "m6i.large", "m6i.xlarge")
    assert told("memory-cliff", sizes, memory, asking(8000)) == []
    ((_, _, expected),) = told("memory-cliff", sizes, memory, asking(8001))
    assert expected == "8000 or less"


def test_each_environment_is_told_once_whatever_jobs_go_there():
    two = behind(beside(instanceTypes=["m6i.large", "m6i.2xlarge"]))
    sizes = on("EC2", "m6i.large", "m6i.xlarge")
    more = {"workload.work.jobs.+": job()}
    cliffs = told("memory-cliff", sizes, two, more, asking(8000))
    assert [message.partition("next is ")[2].split()[0] for _, message, _ in cliffs] == ["m6i.2xlarge", "m6i.xlarge"]


# What is paid all the time


def month(count: int, per_hour: float, gib: int = 30, more: float = 0.0) -> str:
    usd = count * ((per_hour + more) * 730 + gib * 0.08)
    return f"${usd:,.0f} a month" if usd >= 1000 else f"${usd:.2f} a month"


@pytest.mark.parametrize(
    ("minimum", "types", "kept", "cost"),
    [
        (1, ("c6i.large", "c6i.xlarge"), "1 c6i.large", month(1, 0.085)),
        (2, ("c6i.large", "c6i.xlarge"), "1 c6i.large", month(1, 0.085)),
        # Of two large and one xlarge at one price the smaller are kept.
        (3, ("c6i.large", "c6i.xlarge"), "2 c6i.large", month(2, 0.085)),
        # Three of two vCPUs are cheaper than two of four.
        (5, ("c6i.large", "c6i.xlarge"), "3 c6i.large", month(3, 0.085)),
        # One m6i.large for two vCPUs costs less than a c6i.xlarge.
        (2, ("c6i.xlarge", "m6i.large"), "1 m6i.large", month(1, 0.096)),
        (64, ("m6i.xlarge", "c6i.4xlarge"), "4 c6i.4xlarge", month(4, 0.68)),
    ],
)
def test_a_minimum_costs_so_much_a_month(minimum, types, kept, cost):
    ((place, message, _),) = told("minimum-cost", on("EC2", *types), {"resources.minvCpus": minimum})
    assert place == full("resources.minvCpus")
    assert message.startswith(f"{minimum} vCPUs are paid all the time: about {cost} for {kept} (the cheapest)")


def test_addresses_are_paid_too_and_a_disabled_environment_all_the_same():
    given = {"resources.minvCpus": 4, "environment": {"ec2": {"publicIp": True}}, "fleet.state": "DISABLED"}
    ((_, message, _),) = told("minimum-cost", on("EC2", "c6i.xlarge"), given)
    # 0.005 USD an hour for a public IPv4 address.
    assert f"about {month(1, 0.17, more=0.005)} for 1 c6i.xlarge" in message
    assert message.endswith("and public addresses")


# Types with GPUs


GPU_TYPES, MIXED = full("resources.instanceTypes"), on("EC2", "g4dn.xlarge", "m6i.xlarge")


def test_gpus_that_nobody_asks_for_are_told_once_for_an_environment():
    ((place, message, _),) = told("gpu-types", on("EC2", "g4dn", "g5"))
    assert place == GPU_TYPES
    assert message.endswith("has GPUs that no job of this environment's queues asks for")
    asked = {"container.resourceRequirements": gpu()}
    assert told("gpu-types", on("EC2", "g4dn"), asked) == []
    # What another queue's jobs ask for helps nobody here.
    elsewhere: Change = {
        "batch.computeEnvironments.+": beside(instanceTypes=["g5.xlarge"]),
        "batch.jobQueues.+": {**OTHER_QUEUE, "computeEnvironmentOrder": order("other")},
    }
    ((place, _, _),) = told("gpu-types", on("EC2", "g4dn"), asked, elsewhere)
    assert place == "batch.computeEnvironments.other.computeResources.instanceTypes"


def test_a_trace_may_ask_for_gpus_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "log").write_text("job_name,submitted_at,runtime_s\na,0,60\n")
    monkeypatch.chdir(tmp_path)
    assert told("gpu-types", on("EC2", "g4dn"), trace("csv")) == []


def test_types_without_gpus_beside_them_are_told_where_jobs_need_one():
    asked = {"container.resourceRequirements": gpu(), "workload.work.jobs.+": job()}
    ((place, message, expected),) = told("gpu-types", MIXED, asked)
    assert (place, expected) == (GPU_TYPES, "GPU types only")
    assert "job may get stuck in RUNNABLE" in message
    assert [expected for _, _, expected in told("gpu-types", MIXED)] == ["types without GPUs"]


# A reservation for other shares


@pytest.mark.parametrize(("vcpus", "is_told"), [("32", False), ("33", True)])
def test_a_reservation_of_half_leaves_a_lone_share_half(vcpus, is_told):
    # (50 / 100)¹ of 64 vCPUs are kept free while one share is active.
    fair: Change = {
        **on("EC2", "c6i.16xlarge"),
        "batch.schedulingPolicies": [{"name": "policy", "fairsharePolicy": {"computeReservation": 50}}],
        "queue.schedulingPolicyArn": "policy",
        "job.shareIdentifier": "blue",
        "task.schedulingPriority": 1,
    }
    findings = told("above-reservation", fair, asking(1024, vcpus))
    assert [place for place, _, _ in findings] == ([full("job.jobDefinition")] if is_told else [])
    for _, message, _ in findings:
        assert message.startswith("computeReservation 50 leaves 32 of 64 vCPUs while one share of queue is active")
