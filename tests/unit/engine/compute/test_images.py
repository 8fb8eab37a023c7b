"""When a container runs that is placed now: its image is pulled once for each instance, then it is there."""

from __future__ import annotations

from batchsim.engine.compute.ec2 import ImageCache
from batchsim.engine.compute.instance import Instance
from batchsim.spec.workload import JobGroup
from tests.unit.engine.parts import context
from tests.worlds import LARGE, jobs, run, servers

#: 450 MiB at 45 MiB a second: 10 s. A warm image takes 1 s, a container 2 s.
IMAGE = {"warm": 1.0, "containerStart": 2.0}
GROUPS = [
    JobGroup("work", "queue", "one", image="one", image_size_mib=450.0),
    JobGroup("work", "queue", "two", image="two", image_size_mib=90.0),
    JobGroup("work", "queue", "again", image="one", image_size_mib=450.0),
]


def cache(**image) -> ImageCache:
    work = jobs([0] * 3, 10, groups=GROUPS, group=[0, 1, 2])
    return ImageCache(context(work, image={**IMAGE, **image}), "fleet")


def instance(number: int = 0) -> Instance:
    return Instance(number, LARGE, number, 0, 0.0)


def test_the_first_job_pulls_its_image_and_later_ones_find_it():
    images, host = cache(), instance()
    assert images.started_at(host, 0, 100.0) == 100 + 10 + 2
    assert images.started_at(host, 0, 500.0) == 500 + 1 + 2


def test_a_job_placed_during_a_pull_waits_for_its_end():
    images, host = cache(), instance()
    images.started_at(host, 0, 100.0)
    assert images.started_at(host, 0, 103.0) == 110 + 2
    # Ready a second after it was placed, and pulled before that.
    assert images.started_at(host, 0, 109.5) == 109.5 + 1 + 2


def test_images_are_told_apart_by_their_name_and_not_by_the_group_of_the_job():
    images, host = cache(), instance()
    images.started_at(host, 0, 0.0)
    assert images.started_at(host, 1, 100.0) == 100 + 90 / 45 + 2
    assert images.started_at(host, 2, 100.0) == 100 + 1 + 2


def test_another_instance_pulls_for_itself():
    images = cache()
    images.started_at(instance(0), 0, 0.0)
    assert images.started_at(instance(1), 0, 50.0) == 50 + 10 + 2


def test_without_a_cache_every_job_pulls():
    images, host = cache(cached=False), instance()
    assert [images.started_at(host, 0, now) for now in (0.0, 100.0)] == [12, 112]


def test_the_jitter_of_a_pull_is_its_instances():
    images = cache(jitter={"uniform": {"min": 1.0, "max": 3.0}})
    first, again = (images.started_at(instance(0), 0, 0.0) for _ in range(2))
    assert first == again
    assert 10 + 2 <= first <= 30 + 2
    assert images.started_at(instance(1), 0, 0.0) != first


def test_on_processors_of_the_users_own_images_are_warm():
    # However large: 3 s until it is found there, 2 s until its container runs.
    settings = {"warm": 3.0, "containerStart": 2.0}
    recording = run(jobs([0, 0], 10, image_size_mib=90_000.0), servers(1), image=settings)
    assert recording.attempts.started_at.tolist() == [5, 20]
    assert recording.attempts.stopped_at.tolist() == [15, 30]
