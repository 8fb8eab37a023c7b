"""The answer in words: what a person would say of a result, and what would change it."""

from __future__ import annotations

from typing import Any

from batchsim.columns import LIMITS
from batchsim.results.result import Result
from batchsim.units import HOUR, format_duration, format_usd

CAUSES = {
    "dependency": ("other jobs", "it is the workflow's own shape: shorten its critical path"),
    "limit": ("room under maxvCpus", "raise maxvCpus"),
    "boot": ("instances to boot and register", "keep some warm (minvCpus), or group work into longer jobs"),
    "capacity": ("capacity that could not be had", "offer more instance types or environments"),
    "blocked": ("jobs ahead of them in the queue, or the scheduler", "give large jobs a queue of their own"),
    "retry": ("earlier attempts that failed or were interrupted", "shorten jobs on Spot, or run them on demand"),
}
PURPOSES = {
    "useful": "running jobs that succeeded",
    "rework": "attempts that failed or were interrupted",
    "boot": "booting and pulling images",
    "idle": "idle capacity",
    "stranded": "room that nothing waiting could use",
    "minimum": "billing minimums",
    "commitment": "what a Savings Plan committed and bought nothing",
}


def plain(figure: Any) -> Any:
    """A figure, or the mean of one that comes from replications."""
    return figure["mean"] if isinstance(figure, dict) and "mean" in figure and "n" in figure else figure


def seconds(figure: Any) -> str:
    """A duration of the summary."""
    value = plain(figure)
    return "–" if value is None else format_duration(value)


def usd(figure: Any) -> str:
    """Money of the summary, with its interval where it has one."""
    value = plain(figure)
    text = format_usd(value)
    if isinstance(figure, dict) and figure.get("low") is not None:
        half = (figure["high"] - figure["low"]) / 2
        return f"{text} ± {format_usd(half)}"
    return text


def share(figure: Any) -> str:
    """A share of the summary in percent."""
    value = plain(figure)
    return "–" if value is None else f"{100 * value:.0f} %"


def count(figure: Any) -> str:
    """A count of the summary."""
    value = plain(figure)
    return f"{value:,.0f}"


def jobs_sentence(summary: dict[str, Any]) -> str:
    """How many jobs got through."""
    jobs = summary["jobs"]
    text = f"{count(jobs['succeeded'])} of {count(jobs['submitted'])} jobs succeeded"
    rest = [f"{count(jobs[key])} {key}" for key in ("failed", "unfinished") if plain(jobs[key])]
    return text + (f" ({', '.join(rest)})" if rest else "")


def queue_sentence(summary: dict[str, Any]) -> str:
    """How long they waited."""
    time = summary["queue_time_s"]
    if plain(time["p50"]) is None:
        return "none of them started"
    half, most, longest = (seconds(time[key]) for key in ("p50", "p95", "max"))
    return f"half waited up to {half}, 95 % up to {most}, the longest {longest}"


def cost_sentence(summary: dict[str, Any]) -> str:
    """What it cost, and what for."""
    cost = summary["cost_usd"]
    total = plain(cost["total"])
    if not total:
        return f"{usd(cost['total'])}: nothing was billed"
    parts = sorted(((plain(value), purpose) for purpose, value in cost["by_purpose"].items()), reverse=True)
    spent = ", ".join(f"{100 * value / total:.0f} % {purpose}" for value, purpose in parts if value / total >= 0.005)
    return f"{usd(cost['total'])} ({spent})"


def wait_hint(result: Result) -> str:
    """The largest cause of waiting and what would remove it; empty when jobs hardly waited."""
    waits = {cause: plain(value) for cause, value in result.summary["wait_s"].items()}
    total = sum(waits.values())
    avoidable = {cause: value for cause, value in waits.items() if cause != "dependency"}
    cause = max(avoidable, key=lambda key: avoidable[key])
    value = avoidable[cause]
    if value < HOUR / 20 or not total:
        return ""
    text, remedy = CAUSES[cause]
    if cause == "limit":
        value, text, remedy = _limit(result)
    return f"{_job_hours(value)} of {_job_hours(total)} job-hours of waiting were for {text}: {remedy}"


