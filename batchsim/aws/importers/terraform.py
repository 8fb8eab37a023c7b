"""What Terraform knows of AWS Batch, as requests: a plan, a state, and its JSON syntax.

``terraform show -json`` prints a plan or a state with resolved values (Terraform, *JSON Output Format*); a state file
holds the same as attributes of instances; ``main.tf.json`` is configuration, whose expressions are followed as far as
the file goes. HCL itself is not read: Terraform is asked for what it makes of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from batchsim.aws.importers.coercion import Coercion
from batchsim.aws.importers.found_requests import FoundRequest, SourceRequests
from batchsim.aws.importers.template_values import FAULTY, TooLongError, Unresolved, hole, joined, text_of
from batchsim.aws.importers.variables import Variables
from batchsim.aws.objects import OBJECTS
from batchsim.aws.terraform import AS_JSON, ATTRIBUTES, NOT_WRITTEN, Attributes
from batchsim.errors import Finding, nearest
from batchsim.scenario.batch.service_model import request_shape
from batchsim.scenario.document.document import Document, Where

KINDS = {kind.terraform: section for section, kind in OBJECTS.items() if kind.terraform}

#: Attributes that say nothing of a request: what AWS or the provider made of it.
COMPUTED = frozenset({
    "arn", "arn_prefix", "deregister_on_new_revision", "ecs_cluster_arn", "id", "name_prefix", "region", "revision",
    "status", "status_reason", "tags_all", "timeouts", "update_policy", "lifecycle", "depends_on", "provider", "count",
    "for_each", "provisioner", "connection",
})  # fmt: skip
#: Attributes by their names before version 6 of the provider.
FORMERLY = {"compute_environment_name": "name", "compute_environment_name_prefix": "name_prefix"}
#: Members of which a state says 0 where nobody said anything.
ZERO_IS_UNSET = frozenset({"bidPercentage", "desiredvCpus", "weightFactor", "attempts", "attemptDurationSeconds"})

#: Attributes whose value is a JSON document.
_DOCUMENTS = {each[0] for table in ATTRIBUTES.values() for each in table.values() if each[1] == AS_JSON}

#: An escaped beginning, an expression, or the beginning of one that is not followed: the rest of the text is its own.
_EXPRESSION = re.compile(r"\$\$\{|%%\{|\$\{([^{}]*)\}|[$%]\{.*", re.DOTALL)
_ATTRIBUTE = re.compile(r"(aws_batch_\w+)\.([\w-]+)(?:\[[^\]]*\])?\.(\w+)")
_REFERENCE = re.compile(r"(aws_batch_\w+)\.([\w-]+)(?:\[([^\]]*)\])?")
_NAMED_VALUE = re.compile(r"(var|local)\.([\w-]+)((?:\.[\w-]+|\[(?:\d+|\"[^\"]*\")\])*)")
_STEP = re.compile(r"\.([\w-]+)|\[(?:(\d+)|\"([^\"]*)\")\]")
#: Attributes that mean the resource itself: a request refers to it by its name.
_IDENTITIES = frozenset({"arn", "arn_prefix", "id", "name", "compute_environment_name"})


def is_terraform(values: Any) -> bool:
    """Whether a document is a plan, a state or a configuration of Terraform."""
    if not isinstance(values, dict):
        return False
    shown = "format_version" in values and ("planned_values" in values or "values" in values)
    state = "terraform_version" in values and isinstance(values.get("resources"), list)
    return shown or state or isinstance(values.get("resource"), (dict, list))


def convert(document: Document, parameters: Mapping[str, str]) -> SourceRequests:
    """The Batch resources of a document.

    Parameters
    ----------
    parameters : mapping of str to str
        Values of a configuration's variables.
    """
    values = document.values
    if "planned_values" in values or "values" in values:
        source: _Source = _Shown(document)
    elif isinstance(values.get("resources"), list):
        source = _State(document)
    else:
        source = _Configuration(document, parameters)
    resources = list(source.resources())
    told = any(finding.severity == "error" for finding in source.findings)
    things = [thing for resource in resources if (thing := source.thing(resource)) is not None]
    if not resources and not told:
        expected = ", ".join(KINDS)
        finding = document.finding((), "nothing-to-import", "Terraform's file has no Batch resource", expected=expected)
        source.findings.append(finding)
    return SourceRequests(tuple(things), tuple(source.findings), source.variables)


@dataclass(frozen=True)
class _Resource:
    """A Batch resource of Terraform; `label` is what its expressions call it."""

    kind: str
    label: str
    values: dict[str, Any]
    where: Where


class _Source:
    """Something of Terraform that has resources."""

    #: The names of its variables; None where it has none that could be given.
    variables: tuple[str, ...] | None = None

    def __init__(self, document: Document) -> None:
        self.findings: list[Finding] = []
        self._document = document

    def resources(self) -> Iterator[_Resource]:
        """The Batch resources, in their order."""
        raise NotImplementedError

    def thing(self, resource: _Resource) -> FoundRequest | None:
        """A resource as a request; None if it has no values."""
        kind = resource.kind
        request = self._members(resource.values, ATTRIBUTES[kind], request_shape(kind), resource.where)
        name = _name(resource.values)
        if name is None:
            name = request[OBJECTS[kind].name_member] = resource.label
            message = f"the name of {resource.label} is made by Terraform: it goes by its label"
            self._note(resource.where, "named-by-id", message)
        if kind == "jobQueues" and isinstance(resource.values.get("compute_environments"), list):
            # Before version 6 of the provider the order was that of a list.
            entries = enumerate(resource.values["compute_environments"], 1)
            request["computeEnvironmentOrder"] = [{"order": at, "computeEnvironment": each} for at, each in entries]
        coercion = Coercion(self._document, kind, name, resource.where)
        fitted = coercion.request(request)
        self.findings += coercion.findings
        return FoundRequest(kind, name, fitted, self._document.place(resource.where))

    def _note(self, where: Where, code: str, message: str, **more: Any) -> None:
        self.findings.append(self._document.finding(where, code, message, **{"severity": "info", **more}))

    def _deposed(self, label: str, where: Where) -> None:
        self._note(where, "left-out", f"left out: {label} is deposed: Terraform replaced it and is about to destroy it")

    def _members(self, values: dict[str, Any], attributes: Attributes, shape: Any, where: Where) -> dict[str, Any]:
        """The members of the API that attributes of the provider stand for, in the shape's order."""
        known = {each if isinstance(each, str) else each[0]: member for member, each in attributes.items()}
        request: dict[str, Any] = {}
        for written, content in values.items():
            attribute = FORMERLY.get(written, written)
            member = known.get(attribute)
            if content in (None, "", [], {}) or attribute in COMPUTED or attribute == "compute_environments":
                continue
            if member is None:
                self._unknown(attribute, known, (*where, written))
                continue
            if content == 0 and content is not False and member in ZERO_IS_UNSET:
                continue
            nested = attributes[member] if isinstance(attributes[member], str) else attributes[member][1]
            value = self._member(content, nested, shape.members[member], (*where, written))
            if value not in (None, "", [], {}):
                request[member] = value
        return request

    def _member(self, content: Any, nested: Any, shape: Any, where: Where) -> Any:
        if isinstance(content, Unresolved) or isinstance(nested, str):
            if nested != AS_JSON and shape.type_name == "list" and not isinstance(content, (list, Unresolved)):
                return self._not_a(content, "a list", where)
            return self._document_of(content, where) if nested == AS_JSON else content
        blocks = content if isinstance(content, list) else [content]
        unknown = next((block for block in blocks if isinstance(block, Unresolved)), None)
        if unknown is not None:
            return unknown
        for block in blocks:
            if block is not None and not isinstance(block, dict):
                return self._not_a(block, "a block", where)
        members = [
            self._members(block, nested, shape.member if shape.type_name == "list" else shape, (*where, index))
            for index, block in enumerate(blocks)
            if isinstance(block, dict)
        ]
        if shape.type_name == "list":
            return members
        return members[0] if members else None

    def _document_of(self, content: Any, where: Where) -> Any:
        """The value of a JSON document in a text."""
        if not isinstance(content, str):
            return content
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            message = f"not a JSON document: {error}"
            self.findings.append(self._document.finding(where, "wrong-shape", message))
            return None

    def _not_a(self, content: Any, expected: str, where: Where) -> None:
        message = f"{json.dumps(content)} is not {expected}"
        self.findings.append(self._document.finding(where, "wrong-type", message, expected=expected))

    def _unknown(self, attribute: str, known: Mapping[str, str], where: Where) -> None:
        if attribute in NOT_WRITTEN.values():
            member = next(each for each, name in NOT_WRITTEN.items() if name == attribute)
            message = f"batchsim does not read {attribute} from Terraform"
            expected = f"the request or the description, whose {member} is kept"
            self.findings.append(self._document.finding(where, "not-simulated", message, expected=expected))
        else:
            message = f"left out: batchsim knows no attribute {attribute}"
            self._note(where, "left-out", message, suggestion=nearest(attribute, known), key=True)


