"""The answer in words: what a person would say of a result."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batchsim.report.formatting import (
    count,
    interval,
    is_one,
    job_hours,
    many,
    plain,
    seconds,
    share,
    span,
    undone,
    usd,
    within,
)
from batchsim.report.limits import longest_limit
from batchsim.report.updates import refused_updates
from batchsim.results.run import Run
from batchsim.results.summary_type import Summary
from batchsim.units import HOUR, MINUTE, format_amount, format_clock, format_duration, format_usd

CAUSES = {
    "limit": "a limit",
    "boot": "instances to boot and register",
    "capacity": "capacity that was unavailable",
    "blocked": "jobs ahead of them in the queue, or the scheduler",
    "retry": "earlier attempts that failed or were interrupted",
}
PURPOSES = {
    "useful": "running jobs that succeeded",
    "rework": "attempts that failed or were interrupted",
    "boot": "booting and pulling images",
    "idle": "idle capacity",
    "stranded": "stranded capacity, which nothing waiting could use",
    "minimum": "billing minimums",
    "commitment": "what a Savings Plan committed and bought nothing",
    "reservations": "capacity that was reserved and not used",
}


def is_steady(summary: Mapping[str, Any]) -> bool:
    """Whether figures are of the steady state, and of no more."""
    return bool(summary.get("analysis", {}).get("type") == "steady")


def period(summary: Mapping[str, Any]) -> str:
    """What the money was paid in."""
    time = plain(summary["period_s"])
    # Of the steady state nothing is paid in the drain.
    after = 0.0 if is_steady(summary) else plain(summary["ended_at_s"]) - time
    return span(time) + (f" and the {format_duration(after)} after" if after > time / 100 else "")


def paid(summary: Mapping[str, Any]) -> str:
    """What was paid, and in what time."""
    return f"{usd(summary['cost_usd']['total'])} in {period(summary)}"


def jobs_sentence(summary: Summary) -> str:
    """How many jobs got through."""
    jobs = summary["jobs"]
    text = f"{count(jobs['succeeded'])} of {count(jobs['submitted'])} jobs succeeded"
    rest = undone(jobs)
    return text + (f" ({', '.join(rest)})" if rest else "")


#: How figures of a summary are called that a precision was asked of.
NAMES_OF_FIGURES = {"cost_usd.total": "the bill", "queue_time_s.p95": "p95 of queue time"}
#: What is said of queue time.
QUOTED = ("p50", "p95", "max")
#: What is said of the times of a record.
RECORDED = ("p50", "p95")


def queue_sentence(summary: Summary) -> str:
    """How long they waited."""
    time = summary["queue_time_s"]
    if plain(time["p50"]) is None and not time["at_least"]:
        return "none of them became RUNNABLE"
    if plain(summary["never_placed"]["jobs"]) == plain(summary["jobs"]["submitted"]):
        return "none of them started"
    parts = [f"{name} {interval(time, name)}" for name in QUOTED]
    never = f"; {count(time['missing'])} never started" if plain(time["missing"]) else ""
    return ", ".join(parts) + never


def recorded_facts(summary: Summary) -> list[str]:
    """What the record of a trace says beside the simulation, where there is one."""
    if "recorded" not in summary:
        return []
    recorded = summary["recorded"]
    times, ends = recorded["submitted_to_started_s"], recorded["makespan_s"]
    by_record, simulated = (
        ", ".join(f"{name} {interval(times[which], name)}" for name in RECORDED) for which in ("recorded", "simulated")
    )
    missing = times["simulated"]["missing"]
    never = f"; {count(missing)} never started" if plain(missing) else ""
    told = [
        f"submitted to started {by_record}; simulated {simulated} (the same {many(recorded['jobs'], 'job')}){never}"
    ]
    if plain(ends["recorded"]) is not None:
        shown = "not ended" if plain(ends["simulated"]) is None else within(ends["simulated"], format_duration)
        told.append(f"makespan {within(ends['recorded'], format_duration)}; simulated {shown}")
    return told


def cost_sentence(summary: Summary) -> str:
    """What it cost, in what time, and what for."""
    cost = summary["cost_usd"]
    total, text = plain(cost["total"]), paid(summary)
    if not total:
        return f"{text}: nothing was billed"
    if plain(cost["per_month"]) is not None:
        text += f", {usd(cost['per_month'])} a month at this rate"
    if plain(cost["management_fees"]):
        text += f", {usd(cost['management_fees'])} of it to ECS for managing instances"
    parts = sorted(((plain(value), purpose) for purpose, value in cost["by_purpose"].items()), reverse=True)
    spent = ", ".join(f"{100 * value / total:.0f} % {purpose}" for value, purpose in parts if value / total >= 0.005)
    return f"{text} ({spent})"


def wait_fact(run: Run, summary: Summary) -> str:
    """What jobs waited for longest, of all but other jobs; empty when they hardly waited."""
    waits = {cause: plain(summary["wait_s"][cause]) for cause in CAUSES}
    total = sum(waits.values())
    cause = max(waits, key=lambda key: waits[key])
    if waits[cause] < HOUR / 20:
        return ""
    value, text = longest_limit(run, summary) if cause == "limit" else (waits[cause], CAUSES[cause])
    return f"{job_hours(value)} of {job_hours(total)} job-hours for {text}"


def waste_fact(summary: Summary) -> str:
    """The largest waste; empty when there is hardly any."""
    cost = summary["cost_usd"]
    total = plain(cost["total"])
    wasted = {purpose: plain(value) for purpose, value in cost["by_purpose"].items() if purpose != "useful"}
    wasted["commitment"] = plain(cost["unused_commitment"])
    wasted["reservations"] = plain(cost.get("unused_reservations", 0.0))
    wasted["idle"] -= wasted["commitment"] + wasted["reservations"]
    purpose = max(wasted, key=lambda key: wasted[key])
    if not total or wasted[purpose] / total < 0.05:
        return ""
    return f"{format_usd(wasted[purpose])} ({100 * wasted[purpose] / total:.0f} %) went to {PURPOSES[purpose]}"


def paid_beside(summary: Summary) -> dict[str, Any]:
    """What was paid for nothing and is of no compute environment, by what it is called."""
    cost = summary["cost_usd"]
    found = {"Savings Plan": cost["unused_commitment"], "reservations": cost.get("unused_reservations", 0.0)}
    return {name: usd for name, usd in found.items() if plain(usd)}


def reserved_facts(summary: Summary) -> list[str]:
    """How much of each capacity reservation was used, and what the rest cost."""
    return [
        f"{name}: {_hours(each['used_h'])} of {_hours(each['reserved_h'])} instance-hours used, "
        f"{usd(each['unused_usd'])} for the rest"
        for name, each in summary.get("reservations", {}).items()
    ]


def _hours(figure: Any) -> str:
    """Hours with four digits, or all of more, never by powers of ten."""
    hours = plain(figure)
    return f"{hours:,.0f}" if hours >= 1000 else f"{hours:.4g}"


def utilisation_sentence(summary: Summary) -> str:
    """How much of what was there was used, how much there was at most, and how often AWS took it back."""
    used, interruptions = summary["utilisation"], summary["interruptions"]
    return "; ".join(
        [
            f"{share(used['vcpu'])} of vCPUs, {share(used['memory'])} of memory",
            f"peak {count(summary['peak_vcpus'])} vCPUs",
            *([many(interruptions, "interruption")] if plain(interruptions) else []),
        ]
    )


def objective_sentence(objective: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """An objective, what came of it, and how many jobs it says nothing of."""
    parts = [_came_of(objective, summary), missing(objective)]
    if objective.get("kept_share"):
        parts.append(kept_sentence(objective))
    # "minimised" stands before it, not "met".
    expression = str(objective["expression"]).removeprefix("minimise ")
    return f"{expression}  →  {'; '.join(filter(None, parts))}"


def kept_sentence(objective: Mapping[str, Any]) -> str:
    """In how many replications an objective was met, and of how many such runs that shows it."""
    low, high = (f"{100 * objective['kept_share'][end]:.0f}" for end in ("low", "high"))
    return f"met in {objective['kept_in']} of {objective['n']}: in {low} to {high} % of such runs"


def replications_sentence(summary: Mapping[str, Any]) -> str:
    """What the figures are of, and by what they were stopped; empty of a single run."""
    said = summary.get("intervals")
    if said is None:
        return ""
    n, level = summary["replications"], f"{100 * said['level']:.0f} %"
    text = f"means of {n} replications with {level} intervals; p95, say, is the mean of their p95"
    stopped = stopped_sentence(said["stopping"], n)
    return f"{text}; {stopped}" if stopped else text


def figures_sentences(summary: Mapping[str, Any]) -> list[str]:
    """What all figures of a summary are of: a steady state, replications; nothing of one run from begin to end."""
    return list(filter(None, [warm_up_sentence(summary), replications_sentence(summary)]))


def warm_up_sentence(summary: Mapping[str, Any]) -> str:
    """What is left out of a steady scenario; empty of a terminating one."""
    if not is_steady(summary):
        return ""
    said = summary["analysis"]
    how = "as stated" if said["warm_up_by"] == "stated" else f"by {said['warm_up_by']}"
    return f"of the steady state: without the first {format_duration(said['warm_up_s'])} ({how}), and without the drain"


def stopped_sentence(stopping: Mapping[str, Any] | None, n: int) -> str:
    """By what the replications ended; empty where they were counted beforehand."""
    if stopping is None:
        return ""
    names = " and ".join(NAMES_OF_FIGURES.get(each, re.split(" [<>]", each)[0]) for each in stopping["of"])
    when = "stopped when" if stopping["reached"] else f"stopped at {n} before"
    were = "was" if len(stopping["of"]) == 1 else "were"
    return f"{when} {names} {were} within {100 * stopping['precision']:g} %"


def _came_of(objective: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """The value of an objective, or what it is over; told from the limit where both look alike."""
    value, least, limit = (plain(objective[key]) for key in ("value", "at_least", "limit"))
    if value is None:
        return _beyond(objective, least)
    shown = _of_unit(objective, value)
    if objective["kept"] is False and shown == _of_unit(objective, limit) and value != limit:
        return f"{shown} ({format_amount(abs(value - limit), objective['unit'])} {'more' if value > limit else 'less'})"
    return f"{shown} in {period(summary)}" if objective["unit"] == "USD" else shown


def _beyond(objective: Mapping[str, Any], least: float | None) -> str:
    """What an objective without a value is over or after, where so much is known."""
    if least is None:
        return "–" if plain(objective["jobs"]) else "there are no such jobs"
    return f"{'over' if objective['timezone'] is None else 'after'} {_of_unit(objective, least)}"


def verdict(objectives: Sequence[Mapping[str, Any]]) -> str:
    """How many objectives were met; a dash where there are none with a limit."""
    limited = [objective["kept"] for objective in objectives if objective["kept"] is not None]
    return f"{limited.count(True)} of {len(limited)} met" if limited else "–"


def missing(objective: Mapping[str, Any]) -> str:
    """How many jobs of an objective's scope did not get as far as it needs; empty where all of them did."""
    if not plain(objective["missing"]):
        return ""
    said = {"never_ran": "never ran", "unfinished": "had not ended", "failed": "failed"}
    parts = [(count(figure), said[key]) for key, figure in objective["missing_by"].items() if plain(figure)]
    (first, what), *others = parts
    text = f"{first} of {count(objective['jobs'])} jobs {what}"
    average = " on average" if objective["n"] > 1 else ""
    return ", ".join([text, *(f"{number} {words}" for number, words in others)]) + average


