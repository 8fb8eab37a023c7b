"""The rules of meaning: each finds what it should, where it should, and leaves its neighbour alone."""

from __future__ import annotations

import json

import pytest

from batchsim.catalog.instance_types import expand
from batchsim.catalog.user_catalog import read_catalog
from batchsim.scenario.document.document import Document
from batchsim.scenario.rules import RULES, check_all
from tests.catalogs import write_catalog
from tests.scenarios.rules.base import STAGES, changed, found, full
from tests.scenarios.rules.changes import (
    FARGATE,
    FOR_FARGATE,
    MANAGED,
    OTHER_QUEUE,
    asks,
    behind,
    beside,
    consumes,
    ecs,
    fair,
    gpu,
    job,
    nodes,
    on,
    order,
)
from tests.scenarios.rules.examples import EXAMPLES
from tests.scenarios.test_bad import BAD

NUMBERS = [f"V-{number:02d}" for number in range(1, 58)]
SHOWN = {
    "simulation": {"error", "warning"},
    "deployment": {"error", "warning"},
    "submission": {"error", "warning"},
    "review": {"warning", "info"},
}
#: What the importer of CloudFormation templates finds, and what a catalog that was refreshed may lack.
ELSEWHERE = {"named-replacement", "instance-type-set"}


def test_the_base_has_nothing_to_find():
    assert found(changed()) == set()


def test_all_are_there_with_both_examples():
    assert {rule.number for rule in RULES} - {""} == set(NUMBERS)
    # V-50 is told by the importer of CloudFormation templates, of what no scenario says: it is declared.
    assert set(EXAMPLES) == set(NUMBERS) - {"V-50"}
    assert all(EXAMPLES.values())
    of_examples = {(number, example.code) for number, examples in EXAMPLES.items() for example in examples}
    of_rules = {(rule.number, rule.code) for rule in RULES if rule.number and rule.code not in ELSEWHERE}
    assert of_examples == of_rules


@pytest.mark.parametrize(
    ("number", "example"),
    [(number, example) for number, examples in EXAMPLES.items() for example in examples],
    ids=[f"{number}-{example.code}-{n}" for number, examples in EXAMPLES.items() for n, example in enumerate(examples)],
)
def test_a_rule_finds_the_bad_and_not_the_good(number, example):
    rule = next(rule for rule in RULES if rule.code == example.code)
    assert rule.number == number
    at_fault = [finding for finding in found(changed(example.bad)) if finding.code == example.code]
    # A path goes by the names of the changed scenario; where the change is a name, the example says it in full.
    places = [example.at] if isinstance(example.at, str) else sorted(example.at)
    assert sorted((finding.path, finding.severity) for finding in at_fault) == [
        (full(at), example.severity) for at in places
    ]
    assert all(finding.message and finding.source for finding in at_fault)
    assert not [finding for finding in found(changed(example.good)) if finding.code == example.code]


def test_each_code_is_registered_once_with_what_a_catalogue_needs():
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    for rule in RULES:
        assert rule.title
        assert rule.title[-1] != "."
        assert rule.source or not rule.number
        assert rule.severity in SHOWN[rule.stage]
        assert rule.stage != "review" or rule.severity != "error"


def test_advice_is_given_only_when_asked_for():
    advised = changed(on("SPOT", "c6i"), {"job.runtime": 1})
    assert not list(check_all(Document(advised), ("simulation",)))
    assert {finding.severity for finding in check_all(Document(advised), ("review",))} == {"warning", "info"}


def test_a_set_whose_families_the_catalog_lacks(tmp_path):
    write_catalog(tmp_path / "live")
    catalog = read_catalog(tmp_path / "live")  # of the sets' families it has c6i alone

    def severities(*entries: str) -> list[str]:
        document = Document(changed(on("EC2", *entries)))
        findings = check_all(document, ("simulation",), catalog=catalog)
        return [finding.severity for finding in findings if finding.code == "instance-type-set"]

    assert severities("optimal") == ["warning"]
    assert severities("default_arm64") == ["error"]
    assert severities("c6i") == []


def message_of(code, *changes):
    return next(str(finding) for finding in found(changed(*changes)) if finding.code == code)


