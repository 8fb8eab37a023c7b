"""Jobs at the edge of an instance's memory, which is known to within 2 %: placed as worked by hand, and never denser.

r6id.xlarge has 4 vCPUs and 32,768 MiB, of which 31,516 are usable by the measured table; ECS on AL2023 registered
31,517 (ASFHyP3/hyp3#1900, #2500).
"""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.errors import ScenarioError
from batchsim.spec.configuration import Shape
from batchsim.spec.memory_margin import as_asked, at_the_edge, margin_mib
from batchsim.validation.validate import validate
from tests.builders import definition, environment, job, queue, scenario, workflow
from tests.worlds import fleet, offering

USABLE, INSTALLED = 31_516, 32_768
EDGE = int(1.02 * USABLE)
PRICE, VOLUME = 0.3024, 30 * 0.08 / 730


def made(*jobs, memory=(), types=("r6id.xlarge",), stated=None, **members):
    """Jobs of one vCPU that ask for so much memory, named by it."""
    settings = {"ec2": {"memory": {"r6id.xlarge": stated}}} if stated is not None else {}
    return scenario(
        workflow(*(jobs or [job(str(mib), 600, jobDefinition=f"asks-{mib}") for mib in memory])),
        environments=members.pop("environments", [environment(instanceTypes=list(types), maxvCpus=4)]),
        definitions=[definition(f"asks-{mib}", memory=str(mib)) for mib in memory],
        settings=settings,
        duration="1h",
        **members,
    )


def test_a_job_within_the_margin_has_the_whole_memory_and_is_billed_for_no_more():
    given = made(memory=[USABLE + 1])
    (warning,) = given.warnings
    assert (warning.code, warning.severity) == ("memory-margin", "warning")
    assert f"{USABLE + 1} MiB are 1 more" in warning.message
    assert "environment.ec2.memory: {r6id.xlarge: MiB}" in warning.expected
    result = bs.run(given)
    assert result.jobs["status"].tolist() == ["SUCCEEDED"]
    assert result.jobs["memory_mib"].tolist() == [USABLE + 1]  # as it was asked for
    assert result.instances["memory_mib"].tolist() == [USABLE]
    share = (9 * 1 + USABLE / 1024) / (9 * 4 + USABLE / 1024)
    assert result.jobs["cost_usd"][0] == pytest.approx(share * 600 * (PRICE + VOLUME) / 3600, abs=1e-12)
    assert result.summary["utilisation"]["memory"] == pytest.approx(1.0)
    assert result.summary["unplaceable"] == []
    assert result.summary["memory_margin"] == [
        {"job_queue": "queue", "job_definition": f"asks-{USABLE + 1}", "vcpus": 1.0, "memory_mib": USABLE + 1,
         "gpus": 0, "jobs": 1, "beyond_mib": 1}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "asked", "code", "status"),
    [
        (None, USABLE, None, "SUCCEEDED"),
        (None, EDGE, "memory-margin", "SUCCEEDED"),
        (None, EDGE + 1, "never-placeable", "RUNNABLE"),
        # A stated figure is exact.
        (31_517, 31_517, None, "SUCCEEDED"),
        (31_517, 31_518, "never-placeable", "RUNNABLE"),
        (31_603, 31_603, None, "SUCCEEDED"),
        (30_000, USABLE, "never-placeable", "RUNNABLE"),
        ("30GiB", 30 * 1024, None, "SUCCEEDED"),
    ],
)
def test_the_verdict_is_as_hard_as_the_figure(stated, asked, code, status, tmp_path):
    given = made(memory=[asked], stated=stated)
    assert [warning.code for warning in given.warnings] == ([code] if code else [])
    assert bs.run(given).jobs["status"].tolist() == [status]
    path = tmp_path / "scenario.yaml"
    path.write_text(given.to_yaml())
    found = validate(path)
    assert [error.code for error in found.errors] == (["never-placeable"] if code == "never-placeable" else [])
    cliffs = [finding for finding in found.findings if finding.code == "memory-cliff"]
    # At the edge of what is stated there is nothing to warn of; what is within the margin is told by its own name.
    assert len(cliffs) == (code == "never-placeable" or (stated, asked) == (None, USABLE))


