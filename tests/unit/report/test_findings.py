"""Findings as lines, JSON and SARIF: what is told of each, in which order, and what is kept from print."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from batchsim._version import __version__
from batchsim.errors import Finding
from batchsim.report.findings import as_json, counted, lines
from batchsim.report.sarif import as_sarif
from batchsim.scenario.rules import RULES
from batchsim.scenario.rules.registry import AWS_STAGES

ERROR = Finding("unknown-key", "batch.jobQueues.nightly.prioritty", "is not known", suggestion="priority")
PLACED = ERROR.at("etl.yaml", 12, 7)
WARNING = replace(ERROR, severity="warning", suggestion="", expected="a whole number")
#: Of a rule that is looked at before something is sent to AWS.
DEPLOYMENT = Finding(next(each.code for each in RULES if each.stage in AWS_STAGES), "batch", "has no role")
ARN = "arn:aws:batch:us-east-1:123456789012:job-queue/nightly"


class TestLines:
    """What ``validate`` prints."""

    def test_an_error_is_told_by_place_code_path_and_what_was_meant(self):
        assert list(lines([PLACED])) == [
            "etl.yaml:12:7: [unknown-key] batch.jobQueues.nightly.prioritty: is not known; did you mean priority?",
            "1 error",
        ]

    def test_others_are_told_by_their_severity(self):
        told = list(lines([WARNING]))
        assert told[0].startswith("warning: [unknown-key] ")
        assert told[0].endswith("is not known; expected a whole number")

    def test_what_only_a_deployment_lacks_stands_apart_and_last(self):
        told = list(lines([DEPLOYMENT, ERROR]))
        assert told[1] == "For a deployment only:"
        assert "[unknown-key]" in told[0]
        assert f"[{DEPLOYMENT.code}]" in told[2]
        assert told[3] == "2 errors"

    def test_account_ids_are_not_printed(self):
        told = "\n".join(lines([replace(ERROR, message=f"{ARN} is no name")]))
        assert "123456789012" not in told
        assert "arn:aws:batch:us-east-1:***:job-queue/nightly" in told

    @pytest.mark.parametrize(
        ("severities", "told"),
        [
            ([], "nothing to find fault with"),
            (["error"], "1 error"),
            (["error", "error", "warning"], "2 errors, 1 warning"),
            (["info", "warning", "info"], "1 warning, 2 remarks"),
        ],
    )
    def test_they_are_counted_by_severity_the_worst_first(self, severities, told):
        assert counted([replace(ERROR, severity=each) for each in severities]) == told


class TestJson:
    """What programs read."""

    def test_all_that_is_known_of_a_finding_stands_in_a_member_of_its_own(self):
        told = json.loads(as_json([PLACED, WARNING]))
        assert told["counts"] == {"error": 1, "warning": 1, "info": 0}
        finding = told["findings"][0]
        assert (finding["file"], finding["line"], finding["column"]) == ("etl.yaml", 12, 7)
        assert (finding["code"], finding["severity"], finding["stage"]) == ("unknown-key", "error", "simulation")
        assert (finding["path"], finding["message"]) == ("batch.jobQueues.nightly.prioritty", "is not known")
        assert (finding["suggestion"], finding["expected"]) == ("priority", "")

    def test_a_rule_has_its_number(self):
        (finding,) = json.loads(as_json([DEPLOYMENT]))["findings"]
        assert finding["number"] == next(each.number for each in RULES if each.code == DEPLOYMENT.code)
        assert finding["stage"] in AWS_STAGES

    def test_account_ids_are_in_none_of_them(self):
        leaking = replace(ERROR, message=ARN, expected=ARN)
        assert "123456789012" not in as_json([leaking])


class TestSarif:
    """OASIS, SARIF 2.1.0: what code hosts show beside a line."""

    def run(self, *findings: Finding) -> dict:
        (run,) = json.loads(as_sarif(findings))["runs"]
        return run

    def test_results_name_their_rule_by_its_place_in_the_list(self):
        run = self.run(ERROR, DEPLOYMENT, WARNING)
        rules = run["tool"]["driver"]["rules"]
        assert run["tool"]["driver"]["version"] == __version__
        assert [each["id"] for each in rules] == sorted({"unknown-key", DEPLOYMENT.code})
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]

    def test_a_remark_is_a_note(self):
        # Section 3.27.10: level is none, note, warning or error.
        severities = ("error", "warning", "info")
        run = self.run(*(replace(ERROR, severity=each) for each in severities))
        assert [each["level"] for each in run["results"]] == ["error", "warning", "note"]

    def test_a_message_says_path_expectation_and_what_was_meant(self):
        (result,) = self.run(replace(PLACED, expected="one of AWS's members"))["results"]
        assert result["message"]["text"] == (
            "batch.jobQueues.nightly.prioritty: is not known; expected one of AWS's members; did you mean priority?"
        )

    def test_a_region_counts_from_one_and_is_left_out_where_no_line_is_known(self):
        (placed, whole, nowhere) = self.run(PLACED, ERROR.at("etl.yaml", 0, 0), ERROR)["results"]
        (location,) = placed["locations"]
        assert location["physicalLocation"]["region"] == {"startLine": 12, "startColumn": 7}
        assert whole["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "etl.yaml"}}}]
        assert "locations" not in nowhere
        (line,) = self.run(ERROR.at("etl.yaml", 3, 0))["results"]
        assert line["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 1}

    def test_files_are_uri_references(self, tmp_path: Path):
        def uri(file: str) -> str:
            (result,) = self.run(ERROR.at(file, 1, 1))["results"]
            return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

        assert uri("plans/night run.yaml") == "plans/night%20run.yaml"
        assert uri(str(tmp_path / "a b.yaml")) == f"file://{tmp_path}/a%20b.yaml"

    def test_a_rule_has_its_title_and_source(self):
        sourced = next(each for each in RULES if each.source)
        (rule,) = self.run(Finding(sourced.code, "batch", "is wrong"))["tool"]["driver"]["rules"]
        assert rule["shortDescription"]["text"] == sourced.title
        assert rule["help"]["text"] == f"Source: {sourced.source}"

    def test_account_ids_are_not_in_it(self):
        assert "123456789012" not in as_sarif([replace(ERROR, message=ARN)])
