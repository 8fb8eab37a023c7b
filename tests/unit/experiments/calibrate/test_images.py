"""Images: the first pull on an instance, later ones, rates where sizes are stated, Fargate."""

from __future__ import annotations

import math

import pytest

import batchsim as bs
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.configuration import AccountConfiguration
from batchsim.aws.histories.records import RecordedInstance, RecordedTask
from batchsim.experiments.calibrate.images import learn_image_delays
from batchsim.experiments.run_store import write_run
from tests.conftest import ROOT
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job


def task(number, instance="", *, pull=0.0, took=20.0, after=2.0, before=30.0, image="app"):
    """A task created so long before its pull, and started so long after it."""
    begun = MONDAY + pull
    return RecordedTask(f"task/{number}", instance, image, begun - before, begun, begun + took, begun + took + after)


def of(definition, number):
    """The job of a task."""
    return job(f"job-{number}", attempt(task=f"task/{number}"), definition=definition)


def learn(*tasks, jobs=(), config=None, instances=()):
    found = learn_image_delays(history(*(jobs or [job()]), tasks=tasks, instances=instances), config)
    return {each.delay: each for each in found}


def sized(size, **definitions):
    image = {"size": size} if size else {}
    image["jobDefinitions"] = {name: {"size": each} for name, each in definitions.items()}
    return AccountConfiguration({}, {"image": image})


def test_the_first_task_of_an_image_on_an_instance_pulls_it_and_later_ones_find_it():
    first = [task(number, f"arn/{number}", took=20) for number in range(10)]
    later = [task(100 + number, f"arn/{number}", pull=500, took=0.5) for number in range(10)]
    other = [task(200, "arn/0", pull=600, took=40, image="other")]
    found = learn(*later, *first, *other)
    cold = found["first pull of the image of tasks of no job in the history on an instance"]
    warm = found["pull of an image that is there"]
    assert (cold.n, cold.p50_s, cold.written) == (11, 20.0, None)
    assert "a scenario has sizes and rates" in cold.why
    assert (warm.n, warm.key, warm.written) == (10, ("image", "warm"), 0.5)


def test_tasks_beside_the_first_pull_are_neither():
    found = learn(task(1, "arn/1"), task(2, "arn/1", pull=5, took=15))
    assert "1 that began while the first was pulling" in found["pull of an image that is there"].why
    assert found["pull of an image that is there"].n == 0


def test_a_rate_takes_a_stated_size():
    tasks = [task(number, f"arn/{number}", took=10.0) for number in range(10)]
    jobs = [of("big", number) for number in range(10)]
    found = learn(*tasks, jobs=jobs, config=sized(None, big="1 GiB"))["pull of 1 GiB on an instance"]
    assert (found.key, found.written, found.p50_s, found.n) == (("image", "pullRate"), 102.4, 10.0, 10)
    spread = learn(*tasks, jobs=jobs, config=sized("1GiB"))["spread of such pulls"]
    assert (spread.key, spread.written) == (("image", "jitter"), 1.0)


def test_of_few_pulls_no_rate_is_written():
    tasks = [task(number, f"arn/{number}") for number in range(9)]
    jobs = [of("big", number) for number in range(9)]
    found = learn(*tasks, jobs=jobs, config=sized("1GiB"))
    assert found["pull of 1 GiB on an instance"].written is None
    assert "spread of such pulls" not in found


def test_local_storage_and_fargate_have_rates_of_their_own():
    local = [task(number, f"arn/{number}", took=4.0) for number in range(10)]
    fargate = [task(100 + number, took=40.0, before=25.0) for number in range(10)]
    jobs = [of("d", each) for each in (*range(10), *range(100, 110))]
    instances = tuple(RecordedInstance(f"arn/{number}", f"i-{number}", "m6id.large") for number in range(10))
    found = learn(*local, *fargate, jobs=jobs, config=sized(400), instances=instances)
    assert found["pull of 1 GiB on an instance with local storage"].key == ("image", "localStoragePullRate")
    assert found["pull of 1 GiB on an instance with local storage"].written == 100.0
    assert found["pull of 1 GiB on Fargate"].key == ("image", "fargatePullRate")
    assert found["pull of 1 GiB on Fargate"].written == 10.0
    assert (found["start of a Fargate task"].key, found["start of a Fargate task"].written) == (
        ("fargate", "start"),
        25.0,
    )


def test_the_start_of_the_container_is_what_follows_the_pull():
    found = learn(*(task(number, after=3.0) for number in range(10)))["start of the container"]
    assert (found.key, found.written, found.n) == (("image", "containerStart"), 3.0, 10)


def test_what_never_came_to_run_is_not_counted():
    pulling = RecordedTask("task/1", "arn/1", "app", MONDAY, MONDAY + 5, math.nan, math.nan)
    assert learn(pulling)["start of the container"].n == 0


def test_nothing_without_tasks():
    (found,) = learn_image_delays(history(job()), None)
    assert (found.n, found.written) == (0, None)
    assert "describe-tasks" in found.why


@pytest.mark.parametrize(("size", "stated"), [(None, None), (500, 500.0), ("2GiB", 2048.0), ("large", None)])
def test_the_size_of_an_image_is_the_stated_one(size, stated):
    assert sized(size).image_mib("any") == stated
    assert sized(size, mine=7).image_mib("mine") == 7.0


def test_a_run_tells_how_its_fargate_tasks_started(tmp_path):
    scenario = bs.load(ROOT / "scenarios" / "transactions.yaml").with_(
        {"duration": "2h", "environment.fargate.start": 33}
    )
    write_run(bs.run(scenario), tmp_path / "results")
    found = {each.delay: each for each in learn_image_delays(read_history([tmp_path / "results"]), None)}
    start = found["start of a Fargate task"]
    assert start.n > 50
    assert start.written == pytest.approx(33.0)
    assert found["start of the container"].n == 0