def test_other_jobs_are_packed_no_denser_for_it():
    # Two of 15,900 MiB would fit 2 % more memory than is known, and do not fit what is known.
    assert USABLE < 2 * 15_900 <= EDGE
    jobs = [job(name, 600, jobDefinition=f"asks-{mib}") for name, mib in (("edge", EDGE), ("a", 15_900), ("b", 15_900))]
    result = bs.run(made(*jobs, memory=[EDGE, 15_900])).jobs.set_index("job_name")
    assert result["starting_at"].to_dict() == {"edge": 0, "a": 600, "b": 1200}
    # Two that fit beside each other are not kept apart either.
    half = [job(name, 600, jobDefinition="asks-15758") for name in "ab"]
    assert bs.run(made(*half, memory=[15_758])).jobs["starting_at"].tolist() == [0, 0]


def test_what_another_size_or_environment_holds_goes_there():
    larger = made(memory=[USABLE + 1], types=("r6id.xlarge", "r6id.2xlarge"))
    assert larger.warnings == ()
    larger = larger.with_(maxvCpus=16)
    assert bs.run(larger).instances["instance_type"].tolist() == ["r6id.2xlarge"]
    both = made(memory=[USABLE + 1], environments=[
        environment("small", instanceTypes=["r6id.xlarge"]), environment("large", instanceTypes=["r6id.2xlarge"]),
    ])  # fmt: skip
    assert both.warnings == ()
    assert bs.run(both).instances["instance_type"].tolist() == ["r6id.2xlarge"]


def test_each_queue_for_itself():
    environments = [environment(name, instanceTypes=[kind]) for name, kind in
                    (("small", "r6id.xlarge"), ("large", "r6id.2xlarge"))]  # fmt: skip
    jobs = [job(name, 600, jobDefinition="asks-31517", jobQueue=name) for name in ("small", "large")]
    given = made(*jobs, memory=[31_517], environments=environments,
                 queues=[queue("small", "small"), queue("large", "large")])  # fmt: skip
    result = bs.run(given)
    assert sorted(result.instances["instance_type"]) == ["r6id.2xlarge", "r6id.xlarge"]
    assert result.jobs["memory_mib"].tolist() == [31_517, 31_517]
    (margin,) = result.summary["memory_margin"]
    assert (margin["job_queue"], margin["jobs"]) == ("small", 1)
    assert bs.run(given).summary == result.summary


def test_nodes_of_a_multi_node_job():
    container = {**definition(memory=str(USABLE + 1))["containerProperties"], "instanceType": "r6id.xlarge"}
    gang = {
        "jobDefinitionName": "gang", "type": "multinode",
        "nodeProperties": {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [
            {"targetNodes": "0:1", "container": container}]},
    }  # fmt: skip
    given = scenario(
        workflow(job(jobDefinition="gang")), definitions=[gang],
        environments=[environment(instanceTypes=["r6id.xlarge"])],
    )  # fmt: skip
    (warning,) = given.warnings
    assert f"{USABLE + 1} MiB are 1 more" in warning.message
    result = bs.run(given)
    assert result.jobs["status"].tolist() == ["SUCCEEDED"]
    assert result.jobs["memory_mib"].tolist() == [2 * (USABLE + 1)]


def test_a_trace_is_told_by_validate_and_in_the_summary(tmp_path):
    (tmp_path / "jobs.csv").write_text(
        f"job_name,submitted_at,runtime_s,memory_mib\na,0,60,{USABLE + 9}\nb,0,60,1000\n"
    )
    given = scenario(
        {"trace": {"format": "csv", "path": "jobs.csv", "jobQueue": "queue", "jobDefinition": "task"}},
        environments=[environment(instanceTypes=["r6id.xlarge"])], base=tmp_path,
    )  # fmt: skip
    (tmp_path / "scenario.yaml").write_text(given.to_yaml(relative_to=tmp_path))
    told = [finding for finding in validate(tmp_path / "scenario.yaml").warnings if finding.code == "memory-margin"]
    assert [finding.path for finding in told] == ["batch.jobQueues.queue"]
    result = bs.run(given)
    assert result.jobs["status"].tolist() == ["SUCCEEDED", "SUCCEEDED"]
    assert [(each["jobs"], each["beyond_mib"]) for each in result.summary["memory_margin"]] == [(1, 9)]