def test_figures_are_named():
    cliff = message_of("memory-cliff", on("EC2", "m6i"), {"container.resourceRequirements": asks("2", "8192")})
    assert "8192 is above the 7739 MiB usable on m6i.large (8192 nominal)" in cliff
    assert "m6i.xlarge with 15664 usable, at 0.192 USD/h instead of 0.096 USD/h" in cliff
    # Sixteen c6i.xlarge of 0.17 USD/h, each with 30 GiB at 0.08 USD a month, for 730 hours.
    minimum = message_of("minimum-cost", {"resources.minvCpus": 64})
    assert "16 c6i.xlarge (the cheapest) at 0.17 USD/h" in minimum
    assert f"${16 * (0.17 * 730 + 30 * 0.08):,.0f} a month" in minimum
    assert "fleet not DISABLED" in message_of("never-placeable", {"fleet.state": "DISABLED"})
    assert "more than maxvCpus 0" in message_of("above-max-vcpus", {"resources.maxvCpus": 0})
    arm = message_of("runtime-platform", {"container.runtimePlatform": {"cpuArchitecture": "ARM64"}})
    assert "fleet of queue has x86_64 types" in arm


@pytest.mark.parametrize(
    ("code", "at", "changes"),
    [
        ("fair-share-policy", "batch.schedulingPolicies.policy.fairsharePolicy.shareDistribution.0.weightFactor",
         [fair(shareDistribution=[{"shareIdentifier": "blue", "weightFactor": 1000}])]),
        ("share-weight", full("job.shareIdentifier"), [fair(shareDistribution=[{"shareIdentifier": "bleu"}])]),
        ("node-queue", full("job.jobQueue"), [FARGATE, nodes(2, "0:")]),
        ("fargate-size", full("container.resourceRequirements.2.value"),
         [FARGATE, {"container.resourceRequirements": gpu()}]),
        ("queue-mix", full("queue.computeEnvironmentOrder"), [FARGATE, behind(beside())]),
        ("runtime-platform", full("container.runtimePlatform.cpuArchitecture"),
         [on("EC2", "m7g"), {"container.runtimePlatform": {"cpuArchitecture": "X86_64"}}]),
        ("environment-order", full("queue"), [{"queue.computeEnvironmentOrder": order(*["fleet"] * 4)}]),
        ("array", full("job.arrayProperties.size"), [{"job.arrayProperties": {"size": 1}}]),
        ("array", full("job.arrayProperties.size"), [{"job.arrayProperties": {"size": 10_001}}]),
        ("dependency", "workload.work.jobs.next.dependsOn",
         [{"workload.work.jobs.+": job(dependsOn=[{"jobName": "job"}] * 21)}]),
        ("consumable-quantity", full("task.consumableResourceProperties.consumableResourceList.0.quantity"),
         [consumes(3)]),
        ("not-simulated", "batch.schedulingPolicies.policy.quotaSharePolicy",
         [{"batch.schedulingPolicies": [{"name": "policy", "quotaSharePolicy": {}}]}]),
        ("managed-instances", full("resources.minvCpus"), [MANAGED, {"resources.minvCpus": 0}]),
    ],
)  # fmt: skip
def test_a_contradiction_is_told_with_its_place_what_to_do_and_a_source(code, at, changes):
    told = [finding for finding in found(changed(*changes)) if (finding.code, finding.path) == (code, at)]
    assert told, [(finding.code, finding.path) for finding in found(changed(*changes))]
    for finding in told:
        assert finding.expected or finding.suggestion
        assert finding.source


BADLY = {"container.resourceRequirements": asks("2", "7500")}


def test_a_job_that_strands_half_of_each_instance():
    badly = message_of("packs-badly", on("EC2", "c6i.2xlarge"), BADLY)
    # Of 15,663 usable MiB two have 7,500 each, where eight vCPUs are enough for four: 0.34 / 2 against 0.384 / 4.
    assert "task is bound by memory on c6i.2xlarge (2 fit, where the vCPUs have room for 4)" in badly
    assert "50 % of the vCPUs of each instance of fleet is stranded" in badly
    assert f"types of m6i, on which a job costs {100 * (1 - (0.384 / 4) / (0.34 / 2)):.0f} % less" in badly
    assert "MEMORY" not in badly.partition("expected")[2]


def test_a_job_for_which_a_little_less_memory_packs():
    four = {"container.resourceRequirements": asks("4", "8192")}
    badly = message_of("packs-badly", on("EC2", "c6i.2xlarge", "c6i.4xlarge"), four)
    assert badly.endswith("expected MEMORY of 7700 or less, where the jobs can do with it")


