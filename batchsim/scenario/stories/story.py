"""A story's questions, and the scenario that its template and the answers make.

What is not asked for follows from the answers: instance types that hold a job, and limits of vCPUs with which two
thirds of the time that there is would do, were nothing but the jobs themselves to take time.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import NamedTuple

from batchsim.catalog import fargate
from batchsim.catalog.instance_types import instance_types
from batchsim.catalog.memory import usable_memory_mib
from batchsim.scenario.sections.parameters import label_of
from batchsim.spec.distributions import Lognormal
from batchsim.units import DAY, HOUR, MINUTE, parse_duration, parse_size_mib

#: When a day's jobs come, of stories by the day.
_HOUR = {"etl": 2, "genomics": 8, "gpu": 9}
#: Families from the least memory for a vCPU to the most, and those whose small sizes have one GPU.
_FAMILIES = (("c6i", "c6a"), ("m6i", "m6a"), ("r6i", "r6a"))
_WITH_GPU = ("g5", "g6")
_SIZES = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge", "24xlarge")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
#: A service's busiest hours have twice its average, and jobs shall not wait for each other.
_PEAK = 3
#: The part of the time that there is for which a limit is made: what boots and what is last takes its own.
_TIME = 2 / 3
#: The 95 % quantile of a run time over its median.
_SPREAD = 2


class Question(NamedTuple):
    """What is asked, and the answer without one."""

    asked: str
    default: str


@dataclass(frozen=True)
class Story:
    """A kind of workload, and what it asks.

    Attributes
    ----------
    name : str
        In any case.
    about : str
        In a few words.
    questions : dict of str to Question
        Of jobs, vcpus, memory, runtime and by.
    """

    name: str
    about: str
    questions: dict[str, Question]


def _story(name: str, about: str, jobs: Question, job: tuple[str, str, str], by: Question) -> Story:
    vcpus, memory, runtime = job
    more = {
        "vcpus": Question("vCPUs of a job", vcpus),
        "memory": Question("memory of a job, such as 3600MiB or 7GiB", memory),
        "runtime": Question("how long half of the jobs run at most", runtime),
    }
    return Story(name, about, {"jobs": jobs, **more, "by": by})


STORIES = {
    story.name: story
    for story in (
        _story(
            "etl",
            "a nightly bulk of jobs, and a deadline in the morning",
            Question("jobs a night", "200"),
            ("2", "3600MiB", "18m"),
            Question("when all has to be done (UTC); jobs come at 02:00", "06:00"),
        ),
        _story(
            "service",
            "jobs at all hours on Fargate, that shall not wait",
            Question("jobs an hour, on average", "300"),
            ("0.5", "1024MiB", "40s"),
            Question("how long 19 of 20 jobs may wait to start", "2m"),
        ),
        _story(
            "genomics",
            "batches of samples through a pipeline",
            Question("samples a batch", "24"),
            ("8", "30000MiB", "45m"),
            Question("how long a batch may take", "8h"),
        ),
        _story(
            "gpu",
            "training runs on GPUs, on Spot",
            Question("runs a day", "12"),
            ("4", "14000MiB", "2h"),
            Question("how long a day's runs may take", "10h"),
        ),
    )
}


def scenario_text(story: Story, answers: dict[str, str], *, name: str, file: str) -> str:
    """The scenario of a story as the text of a file.

    Parameters
    ----------
    answers : dict of str to str
        Those that are not as the story has them.
    name, file : str
        What the scenario and its file are called.

    Raises
    ------
    ValueError
        If an answer is none, or there is nothing that holds such a job.
    """
    given = {key: answers.get(key) or question.default for key, question in story.questions.items()}
    job = {key: read_answer(story, key, text) for key, text in given.items()}
    vcpus, memory, types, unit = _place(story.name, job["vcpus"], job["memory"])
    needed, estimate = _needed(story.name, {**job, "vcpus": unit if story.name == "gpu" else vcpus})
    step = math.ceil(needed / 5 / unit) * unit  # of which Spot gets four
    hour = _HOUR.get(story.name, 0)
    words = {
        "name": name,
        "file": file,
        "jobs": given["jobs"],
        "vcpus": label_of(vcpus).removesuffix(".0"),
        "memory": str(memory),
        "types": ", ".join(types),
        "runtime": _written(job["runtime"]),
        "runtime_p95": _written(_SPREAD * job["runtime"]),
        "by": given["by"] if story.name == "etl" else _written(job["by"]),
        "at": f"{hour:02d}:00",
        "cron": f"0 {hour} * * {'1-5' if story.name == 'genomics' else '*'}",
        "estimate": estimate,
        "step_vcpus": str(step),
        "half_vcpus": str(2 * step),
        "max_vcpus": str(4 * step),
        "double_vcpus": str(8 * step),
    }
    template = Template((Path(__file__).parent / f"{story.name}.yaml").read_text(encoding="utf-8"))
    return template.substitute(words)


def read_answer(story: Story, key: str, text: str) -> float:
    """The figure that an answer stands for: jobs, vCPUs, MiB, or seconds; a time of day is the seconds there are.

    Raises
    ------
    ValueError
        If it is none.
    """
    if key == "jobs":
        return _jobs(text)
    if key == "vcpus":
        return _vcpus(text)
    if key == "memory":
        return parse_size_mib(float(text) if text.replace(".", "", 1).isdecimal() else text)
    if key == "by" and story.name == "etl":
        return _until(text, _HOUR["etl"])
    seconds = parse_duration(text)
    if seconds < 1:
        raise ValueError(f"{text!r} is too short; expected 1s or more")
    return seconds


def _until(text: str, hour: int) -> float:
    """Seconds from an hour of the day to the next time that a clock shows this."""
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise ValueError(f"{text!r} is not a time of day; expected such as 06:00")
    return (int(clock[1]) * HOUR + int(clock[2]) * MINUTE - hour * HOUR) % DAY or DAY


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= 10_000:
        raise ValueError(f"{text!r} is no number of jobs; expected 2 to 10000")
    return int(text)


def _vcpus(text: str) -> float:
    try:
        vcpus = float(text)
    except ValueError:
        vcpus = math.nan
    if not 0 < vcpus <= 256:
        raise ValueError(f"{text!r} is no number of vCPUs; expected more than 0 and up to 256")
    return vcpus


def _task_size(vcpus: float, memory_mib: int) -> tuple[float, int]:
    """The least Fargate task that holds a job.

    Raises
    ------
    ValueError
        If none does.
    """
    size = fargate.nearest_legal(vcpus, memory_mib)
    if size is None:
        raise ValueError(f"Fargate has no task of {vcpus:g} vCPUs and {memory_mib} MiB; expected 32 and 249856 at most")
    return size


def _place(story: str, vcpus: float, memory_mib: float) -> tuple[float, int, tuple[str, ...], int]:
    """VCPUs and MiB as they are asked for, types that hold a job, and the vCPUs of the largest.

    Raises
    ------
    ValueError
        If nothing holds it.
    """
    memory = math.ceil(memory_mib)
    if story == "service":
        size = _task_size(vcpus, memory)
        return (*size, (), math.ceil(size[0]))
    if vcpus != int(vcpus):
        raise ValueError(f"a job on an instance has whole vCPUs; expected {math.ceil(vcpus)}")
    types = _types_with_gpu(vcpus, memory) if story == "gpu" else _types(vcpus, memory)
    if not types:
        raise ValueError(f"no instance type here holds {vcpus:g} vCPUs and {memory} MiB; expected a smaller job")
    return int(vcpus), memory, types, max(instance_types()[name].vcpus for name in types)


def _types_with_gpu(vcpus: float, memory_mib: int) -> tuple[str, ...]:
    smallest = _sizes(_WITH_GPU, vcpus, memory_mib)[:1]
    return tuple(f"{family}.{size}" for family in _WITH_GPU for size in smallest)


def _types(vcpus: float, memory_mib: int) -> tuple[str, ...]:
    """The smallest types that hold a job, of the families with the least memory that goes well with it."""
    for families in _FAMILIES:
        # Where a size holds one job for each two vCPUs it has, its memory goes well with them.
        sizes = _sizes(families, vcpus, memory_mib)
        fitting = [size for size in sizes if memory_mib <= _share(families[0], size, vcpus)]
        if fitting:
            return tuple(f"{family}.{size}" for family in families for size in fitting[:2])
    return ()


def _sizes(families: tuple[str, ...], vcpus: float, memory_mib: int) -> list[str]:
    """The sizes of which each of some families has one that holds a job."""
    return [size for size in _SIZES if all(_holds(f"{family}.{size}", vcpus, memory_mib) for family in families)]


def _holds(name: str, vcpus: float, memory_mib: int) -> bool:
    kind = instance_types().get(name)
    return kind is not None and kind.vcpus >= vcpus and usable_memory_mib(kind) >= memory_mib and kind.gpus <= 1


def _share(family: str, size: str, vcpus: float) -> float:
    """Memory of a type that goes with so many of its vCPUs, in MiB."""
    kind = instance_types()[f"{family}.{size}"]
    return usable_memory_mib(kind) / (kind.vcpus // vcpus)


def _needed(story: str, job: dict[str, float]) -> tuple[float, str]:
    """How many vCPUs would do, and why."""
    mean_s = Lognormal(median=job["runtime"], p95=_SPREAD * job["runtime"]).mean_s()
    if story == "service":
        busy = job["jobs"] * job["vcpus"] * mean_s / HOUR
        return _PEAK * busy, f"{busy:.3g} are busy on average, twice as many in the afternoon"
    steps = 2 if story == "genomics" else 1
    work = steps * job["jobs"] * job["vcpus"] * mean_s
    time = max(job["by"] * _TIME, steps * mean_s)
    most = job["jobs"] * job["vcpus"]
    hours, by = work / HOUR, _written(job["by"])
    said = f"the jobs take {hours:,.0f} vCPU-hours; with the on-demand ones this is for two thirds of {by}"
    return min(work / time, most), said


def _written(seconds: float) -> str:
    """A duration as a scenario writes it."""
    for length, unit in ((HOUR, "h"), (MINUTE, "m")):
        if seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:g}s"
