"""The mappings in what AWS, its services and shells print: pages, events, logs, queues."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from batchsim.aws.histories.details import instant
from batchsim.scenario.document.access import figure

_JSON = re.compile(r"\s*[\[{]")

#: Up to this a number counts seconds since 1970, above it milliseconds: the year 5138, or 1973.
_MOST_SECONDS = 1e11


def mappings_in(content: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in values, what holds others first; JSON in texts is read, what is in a job is not looked into."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and _JSON.match(value):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            yield value
            if "jobId" not in value and "JobId" not in value:
                waiting += reversed(list(value.values()))


def instant_of_service(value: Any) -> float:
    """Seconds since 1970 of a timestamp of ECS or Auto Scaling, whose numbers are seconds; NaN for anything else."""
    if isinstance(value, datetime):  # as boto3 gives it
        return value.timestamp()
    number = figure(value)
    if number is None:
        return instant(value)
    return number if 0 < number <= _MOST_SECONDS else number / 1000 if number > 0 else math.nan
