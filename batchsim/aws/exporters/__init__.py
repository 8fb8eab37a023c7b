"""The configuration in the formats that others read: one module each, one registry."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from batchsim.aws.deployment.deployable import Deployable

#: Format → the module whose `export` makes its files, by relative path.
FORMATS = {
    "boto3": "batchsim.aws.exporters.requests",
    "cloudformation": "batchsim.aws.exporters.cloudformation",
    "terraform": "batchsim.aws.exporters.terraform",
}


def export(configuration: Deployable, format_: str) -> dict[str, str]:
    """The files of a format: relative path → content.

    Raises
    ------
    ScenarioError
        If the configuration has something that the format can't say.
    """
    exporter: Callable[[Deployable], dict[str, str]] = import_module(FORMATS[format_]).export
    return exporter(configuration)
