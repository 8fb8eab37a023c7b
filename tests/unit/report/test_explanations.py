"""Every word of the project's tables is explained by the table's own text."""

from __future__ import annotations

import pytest

from batchsim import columns
from batchsim.report.explanations import TABLES, meanings, near
from batchsim.results.summary_fields import patterns
from batchsim.scenario.batch.member_coverage import MEMBERS
from batchsim.scenario.batch.member_coverage import members as aws_members
from batchsim.scenario.rules import RULES
from batchsim.scenario.schema.own_sections import keys
from batchsim.scenario.sections.keys import KEYS
from batchsim.spec.distributions import DISTRIBUTIONS
from batchsim.spec.objectives import DISTRIBUTED, PLAIN


def of_kind(word, kind):
    return [meaning for meaning in meanings(word) if meaning.kind == kind]


def text(word, kind):
    return " ".join(line for meaning in of_kind(word, kind) for line in meaning.lines)


def test_keys_of_a_scenario():
    for key in keys():
        (meaning,) = [each for each in of_kind(key.path, "key of a scenario") if each.name == key.path]
        assert meaning.lines[0] == KEYS[key.name].plain
        assert meaning in meanings(key.path.rpartition(".")[2])


def test_a_key_has_unit_default_and_evidence():
    (meaning,) = meanings("environment.scheduler.scaleUpReaction")
    assert meaning.lines[1:3] == ("unit: duration", "default: 10 s")
    assert meaning.lines[3].startswith("evidence: with launch and registration")
    # Of keys that share a row of the page, each has it.
    assert "throttling quotas" in text("launchesPerSecond", "key of a scenario")


def test_members_of_aws():
    for shape, member in aws_members():
        (meaning,) = meanings(f"{shape}.{member}")
        assert meaning.lines[0].startswith(MEMBERS[f"{shape}.{member}"].treatment)
    assert "AWS: " in text("maxvCpus", "member of AWS Batch's requests")
    assert "BEST_FIT, " in text("allocationStrategy", "member of AWS Batch's requests")
    assert "lowest-cost" in text("BEST_FIT", "word of AWS Batch's requests")


def test_causes_purposes_and_columns():
    for cause in columns.WAIT_CAUSES:
        assert f"wait_{cause}_s" in text(cause, "cause of waiting")
    for purpose in columns.PURPOSES:
        assert len(of_kind(purpose, "purpose of cost")[0].lines) == 2
    for table, its in TABLES.items():
        for column in its:
            names = {meaning.name: meaning.lines[0] for meaning in of_kind(column.name, "column of results")}
            assert names[f"{table}.parquet: {column.name}"] == column.meaning.replace("`", "")


def test_keys_of_the_summary_are_told_once():
    for path, field in patterns():
        if field.meaning and not path.rpartition(".")[0].endswith(("wait_s", "by_purpose")):
            assert path in " ".join(f"{each.name} {each.lines}" for each in of_kind(field.key, "key of summary.json"))
    assert len(of_kind("peak_vcpus", "key of summary.json")) == 1


def test_rules_by_code_and_number():
    for rule in RULES:
        (meaning,) = of_kind(rule.code, "rule")
        assert meaning.lines[0] == rule.title.replace("`", "")
        assert not rule.number or meaning in meanings(rule.number)


def test_metrics_and_distributions():
    for metric in (*DISTRIBUTED, *PLAIN):
        assert text(metric, "metric of an objective")
    for name in DISTRIBUTIONS:
        assert f"such as {{{name}: " in text(name, "distribution")


def test_words_of_the_glossary():
    assert of_kind("fair share", "word")[0].lines == (
        "a queue in which the share that used least is served next",
        "see User Guide, Fair-share scheduling; engine/queues/fair_share.py",
    )
    # One row for several words.
    assert of_kind("answer", "word") == of_kind("outlook", "word") != []


@pytest.mark.parametrize("word", ["BOOT", " boot ", "`boot`"])
def test_a_word_is_known_in_any_case(word):
    assert [meaning.kind for meaning in meanings(word)] == ["cause of waiting", "purpose of cost"]


def test_what_is_not_known():
    assert meanings("no such thing") == []
    assert near("strandd") == "stranded"
    assert near("qqqqqqqq") == ""