class _Shown(_Source):
    """What ``terraform show -json`` prints of a plan or a state.

    What a plan can't know yet is not in its values: where its configuration refers to another Batch resource, that one
    is meant.
    """

    def resources(self) -> Iterator[_Resource]:
        """See `_Source.resources`."""
        values = self._document.values
        key = "planned_values" if "planned_values" in values else "values"
        unknown = {
            change.get("address"): change.get("change", {}).get("after_unknown")
            for change in _dicts(values.get("resource_changes"))
            if isinstance(change.get("change"), dict) and "deposed" not in change
        }
        configuration = values.get("configuration")
        module = configuration.get("root_module") if isinstance(configuration, dict) else None
        root = values[key].get("root_module") if isinstance(values[key], dict) else None
        if isinstance(root, dict):
            yield from self._module(root, module, (key, "root_module"), unknown)

    def _module(
        self, module: dict[str, Any], configured: Any, where: Where, unknown: Mapping[Any, Any]
    ) -> Iterator[_Resource]:
        configured = configured if isinstance(configured, dict) else {}
        expressions = {
            (each.get("type"), each.get("name")): each.get("expressions")
            for each in _dicts(configured.get("resources"))
        }
        siblings = [
            each
            for each in _dicts(module.get("resources"))
            if each.get("mode", "managed") == "managed" and each.get("type") in KINDS
        ]
        standing = [each for each in siblings if not each.get("deposed_key")]
        for index, resource in enumerate(_dicts(module.get("resources"))):
            if resource not in siblings:
                continue
            place = (*where, "resources", index)
            if resource.get("deposed_key"):
                self._deposed(_label(resource), place)
                continue
            refer = _Referring(standing).name
            missing = unknown.get(resource.get("address"))
            written = expressions.get((resource["type"], resource.get("name")))
            values = _completed(resource.get("values") or {}, missing, written, refer)
            yield _Resource(KINDS[resource["type"]], _label(resource), values, place)
        calls = configured.get("module_calls")
        for index, child in enumerate(_dicts(module.get("child_modules"))):
            name = re.sub(r"\[[^\]]*\]$", "", str(child.get("address", ""))).rpartition("module.")[2]
            call = calls.get(name) if isinstance(calls, dict) else None
            inner = call.get("module") if isinstance(call, dict) else None
            yield from self._module(child, inner, (*where, "child_modules", index), unknown)


