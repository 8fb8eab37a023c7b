"""Recorded workloads: their formats, and what a scenario says of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, GetPydanticSchema, model_validator
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict, JsonValue
from pydantic_core import core_schema

from batchsim.spec.arrivals import Arrivals
from batchsim.spec.fields import Section, as_tuple, none_beside


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """All that is known of a format.

    Attributes
    ----------
    reader : str
        The module of ``batchsim.workload.traces`` with ``read(path, trace, faults)``.
    is_uniform : bool
        Whether every job goes to the queue and the definition that the scenario names; otherwise its own records may
        name others.
    options : tuple of str
        Members of `Trace` that this format alone has a use for.
    """

    reader: str
    is_uniform: bool = False
    options: tuple[str, ...] = ()


#: The formats by their names in a scenario; nothing else has to know of a new one.
FORMATS = {
    "swf": TraceFormat("swf", is_uniform=True, options=("memory_per_vcpu", "queues", "leave_out")),
    "wfformat": TraceFormat("wfformat", is_uniform=True),
    "describe-jobs": TraceFormat("describe_jobs"),
    "csv": TraceFormat("tabular"),
    "parquet": TraceFormat("tabular"),
}


def is_uniform(name: Any) -> bool:
    """Whether all jobs of a trace of a format go where the scenario says; False for what is no format."""
    return isinstance(name, str) and name in FORMATS and FORMATS[name].is_uniform


#: The name of a format: the words that are allowed are those of the registry.
FormatName = Annotated[str, GetPydanticSchema(lambda _source, _handler: core_schema.literal_schema([*FORMATS]))]


def _options_of_others() -> JsonDict:
    """JSON Schema: a format has no member that another alone has a use for."""
    options = {option for of in FORMATS.values() for option in of.options}
    made: list[JsonValue] = []
    for name, of in FORMATS.items():
        others = sorted(to_camel(option) for option in options.difference(of.options))
        made.append(none_beside({"properties": {"format": {"const": name}}, "required": ["format"]}, *others))
    return {"allOf": made}


class Trace(Section):
    """A recorded workload, replayed: once at the scenario's start, or at each of its arrivals."""

    model_config = ConfigDict(json_schema_extra=_options_of_others())

    format: FormatName
    path: str
    name: str | None = None
    job_queue: str | None = None
    job_definition: str | None = None
    memory_per_vcpu: Annotated[float, Field(gt=0)] | None = None
    queues: dict[str, str] = Field(default_factory=dict)
    leave_out: Annotated[tuple[Literal["tooWide", "overrun", "overlap"], ...], BeforeValidator(as_tuple)] = ()
    arrivals: Arrivals | None = None

    @model_validator(mode="after")
    def _options(self) -> Trace:
        for owner, of in FORMATS.items():
            for name in of.options:
                if name in self.model_fields_set and name not in FORMATS[self.format].options:
                    message = f"{to_camel(name)} is of the format {owner}; a trace of {self.format} has no use for it"
                    raise ValueError(message)
        return self

    @property
    def workflow(self) -> str:
        """The name that its jobs have for a workflow's."""
        return self.name or Path(self.path).name.partition(".")[0]
