"""``batchsim validate``: formats, exit codes, everything in one go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import batchsim as bs
from batchsim.cli.main import main
from batchsim.scenario.document.document import read
from tests.conftest import ROOT

SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))

EVIL = """\
name: evil
region: us-east-1
duration: 1d
batch:
  computeEnvironments:
    - computeEnvironmentName: spot
      type: MANAGED
      computeResources:
        type: EC2
        allocationStrategy: SPOT_CAPACITY_OPTIMIZED
        maxvCpus: 8
        instanceTypes: [c6i.large]
        maxVcpus: 16
        instanceRole: arn:aws:iam::123456789012:instance-profile/ecsInstanceRole
  jobQueues:
    - jobQueueName: nightly
      priority: 5000
      computeEnvironmentOrder: [{order: 1, computeEnvironment: spott}]
  jobDefinitions:
    - jobDefinitionName: task
      type: container
      containerProperties:
        image: busybox
        resourceRequirements: [{type: VCPU, value: "1"}, {type: MEMORY, value: "1024"}]
      retryStrategy: {attempts: 11}
workload:
  - workflow: work
    arrivals: {every: 1h}
    jobs:
      - {jobName: job, jobQueue: nightly, jobDefinition: task, runtime: 10 fortnights}
"""


@pytest.fixture
def evil(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("evil.yaml").write_text(EVIL)
    return "evil.yaml"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_have_no_errors(path, capsys):
    assert main(["validate", str(path)]) == 0
    assert "error" not in capsys.readouterr().out.splitlines()[-1]


def test_everything_is_found_in_one_go_and_in_its_order(evil, capsys):
    assert main(["validate", evil]) == 1
    output = capsys.readouterr()
    codes = ["strategy", "unknown-key", "priority", "environment-order", "attempts", "wrong-value"]
    assert output.err == ""
    assert [code for code in codes if f"[{code}]" in output.out] == codes
    places = [finding.line for finding in bs.validate(evil).findings]
    assert places == sorted(places)
    assert output.out.splitlines()[-1].startswith("6 errors")


def test_json_is_all_there_is_on_standard_output(evil, capsys):
    assert main(["validate", evil, "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["counts"]["error"] == 6
    strategy = next(finding for finding in content["findings"] if finding["code"] == "strategy")
    assert strategy["number"] == "V-08"
    assert (strategy["file"], strategy["line"], strategy["severity"]) == ("evil.yaml", 10, "error")
    assert strategy["path"] == "batch.computeEnvironments.spot.computeResources.allocationStrategy"
    assert strategy["source"] == "AWS Batch API, ComputeResource"


def test_sarif_has_what_code_review_needs(evil, tmp_path, capsys):
    assert main(["validate", evil, "--format", "sarif", "--out", "evil.sarif"]) == 1
    assert capsys.readouterr().out == ""
    content = json.loads((tmp_path / "evil.sarif").read_text())
    assert (content["version"], len(content["runs"])) == ("2.1.0", 1)
    run = content["runs"][0]
    driver = run["tool"]["driver"]
    assert driver["name"] == "batchsim"
    assert {rule["id"] for rule in driver["rules"]} == {result["ruleId"] for result in run["results"]}
    for result in run["results"]:
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "evil.yaml"
        assert location["region"]["startLine"] >= 1
        assert location["region"]["startColumn"] >= 1


def test_account_ids_are_not_printed(tmp_path, capsys):
    values = read(ROOT / "scenarios" / "etl.yaml", "etl.yaml").values
    arn = "arn:aws:batch:us-east-1:123456789012:compute-environment/other"
    values["batch"]["jobQueues"][0]["computeEnvironmentOrder"][0]["computeEnvironment"] = arn
    values["batch"]["jobDefinitions"][0]["containerProperties"]["image"] = 123456789012
    path = tmp_path / "etl.yaml"
    path.write_text(json.dumps(values))
    for format_ in ("text", "json", "sarif"):
        main(["validate", str(path), "--format", format_])
        assert ":123456789012:" not in capsys.readouterr().out


def test_warnings_count_when_asked(capsys):
    path = str(ROOT / "scenarios" / "etl.yaml")
    assert main(["validate", path, "--strict"]) == 1
    capsys.readouterr()
    assert main(["validate", path, "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_what_can_t_be_read_is_the_wrong_input(tmp_path, capsys):
    assert main(["validate", str(tmp_path / "nowhere.yaml")]) == 2
    assert "[unreadable]" in capsys.readouterr().err


def test_a_configuration_alone_is_looked_at_alone(tmp_path, capsys):
    values = read(ROOT / "scenarios" / "etl.yaml", "etl.yaml").values
    path = tmp_path / "batch.yaml"
    path.write_text(json.dumps({"batch": values["batch"]}))
    assert main(["validate", str(path)]) == 0
    output = capsys.readouterr().out
    assert "[no-workload]" in output
    assert "[unused]" not in output
    path.write_text(json.dumps({"batch": {"jobQueues": []}}))
    assert main(["validate", str(path)]) == 0


def test_what_only_a_deployment_needs_is_an_error_once_there_is_one(tmp_path, capsys):
    text = (ROOT / "scenarios" / "etl.yaml").read_text()
    path = tmp_path / "etl.yaml"
    path.write_text(f"{text}\ndeployment: {{subnets: [subnet-0a1b2c3d]}}\n")
    assert main(["validate", str(path)]) == 1
    assert "[ec2-needs]" in capsys.readouterr().out
    assert main(["run", str(path), "--out", str(tmp_path / "out"), "--quiet"]) == 0


def test_a_job_that_can_never_run_is_an_error_here_and_a_warning_of_a_run(tmp_path, capsys):
    text = (ROOT / "scenarios" / "etl.yaml").read_text()
    path = tmp_path / "etl.yaml"
    path.write_text(text.replace('value: "30000"', 'value: "9000000"'))
    assert main(["validate", str(path)]) == 1
    assert "[never-placeable]" in capsys.readouterr().out


def test_a_fault_of_a_variant_is_found(tmp_path, capsys):
    text = (ROOT / "scenarios" / "etl.yaml").read_text()
    path = tmp_path / "etl.yaml"
    path.write_text(text.replace("right-sized: {}", "right-sized: {batch.jobQueues.nightly.priority: 5000}"))
    assert main(["validate", str(path)]) == 1
    assert "[priority]" in capsys.readouterr().out


VARIANTS = """\
variants:
  base: {}
  typo:
    batch.jobQueues.nigtly.priority: 2
  huge:
    batch.jobDefinitions.extract.containerProperties.resourceRequirements.0.value: "9000"
  odd: [1]
  late: {duration: -1}
  "a b": {}
