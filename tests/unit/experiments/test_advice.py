"""Advice that was tried: what is found for which trouble, and that each gain stated is the one that is had."""

from __future__ import annotations

import shlex
from dataclasses import FrozenInstanceError

import pytest

import batchsim as bs
from batchsim.experiments.advice import BESIDES, advise, try_changes
from batchsim.experiments.changes.causes import causes
from batchsim.experiments.changes.evidence import Evidence
from batchsim.experiments.changes.minimums import minimums
from batchsim.results.advice import Figures
from batchsim.scenario.document.overrides import parse_value
from batchsim.scenario.loading import from_mapping
from tests.builders import definition, environment, job, queue, scenario, unmanaged, workflow
from tests.managed import managed_definition, managed_environment

RESOURCES = "batch.computeEnvironments.fleet.computeResources"


def tried(*workload, **members):
    """The scenario, and what is advised on its run; each advice holds what it states."""
    made = scenario(*workload, **members)
    return made, held(made)


def held(made):
    result = bs.run(made)
    found = bs.advise(result)
    for advice in found:
        assert advice.before == Figures.of(result.summary)
        assert Figures.of(bs.run(made.with_(advice.set)).summary) == advice.after
        assert by_hand(made, advice) == advice.after
    return found


def by_hand(made, advice):
    """What comes of the arguments that are printed, as the command line reads them."""
    words = shlex.split(advice.arguments)
    assert words[::2] == ["--set"] * len(advice.set)
    changes = dict(word.split("=", 1) for word in words[1::2])
    return Figures.of(bs.run(made.with_({path: parse_value(value) for path, value in changes.items()})).summary)


def changes(found):
    return [dict(advice.set) for advice in found]


#: A hundred jobs of four vCPUs, of which memory lets one on eight vCPUs where there would be room for two.
CLIFF = {
    "environments": [environment(instanceTypes=["c6i.2xlarge"], maxvCpus=64)],
    "definitions": [definition(vcpus="4", memory="8192")],
}
HUNDRED = workflow(job(runtime=3600, arrayProperties={"size": 100}))


def test_a_request_that_packs_comes_before_a_limit_that_is_raised():
    _, found = tried(HUNDRED, **CLIFF)
    memory, types = found
    assert dict(memory.set) == {"batch.jobDefinitions.task.containerProperties.resourceRequirements.1.value": "7700"}
    assert "if the jobs can do with it" in memory.what
    assert "bound by memory on c6i.2xlarge (1 fit, where the vCPUs have room for 2)" in memory.why
    # Eight at a time on eight instances, then sixteen: thirteen hours, then seven, of which the last are not full.
    assert memory.before.cost_usd == pytest.approx(100 * 0.34, rel=0.02)
    assert memory.after.cost_usd == pytest.approx(50 * 0.34, rel=0.02)
    assert dict(types.set) == {f"{RESOURCES}.instanceTypes": ["m6i.2xlarge"]}
    assert types.after.cost_usd == pytest.approx(50 * 0.384, rel=0.02)
    # The fleet was half empty: with that mended no limit is raised.
    assert not [advice for advice in found if any("maxvCpus" in path for path in advice.set)]


def test_a_job_that_asks_for_itself_is_told_itself():
    own = {"resourceRequirements": [{"type": "MEMORY", "value": "8192"}]}
    asking = job(runtime=3600, arrayProperties={"size": 100}, containerOverrides=own)
    _, found = tried(
        workflow(asking),
        environments=CLIFF["environments"],
        definitions=[definition(vcpus="4", memory="4096")],
    )
    assert changes(found)[0] == {"workload.work.jobs.job.containerOverrides.resourceRequirements.0.value": "7700"}


def test_half_of_the_memory_is_another_job():
    _, found = tried(
        HUNDRED,
        environments=[environment(instanceTypes=["c6i.4xlarge"], maxvCpus=64)],
        definitions=[definition(vcpus="2", memory="7500")],
    )
    # m6i has twice the memory for a vCPU, and its smallest size is full with one job: nothing is left at the end.
    assert changes(found) == [{f"{RESOURCES}.instanceTypes": ["m6i.large"]}]


