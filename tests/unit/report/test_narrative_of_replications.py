"""Sentences of money, waste, records, replications and a steady state, of figures that are given."""

from __future__ import annotations

from typing import Any

import pytest

from batchsim.columns import PURPOSES
from batchsim.report.narrative import (
    cost_sentence,
    figures_sentences,
    growth_notes,
    jobs_sentence,
    kept_sentence,
    objective_sentence,
    period,
    queue_sentence,
    recorded_facts,
    reserved_facts,
    stopped_sentence,
    waste_fact,
)

HOUR, DAY = 3600.0, 86400.0


def mean(value: float, half: float = 1.0) -> dict[str, Any]:
    return {"mean": value, "low": value - half, "high": value + half, "n": 10}


def paid(total: float | None = None, **purposes: float) -> dict[str, Any]:
    """A summary of what was paid in a day, and of nothing else."""
    by_purpose = {name: purposes.get(name, 0.0) for name in PURPOSES}
    beside = {name: purposes.get(name, 0.0) for name in ("unused_commitment", "unused_reservations")}
    cost = {
        "total": sum(by_purpose.values()) if total is None else total,
        "by_purpose": by_purpose, "per_month": None, "management_fees": 0.0, **beside,
    }  # fmt: skip
    return {"cost_usd": cost, "period_s": DAY, "ended_at_s": DAY}


class TestMoney:
    """What it cost and what for."""

    def test_purposes_are_told_from_the_largest_on_in_parts_of_the_bill(self):
        assert (
            cost_sentence(paid(useful=60.0, idle=30.0, boot=10.0))
            == "$100.00 in 1 day (60 % useful, 30 % idle, 10 % boot)"
        )

    @pytest.mark.parametrize(
        ("boot", "said"),
        [(0.49, "99 % useful"), (0.51, "99 % useful, 1 % boot")],
        ids=["less than half a percent", "more"],
    )
    def test_less_than_half_a_percent_is_not_told(self, boot, said):
        # Of 100: what idles makes up the rest of a percent.
        told = cost_sentence(paid(useful=99.0, boot=boot, idle=1.0 - boot))
        assert said in told
        assert ("boot" in told) is ("boot" in said)

    def test_nothing_paid_is_nothing_billed(self):
        assert cost_sentence(paid()) == "$0.00 in 1 day: nothing was billed"

    def test_of_replications_parts_are_of_the_means(self):
        summary = paid(useful=3.0, idle=1.0)
        cost = summary["cost_usd"]
        cost["total"], cost["by_purpose"]["idle"] = mean(4.0, 0.5), mean(1.0, 0.25)
        assert cost_sentence(summary) == "$4.00 ± $0.50 in 1 day (75 % useful, 25 % idle)"

    def test_the_month_and_the_fee_are_told_between(self):
        summary = paid(useful=10.0)
        summary["cost_usd"] |= {"per_month": 304.17, "management_fees": 0.5}
        assert cost_sentence(summary) == (
            "$10.00 in 1 day, $304.17 a month at this rate, $0.50 of it to ECS for managing instances (100 % useful)"
        )


class TestWaste:
    """The largest part that was not useful."""

    @pytest.mark.parametrize(("boot", "said"), [(4.9, ""), (5.0, "$5.00 (5 %) went to booting and pulling images")])
    def test_a_twentieth_of_the_bill_is_worth_a_word(self, boot, said):
        assert waste_fact(paid(useful=100.0 - boot, boot=boot)) == said

    def test_the_largest_is_named(self):
        summary = paid(useful=40.0, idle=20.0, rework=25.0, stranded=15.0)
        assert waste_fact(summary) == "$25.00 (25 %) went to attempts that failed or were interrupted"

    def test_a_commitment_and_reservations_are_no_idle_capacity(self):
        # Of 30 that bought nothing 25 are the Savings Plan's and 3 reservations: 2 are idle instances.
        summary = paid(useful=60.0, idle=30.0, boot=10.0, unused_commitment=25.0, unused_reservations=3.0)
        assert waste_fact(summary).startswith("$25.00 (25 %) went to what a Savings Plan committed")
        summary = paid(useful=60.0, idle=30.0, boot=10.0, unused_commitment=3.0, unused_reservations=25.0)
        assert waste_fact(summary) == "$25.00 (25 %) went to capacity that was reserved and not used"
        summary = paid(useful=60.0, idle=30.0, boot=10.0, unused_commitment=11.0, unused_reservations=9.0)
        assert waste_fact(summary).startswith("$11.00 (11 %) went to what a Savings Plan")

    def test_of_nothing_paid_nothing_is_wasted(self):
        assert waste_fact(paid()) == ""


