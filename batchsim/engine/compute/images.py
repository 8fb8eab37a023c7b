"""When a job's image is on its instance: the first job of an image pulls it, later ones find it there."""

from __future__ import annotations

from batchsim.engine.compute.instance import Instance
from batchsim.engine.run_context import RunContext


class ImageCache:
    """The images of one environment's instances."""

    def __init__(self, context: RunContext, environment: str) -> None:
        settings = context.settings.image
        groups = context.workload.groups
        numbers = {image: number for number, image in enumerate(dict.fromkeys(group.image for group in groups))}
        self._image = [numbers[group.image] for group in groups]
        self._size_mib = [group.image_size_mib for group in groups]
        self._group = context.table.group
        self._cached = settings.cached
        self._warm_s: float = settings.warm
        self._container_start_s: float = settings.container_start
        self._pull_factor = context.draws("image-jitter", environment)  # by the number of the launch

    def started_at(self, instance: Instance, job: int, now: float) -> float:
        """When the container of a job that is placed now runs: its image is there, and it was started."""
        group = self._group[job]
        image, images = self._image[group], instance.images
        if image in images and self._cached:
            pulled_at, warm_at = images[image], now + self._warm_s
            return (max(warm_at, pulled_at)) + self._container_start_s
        pull_s = self._size_mib[group] / instance.offering.pull_mib_per_s * self._pull_factor[instance.launch]
        images[image] = pulled_at = now + pull_s
        return pulled_at + self._container_start_s