@pytest.mark.parametrize("old", [{"vcpus": 2, "memory": 7500}, {"memory": 7500}])
def test_what_an_old_override_does_not_change_is_not_judged(old):
    ask = {"container.resourceRequirements": asks("1", "1900"), "job.containerOverrides": old}
    codes = {code for code, _ in codes_of(on("EC2", "c6i.2xlarge"), ask)}
    assert "old-overrides" in codes
    assert "packs-badly" not in codes
    # Where the definition has the old members too, they do change it.
    of_old = {"container": {"image": "busybox", "vcpus": 1, "memory": 1900}, "job.containerOverrides": old}
    assert "bound by memory" in message_of("packs-badly", on("EC2", "c6i.2xlarge"), of_old)


def test_memory_that_no_job_asks_for():
    badly = message_of("packs-badly", on("EC2", "r6i"), {"container.resourceRequirements": asks("1", "1000")})
    assert "is bound by vCPUs on r6i.large (2 fit, where the memory has room for" in badly
    assert "types of c6i" in badly


@pytest.mark.parametrize(
    "changes",
    [
        (on("EC2", "m6i.2xlarge"), BADLY),  # it packs
        (on("EC2", "c6i.large", "c6i.xlarge"), {"container.resourceRequirements": asks("1", "1800")}),
        (on("EC2", "m6i"), {"container.resourceRequirements": asks("1", "1000")}),  # c6i would cost a ninth less
        (on("EC2", "g5"), {"container.resourceRequirements": gpu()}),  # nothing else has GPUs
        (FARGATE, {"container.resourceRequirements": asks("1", "8192")}),  # a task pays for what it asks for
    ],
)
def test_what_packs_well_enough(changes):
    assert "packs-badly" not in {code for code, _ in codes_of(*changes)}


def test_the_edge_of_a_whole_instance_is_told_once():
    # 8,192 MiB are all that m6i.large has: that is a cliff, and the larger size that is launched instead is its price.
    codes = [code for code, _ in codes_of(on("EC2", "m6i"), {"container.resourceRequirements": asks("2", "8192")})]
    assert "memory-cliff" in codes
    assert "packs-badly" not in codes


def test_on_spot_any_family_may_be_launched():
    spot = on("SPOT", "m6i.2xlarge", "c6i.2xlarge")
    assert "on c6i.2xlarge" in message_of("packs-badly", spot, BADLY)


#: Three of them fit into the memory of eight vCPUs of c6i, four onto those of m6i.
STRANDS = {"container.resourceRequirements": asks("2", "5000")}


@pytest.mark.parametrize(
    ("kind", "overrides", "usd"),
    [
        # USD per vCPU-hour of c6i and m6i; three jobs fit on eight vCPUs of c6i and four on those of m6i.
        ("EC2", {"c6i": 0.0425, "m6i": 0.09}, None),
        ("EC2", {"c6i": 0.0425, "m6i": 0.02}, (0.0425, 0.02)),
        ("EC2", {"c6i": 0.06}, (0.06, 0.384 / 8)),
        ("SPOT", {"c6i": 0.0425, "m6i": {"onDemand": 0.02}}, (0.0425, 0.02)),
        # A discount is taken off what is paid on demand.
        ("EC2", {"m6i": {"discount": 0.5}}, (0.0425, 0.5 * 0.384 / 8)),
        ("EC2", {"c6i": {"discount": 0.5}}, None),
        ("EC2", {"EC2": {"discount": 0.5}, "m6i": 0.01}, (0.5 * 0.0425, 0.01)),
        ("SPOT", {"m6i": {"discount": 0.5}}, None),
    ],
)
def test_families_are_compared_at_the_prices_that_are_stated(kind, overrides, usd):
    given = {"environment": {"prices": {"overrides": overrides}}}
    told = [
        str(finding)
        for finding in found(changed(on(kind, "c6i.2xlarge"), STRANDS, given))
        if finding.code == "packs-badly" and "types of m6i" in str(finding)
    ]
    assert bool(told) == (usd is not None)
    if usd is not None:
        now, then = 8 * usd[0] / 3, 8 * usd[1] / 4
        assert f"types of m6i, on which a job costs {100 * (1 - then / now):.0f} % less" in told[0]