class TestPeriods:
    """What money was paid in."""

    @pytest.mark.parametrize(("after", "said"), [(HOUR, "4 d 04 h"), (HOUR + 1, "4 d 04 h and the 1 h 00 min after")])
    def test_more_than_a_hundredth_after_it_is_told(self, after, said):
        assert period({"period_s": 100 * HOUR, "ended_at_s": 100 * HOUR + after}) == said

    def test_of_a_steady_state_nothing_is_paid_after_it(self):
        summary = {"period_s": 100 * HOUR, "ended_at_s": 200 * HOUR, "analysis": {"type": "steady"}}
        assert period(summary) == "4 d 04 h"
        assert period({**summary, "analysis": {"type": "terminating"}}).endswith("and the 4 d 04 h after")


class TestReplications:
    """What figures are of."""

    def test_one_run_from_begin_to_end_needs_no_word(self):
        assert figures_sentences({"replications": 1}) == []

    def test_means_say_how_many_at_which_level(self):
        told = figures_sentences({"replications": 12, "intervals": {"level": 0.95, "stopping": None}})
        assert told == ["means of 12 replications with 95 % intervals; p95, say, is the mean of their p95"]

    def test_by_what_they_were_stopped_follows(self):
        stopping = {"of": ["cost_usd.total"], "reached": True, "precision": 0.05}
        (told,) = figures_sentences({"replications": 12, "intervals": {"level": 0.9, "stopping": stopping}})
        assert told.startswith("means of 12 replications with 90 % intervals; ")
        assert told.endswith("; stopped when the bill was within 5 %")

    @pytest.mark.parametrize(
        ("stopping", "said"),
        [
            (None, ""),
            (
                {"of": ["cost_usd.total", "queue_time_s.p95"], "reached": True, "precision": 0.025},
                "stopped when the bill and p95 of queue time were within 2.5 %",
            ),
            (
                {"of": ["p95(turnaround) <= 30m"], "reached": False, "precision": 0.1},
                "stopped at 40 before p95(turnaround) was within 10 %",
            ),
        ],
    )
    def test_which_figures_had_to_be_how_precise(self, stopping, said):
        assert stopped_sentence(stopping, 40) == said

    @pytest.mark.parametrize(("by", "how"), [("stated", "as stated"), ("mser-5", "by mser-5")])
    def test_a_steady_state_says_what_is_left_out(self, by, how):
        summary = {"replications": 1, "analysis": {"type": "steady", "warm_up_s": 5400.0, "warm_up_by": by}}
        assert figures_sentences(summary) == [
            f"of the steady state: without the first 1 h 30 min ({how}), and without the drain"
        ]

    def test_of_how_many_such_runs_it_is_shown_that_they_meet_an_objective(self):
        objective = {"kept_share": {"low": 0.692, "high": 1.0}, "kept_in": 10, "n": 10}
        assert kept_sentence(objective) == "met in 10 of 10: in 69 to 100 % of such runs"


OBJECTIVE = {
    "expression": "minimise cost", "value": 12.0, "at_least": None, "limit": None, "unit": "USD", "timezone": None,
    "kept": None, "n": 1, "jobs": 10, "missing": 0, "missing_by": {},
}  # fmt: skip


class TestObjectives:
    """What came of each."""

    def told(self, **changes):
        return objective_sentence({**OBJECTIVE, **changes}, {"period_s": DAY, "ended_at_s": DAY})

    def test_what_is_minimised_is_not_said_twice(self):
        assert self.told() == "cost  →  $12.00 in 1 day"

    def test_a_value_of_replications_is_told_by_its_mean(self):
        share = {"low": 0.5, "high": 0.9}
        told = self.told(expression="cost <= 10", value=mean(12.0), limit=10.0, kept=False, n=10, kept_in=7,
                         kept_share=share)  # fmt: skip
        assert told == "cost <= 10  →  $12.00 in 1 day; met in 7 of 10: in 50 to 90 % of such runs"

    def test_what_looks_like_its_limit_is_told_from_it_in_money_too(self):
        told = self.told(expression="cost <= 1234", value=1234.3, limit=1234.0, kept=False)
        assert told == "cost <= 1234  →  $1,234 ($0.30 more)"

    def test_without_a_value_it_is_over_what_is_known(self):
        none = {"expression": "max(queue_time) <= 1m", "unit": "s", "value": None, "limit": 60.0, "kept": False}
        assert self.told(**none, at_least=90.0) == "max(queue_time) <= 1m  →  over 1 min 30 s"
        assert self.told(**none) == "max(queue_time) <= 1m  →  –"
        assert self.told(**none, jobs=0) == "max(queue_time) <= 1m  →  there are no such jobs"

    def test_what_is_missing_on_average_is_said_to_be_so(self):
        by = {"never_ran": mean(0.5), "unfinished": 0.0, "failed": mean(2.0)}
        told = self.told(missing=mean(2.5), missing_by=by, n=10)
        assert told == "cost  →  $12.00 in 1 day; 0.5 of 10 jobs never ran, 2 failed on average"