"""


def test_a_variant_at_fault_stops_its_comparison_and_no_run(tmp_path, monkeypatch, capsys):
    values = read(ROOT / "scenarios" / "etl.yaml", "etl.yaml").values
    name = values["batch"]["jobDefinitions"][0]["jobDefinitionName"]
    del values["variants"]
    path = tmp_path / "etl.yaml"
    # YAML takes JSON: the scenario in one line, its variants in the lines behind it.
    head = "\n".join(f"{key}: {json.dumps(value)}" for key, value in values.items())
    path.write_text(f"{head}\n{VARIANTS.replace('.extract.', f'.{name}.')}")
    monkeypatch.chdir(tmp_path)
    assert main(["run", "etl.yaml", "--out", "out", "--quiet"]) == 0
    assert "variant" not in capsys.readouterr().err
    assert main(["validate", "etl.yaml"]) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if "in variant" in line]
    lines = path.read_text().splitlines()
    for variant, code in (
        ("typo", "unknown-path"),
        ("huge", "above-max-vcpus"),
        ("odd", "wrong-type"),
        ("a b", "name"),
    ):
        own = [line for line in told if f"in variant {variant}:" in line]
        assert own, variant
        at = next(n for n, line in enumerate(lines, 1) if line.strip().replace('"', "").startswith(f"{variant}:"))
        assert all(line.startswith(f"etl.yaml:{at}:") and f"[{code}]" in line for line in own)
    assert not [line for line in told if "in variant base" in line]
    assert main(["compare", "etl.yaml", "--out", "compared", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert "in variant typo" in err
    assert "in variant odd" in err
    assert main(["run", "etl.yaml", "--variant", "odd", "--out", "other", "--quiet"]) == 2
    capsys.readouterr()
    assert main(["run", "etl.yaml", "--variant", "late", "--out", "other", "--quiet"]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    at = next(n for n, line in enumerate(lines, 1) if line.strip().startswith("late:"))
    assert error.startswith(f"etl.yaml:{at}:")
    assert "in variant late: " in error


SPOT = "batch.computeEnvironments.spot"
VARIED = {
    "fine": {
        f"{SPOT}.computeEnvironmentName": "cheap",
        "batch.jobQueues.nightly.computeEnvironmentOrder.0.computeEnvironment": "cheap",
    },
    "half": {f"{SPOT}.computeResources.maxvCpus": 24},
}


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        # What is changed is there in the variant alone.
        ("fine", "batch.computeEnvironments.cheap.computeResources.maxvCpus=-24"),
        # It is wrong together with the variant alone.
        ("half", f"{SPOT}.computeResources.minvCpus=30"),
    ],
)
def test_a_fault_of_the_command_line_stays_there_whatever_variant_is_run(tmp_path, capsys, variant, change):
    values = {**read(ROOT / "scenarios" / "etl.yaml", "etl.yaml").values, "variants": VARIED}
    path = tmp_path / "etl.yaml"
    path.write_text(json.dumps(values))
    assert main(["run", str(path), "--variant", variant, "--set", change, "--out", str(tmp_path / "out")]) == 2
    first, *marked = capsys.readouterr().err.splitlines()
    assert first.startswith("--set: [vcpu-bounds] ")
    assert marked[0].strip() == change


def with_line(tmp_path, line: str) -> str:
    path = tmp_path / "etl.yaml"
    path.write_text(f"{(ROOT / 'scenarios' / 'etl.yaml').read_text()}\n{line}\n")
    return str(path)


def found_in(path, *arguments: str):
    import contextlib
    import io

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        code = main(["validate", path, "--json", *arguments])
    return code, {finding["code"]: finding for finding in json.loads(text.getvalue())["findings"]}


def test_what_is_ignored_is_not_told(tmp_path, capsys):
    loud = with_line(tmp_path, "")
    _, before = found_in(loud)
    code = next(code for code, finding in before.items() if finding["severity"] == "warning")
    _, after = found_in(with_line(tmp_path, f"ignore: [{{rule: {code}, reason: it is meant}}]"))
    assert set(after) == set(before) - {code}
    _, after = found_in(loud, "--ignore", code)
    assert set(after) == set(before) - {code}
    # A single code needs no list, and an ignored rule warns in no other command either.
    assert found_in(with_line(tmp_path, f"ignore: {code}"))[1].keys() == after.keys()


def test_what_is_ignored_in_vain_or_does_not_exist_is_told(tmp_path, capsys):
    code, found = found_in(with_line(tmp_path, "ignore: [architecture]"))
    assert (code, found["unused-ignore"]["severity"], found["unused-ignore"]["path"]) == (0, "warning", "ignore.0")
    # Where an error kept half of the rules from being looked at, nobody knows what is ignored in vain.
    code, found = found_in(with_line(tmp_path, "ignore: [architecture, ec2-need]"))
    assert (code, "unused-ignore" in found) == (1, False)
    assert (found["ignore"]["severity"], found["ignore"]["suggestion"]) == ("error", "ec2-needs")
    assert main(["run", with_line(tmp_path, ""), "--ignore", "nothing-such", "--out", str(tmp_path / "out")]) == 2
    assert "[ignore] ignore.0: there is no rule 'nothing-such'" in capsys.readouterr().err
    # One command may serve many scenarios: there it is a remark.
    code, found = found_in(with_line(tmp_path, ""), "--ignore", "architecture")
    assert (code, found["unused-ignore"]["severity"], found["unused-ignore"]["file"]) == (0, "info", "--ignore")


LOW_BID = """
variants:
  low: {batch.computeEnvironments.spot.computeResources.bidPercentage: 1}
