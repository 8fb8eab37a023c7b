"""Bills worked by hand to the cent, the expectation written as its arithmetic (us-east-1).

What is billed is AWS's: EC2 by the second from running to terminated, a minute at least (EC2 On-Demand Pricing; EC2
User Guide, *Instance lifecycle*), and nothing for what AWS reclaims in its first hour (*Billing for interrupted Spot
Instances*); root volumes from launch to deletion (EBS pricing); Fargate from the pull on, in whole seconds, a minute
at least, storage above 20 GiB (AWS Fargate pricing); shares of an instance by AWS's split cost allocation (Cost and
Usage Report). Types above ``bidPercentage`` are not launched (API ComputeResource). Prices:
batchsim/catalog/data/SOURCES.md.
"""

from __future__ import annotations

import math

import pytest

import batchsim as bs
from batchsim.spec.configuration import JobQueue
from batchsim.spec.workload import JobGroup
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.worlds import XLARGE, fleet, jobs, run

C6I_LARGE = 0.085  # USD per hour
VOLUME = 30 * 0.08 / 730  # 30 GiB of gp3, USD per hour
FARGATE_VCPU, FARGATE_GB = 0.04048, 0.004445

BOOT = {"ec2": {"launch": 40, "register": 60}}


def cost(result):
    return result.summary["cost_usd"]


def test_two_jobs_on_one_booting_instance():
    # Requested at 0, running at 40, registered at 100; jobs of 300 s and 500 s; gone at 600.
    result = bs.run(scenario(workflow(job("a", 300), job("b", 500)), settings=BOOT))
    assert list(result.jobs["starting_at"]) == [100, 100]
    assert list(result.jobs["stopped_at"]) == [400, 600]
    compute = (600 - 40) * C6I_LARGE / 3600
    volume = 600 * VOLUME / 3600
    assert cost(result)["total"] == pytest.approx(compute + volume, abs=1e-12)
    # Each job asks 9 x 1 + 1 of the instance's 9 x 2 + 3,775 / 1,024.
    share = (9 * 1 + 1) / (9 * 2 + 3775 / 1024)
    rate = (C6I_LARGE + VOLUME) / 3600
    assert list(result.jobs["cost_usd"]) == pytest.approx([300 * share * rate, 500 * share * rate], abs=1e-12)
    purposes = cost(result)["by_purpose"]
    assert purposes["useful"] == pytest.approx(800 * share * rate, abs=1e-12)
    assert purposes["boot"] == pytest.approx(40 * VOLUME / 3600 + 60 * rate, abs=1e-12)
    assert purposes["idle"] == pytest.approx((500 - 800 * share) * rate, abs=1e-12)
    assert cost(result)["by_purchase_option"]["EC2"] == cost(result)["total"]
    waited = result.summary["wait_s"]
    assert (waited["boot"], waited["limit"], waited["blocked"]) == (200, 0, 0)


def test_an_instance_is_billed_for_a_minute_at_least():
    # So is its root volume (EBS pricing).
    result = bs.run(scenario(workflow(job(runtime=12))))
    assert cost(result)["total"] == pytest.approx(60 * (C6I_LARGE + VOLUME) / 3600, abs=1e-12)
    assert cost(result)["by_purpose"]["minimum"] == pytest.approx((60 - 12) * (C6I_LARGE + VOLUME) / 3600, abs=1e-12)


def test_the_minutes_of_an_instance_and_of_its_volume_begin_apart():
    # Asked for at 0, running at 40, gone at 50 s: the instance's minute has 10 s in it, the volume's 50.
    result = bs.run(scenario(workflow(job(runtime=10)), settings={"ec2": {"launch": 40}}))
    assert cost(result)["total"] == pytest.approx(60 * C6I_LARGE / 3600 + 60 * VOLUME / 3600, abs=1e-12)
    minimum = (60 - 10) * C6I_LARGE / 3600 + (60 - 50) * VOLUME / 3600
    assert cost(result)["by_purpose"]["minimum"] == pytest.approx(minimum, abs=1e-12)
    assert cost(result)["by_purpose"]["boot"] == pytest.approx(40 * VOLUME / 3600, abs=1e-12)
    assert sum(cost(result)["by_purpose"].values()) == pytest.approx(cost(result)["total"], abs=1e-12)


ADDRESS = 0.005  # USD per hour (Amazon VPC pricing)