def test_gpus_that_a_larger_size_has_too_few_of():
    # Four GPUs for 48 vCPUs at 3.912 USD; four times one GPU and 4 vCPUs at 0.526.
    trains = definition(vcpus="4", memory="14000")
    trains["containerProperties"]["resourceRequirements"].append({"type": "GPU", "value": "1"})
    _, found = tried(
        workflow(job(runtime=1800, arrayProperties={"size": 12})),
        environments=[environment(instanceTypes=["g4dn.12xlarge"], maxvCpus=48)],
        definitions=[trains],
    )
    assert changes(found)[0] == {f"{RESOURCES}.instanceTypes": ["g4dn.xlarge"]}
    assert "is bound by GPUs on g4dn.12xlarge" in found[0].why
    assert found[0].after.cost_usd / found[0].before.cost_usd == pytest.approx(4 * 0.526 / 3.912, abs=0.05)


def test_memory_that_nobody_asks_for_is_not_paid():
    # A job of one vCPU needs an eighth of the memory that r6i has for it.
    _, found = tried(
        HUNDRED,
        environments=[environment(instanceTypes=["r6i.large"], maxvCpus=200)],
        definitions=[definition(vcpus="1", memory="1000")],
    )
    assert changes(found) == [{f"{RESOURCES}.instanceTypes": ["c6i.large"]}]
    assert found[0].gain["cost_usd"] / found[0].before.cost_usd == pytest.approx(1 - 0.085 / 0.126, abs=0.01)


def test_spot_keeps_more_than_one_family():
    fleet = environment(
        type="SPOT",
        allocationStrategy="SPOT_CAPACITY_OPTIMIZED",
        instanceTypes=["c6i.4xlarge", "m6i.4xlarge"],
        maxvCpus=64,
    )
    _, found = tried(HUNDRED, environments=[fleet], definitions=[definition(vcpus="2", memory="7500")])
    for advice in found:
        types = advice.set.get(f"{RESOURCES}.instanceTypes")
        assert types is None or len({name.partition(".")[0] for name in types}) > 1


def test_a_large_size_that_one_job_keeps():
    # One long job among many short ones keeps an instance that held them all.
    jobs = workflow(job("many", 600, arrayProperties={"size": 60}), job("long", 36_000))
    _, found = tried(jobs, environments=[environment(instanceTypes=["c6i.2xlarge", "c6i.16xlarge"], maxvCpus=64)])
    assert changes(found) == [{f"{RESOURCES}.instanceTypes": ["c6i.large"]}]
    assert "of up to 2 vCPUs" in found[0].what


def test_what_is_kept_warm_for_nobody():
    _, found = tried(
        workflow(job(runtime=3600), arrivals={"every": "12h"}),
        environments=[environment(minvCpus=16)],
        duration="2d",
    )
    assert changes(found) == [{f"{RESOURCES}.minvCpus": 0}]
    # The jobs that come back at once need eight of the sixteen, which are promised to be there.
    eight = workflow(job(runtime=3600, arrayProperties={"size": 8}), arrivals={"every": "12h"})
    made = scenario(
        eight,
        environments=[environment(minvCpus=16)],
        duration="2d",
        settings={"ec2": {"launch": 300, "register": 300}},
        objectives=["p50(queue_time) <= 1m"],
    )
    assert changes(held(made)) == [{f"{RESOURCES}.minvCpus": 8}]
    lingering = environment(scalingPolicy={"minScaleDownDelayMinutes": 600})
    _, found = tried(workflow(job(runtime=600), arrivals={"every": "12h"}), environments=[lingering], duration="2d")
    assert changes(found) == [{f"{RESOURCES}.scalingPolicy.minScaleDownDelayMinutes": 0}]


def test_a_limit_of_a_fleet_that_is_full():
    _, found = tried(workflow(job("a", 3600), job("b", 3600)), environments=[unmanaged(1)])
    assert changes(found) == [{"batch.computeEnvironments.servers.unmanagedvCpus": 2}]
    # The second waited for an hour, and no longer does.
    assert (found[0].before.wait_s, found[0].after.wait_s) == (3600, 0)
    full = workflow(job(runtime=3600, arrayProperties={"size": 100}))
    _, found = tried(full, environments=[environment(maxvCpus=16)], definitions=[definition(memory="1800")])
    assert changes(found) == [{f"{RESOURCES}.maxvCpus": 32}]


def test_waiting_that_was_agreed_on_is_not_advised_against():
    fleet = {"environments": [environment(maxvCpus=8)]}
    _, without = tried(HUNDRED, **fleet)
    _, agreed = tried(HUNDRED, **fleet, objectives=["makespan <= 2d", "minimise cost"])
    _, missed = tried(HUNDRED, **fleet, objectives=["makespan <= 1h", "minimise cost"])
    assert any(f"{RESOURCES}.maxvCpus" in change for change in changes(without))
    assert changes(agreed) == []
    assert changes(missed) == changes(without)