def _of_unit(objective: Mapping[str, Any], value: float) -> str:
    """A value of an objective; a time of day in its time zone."""
    if objective["timezone"] is None:
        return format_amount(value, objective["unit"])
    return format_clock(value, str(objective["timezone"]))


def nothing_submitted(summary: Summary) -> str:
    """That there were no jobs at all, and in how long; empty where there were."""
    if plain(summary["jobs"]["submitted"]):
        return ""
    period = summary["period_s"]
    within_ = "" if period is None else f" in {seconds(period)}"
    unit = "; a duration without a unit is in seconds" if period is not None and plain(period) < MINUTE else ""
    return f"nothing was submitted: no job arrives{within_}{unit}"


def attention(summary: Summary) -> list[str]:
    """What the reader has to know before anything else."""
    nothing = nothing_submitted(summary)
    return [
        *([nothing] if nothing else []),
        *growth_notes(summary),
        *(_never_placed(jobs) for jobs in summary["unplaceable"]),
        *left_waiting(summary),
        *(_beyond_memory(jobs) for jobs in summary["memory_margin"]),
        *(f"{many(number, 'job')} of traces left out: {reason}" for reason, number in summary["skipped"].items()),
        *(f"of traces: {count(number)} {reason}" for reason, number in summary["noted"].items()),
        *refused_updates(summary),
    ]


