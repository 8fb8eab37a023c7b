"""Rules of AWS in their own examples, or in the smallest case that shows them, each with the page or shape it is from.

Every figure was worked out by hand; every delay is zero unless the case states it.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import batchsim as bs
from batchsim.recording import Status
from batchsim.scenario.loading import from_mapping
from batchsim.spec.configuration import JobQueue, RetryRule, Shape, SpotTrace
from batchsim.spec.fair_share import FairShare
from batchsim.spec.workload import JobGroup
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.worlds import by_job, fleet, jobs, offering, run, servers

HOUR = 3600
C6I_LARGE = 0.085  # USD an hour, us-east-1


def shares(**policy) -> JobQueue:
    return JobQueue("queue", 1, True, ("servers",), fair_share=FairShare(**policy))


def group(identifier: str) -> JobGroup:
    return JobGroup("work", "queue", "definition", share_identifier=identifier)


# Fair share


@pytest.mark.parametrize(
    ("reservation", "vcpus", "kept"),
    [
        # API FairsharePolicy.computeReservation, for one, two and three active shares: 50, 25 and 12.5 % with 50;
        # 25, 6.25 and 1.56 % with 25.
        (50, 16, [8, 4, 2]),
        (25, 64, [16, 4, 1]),
        # AWS CDK, aws-batch README, computeReservation 75: 75, 56.25 and 42.1875 % of 64 vCPUs.
        (75, 64, [48, 36, 27]),
    ],
)
def test_the_reservation_that_aws_works_out(reservation, vcpus, kept):
    for active, free in enumerate(kept, 1):
        groups = [group(f"share{number}") for number in range(active)]
        workload = jobs([0] * 128, 100, groups=groups, group=[n % active for n in range(128)])
        recording = run(workload, servers(vcpus), queues=[shares(compute_reservation=reservation)])
        assert by_job(recording, "starting_at").count(0) == vcpus - free


def test_two_jobs_of_32_for_each_of_64():
    # AWS CDK, aws-batch README: shares A (jobs of 32 vCPUs) and B (of 64) of equal weight on 128. Two of A's jobs run
    # for each of B's, since both have used as much then.
    workload = jobs([0] * 18, 60, [32] * 12 + [64] * 6, groups=[group("A"), group("B")], group=[0] * 12 + [1] * 6)
    starting_at = by_job(run(workload, servers(128), queues=[shares()]), "starting_at")
    assert starting_at[:12] == [60 * (n // 2) for n in range(12)]
    assert starting_at[12:] == [60 * n for n in range(6)]


def test_weights_divide_what_there_is():
    # API ShareAttributes.weightFactor: lower gets more, in inverse proportion: 1 / 1 : 1 / 0.5 : 1 / 2 = 2 : 4 : 1.
    policy = shares(weights=(("A", 1.0), ("B", 0.5), ("C", 2.0)), window_s=604_800.0)
    workload = jobs([0] * 210, 60, groups=[group(name) for name in "ABC"], group=[0, 1, 2] * 70)
    starting_at = by_job(run(workload, servers(7), queues=[policy]), "starting_at")
    for share, each_minute in enumerate((2, 4, 1)):
        counts = Counter(starting_at[share::3])
        assert [counts[60 * minute] for minute in range(8)] == [each_minute] * 8


@pytest.mark.parametrize("window_s", [600.0, 3600.0])
@pytest.mark.parametrize(
    ("runtime_s", "first_s"),
    [
        # All at once, so that all end at once, wave by wave.
        ([600.0, 600.0, 600.0], [600.0]),
        # The first ones end one by one, a minute apart.
        ([600.0, 600.0, 600.0], [60.0 * n for n in range(1, 11)]),
        # The share that may use most has the shortest jobs.
        ([1200.0, 600.0, 300.0], [60.0 * n for n in range(1, 11)]),
    ],
)
def test_weights_divide_the_time_whatever_the_rhythm(window_s, runtime_s, first_s):
    # API ShareAttributes.weightFactor: in inverse proportion, 1 / 1 : 1 / 0.5 : 1 / 0.25 = 1 : 2 : 4 of 64
    # servers; to a tenth, since whole jobs are started.
    policy = shares(window_s=window_s, weights=(("A", 1.0), ("B", 0.5), ("C", 0.25)))
    hours, each = 6, 3200
    runtimes = np.tile(runtime_s, each)
    runtimes[:192] = np.resize(first_s, 192)
    workload = jobs([0] * (3 * each), runtimes, groups=[group(name) for name in "ABC"], group=[0, 1, 2] * each)
    attempts = run(workload, servers(64), queues=[policy], horizon_s=hours * HOUR).attempts
    held_s = np.fmin(attempts.stopped_at, hours * HOUR) - attempts.starting_at
    held_h = np.bincount(attempts.job % 3, held_s) / HOUR
    assert held_h.sum() == pytest.approx(64 * hours)
    assert held_h == pytest.approx(np.array([1, 2, 4]) / 7 * 64 * hours, rel=0.1)


def fair(policy: dict, servers: int, *workload: dict) -> dict[str, list[float]]:
    """When the jobs of each name start, under a policy as a request has it."""
    batch = {
        "computeEnvironments": [unmanaged(servers)],
        "schedulingPolicies": [{"name": "fair", "fairsharePolicy": policy}],
        "jobQueues": [{**queue("queue", "servers"), "schedulingPolicyArn": "fair"}],
        "jobDefinitions": [definition()],
    }
    made = {"name": "test", "batch": batch, "workload": list(workload), "environment": {"preset": "ideal"}}
    table = bs.run(from_mapping(made)).jobs
    return table.groupby("job_name", observed=True)["starting_at"].apply(list).to_dict()


def test_weights_are_those_of_the_request():
    # Nine servers: eight for the prefix that weighs an eighth, one for the share that weighs 1 (API ShareAttributes).
    array = {"arrayProperties": {"size": 18}}
    starts = fair(
        {"shareDistribution": [{"shareIdentifier": "big*", "weightFactor": 0.125}]},
        9,
        workflow(job("small", 60, shareIdentifier="small", **array), job("big", 60, shareIdentifier="bigA", **array)),
    )
    assert (starts["small"].count(0), starts["big"].count(0)) == (1, 8)


@pytest.mark.parametrize(
    ("decay", "first"),
    [
        # 0 stands for 600 s (API FairsharePolicy.shareDecaySeconds). At 700 of a's 200 s of use the last 100 count yet,
        # a sixth and less: 100 − (600² − 500²) / 1200 = 8.3; of b's 100 s 100 − 100² / 1200 = 91.7: a is next.
        (0, "a2"),
        # Over a week next to nothing has faded: a has used 200 and b 100: b is next.
        (604_800, "b2"),
    ],
)
def test_the_window_decides_who_is_next(decay, first):
    starts = fair(
        {"shareDecaySeconds": decay},
        1,
        workflow(job("a1", 200, shareIdentifier="a"), name="one"),
        workflow(job("b1", 100, shareIdentifier="b"), name="two", arrivals={"at": [600]}),
        workflow(job("b2", 10, shareIdentifier="b"), name="three", arrivals={"at": [650]}),
        workflow(job("a2", 10, shareIdentifier="a"), name="four", arrivals={"at": [651]}),
    )
    second = "b2" if first == "a2" else "a2"
    assert (starts[first], starts[second]) == ([700], [710])


@pytest.mark.parametrize(("submitted_at", "started"), [(510, 12), (810, 8)])
def test_a_share_is_active_until_the_window_is_over(submitted_at, started):
    # User Guide, Fair-share scheduling. a's last job ends at 10; 600 s later only b is active: 8 instead of 12 of 16.
    workload = jobs([0] + [submitted_at] * 16, [10] + [100] * 16, groups=[group("a"), group("b")], group=[0] + [1] * 16)
    recording = run(workload, servers(16), queues=[shares(compute_reservation=50)])
    assert by_job(recording, "starting_at").count(submitted_at) == started


# Jobs


def test_the_array_workflow_of_the_guide():
    # User Guide, Example array job workflow: A; B, an array that waits for A; C, N_TO_N with B; D, sequential, after C;
    # E after D. On 10,000 servers A 60 s, B 300 s, C 120 s, D 10 times 10 s, E 30 s follow each other.
    large = {"arrayProperties": {"size": 10_000}}
    flow = workflow(
        job("A", 60),
        job("B", 300, dependsOn=[{"jobName": "A"}], **large),
        job("C", 120, dependsOn=[{"jobName": "B", "type": "N_TO_N"}], **large),
        job("D", 10, arrayProperties={"size": 10}, dependsOn=[{"jobName": "C"}, {"type": "SEQUENTIAL"}]),
        job("E", 30, dependsOn=[{"jobName": "D"}]),
    )
    result = bs.run(scenario(flow, environments=[unmanaged(10_000)]))
    starts = result.jobs.set_index("job_id")["starting_at"]
    assert starts["work/0/C:9999"] == 60 + 300
    assert starts["work/0/D:9"] == 60 + 300 + 120 + 9 * 10
    assert result.summary["makespan_s"] == 60 + 300 + 120 + 100 + 30
    # On half as many: half of B runs 60-360, the other half until 660; meanwhile the first half of C is behind it in
    # the order of submission. C runs 660-780 and 780-900; D and E follow.
    half = bs.run(scenario(flow, environments=[unmanaged(5000)])).summary
    assert half["makespan_s"] == 60 + 300 + 300 + 120 + 120 + 100 + 30
    # Waited for the limit: the second half of B for 300 s; of C the first half for 300 s (at 360 its own half of B is
    # done), the second for 120 s.
    assert half["wait_s"]["limit"] + half["wait_s"]["blocked"] == 5000 * (300 + 300 + 120)
    # For others: B 60; C 360 and 660; D until 900, its k-th child 10 k more; E until 1,000.
    waited = 10_000 * 60 + 5000 * (360 + 660) + sum(900 + 10 * k for k in range(10)) + 1000
    assert half["wait_s"]["dependency"] == waited


def test_a_failed_child_stops_those_after_it_in_sequence_and_its_partner_alone():
    # User Guide, Array jobs: SEQUENTIAL, each child after the one before it; N_TO_N, each after its own partner.
    sequence = run(jobs([0] * 4, 10, exit_code=[0, 1, 0, 0], waits_for=[(1, 0), (2, 1), (3, 2)]), servers(4))
    assert list(sequence.status) == [Status.SUCCEEDED] + [Status.FAILED] * 3
    assert list(sequence.stopped_at) == [10, 20, 20, 20]
    partners = run(jobs([0] * 4, 10, exit_code=[1, 0, 0, 0], waits_for=[(2, 0), (3, 1)]), servers(4))
    assert list(partners.status) == [Status.FAILED, Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED]
    assert list(partners.stopped_at) == [10, 10, 10, 20]


GANG = Shape(3.0, 3000, nodes=(Shape(1.0, 1000),) * 3)


def test_the_main_node_may_be_any():
    # API NodeProperties.mainNode: the job is on the main node's instance, the third that was launched.
    gang = Shape(3.0, 3000, nodes=(Shape(1.0, 1000),) * 3, main_node=2)
    recording = run(jobs([0], 100, 3, nodes={3.0: gang}), fleet(max_vcpus=6))
    assert recording.attempts.instance.tolist() == [2]
    assert sorted(recording.nodes.instance.tolist()) == [0, 1]


def test_a_multi_node_job_is_retried_and_timed_out_as_a_whole():
    # User Guide, Multi-node parallel jobs; API SubmitJobRequest.timeout: for the whole job, and no retry after it.
    once = jobs([0], 100, 3, nodes={3.0: GANG}, attempts=2, exit_code=1, later_exit_code=0)
    recording = run(once, fleet(max_vcpus=6))
    assert by_job(recording, "starting_at") == [0, 100]
    assert len(recording.instances.environment) == 3
    long = jobs([0], 1000, 3, nodes={3.0: GANG}, attempts=2, timeout_s=60.0)
    recording = run(long, fleet(max_vcpus=6), scheduler={"stop": 2})
    assert by_job(recording, "stopped_at") == [62]
    assert recording.instances.terminated_at.tolist() == [62] * 3


def test_the_idiom_for_spot_retries_lost_hosts_and_nothing_else():
    # User Guide, Best practices: [{onStatusReason: "Host EC2*", action: RETRY}, {onReason: "*", action: EXIT}].
    idiom = (RetryRule("RETRY", on_status_reason="Host EC2*"), RetryRule("EXIT", on_reason="*"))
    market = SpotTrace((0.0, 1000.0, 1500.0), (1, 0, 1), 1e6)
    workload = jobs([0], 1200, exit_code=1, attempts=5, evaluate_on_exit=idiom)
    recording = run(workload, fleet(purchase_option="SPOT", spot_trace=market), spot={"notice": 0})
    # Taken at 1000 and begun again at 1500; its own failure at 2700 ends it with three attempts left.
    assert by_job(recording, "starting_at") == [0, 1500]
    assert by_job(recording, "stopped_at") == [1000, 2700]


def test_the_timeout_s_clock_starts_anew_with_each_attempt():
    # API JobTimeout, RetryStrategy: three attempts of 50 s are under a timeout of 60 s, though not together.
    recording = run(jobs([0], 50, exit_code=1, attempts=3, timeout_s=60.0), servers(1))
    assert by_job(recording, "stopped_at") == [50, 100, 150]
    assert by_job(recording, "exit_code") == [1, 1, 1]


# Compute environments

SIXTEEN = offering("c6i.4xlarge", 16, 31_514, 0.68)


@pytest.mark.parametrize(
    ("option", "strategy", "at_33"),
    [
        ("EC2", "BEST_FIT", 32),
        ("EC2", "BEST_FIT_PROGRESSIVE", 48),
        ("EC2", "BEST_FIT_PROGRESSIVE_ORDERED", 48),
        ("SPOT", "BEST_FIT", 48),
        ("SPOT", "BEST_FIT_PROGRESSIVE", 48),
        ("SPOT", "SPOT_CAPACITY_OPTIMIZED", 48),
        ("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", 48),
        ("SPOT", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED", 48),
    ],
)
def test_all_but_best_fit_on_demand_may_pass_the_limit_by_less_than_one_instance(option, strategy, at_33):
    # API ComputeResource.maxvCpus. Of a type of 16 vCPUs two are at the limit of 32; at 33 a third may be launched.
    for limit, vcpus in ((32, 32), (33, at_33)):
        spec = fleet(purchase_option=option, allocation_strategy=strategy, max_vcpus=limit, offerings=(SIXTEEN,))
        assert by_job(run(jobs([0] * 64, 100), spec), "starting_at").count(0) == vcpus


@pytest.mark.parametrize(
    ("strategy", "option"),
    [("BEST_FIT_PROGRESSIVE_ORDERED", "EC2"), ("SPOT_CAPACITY_OPTIMIZED_PRIORITIZED", "SPOT")],
)
def test_the_next_in_the_list_is_taken_when_the_first_is_short(strategy, option):
    # API ComputeResource.allocationStrategy: in the order of the list, where capacity is equal; else the next.
    listed = (offering("r6i.large", 2, 15_665, 0.126, listed=0), offering("c6i.large", 2, 3775, 0.085, listed=1))
    spec = fleet(offerings=listed, allocation_strategy=strategy, purchase_option=option)
    pools = {"pools": [{"instanceTypes": ["r6i"], "vcpus": 4}]}
    recording = run(jobs([0] * 4, 100, 2), spec, capacity=pools)
    assert sorted(recording.instances.offering.tolist()) == [0, 0, 1, 1]
    assert by_job(recording, "starting_at") == [0] * 4


@pytest.mark.parametrize(("backoff", "third"), [(0, 100), (300, 300), (10_000, 1000)])
def test_a_type_that_was_short_is_asked_for_again_after_the_back_off(backoff, third):
    # An assumption (docs/defaults.md). Two of three jobs of 1,000 s get the pool's 4 vCPUs at 0; there is more from
    # 100 on, which is asked for after the back-off, or the third job runs on what the first leaves.
    pool = {"instanceTypes": ["c6i"], "vcpus": 4, "schedule": [{"at": 100, "vcpus": 64}]}
    recording = run(jobs([0] * 3, 1000, 2), fleet(), capacity={"pools": [pool], "backoff": backoff})
    assert by_job(recording, "starting_at") == [0, 0, third]


def test_gpus_are_taken_with_their_job():
    # User Guide, GPU jobs: each GPU belongs to one container. Four of g4dn.12xlarge's, so the fifth job waits.
    task = definition()
    asked = (("VCPU", "4"), ("MEMORY", "8192"), ("GPU", "1"))
    task["containerProperties"]["resourceRequirements"] = [{"type": kind, "value": value} for kind, value in asked]
    made = scenario(
        workflow(job(runtime=100, arrayProperties={"size": 5})),
        environments=[environment(instanceTypes=["g4dn.12xlarge"], maxvCpus=48)],
        definitions=[task],
    )
    assert list(bs.run(made).jobs["starting_at"]) == [0, 0, 0, 0, 100]


def test_a_disabled_environment_keeps_and_pays_its_minimum():
    # API CreateComputeEnvironmentRequest.state: it takes no jobs; instances are kept to minvCpus.
    disabled = {**environment(minvCpus=2), "state": "DISABLED"}
    made = scenario(
        workflow(job(runtime=60)),
        environments=[disabled, environment("other")],
        settings={"ec2": {"rootVolume": 0}},
        duration="2h",
    )
    figures = bs.run(made).summary["compute_environments"]
    assert figures["fleet"]["attempts"] == 0
    assert figures["fleet"]["cost_usd"]["total"] == pytest.approx(2 * C6I_LARGE)
    assert figures["other"]["attempts"] == 1


def test_each_instance_pulls_an_image_for_itself():
    # 450 MiB at 45 MiB/s on two instances; the second jobs find it there (1 s to look).
    image = {"size": 450, "containerStart": 2, "warm": 1}
    recording = run(jobs([0] * 4, 100, 2, image_size_mib=450.0), fleet(max_vcpus=4), image=image)
    assert by_job(recording, "started_at") == [12, 12, 112 + 1 + 2, 112 + 1 + 2]


def test_zones_take_turns():
    # Instances are spread over the zones of the subnets (an assumption; docs/what-is-modelled.md).
    recording = run(jobs([0] * 5, 100, 2), fleet(zones=("a", "b")))
    assert recording.instances.zone.tolist() == [0, 1, 0, 1, 0]


# The Spot market


def test_a_constant_hazard_interrupts_as_many_as_it_should():
    # 2,000 instances for an hour at one interruption an hour: 1 − 1/e of them, give or take three deviations.
    made = scenario(
        workflow(job(runtime=HOUR, arrayProperties={"size": 2000})),
        environments=[environment(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", maxvCpus=4000)],
        definitions=[definition(vcpus="2", memory="2048")],
        settings={"spot": {"interruptions": {"ratePerHour": 1.0}, "notice": 0}},
        seed=1,
    )
    share = float((bs.run(made).jobs["status"] == "FAILED").mean())
    expected = 1 - np.exp(-1)
    assert share == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / 2000))


# Where waits and costs go


def test_a_job_in_any_state_has_waited_for_something():
    # One server and a horizon of 500 s: one job runs, one waits for the server, one for the first.
    flow = workflow(job("run", 1000), job("wait", 10), job("after", 10, dependsOn=[{"jobName": "run"}]))
    made = scenario(flow, environments=[unmanaged(1)], queues=[queue("queue", "servers")], horizon="500s")
    result = bs.run(made)
    assert list(result.jobs["status"]) == ["RUNNING", "RUNNABLE", "PENDING"]
    waits = {cause: seconds for cause, seconds in result.summary["wait_s"].items() if seconds}
    assert waits == {"dependency": 500, "limit": 500}
    assert result.summary["never_placed"]["jobs"] == 2
    assert result.summary["never_placed"]["wait_s"] == result.summary["wait_s"]


def test_queues_bear_what_is_beside_attempts_in_proportion_to_theirs():
    # One c6i.large for an hour and a half: of equal jobs one runs an hour in `one`, the other half an hour in `two`.
    made = scenario(
        workflow(job("a", 3600, jobQueue="one")),
        workflow(job("b", 1800, jobQueue="two"), name="other"),
        environments=[environment(maxvCpus=2)],
        queues=[queue("one", "fleet"), queue("two", "fleet")],
        settings={"ec2": {"rootVolume": 0}},
    )
    bills = {name: figures["cost_usd"]["total"] for name, figures in bs.run(made).summary["job_queues"].items()}
    assert bills == pytest.approx({"one": C6I_LARGE * 2 / 3, "two": C6I_LARGE * 1 / 3})


def test_environments_pay_for_what_is_theirs():
    # Two jobs that fill an instance for an hour: one on Spot at the Advisor's 63 % off, one on demand.
    spot = environment("spot", type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", maxvCpus=2)
    made = scenario(
        workflow(job("a", HOUR), job("b", HOUR)),
        environments=[spot, environment("on-demand", maxvCpus=2)],
        definitions=[definition(vcpus="2", memory="2048")],
        settings={"spot": {"interruptions": "none"}, "ec2": {"rootVolume": 0}},
    )
    figures = bs.run(made).summary["compute_environments"]
    assert figures["spot"]["cost_usd"]["total"] == pytest.approx(C6I_LARGE * (1 - 0.63))
    assert figures["on-demand"]["cost_usd"]["total"] == pytest.approx(C6I_LARGE)
    # Its 2,048 MiB are not all that the instance has: (9 × 2 + 2) / (9 × 2 + 3,775 / 1,024) of it were used.
    useful = figures["on-demand"]["cost_usd"]["by_purpose"]["useful"]
    assert useful == pytest.approx(C6I_LARGE * (9 * 2 + 2) / (9 * 2 + 3775 / 1024))


def test_what_a_plan_commits_in_vain_is_of_no_environment():
    # A dollar an hour committed at 28 % off covers c6i.large for its hour: 0.0612; the rest bought nothing.
    made = scenario(
        workflow(job("a", HOUR)),
        environments=[environment("one", maxvCpus=2)],
        settings={"prices": {"savingsPlan": {"usdPerHour": 1.0, "discount": 0.28}}, "ec2": {"rootVolume": 0}},
    )
    summary = bs.run(made).summary
    cost = summary["cost_usd"]
    assert cost["total"] == pytest.approx(1.0)
    assert summary["compute_environments"]["one"]["cost_usd"]["total"] == pytest.approx(C6I_LARGE * 0.72)
    assert cost["unused_commitment"] == pytest.approx(1.0 - C6I_LARGE * 0.72)
