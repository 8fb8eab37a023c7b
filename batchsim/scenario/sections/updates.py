"""The ``updates:`` section: what is changed while the simulation runs, and when.

An entry comes due at an instant (``at``) or by ``cron``, and either sets members by dotted path, as AWS Batch's four
Update calls take them, or cancels or terminates jobs. An entry that has a ``name`` goes by it in the dotted paths of
variants, ``with_`` and ``search``; any other by its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator

from batchsim.errors import Finding
from batchsim.scenario.document.document import Document
from batchsim.scenario.sections.model_errors import validated
from batchsim.spec.arrivals import Instant
from batchsim.spec.cron import CRON_PATTERN, parse_cron
from batchsim.spec.fields import Section, one_of
from batchsim.units import parse_timezone

#: What AWS is told as the reason where an entry says none; it has to be told one.
REASON: Final = "as scheduled"
#: The two ways to say when, and the three things to do.
WAYS: Final = ("at", "cron")
ACTIONS: Final = ("set", "cancel", "terminate")


class JobSelection(Section):
    """The jobs of a queue, a name, a workflow; of all that are stated."""

    job_queue: str | None = None
    job_name: str | None = None
    workflow: str | None = None
    reason: Annotated[str, Field(min_length=1, max_length=1024)] = REASON

    @model_validator(mode="after")
    def _some(self) -> JobSelection:
        if self.job_queue is None and self.job_name is None and self.workflow is None:
            raise ValueError("it says not which jobs; expected jobQueue, jobName or workflow")
        return self


class ScheduledUpdate(Section):
    """An entry of ``updates:``: what is changed while the simulation runs, and when."""

    model_config = ConfigDict(json_schema_extra={"allOf": [one_of(*WAYS), one_of(*ACTIONS)]})

    name: Annotated[str, Field(min_length=1)] | None = None
    at: Instant | None = None
    cron: Annotated[str, AfterValidator(parse_cron), Field(json_schema_extra={"pattern": CRON_PATTERN})] | None = None
    timezone: str = "UTC"
    set: Annotated[dict[str, Any], Field(min_length=1)] | None = None
    cancel: JobSelection | None = None
    terminate: JobSelection | None = None

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        return parse_timezone(value)

    @model_validator(mode="after")
    def _one(self) -> ScheduledUpdate:
        for names in (WAYS, ACTIONS):
            if sum(getattr(self, name) is not None for name in names) != 1:
                raise ValueError(f"expected exactly one of {', '.join(names)}")
        return self


def update_entries(document: Document, findings: list[Finding]) -> Iterator[tuple[int, ScheduledUpdate]]:
    """The entries without faults of form, with their places in the list; findings for the others."""
    entries = document.values.get("updates")
    if entries is None:
        return
    if not isinstance(entries, list):
        expected = "a list of entries such as {at: 6h, set: {path: value}}"
        findings.append(document.finding(("updates",), "wrong-type", "not a list", expected=expected))
        return
    names: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            expected = "{at: 6h, set: {path: value}}"
            findings.append(document.finding(("updates", index), "wrong-type", "not an entry", expected=expected))
            continue
        model = validated(ScheduledUpdate, entry, ("updates", index), document, findings)
        if model is None:
            continue
        if model.name is not None and names.setdefault(model.name, index) != index:
            where = ("updates", index, "name")
            findings.append(document.finding(where, "wrong-value", f"an update before has the name {model.name!r}"))
        yield index, model
