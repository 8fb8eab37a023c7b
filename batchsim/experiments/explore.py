"""Sliders in a notebook: run a scenario again with other limits, and other shares of Spot.

`maxvCpus` of each compute environment has a slider. Where there are Spot and on-demand environments beside each other,
another one says which share of the vCPUs of both Spot has; the sum stays, and on either side each environment keeps its
part of it.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from batchsim import markup
from batchsim.errors import ScenarioError
from batchsim.experiments.run import run
from batchsim.results.summary_type import Summary
from batchsim.scenario.scenario import Scenario
from batchsim.spec.configuration import ComputeEnvironment
from batchsim.units import format_duration, format_usd

if TYPE_CHECKING:
    from ipywidgets import IntSlider, VBox

#: A slider goes up to so many times what is written.
REACH = 4


class Explorer:
    """A scenario with sliders; in Jupyter it shows itself.

    Parameters
    ----------
    scenario : Scenario
        What is written: where the sliders begin.

    Attributes
    ----------
    scenario : Scenario
        With the values of the sliders.
    result : Result
        What came of it; where the scenario would be wrong, what came of the last that was right.
    sliders : dict of str to IntSlider
        ``maxvCpus`` by compute environment.
    share : IntSlider or None
        The share of Spot in percent, where there are environments of both kinds.
    widget : VBox
        All of them, the summary and the picture.
    """

    def __init__(self, scenario: Scenario) -> None:
        try:
            from ipywidgets import HTML, Image, IntSlider, VBox
        except ImportError:
            raise ImportError('sliders need ipywidgets: pip install "batchsim[notebook]"') from None

        self._written, self._moving = scenario, False
        environments = _scaled_by_batch(scenario)
        wide = {"style": {"description_width": "16em"}, "layout": {"width": "40em"}, "continuous_update": False}
        self.sliders: dict[str, IntSlider] = {
            each.name: IntSlider(
                each.max_vcpus, 0, REACH * max(each.max_vcpus, 1), description=f"{each.name} maxvCpus", **wide
            )
            for each in environments
        }
        self._spot = [each.name for each in environments if each.is_spot]
        both = 0 < len(self._spot) < len(environments)
        self.share: IntSlider | None = (
            IntSlider(self._spot_percent(), 0, 100, description="share of Spot, %", **wide) if both else None
        )
        self._told, self._picture = HTML(), Image(format="png")
        shares = [] if self.share is None else [self.share]
        self.widget: VBox = VBox([*self.sliders.values(), *shares, self._told, self._picture])
        self.scenario, self.result = scenario, run(scenario)
        self._first = self.result.summary
        self._show()
        for slider in self.sliders.values():
            slider.observe(self._limit_moved, names="value")
        if self.share is not None:
            self.share.observe(self._share_moved, names="value")

    @property
    def limits(self) -> dict[str, int]:
        """``maxvCpus`` by compute environment, as the sliders have it."""
        return {name: slider.value for name, slider in self.sliders.items()}

    def _spot_percent(self) -> int:
        limits = self.limits
        return round(100 * sum(limits[name] for name in self._spot) / max(sum(limits.values()), 1))

    def _limit_moved(self, _change: Any) -> None:
        if not self._moving:
            self._moving = True
            if self.share is not None:
                self.share.value = self._spot_percent()
            self._moving = False
            self._run()

    def _share_moved(self, change: Any) -> None:
        if not self._moving:
            self._moving = True
            for name, limit in divided(self.limits, self._spot, change["new"] / 100).items():
                self.sliders[name].max = max(self.sliders[name].max, limit)
                self.sliders[name].value = limit
            self._moving = False
            self._run()

    def _run(self) -> None:
        """Run the scenario with the values of the sliders."""
        written = {each.name: each.max_vcpus for each in self._written.configuration.environments}
        changes = {
            f"batch.computeEnvironments.{name}.computeResources.maxvCpus": limit
            for name, limit in self.limits.items()
            if limit != written[name]
        }
        self._told.value = markup.paragraph("running …")
        try:
            self.scenario = self._written.with_(changes)
            self.result = run(self.scenario)
        except ScenarioError as error:
            faults = markup.text(str(error))
            self._told.value = markup.paragraph(f"{markup.strong('This can not be run.')} {faults}")
            return
        self._show()

    def _show(self) -> None:
        picture = io.BytesIO()
        self.result.plot().savefig(picture, format="png", dpi=70)
        self._picture.value = picture.getvalue()
        self._told.value = f"{_against(self._first, self.result.summary)}{self.result._repr_html_()}"

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return self.widget._repr_mimebundle_(**how)


def explore(scenario: Scenario) -> Explorer:
    """Sliders for ``maxvCpus`` of each compute environment and for the share of Spot, run again as they move.

    Needs ipywidgets: ``pip install "batchsim[notebook]"``.

    Parameters
    ----------
    scenario : Scenario
        What is written: where the sliders begin.

    Returns
    -------
    Explorer
        It shows itself in Jupyter; its `scenario` has the values of the sliders, and its `result` what came of them.

    Raises
    ------
    ImportError
        If ipywidgets is not there.
    """
    return Explorer(scenario)


def _scaled_by_batch(scenario: Scenario) -> list[ComputeEnvironment]:
    """Environments that AWS Batch scales."""
    environments = scenario.configuration.environments
    return [each for each in environments if each.enabled and each.purchase_option != "UNMANAGED"]


def divided(limits: Mapping[str, int], spot: Collection[str], share: float) -> dict[str, int]:
    """Limits of the same sum, of which Spot has a share; on either side each keeps its part.

    Examples
    --------
    >>> divided({"spot": 192, "on-demand": 8}, ["spot"], 0.5)
    {'spot': 100, 'on-demand': 100}
    """
    total = sum(limits.values())
    of_spot = round(total * share)
    on_spot = {name: limit for name, limit in limits.items() if name in spot}
    others = {name: limit for name, limit in limits.items() if name not in spot}
    new = _scaled_to(on_spot, of_spot) | _scaled_to(others, total - of_spot)
    return {name: new[name] for name in limits}


def _scaled_to(limits: Mapping[str, int], vcpus: int) -> dict[str, int]:
    """Limits of another sum, each with its part of it."""
    held = sum(limits.values())
    # What held nothing shares alike.
    parts = [limit / held if held else 1 / len(limits) for limit in limits.values()]
    ends = [round(vcpus * sum(parts[: number + 1])) for number in range(len(parts))]
    return {name: end - before for name, end, before in zip(limits, ends, [0, *ends], strict=False)}


def _against(first: Summary, now: Summary) -> str:
    """What the sliders change of cost and queue time."""
    rows = []
    for label, figures in (("as written", first), ("now", now)):
        p95 = figures["queue_time_s"]["p95"]
        cost = format_usd(figures["cost_usd"]["total"])
        rows.append((label, cost, "–" if p95 is None else format_duration(p95), str(figures["jobs"]["succeeded"])))
    headings = ("", "cost", "queue time p95", "jobs succeeded")
    return markup.table(rows, headings, ("left", "right", "right", "right"))