def test_a_reservation_is_not_blamed_where_it_holds_nobody_up():
    # Of a hundred servers one is kept from three shares that all have jobs: without it nobody is much sooner.
    def tenants(reservation, servers):
        made = {
            "computeEnvironments": [unmanaged(servers)],
            "schedulingPolicies": [{"name": "fair", "fairsharePolicy": {"computeReservation": reservation}}],
            "jobQueues": [{**queue("queue", "servers"), "schedulingPolicyArn": "fair"}],
            "jobDefinitions": [definition()],
        }
        jobs = [job(name, 3600, shareIdentifier=name, arrayProperties={"size": 400}) for name in ("a", "b", "c")]
        preset = {"preset": "ideal"}
        return held(from_mapping({"name": "test", "batch": made, "workload": [workflow(*jobs)], "environment": preset}))

    assert changes(tenants(10, 100)) == [{"batch.computeEnvironments.servers.unmanagedvCpus": 200}]
    # Of four servers two are kept by nine tenths: there it is found.
    assert {"batch.schedulingPolicies.fair.fairsharePolicy.computeReservation": 0} in changes(tenants(90, 4))


def test_a_consumable_resource():
    wants = {"consumableResourceList": [{"consumableResource": "licence", "quantity": 1}]}
    made = {
        "computeEnvironments": [environment()],
        "consumableResources": [{"consumableResourceName": "licence", "totalQuantity": 1}],
        "jobQueues": [queue()],
        "jobDefinitions": [definition(consumableResourceProperties=wants)],
    }
    jobs = [workflow(job("a", 36_000), job("b", 36_000))]
    preset = {"preset": "ideal"}
    found = held(from_mapping({"name": "test", "batch": made, "workload": jobs, "environment": preset}))
    assert {"batch.consumableResources.licence.totalQuantity": 2} in changes(found)


def test_a_quota_and_capacity_that_could_not_be_had():
    many = workflow(job("a", 600, arrayProperties={"size": 200}))
    _, found = tried(many, settings={"capacity": {"accountvCpus": {"EC2": 8}}})
    assert {"environment.capacity.accountvCpus.EC2": 16} in changes(found)
    pool = {"instanceTypes": ["c6i"], "vcpus": 0, "schedule": [{"at": 7200, "vcpus": 64}]}
    _, found = tried(workflow(job("a", 60)), settings={"capacity": {"pools": [pool]}})
    assert changes(found) == [{f"{RESOURCES}.instanceTypes": ["c6i.large", "c6a"]}]


def test_much_that_was_lost_on_spot():
    fleet = environment(
        type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED", instanceTypes=["c6i.large", "m6i.large"]
    )
    _, found = tried(
        workflow(job(runtime=36_000, arrayProperties={"size": 20})),
        environments=[fleet],
        definitions=[definition(retryStrategy={"attempts": 10})],
        settings={"spot": {"interruptions": {"ratePerHour": 0.3}}},
    )
    assert {f"{RESOURCES}.type": "EC2", f"{RESOURCES}.allocationStrategy": "BEST_FIT_PROGRESSIVE"} in changes(found)


def test_instances_that_boot_for_every_job():
    # Every eight minutes a job of two: an instance is there for more than half of the time, and may as well stay.
    _, found = tried(workflow(job(runtime=120), arrivals={"every": "8m"}), duration="1d", ideal=False)
    assert {f"{RESOURCES}.minvCpus": 2} in changes(found)


def test_wide_jobs_get_a_queue_of_their_own():
    # A job of all eight servers waits for an hour, and 99 of one behind it though seven servers are free.
    made = scenario(
        workflow(job("a", 3600), job("wide", 60, jobDefinition="wide"), job("c", 60, arrayProperties={"size": 99})),
        environments=[unmanaged(8)],
        definitions=[definition(), definition("wide", vcpus="8")],
    )
    evidence = Evidence(bs.run(made).run)
    (own,) = [change for change in causes(evidence) if "batch.jobQueues" in change.set]
    assert own.set["workload.work.jobs.wide.jobQueue"] == "queue-wide"
    before, after = evidence.summary, bs.run(made.with_(own.set)).summary
    assert after["queue_time_s"]["mean"] < 0.2 * before["queue_time_s"]["mean"]


def test_a_job_that_waits_for_others_has_not_waited():
    flow = workflow(job("a", 36_000), job("b", 60, dependsOn=[{"jobName": "a"}]))
    assert tried(flow, environments=[unmanaged(1)])[1] == []