class TestRecords:
    """A record beside its replay."""

    def summary(self, never=0, ended: float | None = 7000.0):
        times = {
            "recorded": {"p50": 60.0, "p95": 600.0, "missing": 0, "at_least": {}},
            "simulated": {"p50": 30.0, "p95": None, "missing": never, "at_least": {"p95": 900.0}},
        }
        makespan = {"recorded": 7200.0, "simulated": ended}
        return {"recorded": {"jobs": 20, "submitted_to_started_s": times, "makespan_s": makespan}}

    def test_both_are_told_with_of_how_many_jobs(self):
        assert recorded_facts(self.summary()) == [
            "submitted to started p50 1 min, p95 10 min; simulated p50 30 s, p95 over 15 min (the same 20 jobs)",
            "makespan 2 h 00 min; simulated 1 h 57 min",
        ]

    def test_those_that_never_started_and_a_run_that_was_cut_are_told(self):
        first, second = recorded_facts(self.summary(never=3, ended=None))
        assert first.endswith("(the same 20 jobs); 3 never started")
        assert second == "makespan 2 h 00 min; simulated not ended"

    def test_without_a_makespan_in_the_record_there_is_none_to_compare(self):
        summary = self.summary()
        summary["recorded"]["makespan_s"]["recorded"] = None
        assert len(recorded_facts(summary)) == 1

    def test_without_a_record_nothing_is_said(self):
        assert recorded_facts({}) == []


def test_of_a_queue_that_grows_both_thirds_are_told():
    growth = {"grows": True, "first_third_s": 60.0, "last_third_s": 7200.0}
    queues = {"q": {"growth": growth}, "calm": {"growth": {**growth, "grows": False}}}
    assert growth_notes({"job_queues": queues}) == [
        (
            "q grows: jobs of the last third waited 2 h 00 min on average, those of the first 1 min; "
            "a figure of this run depends on its length"
        )
    ]


@pytest.mark.parametrize(
    ("used", "reserved", "said"),
    [
        (2, 20, "2 of 20"),
        (0.5, 999.9, "0.5 of 999.9"),
        # Twenty instances of a month, used for less: no powers of ten.
        (12_345.6, 14_600.0, "12,346 of 14,600"),
        (mean(1500.0), 100_000.0, "1,500 of 100,000"),
    ],
)
def test_hours_of_reservations_are_told_in_full(used, reserved, said):
    each = {"used_h": used, "reserved_h": reserved, "unused_usd": 3.0}
    assert reserved_facts({"reservations": {"night": each}}) == [
        f"night: {said} instance-hours used, $3.00 for the rest"
    ]


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ({"submitted": 4, "succeeded": 4, "failed": 0, "unfinished": 0}, "4 of 4 jobs succeeded"),
        ({"submitted": 4000, "succeeded": 1000, "failed": 2990, "unfinished": 10},
         "1,000 of 4,000 jobs succeeded (2,990 failed, 10 unfinished)"),
        ({"submitted": 4, "succeeded": mean(3.5), "failed": mean(0.5), "unfinished": 0},
         "3.5 of 4 jobs succeeded (0.5 failed)"),
    ],
)  # fmt: skip
def test_jobs_are_counted_with_what_became_of_the_others(jobs, said):
    assert jobs_sentence({"jobs": jobs}) == said


def test_queue_times_of_replications_have_their_intervals():
    times = {"p50": mean(60.0, 5.0), "p95": mean(600.0, 60.0), "max": None, "missing": mean(0.5),
             "at_least": {"max": mean(900.0)}}  # fmt: skip
    summary = {"queue_time_s": times, "jobs": {"submitted": 10}, "never_placed": {"jobs": 0}}
    assert queue_sentence(summary) == "p50 1 min ± 5 s, p95 10 min ± 1 min, max over 15 min; 0.5 never started"