def _limit(result: Result) -> tuple[float, str, str]:
    """The limit that jobs waited for longest: how long, what it is, and what to do about it."""
    waited = {
        name: {limit: plain(seconds) for limit, seconds in figures["wait_limit_s"].items()}
        for name, figures in result.summary["job_queues"].items()
    }
    together = {limit: sum(seconds.get(limit, 0.0) for seconds in waited.values()) for limit in LIMITS.values()}
    worst = max(together, key=lambda limit: together[limit])
    short = {name for name, seconds in waited.items() if seconds.get(worst)}
    if worst == "consumableResources":
        groups = [group for group in result.workload.groups if group.job_queue in short]
        names = dict.fromkeys(name for group in groups for name, _ in group.consumables)
        return together[worst], f"the quantity of {' or '.join(names)}", "raise its totalQuantity"
    configuration = result.scenario.configuration
    if worst == "computeReservation":
        return together[worst], f"the computeReservation of {', '.join(sorted(short))}", "lower it"
    attached = {name for queue in configuration.queues if queue.name in short for name in queue.environments}
    environments = [each for each in configuration.environments if each.enabled and each.name in attached]
    unmanaged = all(environment.purchase_option == "UNMANAGED" for environment in environments)
    member = "unmanagedvCpus" if unmanaged else "maxvCpus"
    return together[worst], f"{member} of {', '.join(each.name for each in environments)}", f"raise {member}"


def _job_hours(value: float) -> str:
    hours = value / HOUR
    return f"{hours:,.0f}" if hours >= 10 else f"{hours:.1f}"


def waste_hint(summary: dict[str, Any]) -> str:
    """The largest waste; empty when there is hardly any."""
    cost = summary["cost_usd"]
    total = plain(cost["total"])
    wasted = {purpose: plain(value) for purpose, value in cost["by_purpose"].items() if purpose != "useful"}
    wasted["commitment"] = plain(cost["unused_commitment"])
    wasted["idle"] -= wasted["commitment"]
    purpose = max(wasted, key=lambda key: wasted[key])
    if not total or wasted[purpose] / total < 0.05:
        return ""
    return f"{format_usd(wasted[purpose])} ({100 * wasted[purpose] / total:.0f} %) went to {PURPOSES[purpose]}"


def objective_sentence(objective: dict[str, Any]) -> str:
    """An objective and what came of it."""
    value = plain(objective["value"])
    if value is None:
        shown = "not all of them got there"
    elif "cost" in objective["expression"]:
        shown = format_usd(value)
    elif "finished_at" in objective["expression"] and ":" in objective["expression"]:
        minutes = round(value / 60)
        shown = f"{minutes // 60:02d}:{minutes % 60:02d}"
    elif any(metric in objective["expression"] for metric in ("queue_time", "turnaround", "makespan", "finished_at")):
        shown = format_duration(value)
    elif "utilisation" in objective["expression"]:
        shown = f"{100 * value:.0f} %"
    else:
        shown = f"{value:g}"
    return f"{objective['expression']}  →  {shown}"


def attention(summary: dict[str, Any]) -> list[str]:
    """What the reader has to know before anything else."""
    notes = [
        f"{count(stuck['jobs'])} jobs of {stuck['job_definition']} "
        f"({stuck['vcpus']:g} vCPU, {stuck['memory_mib']:,} MiB"
        + (f", {stuck['gpus']} GPU" if stuck["gpus"] else "")
        + f") can never be placed: they stay RUNNABLE and block {stuck['job_queue']}"
        for stuck in summary["unplaceable"]
    ]
    return notes + [
        f"{count(number)} jobs of traces were left out: {reason}" for reason, number in summary["skipped"].items()
    ]
