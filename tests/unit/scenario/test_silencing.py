"""Findings that the user has seen: ``ignore:`` of a scenario and ``--ignore`` of a command."""

from __future__ import annotations

from batchsim.errors import Finding
from batchsim.scenario.document.document import Document
from batchsim.scenario.silencing import COMMAND_LINE, silence, unknown, unused, with_ignored

ADVICE = Finding("dearer-first", "batch.jobQueues.queue", "on-demand comes before Spot", severity="warning")
STOPS = Finding("unknown-key", "batch.jobQueues.queue.x", "is not known")
#: An error of what AWS takes, without which a run is possible all the same.
DEPLOYMENT = Finding("queue-type", "batch.jobQueues.queue.jobQueueType", "is not its type")


def ignoring(*entries: object) -> Document:
    return Document({"ignore": list(entries)}, "s.yaml")


def test_what_is_ignored_is_not_told():
    assert silence([ADVICE, STOPS], ignoring("dearer-first")) == [STOPS]
    assert silence([ADVICE], ignoring({"rule": "dearer-first", "reason": "the fleet is warm"})) == []
    assert silence([ADVICE], Document({"ignore": "dearer-first"}, "s.yaml")) == []
    assert silence([DEPLOYMENT], ignoring("queue-type")) == []


def test_what_makes_a_run_impossible_stays_and_says_so_once():
    told = silence([STOPS, STOPS, ADVICE], ignoring("unknown-key"))
    assert told[:3] == [STOPS, STOPS, ADVICE]
    (note,) = told[3:]
    assert (note.code, note.path) == ("ignore", "ignore.0")
    assert note.message == "unknown-key can't be ignored here: its errors make the simulation impossible"


def test_an_entry_that_names_no_rule_is_told_with_what_was_meant():
    (near, far) = unknown(ignoring("dearer-frist", "spot-only", {"rule": "quite-other"}))
    assert (near.path, near.message, near.suggestion) == ("ignore.0", "there is no rule 'dearer-frist'", "dearer-first")
    assert near.expected == ""
    assert (far.path, far.expected) == ("ignore.2", "a code of docs/rules.md")


def test_an_entry_that_silences_nothing_is_told_on_the_command_line_as_a_remark():
    written = ignoring("spot-only", "dearer-first")
    (finding,) = unused([ADVICE], written)
    assert (finding.code, finding.path, finding.severity) == ("unused-ignore", "ignore.0", "warning")
    given = with_ignored(Document({}, "s.yaml"), ["spot-only"])
    (finding,) = unused([ADVICE], given)
    assert (finding.severity, finding.file) == ("info", COMMAND_LINE[0])
    assert finding.message == "nothing of spot-only is found: there is nothing to ignore"


def test_codes_of_the_command_line_come_after_those_of_the_scenario_each_once():
    document = with_ignored(Document({"ignore": "spot-only"}, "s.yaml"), ["dearer-first", "spot-only", "dearer-first"])
    assert document.values["ignore"] == ["spot-only", "dearer-first"]
    assert document.place(("ignore", 1)) == COMMAND_LINE
    same = ignoring({"rule": "dearer-first"})
    assert with_ignored(same, ["dearer-first"]) is same


def test_entries_of_another_shape_silence_nothing():
    for given in (None, 7, {"rule": "dearer-first"}, [7, None, {"reason": "why"}]):
        assert silence([ADVICE], Document({"ignore": given}, "s.yaml")) == [ADVICE]


def test_an_empty_code_names_no_rule():
    for empty in ("", {"rule": ""}):
        (finding,) = unknown(ignoring("spot-only", empty))
        assert (finding.path, finding.message) == ("ignore.1", "there is no rule ''")
    (finding,) = unknown(Document({"ignore": ""}, "s.yaml"))
    assert finding.path == "ignore"