def test_an_instance_pays_for_its_public_address_from_launch_to_the_end():
    settings = {**BOOT, "ec2": {**BOOT["ec2"], "publicIp": True}}
    result = bs.run(scenario(workflow(job("a", 300), job("b", 500)), settings=settings))
    compute, beside = (600 - 40) * C6I_LARGE / 3600, 600 * (VOLUME + ADDRESS) / 3600
    assert cost(result)["total"] == pytest.approx(compute + beside, abs=1e-12)
    share = (9 * 1 + 1) / (9 * 2 + 3775 / 1024)
    rate = (C6I_LARGE + VOLUME + ADDRESS) / 3600
    purposes = cost(result)["by_purpose"]
    assert purposes["useful"] == pytest.approx(800 * share * rate, abs=1e-12)
    assert purposes["boot"] == pytest.approx(40 * (VOLUME + ADDRESS) / 3600 + 60 * rate, abs=1e-12)
    assert purposes["idle"] == pytest.approx((500 - 800 * share) * rate, abs=1e-12)
    assert sum(purposes.values()) == pytest.approx(cost(result)["total"], abs=1e-12)
    # The price of an instance is that of its type.
    assert result.instances["price_usd_per_hour"].tolist() == [C6I_LARGE]


def with_address(where, assigned="ENABLED"):
    """A definition for Fargate of 0.25 vCPU and 0.5 GB whose task has a public address."""
    network = {"networkConfiguration": {"assignPublicIp": assigned}}
    made = definition(vcpus="0.25", memory="512", platformCapabilities=["FARGATE"])
    if where == "containerProperties":
        made["containerProperties"] |= network
        return made
    container = {"name": "main", **made.pop("containerProperties")}
    return {**made, "ecsProperties": {"taskProperties": [{"containers": [container], **network}]}}


def on_fargate(task, kind="FARGATE", **members):
    return bs.run(
        scenario(workflow(job(runtime=3600)), environments=[environment(type=kind)], definitions=[task], **members)
    )


@pytest.mark.parametrize("where", ["containerProperties", "ecsProperties"])
def test_a_task_pays_for_its_public_address(where):
    plain = 0.25 * FARGATE_VCPU + 0.5 * FARGATE_GB
    result = on_fargate(with_address(where))
    assert cost(result)["total"] == pytest.approx(plain + ADDRESS, abs=1e-12)  # 0.0123 + 0.005
    assert cost(result)["by_purpose"]["useful"] == pytest.approx(plain + ADDRESS, abs=1e-12)
    assert result.jobs["cost_usd"].tolist() == pytest.approx([plain + ADDRESS], abs=1e-12)
    assert cost(on_fargate(with_address(where, "DISABLED")))["total"] == pytest.approx(plain, abs=1e-12)
    # Spot and a Savings Plan take nothing off an address.
    spot = on_fargate(with_address(where), "FARGATE_SPOT", settings={"spot": {"fargateDiscount": 0.6}})
    assert cost(spot)["total"] == pytest.approx(0.4 * plain + ADDRESS, abs=1e-12)
    plan = {"prices": {"savingsPlan": {"usdPerHour": 1.0, "discount": 0.25}}}
    covered = on_fargate(with_address(where), settings=plan)
    assert cost(covered)["by_purpose"]["useful"] == pytest.approx(0.75 * plain + ADDRESS, abs=1e-12)
    assert covered.timeline.query("measure == 'usd_per_hour'")["value"].max() == pytest.approx(0.75 * plain + ADDRESS)


def test_addresses_were_free_until_february_2024():
    task = with_address("containerProperties")
    before, after = (on_fargate(task, start=day) for day in ("2024-01-31T23:59:59Z", "2024-02-01T00:00:00Z"))
    assert cost(after)["total"] - cost(before)["total"] == pytest.approx(ADDRESS, abs=1e-12)
    free = scenario(workflow(), settings={"ec2": {"publicIp": True}}, start="2023-06-01T00:00:00Z")
    assert free.configuration.environments[0].public_ipv4_usd_per_hour == 0


def test_an_address_on_ec2_is_the_subnets_affair():
    # networkConfiguration is for Fargate (API ContainerProperties): on EC2 the setting says whether there is one.
    task = definition()
    task["containerProperties"]["networkConfiguration"] = {"assignPublicIp": "ENABLED"}
    result = bs.run(scenario(workflow(job(runtime=3600)), definitions=[task]))
    assert cost(result)["total"] == pytest.approx(C6I_LARGE + VOLUME, abs=1e-12)


