"""Tables that people have and that are not batchsim's own: each is told by its name, with what would be right."""

from __future__ import annotations

import re

_OWN = "columns job_name, submitted_at, runtime_s separated by commas"

#: Other tools' names of batchsim's columns, in small letters and without signs; for suggestions.
OTHER_NAMES = {
    "name": "job_name", "jobid": "job_name", "id": "job_name", "task": "job_name",
    "submit": "submitted_at", "submittime": "submitted_at", "createdat": "submitted_at", "queued": "submitted_at",
    "timestamp": "submitted_at", "arrival": "submitted_at",
    "runtime": "runtime_s", "elapsed": "runtime_s", "elapsedraw": "runtime_s", "duration": "runtime_s",
    "realtime": "runtime_s", "walltime": "runtime_s", "seconds": "runtime_s",
    "cpus": "vcpus", "ncpus": "vcpus", "alloccpus": "vcpus", "reqcpus": "vcpus", "cores": "vcpus", "cpu": "vcpus",
    "memory": "memory_mib", "mem": "memory_mib", "reqmem": "memory_mib", "ram": "memory_mib",
    "gpu": "gpus", "ngpus": "gpus",
    "queue": "job_queue", "partition": "job_queue",
    "definition": "job_definition",
    "dependencies": "depends_on", "dependency": "depends_on", "parents": "depends_on",
    "exit": "exit_code", "exitstatus": "exit_code",
    "share": "share_identifier", "priority": "scheduling_priority",
}  # fmt: skip

#: Tools' own tables: what their first line has, what they are, and from which of their columns ours come.
_TOOLS = (
    (re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d;[A-Z];"), "a PBS accounting log", "qtime, end − start of E records"),
    (re.compile(r"\s*\"?JobID\"?\b.*\b(JobName|State|Elapsed|Submit|AllocCPUS)"), "Slurm's sacct",
     "JobName, Submit in seconds since the first, ElapsedRaw, AllocCPUS"),
    (re.compile(r"task_id\t|.*\bnative_id\b"), "Nextflow's trace", "name, submit and realtime in seconds, cpus"),
    (re.compile(r".*(lineItem/|line_item_)"), "a Cost and Usage Report: it knows hours of instances and no jobs", ""),
    (re.compile(r".*Total costs?\s*\(\$\)"), "a Cost Explorer export: it knows costs and no jobs", ""),
    (re.compile(r".*@(timestamp|message)\b"), "an export of CloudWatch Logs Insights",
     "`batchsim import jobs`, which reads it with its column @message"),
    (re.compile(r"\s*[\[{]"), "JSON", "format: describe-jobs or wfformat; or a table of CSV"),
    (re.compile(r"\s*<"), "XML or HTML", ""),
    (re.compile(r"(?:[ \t\r]*(?:;.*)?\n)*[ \t]*(?:-?\d+(?:\.\d+)?[ \t]+){17}-?\d"), "the Standard Workload Format",
     "format: swf"),
    (re.compile(r"sep=(.)"), "a table that begins with Excel's sep= line", ""),
)  # fmt: skip


#: Characters of a text that tell what it is: patterns take long for a line of 100 MB.
_TELLING = 100_000


def foreign(text: str) -> tuple[str, str]:
    """What a text is when it is not a table separated by commas, and what would be right; empty texts when it is one.

    Examples
    --------
    >>> foreign("job_name;submitted_at;runtime_s")[0]
    "its columns are separated by ';'"
    """
    text = text[:_TELLING]
    for pattern, name, remedy in _TOOLS:
        if pattern.match(text):
            own = remedy if remedy.startswith(("format:", "`")) else f"{_OWN}{f' (from {remedy})' if remedy else ''}"
            return f"it is {name}", own
    header, _, _ = text.partition("\n")
    if "," not in header:
        for separator, shown in ((";", "';'"), ("\t", "tabs"), ("|", "'|'")):
            if separator in header:
                return f"its columns are separated by {shown}", "commas, and decimal points in numbers"
    return "", ""