"""


def test_what_only_a_variant_has_is_told_by_its_name_and_can_be_ignored(tmp_path, capsys):
    text = (ROOT / "scenarios" / "etl.yaml").read_text()
    low = text[: text.index("variants:")] + LOW_BID
    (tmp_path / "etl.yaml").write_text(low)
    told = found_in(str(tmp_path / "etl.yaml"))[1]["bid-below-market"]
    assert told["message"].startswith("in variant low: ")
    capsys.readouterr()
    small = ["--set", "duration=1d", "--quiet", "--out", str(tmp_path / "out")]
    assert main(["compare", str(tmp_path / "etl.yaml"), *small]) == 0
    assert "[bid-below-market]" in (printed := capsys.readouterr().err)
    assert "in variant low: " in printed
    (tmp_path / "etl.yaml").write_text(low + "\nignore: bid-below-market\n")
    found = found_in(str(tmp_path / "etl.yaml"))[1]
    assert not {"bid-below-market", "unused-ignore"} & found.keys()


def test_what_makes_a_simulation_impossible_can_t_be_ignored(tmp_path, capsys):
    values = read(ROOT / "scenarios" / "etl.yaml", "etl.yaml").values
    values["batch"]["jobQueues"][0]["priority"] = 5000
    values["ignore"] = ["priority"]
    path = tmp_path / "etl.yaml"
    path.write_text(json.dumps(values))
    code, found = found_in(str(path))
    assert code == 1
    assert found["priority"]["severity"] == "error"
    assert "can't be ignored" in found["ignore"]["message"]
    assert main(["run", str(path), "--out", str(tmp_path / "out")]) == 2


def test_jobs_that_never_run_may_be_ignored(tmp_path, capsys):
    text = (ROOT / "scenarios" / "etl.yaml").read_text().replace('value: "30000"', 'value: "9000000"')
    path = tmp_path / "etl.yaml"
    path.write_text(f"{text}\nignore: never-placeable\n")
    assert "never-placeable" not in found_in(str(path))[1]
    assert main(["run", str(path), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert "never-placeable" not in capsys.readouterr().err


def test_what_only_a_deployment_needs_stands_apart(tmp_path, capsys):
    path = with_line(tmp_path, "")
    main(["validate", path])
    told = capsys.readouterr().out.splitlines()
    heading = told.index("For a deployment only:")
    assert not any("[ec2-needs]" in line for line in told[:heading])
    assert any("[ec2-needs]" in line for line in told[heading:])
    stages = {code: finding["stage"] for code, finding in found_in(path)[1].items()}
    assert stages["ec2-needs"] == "deployment"
    main(["validate", path, "--format", "sarif"])
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert {result["properties"]["stage"] for result in results if result["ruleId"] == "ec2-needs"} == {"deployment"}


def test_strict_does_not_mind_what_only_a_deployment_needs(tmp_path, capsys):
    _, found = found_in(with_line(tmp_path, ""))
    others = [
        c for c, f in found.items() if f["severity"] == "warning" and f["stage"] not in ("deployment", "submission")
    ]
    quiet = [argument for code in others for argument in ("--ignore", code)]
    path = with_line(tmp_path, "")
    assert found_in(path, "--strict", *quiet)[0] == 0
    if others:
        assert found_in(path, "--strict")[0] == 1
    # An error once there is something to deploy.
    assert found_in(with_line(tmp_path, "deployment: {}"), "--strict", *quiet)[0] == 1
