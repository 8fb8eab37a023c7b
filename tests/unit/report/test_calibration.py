"""What ``calibrate`` prints of a history, sentence by sentence."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from batchsim.report.calibration import MOST_LISTED, calibration_html, calibration_renderable

RUNTIME = {
    "job_definition": "transform", "job_name": "night", "censored": 2, "mean_s": 600.0, "p50_s": 480.0, "p95_s": 1500.0,
    "by": "lognormal", "why": "nearest to 198 durations",
}  # fmt: skip
FAILURE = {"attempts": 200, "failed": 4, "not_started": 0, "probability": {"mean": 0.02}, "why": "4 of 200 attempts"}


def learned(**changes):
    empty = ("arrivals", "delays", "memory", "instance_types", "interruptions")
    return {"runtimes": [RUNTIME], "failures": [FAILURE], **{name: [] for name in empty}, **changes}


def printed(history=None, not_learned=(), **changes) -> str:
    told = {"jobs": 200, "attempts": 204, "from": "2026-10-01", "to": "2026-10-31", "days": 30.5, "notes": {}}
    figures = {
        "history": {**told, **(history or {})},
        "learned": learned(**changes),
        "not_learned": list(not_learned),
    }
    text = StringIO()
    Console(file=text, width=200).print(calibration_renderable(figures))
    return text.getvalue()


def test_it_begins_with_how_much_there_is_of_the_history():
    assert printed().splitlines()[0] == ("200 jobs · 204 attempts · submitted 2026-10-01 to 2026-10-31 (30.5 days)")
    one = printed(history={"jobs": 1, "attempts": 1, "days": 2.0})
    assert one.startswith("1 job · 1 attempt · submitted 2026-10-01 to 2026-10-31 (2 days)")


def test_run_times_are_a_table_the_kind_with_most_attempts_first():
    rare = {**RUNTIME, "job_name": "rare", "mean_s": None, "p50_s": None, "p95_s": None, "by": None, "why": "too few"}
    failure = {**FAILURE, "attempts": 3, "failed": 0, "probability": None, "why": ""}
    rows = [
        line.split()
        for line in printed(runtimes=[rare, RUNTIME], failures=[failure, FAILURE]).splitlines()
        if line.lstrip().startswith("transform")
    ]
    assert rows[0] == ["transform", "night", "200", "2", "10", "min", "8", "min", "25", "min", "2.00%"]
    assert rows[1] == ["transform", "rare", "3", "2", "–", "–", "–", "–"]


def test_what_a_run_time_is_taken_as_is_said_with_failures_where_there_were_some():
    assert "night: lognormal: nearest to 198 durations; failures: 4 of 200 attempts" in printed()
    none = {**FAILURE, "failed": 0, "why": "none of 200 attempts"}
    assert "night: lognormal: nearest to 198 durations\n" in _trimmed(printed(failures=[none]))
    unknown = printed(runtimes=[{**RUNTIME, "by": None, "why": "2 durations are too few"}])
    assert "night: not learnt: 2 durations are too few" in unknown


def test_a_delay_is_told_by_median_and_p95_and_what_it_is_written_as():
    boot = {
        "delay": "boot",
        "n": 40,
        "p50_s": 90.0,
        "p95_s": 150.0,
        "censored": 1,
        "why": "first jobs",
        "key": "ec2.launch",
    }
    told = printed(delays=[boot, {**boot, "n": 0, "why": "no instance was seen"}])
    assert (
        "boot: median 1 min 30 s, p95 2 min 30 s, 40, 1 more longer than seen: first jobs; written as ec2.launch"
        in told
    )
    assert "boot: not learnt; no instance was seen" in told


def test_memory_is_held_against_the_catalogue():
    memory = {"instance_type": "c6i.large", "mib": 3775, "known_mib": 3770, "n": 3, "why": "as it registered"}
    told = printed(memory=[memory, {**memory, "instance_type": "x9.huge", "known_mib": None, "n": 1}])
    assert "c6i.large: 3,775 MiB (3,770 MiB in the catalogue), 3 instances, as it registered" in told
    assert "x9.huge: 3,775 MiB (not in the catalogue), 1 instance, as it registered" in told


def test_launched_types_are_held_against_what_the_strategy_expects():
    launched = {
        "environment": "fleet", "launched": {"c6i.large": 1200, "m6i.large": 3}, "n": 1203, "strategy": "BEST_FIT",
        "expected": {"tasks": 1200}, "why": "of 1,203 launches",
    }  # fmt: skip
    told = printed(instance_types=[launched])
    assert "fleet: 1,200 c6i.large, 3 m6i.large; BEST_FIT expects the launched type in 1,200 of 1,203 launches" in told
    two = printed(instance_types=[{**launched, "expected": {"one reading": 1200, "the other": 900}}])
    assert "in 1,200 by one reading and 900 by the other of 1,203 launches" in two
    nameless = printed(instance_types=[{**launched, "environment": "", "n": 0, "why": "no jobs are known"}])
    assert "environments that are not told: 1,200 c6i.large, 3 m6i.large; no jobs are known" in nameless


def test_interruptions_are_a_rate_with_its_interval():
    rate = {"mean": 0.02, "low": 0.011, "high": 0.0342}
    seen = {
        "of": "c6i.large",
        "per_hour": rate,
        "events": 12,
        "hours": 600.0,
        "together": 0.25,
        "why": "events of hosts",
    }
    assert (
        "c6i.large: 0.02 an hour (95 %: 0.011 to 0.0342); 12 in 600 hours, 25 % of them within 3 min of another; "
        "events of hosts" in printed(interruptions=[seen])
    )
    none = {**seen, "per_hour": {"mean": 0.0, "low": 0.0, "high": 0.005}, "events": 0, "together": None}
    assert "c6i.large: 0 an hour (95 %: at most 0.005); 0 in 600 hours; events of hosts" in printed(
        interruptions=[none]
    )


def test_of_long_lists_the_first_are_printed_and_how_many_more_there_are():
    reasons = [f"reason {n}" for n in range(MOST_LISTED + 3)]
    told = printed(not_learned=reasons)
    assert f"reason {MOST_LISTED - 1}" in told
    assert f"reason {MOST_LISTED}\n" not in _trimmed(told)
    assert "and 3 more (--json)" in told


def test_records_that_were_not_taken_are_counted_by_why():
    assert "1,024 without a start" in printed(history={"notes": {"without a start": 1024}})


def test_a_notebook_shows_the_same():
    figures = {"history": {"jobs": 1, "attempts": 1, "from": "a", "to": "b", "days": 1, "notes": {}},
               "learned": learned(), "not_learned": []}  # fmt: skip
    html = calibration_html(figures)
    assert "1 job" in html
    assert "night" in html


def _trimmed(text: str) -> str:
    """Without what fills lines."""
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