FARGATE_TASK = definition(vcpus="0.25", memory="512", platformCapabilities=["FARGATE"])


def test_a_fargate_job_under_a_minute():
    # Asked for at 0; pull from 30 to 40 (400 MiB at 40 MiB/s), container up at 42, runs 5 s: 17 s, billed 60.
    result = bs.run(
        scenario(
            workflow(job(runtime=5)),
            environments=[environment(type="FARGATE")],
            definitions=[FARGATE_TASK],
            settings={
                "fargate": {"start": 30},
                "image": {"size": 400, "fargatePullRate": 40, "containerStart": 2},
            },
        )
    )
    assert (result.jobs["starting_at"][0], result.jobs["started_at"][0], result.jobs["stopped_at"][0]) == (0, 42, 47)
    per_second = (0.25 * FARGATE_VCPU + 0.5 * FARGATE_GB) / 3600
    assert cost(result)["total"] == pytest.approx(60 * per_second, abs=1e-12)
    assert cost(result)["by_purpose"]["boot"] == pytest.approx(12 * per_second, abs=1e-12)
    assert cost(result)["by_purpose"]["useful"] == pytest.approx(5 * per_second, abs=1e-12)
    assert cost(result)["by_purpose"]["minimum"] == pytest.approx(43 * per_second, abs=1e-12)


def test_fargate_rounds_up_to_whole_seconds_and_bills_storage_beyond_20_gib():
    large = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    large["containerProperties"]["ephemeralStorage"] = {"sizeInGiB": 50}
    result = bs.run(
        scenario(workflow(job(runtime=100.2)), environments=[environment(type="FARGATE")], definitions=[large])
    )
    per_second = (1 * FARGATE_VCPU + 2 * FARGATE_GB + (50 - 20) * 0.000111) / 3600
    assert cost(result)["total"] == pytest.approx(101 * per_second, abs=1e-12)