def growth_notes(summary: Mapping[str, Any]) -> list[str]:
    """Of each queue that grows, that it does: its figures are of a run so long, and of no other."""
    return [
        f"{name} grows: jobs of the last third waited {seconds(growth['last_third_s'])} on average, those of the first "
        f"{seconds(growth['first_third_s'])}; a figure of this run depends on its length"
        for name, growth in ((name, figures["growth"]) for name, figures in summary["job_queues"].items())
        if growth["grows"]
    ]


def left_waiting(summary: Mapping[str, Any]) -> list[str]:
    """Of each queue whose jobs waited for what never came which job can't move, and why."""
    unplaceable = {jobs["job_queue"] for jobs in summary["unplaceable"]}
    return [
        f"{name}: {many(left['jobs'], 'job')} left RUNNABLE: {left['job_id']} waits {left['waits']}; {left['change']}"
        for name, left in summary.get("left_waiting", {}).items()
        if name not in unplaceable
    ]


def _never_placed(jobs: Mapping[str, Any]) -> str:
    gpus = f", {jobs['gpus']} GPU" if jobs["gpus"] else ""
    asked = f"{jobs['vcpus']:g} vCPU, {jobs['memory_mib']:,} MiB{gpus}"
    stay = "it stays RUNNABLE and blocks" if is_one(jobs["jobs"]) else "they stay RUNNABLE and block"
    return (
        f"{many(jobs['jobs'], 'job')} of {jobs['job_definition']} ({asked}) can never be placed: "
        f"{stay} {jobs['job_queue']}"
    )