def test_where_nothing_was_measured_there_is_no_margin():
    # p4d is of no measured generation: the worst loss of the table is taken, 150 MiB + 3.7 % of 1,179,648 MiB, and
    # 48 MiB of kernel and agent. A promise that rested on more than that would rest on nothing.
    usable = 1_179_648 - round(150 + 0.037 * 1_179_648) - 16 - 32
    large = environment(instanceTypes=["p4d.24xlarge"], maxvCpus=96)
    for mib, status in ((usable, "SUCCEEDED"), (usable + 1, "RUNNABLE")):
        result = bs.run(made(memory=[mib], environments=[large]))
        assert (result.jobs["status"].tolist(), result.summary["memory_margin"]) == ([status], [])


def test_the_margin_is_never_beyond_what_is_installed():
    assert margin_mib(USABLE, INSTALLED) == EDGE - USABLE == 630
    assert margin_mib(1000, 1010) == 10
    assert margin_mib(1010, 1000) == 0


def test_of_several_types_the_one_that_has_to_be_wrong_by_least():
    def having(name, mib, price, **changes):
        return offering(name, 4, mib, price, memory_margin_mib=mib // 50, **changes)

    small, cheap, dear = having("a", 9_900, 1.0), having("b", 9_950, 2.0), having("c", 9_950, 3.0)
    placed, kind = at_the_edge(Shape(1, 10_000), [fleet(offerings=(small, dear, cheap))])
    assert (placed, kind.instance_type) == (Shape(1, 9_950, beyond_mib=50), "b")
    assert as_asked(placed) == Shape(1, 10_000)
    # More vCPUs, GPUs or another limit than memory: the margin is of no help.
    for shape, environment_ in (
        (Shape(5, 10_000), fleet(offerings=(cheap,))),
        (Shape(1, 10_000, 1), fleet(offerings=(cheap,))),
        (Shape(1, 10_000), fleet(offerings=(cheap,), enabled=False)),
        (Shape(4, 10_000), fleet(offerings=(cheap,), max_vcpus=3)),
        (Shape(1, 10_150), fleet(offerings=(cheap,))),
        (Shape(1, 9_950), fleet(offerings=(cheap,))),
    ):
        assert at_the_edge(shape, [environment_]) is None


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        ({"r6id.xlarg": 31_517}, "did you mean r6id.xlarge?"),
        ({"r6id": 31_517}, "there is no instance type 'r6id'"),
        ({"r6id.xlarge": INSTALLED + 1}, f"at most {INSTALLED} MiB"),
        ({"r6id.xlarge": 0}, "more than 0"),
        ({"r6id.xlarge": "much"}, "expected MiB"),
        ({"r6id.xlarge": True}, "expected MiB"),
    ],
)
def test_memory_that_cannot_be(memory, words):
    with pytest.raises(ScenarioError) as caught:
        scenario(environments=[environment(instanceTypes=["r6id.xlarge"])], settings={"ec2": {"memory": memory}})
    assert words in str(caught.value)


def test_memory_of_a_type_that_nothing_launches_is_a_warning():
    (warning,) = scenario(settings={"ec2": {"memory": {"r6id.xlarge": 31_517}}}).warnings
    assert (warning.code, warning.path) == ("instance-memory", "environment.ec2.memory.r6id.xlarge")


def test_a_stated_figure_needs_no_reserve_taken_off():
    given = scenario(
        environments=[environment(instanceTypes=["r6id.xlarge", "r6i.xlarge"])],
        settings={"ec2": {"memory": {"r6id.xlarge": 31_000}, "reservedMemory": 132}},
    )
    found = {o.instance_type: o.memory_mib for o in given.configuration.environments[0].offerings}
    assert found == {"r6id.xlarge": 31_000, "r6i.xlarge": USABLE - 100}
