from __future__ import annotations

from dataclasses import replace

import pytest

import batchsim as bs
from batchsim.report.sensitivity import answer, cost_told, queue_time_told, sensitivity_html, sentences
from batchsim.results.sensitivity import TriedAssumptions, VariedAssumption, VariedValue
from tests.builders import scenario

SAME = VariedValue("5s", 10.0, 0.0, 60.0, 0.0, 0.0, (), 0.0, 0.0)
LONG = {"lognormal": {"median": "15m", "p95": "20m"}}
DEARER = replace(SAME, value=LONG, cost_usd=12.0, cost_usd_difference=2.0, cost_share=0.2)
CHEAPER = replace(SAME, value="1m", cost_usd=9.0, cost_usd_difference=-1.0, cost_share=-0.1)
MISSED = {"expression": "max(queue_time) <= 5m", "kept": [True, False], "value": [60.0, 400.0]}
LATE = replace(SAME, value="7s", objectives=(MISSED,), queue_time_p95_s=400.0, queue_time_p95_s_difference=340.0)


def varied(name, *tried, jobs=1000.0, undone=0.0):
    return VariedAssumption(f"environment.{name}", "what it is", "evidence, 2026", "1s", tried, jobs, undone)


def found(*assumptions, **members):
    return TriedAssumptions(assumptions, 10.0, 60.0, **members)


IDLE, ADMIT, START = (
    varied("scheduler.scaleDownIdle", CHEAPER, DEARER),
    varied("scheduler.admit", SAME),
    varied("image.containerStart", SAME, LATE),
)


LITTLE = varied("scheduler.dispatchInterval", replace(SAME, cost_usd=10.01, cost_share=0.001))
LESS = "the bill moves by less than 1 %"
MOST = "scheduler.scaleDownIdle moves the bill most, $9.00 to $12.00"
WOULD = "would change what is met or done"
NOTHING = "it would not change what is met or done; the bill stays as it is"


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (found(), "no assumption bears on this scenario that it does not state itself"),
        (found(interrupted=True), "interrupted before the first of them was tried"),
        (found(ADMIT, interrupted=True), f"one assumption tried until interrupted: {NOTHING}"),
        (found(ADMIT), f"one assumption not stated by the scenario: {NOTHING}"),
        (found(LITTLE), f"one assumption not stated by the scenario: it would not change what is met or done; {LESS}"),
        (found(IDLE, ADMIT), f"2 assumptions not stated by the scenario: none of them {WOULD}; {MOST}"),
        (found(START, IDLE), f"2 assumptions not stated by the scenario: image.containerStart {WOULD}; {MOST}"),
    ],
)
def test_the_answer_comes_first(of, told):
    assert answer(of) == told


def test_of_many_that_turn_three_are_named():
    turning = [varied(f"image.{letter}", LATE) for letter in "abcde"]
    assert f": image.a, image.b, image.c and 2 more {WOULD}; " in answer(found(*turning))


@pytest.mark.parametrize(
    ("were", "are", "turns"),
    [(0, 0, False), (0, 1, True), (1, 0, True), (50, 59, False), (50, 60, True), (50, 40, True)],
)
def test_a_few_jobs_more_or_less_are_chance(were, are, turns):
    tried = replace(SAME, undone=float(are))
    varied_ = varied("ec2.launch", tried, undone=float(were))
    assert varied_.changes_answer is turns
    assert any("jobs fail or do not end" in told for told in sentences(found(varied_))) is turns


def test_what_turns_and_what_does_nothing_is_said():
    little = varied("ec2.launch", replace(SAME, cost_share=0.009))
    lost = varied("ec2.reservedMemory", replace(SAME, value="150MiB", undone=3.0))
    told = list(sentences(found(START, lost, little, ADMIT, stated=("environment.image.size",), refused=("a: no",))))
    assert told == [
        "with image.containerStart 7s: max(queue_time) <= 5m is missed, not met",
        "with ec2.reservedMemory 150MiB: 3 jobs fail or do not end, not 0",
        "less than 1 % of the bill and of turnaround: ec2.launch",
        "nothing in this run: scheduler.admit",
        "not tried, for the scenario would be wrong: a: no",
        "stated, so not varied: image.size",
    ]
    assert "nothing in any of the 5 replications: scheduler.admit" in list(sentences(found(ADMIT, replications=5)))


def test_the_table_has_each_value_with_its_difference():
    unknown = replace(SAME, value="150MiB", queue_time_p95_s=None, queue_time_p95_s_difference=None, undone=1.0)
    shown = sensitivity_html(found(START, IDLE, varied("ec2.reservedMemory", unknown), interrupted=True))
    for cell in (
        "cost, not $10.00", "queue time p95, not 1 min",
        "$9.00  −10 %", "$12.00  +20 %", "15m (p95 20m)", "same", "6 min 40 s  +5 min 40 s", "1 missed",
        "not known", "1 undone", "tried until interrupted",
    ):  # fmt: skip
        assert cell in shown


def test_a_difference_of_replications_comes_with_the_figure_s_interval():
    figure = {"mean": 12.0, "low": 11.5, "high": 12.5, "n": 5}
    several = replace(DEARER, cost_usd=figure, cost_usd_difference={"mean": 2.0, "low": 1.9, "high": 2.1, "n": 5})
    shown = sensitivity_html(found(varied("scheduler.scaleDownIdle", several), replications=5))
    assert "$12.00 ± $0.50  +20 %" in shown
    assert "5 replications each" in shown
    assert "chance" not in shown


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (-1.8e-16, "same"),  # what summing in another order makes of it
        (0.00031, "$10.00  +0.031 %"),
        (0.0996, "$10.00  +10 %"),
        (-0.1249, "$10.00  −12 %"),
        (1.5, "$10.00  +150 %"),
    ],
)
def test_how_much_more_the_bill_is_has_two_digits_and_rounding_is_none(share, told):
    assert cost_told(replace(SAME, cost_usd_difference=10 * share, cost_share=share)) == told


def test_what_is_too_short_to_be_shown_is_the_same():
    def told(seconds):
        return queue_time_told(replace(SAME, queue_time_p95_s_difference=seconds))

    assert [told(each) for each in (0.0, 0.04, -0.04, 0.06, -90.0)] == [
        *["same", "same", "same", "1 min  +0.1 s", "1 min  −1 min 30 s"],
    ]


def test_in_a_notebook_it_is_shown_once(monkeypatch):
    # Within Jupyter rich displays what it prints, whatever file it prints to: the reader would see it twice.
    def display(*_):
        raise AssertionError("displayed beside what is returned")

    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", display)
    result = bs.run(scenario())
    for html in (sensitivity_html(found(IDLE)), result._repr_html_()):
        assert "<table" in html