def _beyond_memory(jobs: Mapping[str, Any]) -> str:
    ask, were = ("asks", "was") if is_one(jobs["jobs"]) else ("ask", "were")
    return (
        f"{many(jobs['jobs'], 'job')} of {jobs['job_definition']} {ask} for {jobs['beyond_mib']:,} MiB more than any "
        f"instance of {jobs['job_queue']} is known to have, and {were} taken to fit "
        "(environment.ec2.memory states what there is)"
    )


def untried_sentence(untried: int) -> str:
    """That advice was not tried, and how to ask for it."""
    changes = "a change that may help was" if untried == 1 else f"{untried} changes that may help were"
    return f"{changes} not tried, since the run is long: --advice tries them all"


#: Derived prices that a line names.
NAMED = 3


def prices_sentence(prices: Mapping[str, Any]) -> str:
    """Where the prices come from: ``us-west-2, of 2025-03-02; 1 derived: c6i.2xlarge ~0.34``."""
    of = "all stated" if prices["as_of"] is None else f"of {prices['as_of']}"
    stated = [] if prices["as_of"] is None else prices["stated"]
    derived = [
        f"{each['instance_type']} ~{each['on_demand_usd_per_hour']:g}"
        for each in prices["types"]
        if each["price_derived_from"]
    ]
    spot = [each["instance_type"] for each in prices["types"] if each["spot_derived_from"]]
    parts = [
        f"{prices['region']}, {of}" + (", over a year old" if prices["old"] else ""),
        _named(f"{len(stated)} stated", stated),
        _named(f"{len(derived)} derived", derived),
        _named("Spot by a neighbour", spot),
        "Fargate derived" if prices["fargate_derived"] else "",
    ]
    return "; ".join(filter(None, parts))


def _named(what: str, names: Sequence[str]) -> str:
    """The first of some names; empty where there are none."""
    return f"{what}: {', '.join(names[:NAMED])}{' …' if len(names) > NAMED else ''}" if names else ""