class _Referring:
    """Resources that expressions of the same module refer to."""

    def __init__(self, resources: list[dict[str, Any]]) -> None:
        self._resources = resources

    def name(self, reference: str) -> str | None:
        """The name of the resource that a reference means; None for none, or one of several."""
        match = _REFERENCE.match(reference)
        if match is None:
            return None
        meant = [each for each in self._resources if (each["type"], each.get("name")) == match.groups()[:2]]
        if match[3] is not None and any("index" in each for each in meant):
            meant = [each for each in meant if json.dumps(each.get("index")) == match[3]]
        return _name(meant[0].get("values") or {}) or _label(meant[0]) if len(meant) == 1 else None


def _name(values: Mapping[str, Any]) -> str | None:
    """The name that a resource is given; None for one that Terraform makes."""
    written = (
        values.get(attribute) for attribute in ("name", *(old for old, new in FORMERLY.items() if new == "name"))
    )
    return next((each for each in written if isinstance(each, str) and each), None)


def _label(resource: Mapping[str, Any]) -> str:
    """What a resource without a name goes by: its label, and which of several it is."""
    label = str(resource.get("name"))
    return re.sub(r"[^\w-]", "-", f"{label}-{resource['index']}") if "index" in resource else label


def _completed(values: Any, unknown: Any, written: Any, refer: Callable[[str], str | None]) -> Any:
    """Values with what is known only after an apply: the Batch resource that is referred to, or a hole."""
    if unknown is True:
        references = written.get("references", []) if isinstance(written, dict) else []
        names = {name for each in references if (name := refer(str(each))) is not None}
        if len(names) == 1:
            return names.pop()
        asked = next(iter(references), "")
        return hole(f"{asked} is known after an apply" if asked else "known after an apply")
    if isinstance(values, dict) and isinstance(unknown, dict):
        inner = written if isinstance(written, dict) else {}
        keys = dict.fromkeys([*values, *(key for key, content in unknown.items() if content is True)])
        return {key: _completed(values.get(key), unknown.get(key), inner.get(key), refer) for key in keys}
    if isinstance(values, list) and isinstance(unknown, list):
        inner_list = written if isinstance(written, list) else []
        rest = [None] * len(values)
        return [
            _completed(value, absent, expression, refer)
            for value, absent, expression in zip(values, [*unknown, *rest], [*inner_list, *rest], strict=False)
        ]
    return values