def test_what_nothing_would_mend_is_not_advised():
    fails = workflow(job("a", 3600, failure={"probability": 1}))
    three = definition(retryStrategy={"attempts": 3})
    assert tried(fails, environments=[unmanaged(1)], definitions=[three])[1] == []
    assert tried(workflow(job(arrayProperties={"size": 10})))[1] == []
    never = workflow(job(), arrivals={"at": ["2d"]})
    assert tried(never, duration="1h")[1] == []


def test_a_promise_that_is_kept_is_not_given_up():
    # Without warm instances the job would wait for its instance to boot.
    boots = {"ec2": {"launch": 300, "register": 300}}
    fleet = [environment(minvCpus=2)]
    hourly = workflow(job(runtime=1800), arrivals={"every": "2h"})
    promised = {"objectives": ["p50(queue_time) <= 1m"], "duration": "1d"}
    _, kept = tried(hourly, environments=fleet, settings=boots, **promised)
    _, free = tried(hourly, environments=fleet, settings=boots, duration="1d")
    assert changes(kept) == []
    assert changes(free) == [{f"{RESOURCES}.minvCpus": 0}]


def test_no_more_is_tried_than_is_allowed():
    result = bs.run(scenario(HUNDRED, **CLIFF))
    attempts = len(result.attempts)
    everything = try_changes(result)
    assert (everything.untried, len(everything.advice)) == (0, 2)
    one = try_changes(result, most_attempts=attempts + BESIDES)
    assert one.tried == 1
    assert [advice.set for advice in one.advice] == [everything.advice[0].set]
    assert one.untried > 0
    assert try_changes(result, most_attempts=0).advice == ()


def test_advice_is_a_value_that_reads_well():
    result = bs.run(scenario(HUNDRED, **CLIFF))
    first, *_ = advise(result)
    assert repr(first) == f"<Advice {first}>"
    assert str(first).startswith("MEMORY 7700 instead of 8192 for task, if the jobs can do with it: $34")
    with pytest.raises(FrozenInstanceError):
        first.what = "other"
    assert first.as_json()["gain"]["wait_s"] == first.before.wait_s - first.after.wait_s > 0
    assert result.summary.get("advice") is None
    assert result.with_advice([first]).summary["advice"] == [first.as_json()]
    with pytest.raises(TypeError, match=r"batchsim\.run"):
        bs.advise(scenario())


def test_of_replications_the_first_is_advised_on():
    random = workflow(job(runtime={"exponential": {"mean": "1h"}}, arrayProperties={"size": 40}))
    made = scenario(random, environments=[unmanaged(4)])
    alone, several = bs.run(made, seed=3), bs.run(made, seed=3, replications=2)
    found = bs.advise(several)
    assert found == bs.advise(alone) != []
    assert found[0].before == Figures.of(alone.summary)


def managed(after):
    """Ten jobs of two vCPUs an hour, on instances that ECS manages."""
    fleet = managed_environment("fleet", ("c6i.large",), after=after)
    ten = workflow(job(runtime=300, arrayProperties={"size": 10}), arrivals={"every": "1h"})
    task = managed_definition(vcpus="2", memory="3000")
    return scenario(ten, environments=[fleet], definitions=[task], duration="1d", ideal=False)


SCALE_IN = f"{RESOURCES}.managedInstancesProvider.infrastructureOptimization.scaleInAfter"


@pytest.mark.parametrize(("now", "instead"), [(1800, "30 min"), (-1, "never")])
def test_managed_instances_that_stay_idle_go_at_once(now, instead):
    (advice,) = [each for each in held(managed(now)) if SCALE_IN in each.set]
    assert dict(advice.set) == {SCALE_IN: 0}
    assert advice.what == f"scaleInAfter 0 instead of {instead} in fleet"


def test_what_is_tried_instead_of_aws_s_own_wait():
    (change,) = minimums(Evidence(bs.run(managed(None)).run))
    assert (change.what, dict(change.set)) == ("scaleInAfter 0 instead of AWS's own in fleet", {SCALE_IN: 0})


def test_of_managed_instances_neither_types_nor_a_minimum_are_advised():
    result = bs.run(managed(0))
    found = [*bs.advise(result), *causes(Evidence(result.run))]
    assert {path for change in found for path in change.set} <= {SCALE_IN}
    # What boots for the jobs of each hour could have stayed.
    assert {change.set[SCALE_IN] for change in found} == {3600}
