"""One JSON Schema (draft-07, which editors read) of a whole scenario, made from what checks it.

It knows the form of a scenario: keys, types, words, bounds. What its parts mean together is asked of ``validate``.
"""

from __future__ import annotations

import json
from typing import Any

from batchsim.catalog.catalog import BUNDLED
from batchsim.catalog.instance_types import known_entries
from batchsim.catalog.prices import regions
from batchsim.scenario.batch.service_model import botocore_version
from batchsim.scenario.rules import RULES
from batchsim.scenario.schema.launch_templates import launch_templates
from batchsim.scenario.schema.own_sections import DEFINITION, definitions
from batchsim.scenario.schema.requests import RequestSchemas
from batchsim.scenario.sections.keys import KEYS
from batchsim.scenario.sections.models import NAME
from batchsim.scenario.sections.parameters import FORMS, REQUIRE, Requirements
from batchsim.scenario.sections.updates import ScheduledUpdate
from batchsim.spec.objectives import DISTRIBUTED, FILTERS, PLAIN, STATISTICS

_REQUIRED = ("name", "batch", "workload")
_ORDER = (
    "name", "region", "start", "duration", "horizon", "warmUp", "seed", "batch", "launchTemplates", "workload",
    "environment",
)  # fmt: skip


def scenario_schema(*, aws_texts: bool = False) -> dict[str, Any]:
    """The schema of a scenario.

    Parameters
    ----------
    aws_texts : bool
        Whether AWS's own words stand in the descriptions of its members, from the service model that is installed.
    """
    own = definitions()
    requests = RequestSchemas(DEFINITION, aws_texts=aws_texts)
    frame = own.pop("Frame")["properties"]
    members = {
        **frame,
        "region": _suggested(regions(BUNDLED)) | _described("region") | {"default": frame["region"]["default"]},
        "batch": requests.batch() | _described("batch"),
        "launchTemplates": launch_templates() | _described("launchTemplates"),
        "workload": _workload() | _described("workload"),
        "updates": _updates() | _described("updates"),
        "variants": _variants() | _described("variants"),
        "objectives": _objectives() | _described("objectives"),
        "sweep": _parameters() | _described("sweep"),
        "search": _parameters(requirements=True) | _described("search"),
        "versions": {"type": "object"} | _described("versions"),
    }
    own["WorkflowJob"] = _job(requests.job(), own["WorkflowJob"])
    own["rule"]["enum"] = sorted({rule.code for rule in RULES})
    aws = requests.definitions
    _suggest_types(aws["aws.ComputeResource"]["properties"]["instanceTypes"])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": f"Made by `batchsim schema`; AWS's shapes are those of botocore {botocore_version()}.",
        "title": "A scenario of batchsim",
        "type": "object",
        "properties": {key: members[key] for key in (*_ORDER, *(key for key in members if key not in _ORDER))},
        "required": list(_REQUIRED),
        "additionalProperties": False,
        "definitions": {**own, **dict(sorted(aws.items()))},
    }


def scenario_schema_json(*, aws_texts: bool = False) -> str:
    """The schema of a scenario as the text of a file."""
    return json.dumps(scenario_schema(aws_texts=aws_texts), indent=1, ensure_ascii=False) + "\n"


def _described(key: str) -> dict[str, Any]:
    return {"description": KEYS[f"Frame.{key}"].plain}


def _suggested(words: list[str] | tuple[str, ...]) -> dict[str, Any]:
    """A text for which an editor suggests words, and takes others."""
    return {"anyOf": [{"enum": list(words)}, {"type": "string"}]}


def _suggest_types(listed: dict[str, Any]) -> None:
    """Instance types and families that the catalog has, in what lists them."""
    listed["items"] = _suggested(known_entries())


def _workload() -> dict[str, Any]:
    workflow, trace = ({"$ref": f"{DEFINITION}{name}"} for name in ("Workflow", "TraceSource"))
    entry = {
        "type": "object",
        # An editor suggests these in an entry that is neither yet.
        "properties": {"workflow": {}, "trace": {}},
        "if": {"required": ["trace"]},
        "then": trace,
        "else": workflow,
    }
    return {"type": "array", "minItems": 1, "items": entry}


def _job(request: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A job of a workflow: SubmitJob's members, and what only the simulation knows."""
    simulated = {key: value for key, value in own["properties"].items() if key != "submit"}
    required = [key for key in own["required"] if key != "submit"]
    return {
        **request,
        "description": own["description"],
        "properties": {**request["properties"], **simulated},
        "required": [*request["required"], *required],
    }


def _parameters(*, requirements: bool = False) -> dict[str, Any]:
    """A section of parameters, by dotted path or by a word."""
    mappings = [{"$ref": f"{DEFINITION}{form.__name__}"} for form in FORMS]
    made: dict[str, Any] = {
        "type": ["object", "null"],
        "additionalProperties": {"anyOf": [{"type": "array", "minItems": 1}, *mappings]},
    }
    if requirements:
        made["properties"] = {REQUIRE: {"anyOf": [{"$ref": f"{DEFINITION}{Requirements.__name__}"}, {"type": "null"}]}}
    return made


def _updates() -> dict[str, Any]:
    return {"type": ["array", "null"], "items": {"$ref": f"{DEFINITION}{ScheduledUpdate.__name__}"}}


def _variants() -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": {
            "type": ["object", "null"],
            "description": "Dotted path: value. Members of lists go by their names: "
            "batch.computeEnvironments.NAME.computeResources.maxvCpus.",
        },
    }


def _objectives() -> dict[str, Any]:
    """A list of objectives, or a single one."""
    forms = "|".join(f"(?:{form})" for form in objective_forms())
    one = {
        "type": "string",
        "pattern": f"^(?:{forms})$",
        "patternErrorMessage": f"An objective, such as {' or '.join(EXAMPLES[:2])}.",
        "defaultSnippets": [{"label": example, "body": example} for example in EXAMPLES],
    }
    return {**one, "type": ["array", "string", "null"], "items": one}


#: Objectives for an editor to begin with.
EXAMPLES = [
    "minimise cost",
    "p95(queue_time) <= 10m",
    "max(finished_at) <= 06:00",
    "failed <= 1%",
    "unfinished <= 0",
    "makespan <= 8h",
]


def objective_forms() -> tuple[str, str]:
    """The two forms of an objective, as patterns of the whole text: a limit, and what to minimise.

    Whether what a filter names is there, is not looked at, nor the limit.
    """
    of_one_figure = [f"{word}{_asked(filters)}" for word, filters in PLAIN.items()]
    of_jobs = f"(?:{'|'.join(STATISTICS)}){_asked(FILTERS, of='|'.join(DISTRIBUTED))}"
    bare = [f"{word}{_asked(FILTERS)}" for word in DISTRIBUTED]
    limited, minimised = "|".join([of_jobs, *of_one_figure]), "|".join([of_jobs, *of_one_figure, *bare])
    return rf"\s*(?:{limited})\s*(?:<=|>=|<|>)\s*\S.*", rf"\s*minimi[sz]e\s+(?:{minimised})\s*"


def _asked(filters: tuple[str, ...], *, of: str = "") -> str:
    """What stands in parentheses: a metric and filters; without a metric perhaps nothing."""
    one = rf"(?:{'|'.join(filters)})\s*=\s*[^,()]*[^,()\s]\s*"
    if of:
        return rf"\s*\(\s*(?:{of})\s*(?:,\s*{one})*,?\s*\)"
    return rf"\s*(?:\(\s*(?:{one}(?:,\s*{one})*,?)?\s*\))?" if filters else r"\s*(?:\(\s*\))?"