class _State(_Source):
    """A state file."""

    def resources(self) -> Iterator[_Resource]:
        """See `_Source.resources`."""
        for index, resource in enumerate(_dicts(self._document.values.get("resources"))):
            if resource.get("mode", "managed") != "managed" or resource.get("type") not in KINDS:
                continue
            for number, instance in enumerate(_dicts(resource.get("instances"))):
                where: Where = ("resources", index, "instances", number, "attributes")
                attributes = instance.get("attributes")
                if instance.get("deposed"):
                    self._deposed(str(resource.get("name")), where)
                elif isinstance(attributes, dict):
                    yield _Resource(KINDS[resource["type"]], str(resource.get("name")), attributes, where)


class _Configuration(_Source):
    """Terraform's JSON configuration syntax."""

    def __init__(self, document: Document, parameters: Mapping[str, str]) -> None:
        super().__init__(document)
        self._variables = Variables(document, parameters, _merged(document.values.get("variable")))
        self.findings += self._variables.findings
        self._locals = _merged(document.values.get("locals"))
        self._resources = _merged(document.values.get("resource"), depth=2)
        # The expressions that are being followed: one of them that comes again refers to itself.
        self._followed: list[str] = []
        self.variables = self._variables.names

    def resources(self) -> Iterator[_Resource]:
        """See `_Source.resources`."""
        for resource, kind in KINDS.items():
            for label in self._resources.get(resource, {}):
                where: Where = ("resource", resource, label)
                values = self._block(resource, label)
                if isinstance(values, dict) and self._is_one(label, values, where):
                    evaluated = {
                        key: content if key in _DOCUMENTS else self._evaluated(content, (*where, key))
                        for key, content in values.items()
                    }
                    yield _Resource(kind, label, evaluated, where)

    def _is_one(self, label: str, values: dict[str, Any], where: Where) -> bool:
        """Whether a block makes one resource; a finding tells of none, or of several, which only a plan has."""
        key = "for_each" if "for_each" in values else "count"
        count = self._evaluated(values.get(key, 1), (*where, key)) if key == "count" else None
        if key == "count" and text_of(count) == "1":
            return True
        if key == "count" and text_of(count) == "0":
            self._note((*where, key), "left-out", f"left out: {label} has a count of 0")
        elif not (isinstance(count, Unresolved) and count.reported):
            message = f"{label} is made as often as {key} says, which a plan tells"
            expected = "what `terraform show -json` prints of a plan"
            self.findings.append(self._document.finding((*where, key), "unresolved", message, expected=expected))
        return False

    def _block(self, resource: str, label: str) -> Any:
        """What is written of a resource; its one block may stand in a list."""
        block = self._resources.get(resource, {}).get(label)
        return block[0] if isinstance(block, list) and block else block

    def _evaluated(self, value: Any, where: Where) -> Any:
        """A value with its expressions followed."""
        if isinstance(value, dict):
            return {key: self._evaluated(content, (*where, key)) for key, content in value.items()}
        if isinstance(value, list):
            return [self._evaluated(item, (*where, index)) for index, item in enumerate(value)]
        return self._text(value, where) if isinstance(value, str) else value

    def _document_of(self, content: Any, where: Where) -> Any:
        # A text that is a document has its expressions in the texts of it: it is read first.
        if isinstance(content, str) and content.lstrip().startswith("{"):
            return self._evaluated(super()._document_of(content, where), where)
        return super()._document_of(self._evaluated(content, where), where)

    def _text(self, text: str, where: Where) -> Any:
        pieces: list[Any] = []
        end = 0
        for match in _EXPRESSION.finditer(text):
            pieces.append(text[end : match.start()])
            end = match.end()
            if match[0] in ("$${", "%%{"):
                pieces.append(match[0][1:])
            elif match[1] is None:
                pieces.append(hole("an expression is known to Terraform only", where=where))
            else:
                pieces.append(self._expression(match[1].strip(), where))
        pieces.append(text[end:])
        pieces = [piece for piece in pieces if piece != ""]
        if len(pieces) == 1:
            return pieces[0]
        try:
            return joined(piece if isinstance(piece, Unresolved) else _word(piece, where) for piece in pieces)
        except TooLongError:
            self.findings.append(self._document.finding(where, "too-large", "a text grows too long"))
            return FAULTY

    def _expression(self, expression: str, where: Where) -> Any:
        """What an expression stands for: a variable, a local value, a resource; a hole for any other."""
        if expression in self._followed:
            message = f"{expression} refers to itself"
            self.findings.append(self._document.finding(where, "circular", message, expected="a value"))
            return FAULTY
        self._followed.append(expression)
        try:
            value = self._meant(expression, where)
        finally:
            self._followed.pop()
        return hole(f"{expression} is known to Terraform only", where=where) if value is _NOTHING else value

    def _meant(self, expression: str, where: Where) -> Any:
        if (match := _NAMED_VALUE.fullmatch(expression)) is not None:
            kind, name, steps = match.groups()
            if kind == "var":
                return _member_at(self._variables.value(name, where), steps)
            # Only what is asked for is followed: a map of local values may refer to members of itself by another one.
            return self._evaluated(_member_at(self._locals.get(name, _NOTHING), steps), where)
        match = _ATTRIBUTE.fullmatch(expression)
        values = self._block(match[1], match[2]) if match is not None else None
        if match is None or not isinstance(values, dict):
            return _NOTHING
        if match[3] not in _IDENTITIES:
            return self._evaluated(values.get(match[3], _NOTHING), where)
        evaluated = {key: self._evaluated(values[key], where) for key in ("name", *FORMERLY) if key in values}
        return _name(evaluated) or match[2]


#: Stands for a value that there is not, as null is one.
_NOTHING = object()


def _member_at(value: Any, steps: str) -> Any:
    """What stands in a value at steps such as ``.a[0]["b"]``."""
    for match in _STEP.finditer(steps):
        step: Any = int(match[2]) if match[2] is not None else match[1] if match[1] is not None else match[3]
        if isinstance(value, Unresolved):
            return value
        try:
            value = value[step] if isinstance(value, list if isinstance(step, int) else dict) else _NOTHING
        except (KeyError, IndexError):
            return _NOTHING
    return value


def _word(value: Any, where: Where) -> str | Unresolved:
    """A value within a text."""
    text = text_of(value)
    return hole(f"{json.dumps(value, default=str)} has no text", where=where) if text is None else text


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _merged(value: Any, depth: int = 1) -> dict[str, Any]:
    """Blocks by their labels; several of one kind may stand in a list."""
    merged: dict[str, Any] = {}
    for block in value if isinstance(value, list) else [value]:
        for key, content in block.items() if isinstance(block, dict) else ():
            if depth > 1:
                merged.setdefault(key, {}).update(_merged(content, depth - 1))
            else:
                merged[key] = content
    return merged