def interrupted(runtime, notice, seed):
    """One Spot environment with room for one instance; the hazard is 1 per hour."""
    return bs.run(
        scenario(
            workflow(job(runtime=runtime)),
            environments=[environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", maxvCpus=2)],
            definitions=[definition(retryStrategy={"attempts": 10})],
            settings={"spot": {"interruptions": {"ratePerHour": 1.0}, "notice": notice, "prices": {"discount": 0.6}}},
            seed=seed,
        )
    )


def test_a_spot_interruption_with_a_retry():
    # Some seed interrupts the first instance once, in its first hour, and lets the second finish.
    for seed in range(20):
        result = interrupted(1800, 0, seed)
        if list(result.instances["termination_reason"]) == ["Spot interruption", "scaled in"]:
            break
    first, second = result.instances["terminated_at"]
    attempts = result.attempts
    assert list(attempts["status"]) == ["FAILED", "SUCCEEDED"]
    assert attempts["status_reason"][0] == f"Host EC2 (instance {attempts['instance_id'][0]}) terminated."
    assert list(attempts["stopped_at"]) == [first, second]
    assert second == first + 1800
    # Interrupted by AWS within the first hour: free, but for its root volume. The second is paid at 40 %.
    assert first < 3600
    price = C6I_LARGE * (1 - 0.6)
    assert list(result.instances["cost_usd"]) == pytest.approx(
        [first * VOLUME / 3600, 1800 * (price + VOLUME) / 3600], abs=1e-12
    )
    assert result.summary["interruptions"] == 1
    assert result.jobs["wait_retry_s"][0] == first
    assert cost(result)["by_purpose"]["rework"] > 0


def test_a_spot_instance_interrupted_after_its_first_hour_is_paid():
    for seed in range(60):
        result = interrupted(2.5 * 3600, 0, seed)
        lives = result.instances["terminated_at"] - result.instances["running_at"]
        late = (result.instances["termination_reason"] == "Spot interruption") & (lives >= 3600)
        if late.any():
            break
    life, paid = lives[late].iloc[0], result.instances["cost_usd"][late].iloc[0]
    assert paid == pytest.approx(life * (C6I_LARGE * (1 - 0.6) + VOLUME) / 3600, abs=1e-12)


def test_a_dependency_chain_waits_by_cause():
    # Two of 100 s on one free server, the second after the first: 100 s of dependency and nothing else.
    result = bs.run(
        scenario(
            workflow(job("first", 100), job("second", 50, dependsOn=[{"jobName": "first"}])),
            environments=[unmanaged(4)],
        )
    )
    assert list(result.jobs["stopped_at"]) == [100, 150]
    assert result.summary["wait_s"] == {
        "dependency": 100, "limit": 0, "boot": 0, "capacity": 0, "blocked": 0, "retry": 0,
    }  # fmt: skip
    assert cost(result)["total"] == 0


def test_an_n_to_n_array():
    # Children of 10 s each; child i of the second array waits for child i of the first: on 2 servers in pairs.
    array = {"arrayProperties": {"size": 2}}
    result = bs.run(
        scenario(
            workflow(
                job("first", 10, **array), job("second", 5, dependsOn=[{"jobName": "first", "type": "N_TO_N"}], **array)
            ),
            environments=[unmanaged(2)],
        )
    )
    assert list(result.jobs["job_id"]) == ["work/0/first:0", "work/0/first:1", "work/0/second:0", "work/0/second:1"]
    assert list(result.jobs["starting_at"]) == [0, 0, 10, 10]


def test_a_sequential_array_runs_child_by_child():
    result = bs.run(
        scenario(
            workflow(job("steps", 10, arrayProperties={"size": 3}, dependsOn=[{"type": "SEQUENTIAL"}])),
            environments=[unmanaged(8)],
        )
    )
    assert list(result.jobs["starting_at"]) == [0, 10, 20]


def test_a_job_too_large_for_any_instance_is_said_to_be_so():
    too_large = scenario(workflow(job()), definitions=[definition(memory="3851")], duration="1h")
    assert [warning.code for warning in too_large.warnings] == ["never-placeable"]
    assert "3775 MiB usable on c6i.large" in too_large.warnings[0].expected
    result = bs.run(too_large)
    assert result.jobs["status"][0] == "RUNNABLE"
    assert result.summary["jobs"]["unfinished"] == 1
    assert [stuck["jobs"] for stuck in result.summary["unplaceable"]] == [1]
    assert result.summary["wait_s"]["capacity"] == 3600
    assert cost(result)["total"] == 0
    # What is known to be there is 3,775 MiB; within 2 % of it the verdict is not that hard, see test_memory_margin.
    assert bs.run(scenario(workflow(job()), definitions=[definition(memory="3775")])).jobs["status"][0] == "SUCCEEDED"


def test_two_queues_of_different_priority_on_one_environment():
    # One server, busy to 60. Then the high queue's two jobs, then the low queue's.
    result = bs.run(
        scenario(
            workflow(job("busy"), name="a"),
            workflow(job("low"), name="b", arrivals={"at": 1}),
            workflow(job("high", jobQueue="high"), name="c", arrivals={"at": [2, 3]}),
            environments=[unmanaged(1)],
            queues=[queue("queue", "servers"), queue("high", "servers", priority=10)],
        )
    )
    starts = dict(zip(result.jobs["job_id"], result.jobs["starting_at"], strict=True))
    assert starts == {"a/0/busy": 0, "c/0/high": 60, "c/1/high": 120, "b/0/low": 180}
    assert result.summary["job_queues"]["high"]["wait_s"]["limit"] == (60 - 2) + (120 - 3)


def test_kept_minimum_is_paid_and_idle():
    result = bs.run(scenario(workflow(job(runtime=600)), environments=[environment(minvCpus=2)], duration="2h"))
    assert cost(result)["total"] == pytest.approx(2 * (C6I_LARGE + VOLUME), abs=1e-12)
    share = (9 + 1) / (9 * 2 + 3775 / 1024)
    assert cost(result)["by_purpose"]["idle"] == pytest.approx((7200 - 600 * share) * (C6I_LARGE + VOLUME) / 3600)


def test_room_that_nothing_waiting_fits_into_is_stranded():
    # c6i.large holds one job of 2,500 MiB: half the vCPUs and the rest of the memory are of no use to the second.
    result = bs.run(
        scenario(
            workflow(job("a", 100), job("b", 100)),
            environments=[environment(maxvCpus=2)],
            definitions=[definition(memory="2500")],
        )
    )
    assert list(result.jobs["starting_at"]) == [0, 100]
    share = (9 + 2500 / 1024) / (9 * 2 + 3775 / 1024)
    rate = (C6I_LARGE + VOLUME) / 3600
    # While the second waits the rest is stranded; while it runs and nothing waits, idle.
    assert cost(result)["by_purpose"]["stranded"] == pytest.approx(100 * (1 - share) * rate, abs=1e-12)
    assert cost(result)["by_purpose"]["idle"] == pytest.approx(100 * (1 - share) * rate, abs=1e-12)
    # So it is in the timeline, by vCPUs.
    assert vcpus_by_state(result) == {
        "running": {0: 1, 200: 0},
        "stranded": {0: 1, 100: 0},
        "idle": {0: 0, 100: 1, 200: 0},
        "limit": {0: 2},
    }


def vcpus_by_state(result: bs.Result) -> dict[str, dict[float, float]]:
    """The timeline's steps of what an environment's vCPUs do."""
    rows = result.timeline[result.timeline["measure"] == "vcpus"]
    return {
        state: dict(zip(steps["at"], steps["value"], strict=True))
        for state, steps in rows.groupby("state", observed=True)
    }


def test_a_multi_node_job_holds_its_instances_whole_in_the_timeline():
    # Three nodes of one vCPU, each on an instance of two that it shares with nobody, as on the bill.
    result = bs.run(
        scenario(
            workflow(job(runtime=100)),
            environments=[environment(maxvCpus=6)],
            definitions=[
                {
                    "jobDefinitionName": "task",
                    "type": "multinode",
                    "nodeProperties": {
                        "numNodes": 3,
                        "mainNode": 0,
                        "nodeRangeProperties": [
                            {"targetNodes": "0:", "container": definition()["containerProperties"]}
                        ],
                    },
                }
            ],
        )
    )
    assert vcpus_by_state(result)["running"] == {0: 6, 100: 0}
    assert set(vcpus_by_state(result)["idle"].values()) <= {0}


def test_price_overrides_and_discounts():
    base = {"ec2": {"rootVolume": 0}}
    overridden = {**base, "prices": {"overrides": {"c6i.large": 1.0}}}
    assert cost(bs.run(scenario(workflow(job(runtime=3600)), settings=overridden)))["total"] == pytest.approx(1.0)
    spot = {**overridden, "spot": {"interruptions": "none", "prices": {"discount": 0.25}}}
    result = bs.run(
        scenario(
            workflow(job(runtime=3600)),
            environments=[environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")],
            settings=spot,
        )
    )
    assert cost(result)["total"] == pytest.approx(0.75)


def test_four_jobs_on_two_vcpus_wait_by_cause():
    # The only instance is there from 100; a and b fill it, a until 400, b until 600; c wants both vCPUs, d one.
    jobs = [job("a", 300), job("b", 500), job("c", 100, jobDefinition="whole"), job("d", 50)]
    result = bs.run(
        scenario(
            workflow(*jobs),
            environments=[environment(maxvCpus=2)],
            definitions=[definition(), definition("whole", vcpus="2")],
            settings=BOOT,
        )
    ).jobs.set_index("job_name")
    assert result["starting_at"].to_dict() == {"a": 100, "b": 100, "c": 600, "d": 700}
    waited = result[[f"wait_{cause}_s" for cause in ("boot", "limit", "blocked")]]
    # c has room from 600 on; d would have had it from 400 to 600, behind c, and waits for c's end from 600 on.
    assert waited.loc["a"].tolist() == waited.loc["b"].tolist() == [100, 0, 0]
    assert waited.loc["c"].tolist() == [100, 500, 0]
    assert waited.loc["d"].tolist() == [100, (400 - 100) + (700 - 600), 600 - 400]


def test_a_job_with_a_gpu_bears_its_part_of_the_gpus():
    requirements = [{"type": kind, "value": value} for kind, value in (("VCPU", "4"), ("MEMORY", "8192"), ("GPU", "1"))]
    task = definition()
    task["containerProperties"]["resourceRequirements"] = requirements
    result = bs.run(
        scenario(
            workflow(job(runtime=3600)),
            environments=[environment(instanceTypes=["g4dn.12xlarge"])],
            definitions=[task],
        )
    )
    # One of four GPUs carries 95 % of the price; 4 of 48 vCPUs and 8 GiB of its memory share the rest.
    split = (9 * 4 + 8) / (9 * 48 + result.instances["memory_mib"][0] / 1024)
    assert result.jobs["cost_usd"][0] == pytest.approx((3.912 + VOLUME) * (0.95 / 4 + 0.05 * split), abs=1e-12)
    assert cost(result)["total"] == pytest.approx(3.912 + VOLUME, abs=1e-12)


def test_arm_instances_and_arm_tasks_have_their_own_prices():
    instances = bs.run(scenario(workflow(job(runtime=3600)), environments=[environment(instanceTypes=["c7g.large"])]))
    assert cost(instances)["total"] == pytest.approx(0.0725 + VOLUME, abs=1e-12)
    task = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"])
    task["containerProperties"]["runtimePlatform"] = {"cpuArchitecture": "ARM64"}
    tasks = bs.run(
        scenario(workflow(job(runtime=3600)), environments=[environment(type="FARGATE")], definitions=[task])
    )
    assert cost(tasks)["total"] == pytest.approx(0.03238 + 2 * 0.00356, abs=1e-12)


def test_a_fargate_spot_task_is_interrupted_and_run_again():
    task = definition(vcpus="1", memory="2048", platformCapabilities=["FARGATE"], retryStrategy={"attempts": 10})
    for seed in range(20):
        result = bs.run(
            scenario(
                workflow(job(runtime=1800.5)),
                environments=[environment(type="FARGATE_SPOT")],
                definitions=[task],
                settings={"spot": {"interruptions": "advisor", "fargateRatePerHour": 1.0, "fargateDiscount": 0.7}},
                seed=seed,
            )
        )
        attempts = result.attempts
        if len(attempts) == 2:
            break
    assert attempts["status"].tolist() == ["FAILED", "SUCCEEDED"]
    # Interrupted tasks are stopped by SIGKILL (ECS, Fargate Spot termination notices).
    assert attempts["status_reason"][0] == "Your Spot Task was interrupted."
    assert attempts["exit_code"].tolist() == [137, 0]
    assert result.summary["interruptions"] == 1
    first_s = attempts["stopped_at"][0]
    assert first_s >= 120  # no sooner than the notice
    assert attempts["starting_at"][1] == first_s
    per_second = (1 - 0.7) * (FARGATE_VCPU + 2 * FARGATE_GB) / 3600
    assert result.instances["cost_usd"].tolist() == pytest.approx(
        [math.ceil(first_s) * per_second, 1801 * per_second], abs=1e-12
    )
    assert cost(result)["by_purpose"]["rework"] == pytest.approx(first_s * per_second, abs=1e-12)


def test_types_above_the_bid_are_not_launched():
    # The Advisor's savings are 63 % for c6i.large and 59 % for c5.large: at 40 % of on demand only one may be had,
    # though the other is interrupted less.
    result = bs.run(
        scenario(
            workflow(job(runtime=3600)),
            environments=[
                environment(
                    type="SPOT",
                    allocationStrategy="SPOT_CAPACITY_OPTIMIZED",
                    bidPercentage=40,
                    instanceTypes=["c5.large", "c6i.large"],
                )
            ],
            settings={"spot": {"interruptions": "none"}},
        )
    )
    assert result.instances["instance_type"].tolist() == ["c6i.large"]
    assert cost(result)["total"] == pytest.approx((1 - 0.63) * C6I_LARGE + VOLUME, abs=1e-12)


def test_room_that_another_queue_leaves_is_stranded_from_then_on():
    # Two fleets: the low queue's job boots in `first` from 1,410 on; `second` (c6i.xlarge, one kept warm) is full with
    # the high queue's job until 2,100, and no job that waits fits there before.
    queues = [JobQueue("low", 1, True, ("first", "second")), JobQueue("high", 9, True, ("second",))]
    groups = [JobGroup("work", name, "definition") for name in ("low", "high")]
    built = fleet("first"), fleet("second", offerings=(XLARGE,), min_vcpus=4, max_vcpus=4)
    workload = jobs([1200, 1300, 1400], [100, 50, 700], [2, 1, 3], groups=groups, group=[0, 1, 1])
    settings = {
        "ec2": {"launch": 1000, "register": 60},
        "scheduler": {"dispatchInterval": 5, "scaleUpReaction": 10, "scaleUpInterval": 60},
    }
    recording = run(workload, *built, queues=queues, **settings)
    noted = [
        (float(at), bool(stranded))
        for at, environment, stranded in zip(
            recording.stranded.at, recording.stranded.environment, recording.stranded.stranded, strict=True
        )
        if environment == 1
    ]
    assert noted == [(1400, True), (2100, False)]