def test_nothing_is_compared_with_a_price_that_nobody_knows():
    # A region without prices, where the scenario states those of Spot alone.
    overrides = {"c6i": {"spot": 0.01}, "m6i": 0.048, "gp3": {"gbMonth": 0.08}}
    given = {"region": "eu-nowhere-1", "environment": {"prices": {"overrides": overrides}}}
    assert told("packs-badly", on("SPOT", "c6i.2xlarge"), STRANDS, given) == []
    overrides["c6i"] = {"onDemand": 0.06, "spot": 0.01}
    (message,) = told("packs-badly", on("SPOT", "c6i.2xlarge"), STRANDS, given)
    assert "task is bound by memory on c6i.2xlarge" in message


def codes_of(*changes):
    return {(finding.code, finding.path) for finding in found(changed(*changes))}


def test_rules_without_a_number():
    dearer = ("dearer-first", full("queue.computeEnvironmentOrder"))
    assert dearer in codes_of(behind(beside(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")))
    assert dearer not in codes_of(on("SPOT"), behind(beside()))
    assert ("disabled-queue", full("job.jobQueue")) in codes_of({"queue.state": "DISABLED"})
    prices = {"environment": {"prices": {"overrides": {"c6i.huge": 1.0}}}}
    assert ("price-override", "environment.prices.overrides.c6i.huge") in codes_of(prices)
    pools = {"environment": {"capacity": {"pools": [
        {"instanceTypes": ["c6i", "c99", "m6i.large"], "vcpus": 8},
        {"zones": ["us-east-1a", "us-east-1z"], "vcpus": 8},
    ]}}}  # fmt: skip
    assert {at for code, at in codes_of(pools) if code == "capacity-pool"} == {
        "environment.capacity.pools.0.instanceTypes.1",
        "environment.capacity.pools.1.zones.1",
    }
    below = ("bid-below-market", full("resources.bidPercentage"))
    assert below in codes_of(on("SPOT"), {"resources.bidPercentage": 1})
    assert below not in codes_of(on("SPOT"), {"resources.bidPercentage": 100})
    stop = ("container-timeout", full("task.ecsProperties.taskProperties.0.containers.0.stopTimeout"))
    assert stop in codes_of(ecs({"stopTimeout": 1}))
    assert stop not in codes_of(ecs({"stopTimeout": 900}))
    assert stop in codes_of(FARGATE, ecs({"stopTimeout": 121}), {"task.platformCapabilities": ["FARGATE"]})
    assert stop not in codes_of(FARGATE, ecs({"stopTimeout": 120}), {"task.platformCapabilities": ["FARGATE"]})
    resource = {"consumableResourceName": "licence", "totalQuantity": 2, "resourceType": "REPLENISHIBLE"}
    place = "batch.consumableResources.licence.resourceType"
    assert ("consumable-quantity", place) in codes_of({"batch.consumableResources": [resource]})
    assert ("out-of-range", full("resources.maxvCpus")) in codes_of({"resources.maxvCpus": 2**31})
    assert ("out-of-range", full("resources.maxvCpus")) not in codes_of({"resources.maxvCpus": 2**31 - 1})


def trace(form):
    """A workload of one trace."""
    return {"workload": [{"trace": {"format": form, "path": "log", "jobQueue": "queue", "jobDefinition": "task"}}]}


def test_traces_go_somewhere_too():
    platform = ("platform", "workload.0.trace.jobDefinition")
    assert platform in codes_of(FOR_FARGATE, trace("swf"))
    # The jobs of a table may each name a definition of their own.
    assert platform not in codes_of(FOR_FARGATE, trace("csv"))
    second = ("unused", "batch.jobQueues.second.jobQueueName")
    assert second in codes_of({"batch.jobQueues.+": OTHER_QUEUE}, trace("swf"))
    assert second not in codes_of({"batch.jobQueues.+": OTHER_QUEUE}, trace("csv"))
    mapped = {**trace("swf"), "workload.0.trace.queues": {"1": "second"}}
    assert second not in codes_of({"batch.jobQueues.+": OTHER_QUEUE}, mapped)


def test_every_code_of_the_wrong_scenarios_is_in_the_catalogue():
    lines = [line for path in BAD.glob("*.expected") for line in path.read_text(encoding="utf-8").splitlines()]
    # A line that begins with a space shows the text that the finding above it is about.
    codes = {line.partition("[")[2].partition("]")[0] for line in lines if not line.startswith(" ")}
    assert len(codes) > 20
    assert codes <= {rule.code for rule in RULES}


#: By the id of a request that AWS refused: the rule that says so.
REFUSED = {
    "fargate-size-1-1024": "fargate-size",
    "fargate-size-override-1-4000": "fargate-size",
    "ec2-memory-only": "requirements",
    "spot-strategy-on-ec2": "strategy",
    "fargate-desired": "fargate-member",
    "arm-with-optimal": "architecture",
    "twenty-one-dependencies": "dependency",
    "retry-without-attempts": "attempts",
}


def of_request(refused):
    """A scenario with a request in it."""
    request = refused["request"]
    if refused["operation"] == "CreateComputeEnvironment":
        on_fargate = FARGATE if request["computeResources"]["type"] == "FARGATE" else {}
        return changed(on_fargate, {"fleet": {**request, "computeEnvironmentName": "fleet"}})
    if refused["operation"] == "RegisterJobDefinition":
        return changed({"task": {**request, "jobDefinitionName": "task"}})
    on_fargate = FARGATE if "fargate" in refused["id"] else {}
    submitted = {**request, "jobDefinition": "task", "runtime": 600}
    if "dependsOn" not in request:
        return changed(on_fargate, {"job": submitted})
    # In a scenario dependencies go by name.
    needed = [job(f"j{number}") for number in range(len(request["dependsOn"]))]
    submitted["dependsOn"] = [{"jobName": each["jobName"]} for each in needed]
    return changed({"workload.work.jobs": [submitted, *needed]})


def test_what_aws_refused_is_refused(shared_data):
    requests = json.loads((shared_data / "configs" / "rejected.json").read_text(encoding="utf-8"))["rejected"]
    assert {refused["id"] for refused in requests} == set(REFUSED)
    for refused in requests:
        errors = {finding.code for finding in found(of_request(refused)) if finding.severity == "error"}
        # The scenario around a Fargate definition has an EC2 queue, which is another fault.
        assert errors - {"platform"} == {REFUSED[refused["id"]]}, refused["id"]


ODD = (
    None,
    True,
    -1,
    1e300,
    10**99,
    float("inf"),
    "",
    "x",
    ":",
    "arn:",
    [],
    [None],
    ["x"],
    {},
    {"x": None},
    [[]],
    [{}],
)


def everywhere(value, where=()):
    """Every place of a value and below."""
    yield where
    # The first few entries of a list will do.
    for key in value if isinstance(value, dict) else range(min(len(value), 6)) if isinstance(value, list) else ():
        yield from everywhere(value[key], (*where, key))


@pytest.mark.parametrize("every", [12, pytest.param(2, marks=pytest.mark.slow)])
def test_any_value_anywhere_gives_findings(every):
    seen = set()
    for example in (each for examples in EXAMPLES.values() for each in examples):
        values = changed(example.bad, {"deployment": {}})
        del values["workload"][0].get("jobs", [])[6:]
        for where in list(everywhere(values))[1:]:
            parent = values
            for step in where[:-1]:
                parent = parent[step]
            original = parent[where[-1]]
            if (where, str(original)) in seen:
                continue
            seen.add((where, str(original)))
            # So many of them, from another one each time: all of them take minutes.
            for odd in ODD[len(seen) % every :: every]:
                parent[where[-1]] = odd
                list(check_all(Document(values), STAGES))
            parent[where[-1]] = original
    assert len(seen) > 500


def told(code, *changes):
    return [finding.message for finding in found(changed(*changes)) if finding.code == code]


def test_what_has_no_price_is_left_out_by_name():
    # us-east-1 offers r9g, and no source has its price.
    r9g = [kind.name for kind in expand("r9g")]
    (message,) = told("no-price", on("EC2", "r8g", "r9g"))
    assert message == "left out, the catalog has no price of them in us-east-1: all of r9g"
    (message,) = told("no-price", on("EC2", "r8g", "r9g.large", "r9g.xlarge", "t4g"))
    assert message.endswith(": all of r9g")
    assert told("no-price", on("EC2", "r8g")) == []
    given = {"environment": {"prices": {"overrides": dict.fromkeys(r9g, 1.0)}}}
    assert told("no-price", on("EC2", "r8g", "r9g"), given) == []
    one = {"environment": {"prices": {"overrides": dict.fromkeys(r9g[1:], 1.0)}}}
    assert told("no-price", on("EC2", "r8g", "r9g"), one)[0].endswith(": r9g.medium")
    # Alone it is refused, unless the scenario states its price.
    assert told("instance-type", on("EC2", "r9g")) == ["the catalog has no price of r9g in us-east-1"]
    assert told("instance-type", on("EC2", "r9g"), given) == []


def test_what_is_derived_is_told_with_its_price():
    west = {"region": "us-west-1"}
    (message,) = told("derived-price", on("EC2", "m6i"), west)
    assert "m6i.large ~0.112" in message
    assert told("derived-price", on("EC2", "m6i")) == []
    stated = {"environment": {"prices": {"overrides": {"m6i.large": 0.1}}}}
    assert "m6i.large" not in told("derived-price", on("EC2", "m6i"), west, stated)[0]
    assert "(by c7i)" in told("derived-price", on("EC2", "c8i"), west)[0]
    (message,) = told("derived-price", on("SPOT", "m8a", "m5"))
    assert message == "Spot statistics in us-east-1 that are a neighbour's: those of m7a for all of m8a"


P5EN = "p5en.48xlarge"


def stating(region, spot=None, **overrides):
    settings = {"prices": {"overrides": overrides}, **({"spot": spot} if spot else {})}
    return {"region": region, "environment": settings}


@pytest.mark.parametrize(
    ("entry", "is_left_out"),
    [(50, True), ({"onDemand": 50}, True), ({"spot": 20}, False), ({"onDemand": 50, "spot": 20}, False)],
)
def test_an_on_demand_price_is_no_spot_price(entry, is_left_out):
    # me-central-1 has no statistics of p5en.
    messages = told("no-price", on("SPOT", "m6i.large", P5EN), stating("me-central-1", **{P5EN: entry}))
    assert any("no Spot statistics" in each and P5EN in each for each in messages) == is_left_out
    assert not told("no-price", on("EC2", "m6i.large", P5EN), stating("me-central-1", **{P5EN: 50}))


def test_statistics_of_a_neighbour_are_told_beside_an_on_demand_price():
    stated = {"m8a.large": 0.1, "m8a.xlarge": {"spot": 0.1}}
    (message,) = told("derived-price", on("SPOT", "m8a.large", "m8a.xlarge"), stating("us-east-1", **stated))
    assert message == "Spot statistics in us-east-1 that are a neighbour's: those of m7a for m8a.large"


def test_the_price_of_a_family_is_not_that_of_a_size_with_a_discount():
    family = {"r9g": 0.05, "r9g.large": {"discount": 0.1}}
    (message,) = told("no-price", on("EC2", "r9g"), stating("us-east-1", **family))
    assert message.endswith(": r9g.large")


def test_a_region_without_statistics_leaves_nothing_out():
    # There are none of us-gov-east-1: a price that does not need them is one.
    types = on("SPOT", "m6i.large", "c6i.large")
    for stated in ({}, {"m6i.large": {"spot": 0.05}}):
        assert told("no-price", types, stating("us-gov-east-1", {"prices": {"discount": 0.6}}, **stated)) == []
    # Where it does, it is an error and not left out.
    advisor = stating("us-gov-east-1", **{"m6i.large": {"spot": 0.05}})
    assert told("no-price", types, advisor) == []
    assert told("not-in-catalog", types, advisor)


def test_types_without_spot_statistics_are_left_out_by_name(tmp_path):
    write_catalog(tmp_path / "live", spot_advisor="instance_type,us-east-1\nc6i.large,1:50\n")
    catalog = read_catalog(tmp_path / "live")
    findings = check_all(Document(changed(on("SPOT", "c6i"))), ("simulation",), catalog=catalog)
    (message,) = [finding.message for finding in findings if finding.code == "no-price"]
    assert message == "left out, the catalog has no Spot statistics of them in us-east-1: c6i.xlarge"


def test_sizes_that_a_region_does_not_offer_are_told():
    (message,) = told("not-offered", on("EC2", "c6i", "m5"), {"region": "eu-south-2"})
    assert message == "not offered in eu-south-2, as far as the catalog knows: all of c6i"


@pytest.mark.parametrize("entry", ["p6e-gb200.36xlarge", "p6e-gb200", "hi1.4xlarge"])
def test_a_type_that_aws_has_and_the_catalog_lacks(entry):
    (finding,) = [each for each in found(changed(on("EC2", entry, "c6i"))) if each.code == "instance-type"]
    assert finding.message == f"{entry} is not in the catalog"
    assert "prices refresh" in finding.expected
    assert "environment.prices.overrides" in finding.expected
    (finding,) = [each for each in found(changed(on("EC2", "c6x", "c6i"))) if each.code == "instance-type"]
    assert finding.message == "there is no instance type or family 'c6x'"
