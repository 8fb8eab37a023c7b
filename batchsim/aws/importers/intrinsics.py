"""CloudFormation's intrinsic functions, evaluated without AWS.

What depends on the parameters, the region and the template itself has a value; what other resources, other stacks or
AWS would have to tell is `Unresolved` and says why. Both spellings mean the same: ``{"Fn::Sub": …}`` and ``!Sub``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from batchsim.aws.cloudformation_names import property_of
from batchsim.aws.importers.parameters import GIVEN_PSEUDO, Parameters, option
from batchsim.aws.importers.stacks import Stacks, Template
from batchsim.aws.importers.template_values import (
    FAULTY,
    NO_VALUE,
    TooLongError,
    Unresolved,
    hole,
    joined,
    split,
    text_of,
)
from batchsim.aws.objects import OBJECTS, ObjectKind
from batchsim.errors import Finding, nearest
from batchsim.scenario.document.document import Document, Where

#: The kinds of Batch object by their resource types.
BATCH_TYPES = {kind.cloudformation: kind for kind in OBJECTS.values()}

_PARTITIONS = {"cn-": ("aws-cn", "amazonaws.com.cn"), "us-gov-": ("aws-us-gov", "amazonaws.com")}
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}{0,2}")

#: Functions whose value AWS makes from what only it knows, and those that stand in rules or loops only
#: (CloudFormation Template Reference, *Intrinsic function reference* and *Rule-specific intrinsic functions*).
_OFFLINE = (
    "Fn::GetAZs", "Fn::Cidr", "Fn::Transform", "Fn::ForEach", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll",
    "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn",
)  # fmt: skip
_IN_CONDITIONS = ("Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not")


def key_of_tag(tag: str) -> str:
    """The long form of a YAML tag.

    Examples
    --------
    >>> key_of_tag("!Ref"), key_of_tag("!GetAtt")
    ('Ref', 'Fn::GetAtt')
    """
    word = tag.removeprefix("!")
    return word if word in ("Ref", "Condition") or word.startswith("Fn::") else f"Fn::{word}"


class _FaultError(Exception):
    """A function that can't be evaluated; caught where the function stands, which makes it a finding."""

    def __init__(self, where: Where, code: str, message: str, expected: str = "", suggestion: str = "") -> None:
        super().__init__(where, code, message, expected, suggestion)
        self.where, self.code, self.message = where, code, message
        self.expected, self.suggestion = expected, suggestion


class Evaluator:
    """Evaluates the values of one template.

    Parameters
    ----------
    given : mapping of str to str
        Parameters, and pseudo parameters such as ``AWS::AccountId``.
    region : str
        What ``AWS::Region`` is.
    stacks : Stacks
        The templates that are imported together; this one joins them.

    Attributes
    ----------
    parameters : Parameters
        Of the template.
    """

    def __init__(self, document: Document, given: Mapping[str, str], region: str, stacks: Stacks | None = None) -> None:
        self.parameters = Parameters(document, given)
        self._document = document
        self._given = given
        self._region = region
        self._stacks = Stacks() if stacks is None else stacks
        self._stacks.add(self)
        self._resources = _mapping(document, "Resources")
        self._outputs = _mapping(document, "Outputs")
        self._mappings = _mapping(document, "Mappings")
        self._conditions = _mapping(document, "Conditions")
        self._transformed = bool(document.values.get("Transform"))
        self._held: dict[str, bool | Unresolved] = {}
        self._names: dict[str, str | Unresolved] = {}
        self._called: dict[tuple[str, ...], str] = {}
        self._open: list[str] = []
        self._findings: list[Finding] = []

    @property
    def findings(self) -> list[Finding]:
        """About everything that was evaluated so far."""
        return [*self.parameters.findings, *self._findings]

    @property
    def stem(self) -> str:
        """The template's file without its folder and endings, which often is the name of its stack."""
        return Path(self._document.file).name.partition(".")[0]

    def has_output(self, name: str) -> bool:
        """Whether the template has this output."""
        return name in self._outputs

    def exports(self) -> Iterator[tuple[str, str | Unresolved]]:
        """The outputs that are exported: the output, and the name that others import it by."""
        for output, content in self._outputs.items():
            export = content.get("Export") if isinstance(content, dict) else None
            if isinstance(export, dict) and "Name" in export:
                where: Where = ("Outputs", output, "Export", "Name")
                name = self._guarded(partial(self._export_name, export["Name"], where))
                if not (isinstance(name, Unresolved) and name.reported):
                    yield output, name

    def _export_name(self, name: Any, where: Where) -> str | Unresolved:
        return self._text(self.value(name, where), where, "the name of an export")

    def output(self, name: str) -> Any:
        """The value of an output."""

        def evaluate() -> Any:
            with self._entered(f"output {name}", ("Outputs", name)):
                content = self._outputs[name]
                value = content.get("Value") if isinstance(content, dict) else None
                return self.value(value, ("Outputs", name, "Value"))

        return self._guarded(evaluate)

    def value(self, value: Any, where: Where) -> Any:
        """A value with every function in it evaluated; `NO_VALUE` if it is to be left out.

        Faults become findings, and `FAULTY` where they stood.
        """
        if isinstance(value, dict):
            function = next((key for key in value if key == "Ref" or key.startswith("Fn::")), None)
            if function is not None and len(value) == 1:
                return self._guarded(lambda: self._call(function, value[function], (*where, function)))
            if "Fn::Transform" in value:
                return hole("Fn::Transform is a macro that AWS runs", where=(*where, "Fn::Transform"))
            if function is not None and function != "Ref":
                message = f"{function} does not stand alone"
                return self._fault(_FaultError((*where, function), "wrong-shape", message, "a mapping of its own"))
            members = {key: self.value(content, (*where, key)) for key, content in value.items()}
            return {key: content for key, content in members.items() if content is not NO_VALUE}
        if isinstance(value, list):
            items = [self.value(item, (*where, index)) for index, item in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        if value is None:
            return self._fault(_FaultError(where, "null-value", "nothing is here", "a value, or the key left out"))
        return _dynamic(value, where)

    def condition(self, name: str, where: Where) -> bool | Unresolved:
        """Whether a named condition holds."""
        if name not in self._held:
            held = self._guarded(lambda: self._named_condition(name, where))
            self._held[name] = held
        return self._held[name]

    def name(self, logical: str) -> str | Unresolved:
        """The name of a Batch resource: its own, or its logical id."""
        if logical not in self._names:
            name = self._guarded(lambda: self._name(logical))
            self._names[logical] = name
        return self._names[logical]

    def called(self, name: Unresolved) -> str | None:
        """What goes by a name that is not known: the logical id of the resource with just this name."""
        return self._called.get(_wording(name))

    def _guarded(self, evaluate: Callable[[], Any]) -> Any:
        """The value of a function, or `FAULTY` and a finding."""
        try:
            return evaluate()
        except _FaultError as fault:
            return self._fault(fault)

    def _fault(self, fault: _FaultError) -> Unresolved:
        finding = self._document.finding(
            fault.where, fault.code, fault.message, expected=fault.expected, suggestion=fault.suggestion
        )
        if finding not in self._findings:
            self._findings.append(finding)
        return FAULTY

    def _call(self, function: str, argument: Any, where: Where) -> Any:
        evaluate = self.functions.get(function)
        if evaluate is not None:
            try:
                return _dynamic(evaluate(self, argument, where), where)
            except TooLongError:
                raise _FaultError(where, "too-large", "the text grows too long") from None
        if function in _OFFLINE:
            shown = f" {argument}" if isinstance(argument, str) else ""
            return hole(f"{function}{shown} is known to AWS only", where=where)
        if function in _IN_CONDITIONS:
            raise _FaultError(
                where, "wrong-shape", f"{function} stands outside of a condition", "Fn::If with a condition"
            )
        known = [*self.functions, *_OFFLINE, *_IN_CONDITIONS]
        raise _FaultError(
            where, "unknown-function", f"{function} is not evaluated", suggestion=nearest(function, known)
        )

    # References

    def _ref(self, name: Any, where: Where) -> Any:
        if not isinstance(name, str):
            raise _FaultError(where, "wrong-shape", "Ref takes a name", "Ref: NAME")
        if name in self.parameters.names:
            return self.parameters.value(name, where)
        if name in self._resources:
            return self._resource(name, "", where)
        if name.startswith("AWS::"):
            return self._pseudo(name, where)
        return self._unknown(name, where)

    def _unknown(self, name: str, where: Where) -> Unresolved:
        if self._transformed:
            # A transform adds resources of its own: a role for a function, for instance.
            return hole(f"{name} is not in the template as it is written", where=where)
        known = [*self.parameters.names, *self._resources]
        message = f"there is no parameter or resource {name!r}"
        raise _FaultError(where, "unknown-reference", message, suggestion=nearest(name, known))

    def _pseudo(self, name: str, where: Where) -> Any:
        partition, suffix = next(
            (words for start, words in _PARTITIONS.items() if self._region.startswith(start)),
            ("aws", "amazonaws.com"),
        )
        known: dict[str, Any] = {
            "AWS::NoValue": NO_VALUE,
            "AWS::Region": self._region,
            "AWS::Partition": partition,
            "AWS::URLSuffix": suffix,
        }
        if name in known:
            return known[name]
        if name in GIVEN_PSEUDO:
            if name in self._given:
                return self._given[name]
            return hole(f"{name} is not known offline", option(name), where, word=name == "AWS::AccountId")
        if name == "AWS::NotificationARNs":
            return hole(f"{name} is not known offline", where=where)
        message = f"there is no pseudo parameter {name!r}"
        raise _FaultError(where, "unknown-reference", message, suggestion=nearest(name, [*known, *GIVEN_PSEUDO]))

    def _get_att(self, argument: Any, where: Where) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
            raise _FaultError(
                where, "wrong-shape", "Fn::GetAtt takes a resource and its attribute", "RESOURCE.ATTRIBUTE"
            )
        attribute = self.value(parts[1], (*where, 1))
        if parts[0] not in self._resources:
            return self._unknown(parts[0], where)
        return self._resource(parts[0], attribute if isinstance(attribute, str) else "…", where)

    def _resource(self, logical: str, attribute: str, where: Where) -> Any:
        """What a reference to a resource is; `attribute` is empty for its Ref."""
        resource = self._resources[logical]
        kind = resource.get("Type") if isinstance(resource, dict) else None
        condition = resource.get("Condition") if isinstance(resource, dict) else None
        if isinstance(condition, str) and self.condition(condition, where) is False:
            message = f"{logical} is not made: its condition {condition} is false"
            raise _FaultError(where, "unknown-reference", message)
        if isinstance(kind, str) and kind in BATCH_TYPES and (not attribute or attribute.endswith("Arn")):
            return self._arn(logical, BATCH_TYPES[kind], where)
        shown = f"{logical}.{attribute}" if attribute else logical
        return hole(f"made by the stack: {kind} {shown}", where=where)

    def _arn(self, logical: str, kind: ObjectKind, where: Where) -> str | Unresolved:
        revision = (":", hole(f"the revision of {logical} is made by AWS", where=where, word=True))
        name = self.name(logical)
        return joined(
            [
                *("arn:", self._pseudo("AWS::Partition", where), ":batch:", self._region, ":"),
                *(self._pseudo("AWS::AccountId", where), f":{kind.arn_word}/"),
                name.at(where) if isinstance(name, Unresolved) else name,
                *(revision if kind.has_revisions else ()),
            ]
        )

    def _name(self, logical: str) -> str | Unresolved:
        resource = self._resources[logical]
        where: Where = ("Resources", logical, "Properties")
        properties = resource.get("Properties")
        member = property_of(BATCH_TYPES[resource["Type"]].name_member)
        if not isinstance(properties, dict) or member not in properties:
            return logical
        with self._entered(logical, where):
            name = self.value(properties[member], (*where, member))
        if name is NO_VALUE:
            return logical
        text = self._text(name, (*where, member), member)
        if isinstance(text, Unresolved) and not text.reported and not _is_asked_for(text):
            # What is named by AWS, or after a stack, goes by its logical id.
            self._called[_wording(text)] = logical
            message = f"the name of {logical} is not known: {text.why}"
            expected = text.remedy or "another name where there is one"
            finding = self._document.finding((*where, member), "named-by-id", message, expected=expected)
            self._findings.append(replace(finding, severity="info", suggestion=""))
            return logical
        return text

    def _entered(self, what: str, where: Where) -> _Entered:
        return _Entered(self._open, what, where)

    # Texts and lists

    def _text(self, value: Any, where: Where, what: str) -> str | Unresolved:
        if isinstance(value, Unresolved):
            return value
        text = text_of(value)
        if text is None:
            raise _FaultError(where, "wrong-shape", f"{what} is not a text", "a text or a number")
        return text

    def _list(self, value: Any, where: Where, what: str) -> list[Any] | Unresolved:
        found = self.value(value, where)
        if not isinstance(found, (list, Unresolved)):
            raise _FaultError(where, "wrong-shape", f"{what} is not a list", "a list")
        return found

    def _sub(self, argument: Any, where: Where) -> Any:
        template, own = argument, {}
        if isinstance(argument, list) and len(argument) == 2:
            template, own = argument
        if not isinstance(template, str) or not isinstance(own, dict):
            raise _FaultError(where, "wrong-shape", "Fn::Sub takes a text, or a text and its variables", "a text")
        return joined(self._pieces(template, own, where))

    def _pieces(self, template: str, own: dict[str, Any], where: Where) -> Iterator[str | Unresolved]:
        end = 0
        known: dict[str, str | Unresolved] = {}
        for match in _VARIABLE.finditer(template):
            yield template[end : match.start()]
            end = match.end()
            name = match[1].strip()
            if name.startswith("!"):
                yield f"${{{name[1:]}}}"
                continue
            if name not in known:
                known[name] = self._text(self._variable(name, own, where), where, f"${{{name}}}")
            yield known[name]
        yield template[end:]

    def _variable(self, name: str, own: dict[str, Any], where: Where) -> Any:
        if name in own:
            return self.value(own[name], (*where, 1, name))
        return self._get_att(name, where) if "." in name else self._ref(name, where)

    def _join(self, argument: Any, where: Where) -> Any:
        delimiter, value = self._arguments("Fn::Join", argument, where, "a delimiter and a list", 2)
        if not isinstance(delimiter, str):
            raise _FaultError((*where, 0), "wrong-shape", "the delimiter is not a text", "a text")
        items = self._list(value, (*where, 1), "what is joined")
        if isinstance(items, Unresolved):
            return items

        def pieces() -> Iterator[str | Unresolved]:
            for index, item in enumerate(items):
                if index:
                    yield delimiter
                yield self._text(item, (*where, 1, index), "what is joined")

        return joined(pieces())

    def _split(self, argument: Any, where: Where) -> Any:
        delimiter, value = self._arguments("Fn::Split", argument, where, "a delimiter and a text", 2)
        if not isinstance(delimiter, str) or not delimiter:
            raise _FaultError((*where, 0), "wrong-shape", "the delimiter is not a text", "a text")
        text = self._text(self.value(value, (*where, 1)), (*where, 1), "what is split")
        return split(delimiter, text)

    def _select(self, argument: Any, where: Where) -> Any:
        index, value = self._arguments("Fn::Select", argument, where, "an index and a list", 2)
        chosen = self.value(index, (*where, 0))
        items = self._list(value, (*where, 1), "what is selected from")
        if isinstance(chosen, Unresolved) or isinstance(items, Unresolved):
            return chosen if isinstance(chosen, Unresolved) else items
        text = text_of(chosen) or ""
        if not re.fullmatch("[0-9]{1,6}", text):
            raise _FaultError((*where, 0), "wrong-shape", "the index is not a number", "0 for the first")
        if int(text) >= len(items):
            message = f"there is no item {text} in a list of {len(items)}"
            raise _FaultError(where, "wrong-shape", message, "0 for the first")
        return items[int(text)]

    def _find_in_map(self, argument: Any, where: Where) -> Any:
        what = "the names of a mapping, of a key and of a key in it"
        *keys, options = [*self._arguments("Fn::FindInMap", argument, where, what, 3, 4), None][:4]
        names = [
            self._text(self.value(key, (*where, index)), (*where, index), "the key") for index, key in enumerate(keys)
        ]
        unknown = next((name for name in names if isinstance(name, Unresolved)), None)
        if unknown is not None:
            return unknown
        found: Any = self._mappings
        for index, name in enumerate(names):
            if isinstance(found, dict) and name in found:
                found = found[str(name)]
                continue
            if isinstance(options, dict) and "DefaultValue" in options:
                return self.value(options["DefaultValue"], (*where, 3, "DefaultValue"))
            known = list(found) if isinstance(found, dict) else []
            path = ".".join(("Mappings", *(str(each) for each in names[:index])))
            expected = f"one of {', '.join(known)}" if known and len(known) < 40 else ""
            message = f"{path} has no {name!r}"
            raise _FaultError(where, "unknown-reference", message, expected, nearest(str(name), known))
        return _dynamic(found, where)

    def _base64(self, argument: Any, where: Where) -> Any:
        text = self._text(self.value(argument, where), where, "what is encoded")
        if isinstance(text, Unresolved):
            return text
        return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")

    def _import_value(self, argument: Any, where: Where) -> Any:
        name = self._text(self.value(argument, where), where, "the name of an export")
        if isinstance(name, Unresolved) and name.reported:
            return name
        found = self._stacks.exported(name, self)
        if found is None:
            shown = f" {name}" if isinstance(name, str) else ""
            remedy = "the template that exports it, given together with this one"
            return hole(f"Fn::ImportValue{shown} is known to AWS only", remedy, where)
        return self._from(*found, where)

    def _get_stack_output(self, argument: Any, where: Where) -> Any:
        if not isinstance(argument, dict) or not {"StackName", "OutputName"} <= argument.keys():
            what = "Fn::GetStackOutput takes a stack and its output"
            raise _FaultError(where, "wrong-shape", what, "{StackName: …, OutputName: …}")
        stack, output = (
            self._text(self.value(argument[member], (*where, member)), (*where, member), member)
            for member in ("StackName", "OutputName")
        )
        found = None
        if isinstance(output, str) and "Region" not in argument and "RoleArn" not in argument:
            found = self._stacks.with_output(stack, output, self)
        if found is None:
            remedy = "the template of that stack, given together with this one"
            return hole(f"Fn::GetStackOutput {output} is known to AWS only", remedy, where)
        return self._from(found, str(output), where)

    def _from(self, other: Template, output: str, where: Where) -> Any:
        """The value of another template's output; what is missing in it is missed here."""
        value = other.output(output)
        return value.at(where) if isinstance(value, Unresolved) else value

    def _to_json_string(self, argument: Any, where: Where) -> Any:
        value = self.value(argument, where)
        unknown = next(_holes(value), None)
        return json.dumps(value, separators=(",", ":")) if unknown is None else unknown

    def _length(self, argument: Any, where: Where) -> Any:
        items = self._list(argument, where, "what is counted")
        return items if isinstance(items, Unresolved) else len(items)

    def _arguments(self, function: str, argument: Any, where: Where, what: str, least: int, most: int = 0) -> list[Any]:
        if not isinstance(argument, list) or not least <= len(argument) <= max(least, most):
            raise _FaultError(where, "wrong-shape", f"{function} takes {what}", "a list of these")
        return argument

    # Conditions

    def _if(self, argument: Any, where: Where) -> Any:
        what = "a condition's name and two values"
        name, holding, otherwise = self._arguments("Fn::If", argument, where, what, 3)
        if not isinstance(name, str):
            raise _FaultError(where, "wrong-shape", f"Fn::If takes {what}", "the name of a condition")
        held = self.condition(name, (*where, 0))
        if isinstance(held, Unresolved):
            return held.at(where)
        return self.value(holding, (*where, 1)) if held else self.value(otherwise, (*where, 2))

    def _named_condition(self, name: str, where: Where) -> bool | Unresolved:
        if name not in self._conditions:
            near = nearest(name, self._conditions)
            raise _FaultError(where, "unknown-reference", f"there is no condition {name!r}", suggestion=near)
        with self._entered(f"condition {name}", ("Conditions", name)):
            return self._truth(self._conditions[name], ("Conditions", name))

    def _truth(self, value: Any, where: Where) -> bool | Unresolved:
        function, argument = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
        inner = (*where, function)
        if function == "Condition" and isinstance(argument, str):
            return self.condition(argument, inner)
        if function == "Fn::Equals":
            return self._equal(argument, inner)
        if function not in _IN_CONDITIONS:
            expected = f"one of {', '.join(_IN_CONDITIONS)}, Condition"
            raise _FaultError(where, "wrong-shape", "not a condition", expected, nearest(function, _IN_CONDITIONS))
        most = 1 if function == "Fn::Not" else 10
        parts = self._arguments(function, argument, inner, "a list of conditions", 1, most)
        truths = [self._truth(part, (*inner, index)) for index, part in enumerate(parts)]
        if function == "Fn::Not":
            return truths[0] if isinstance(truths[0], Unresolved) else not truths[0]
        # One that is false settles `and`, one that is true settles `or`, whatever is not known.
        settling = function == "Fn::Or"
        if any(truth is settling for truth in truths):
            return settling
        return next((truth for truth in truths if isinstance(truth, Unresolved)), not settling)

    def _equal(self, argument: Any, where: Where) -> bool | Unresolved:
        sides = self._arguments("Fn::Equals", argument, where, "two values", 2)
        values = [self.value(side, (*where, index)) for index, side in enumerate(sides)]
        unknown = next(_holes(values), None)
        if unknown is not None:
            return unknown
        first, second = (value if text_of(value) is None else text_of(value) for value in values)
        return bool(first == second)

    #: The functions that have a value offline.
    functions: ClassVar[dict[str, Callable[[Evaluator, Any, Where], Any]]] = {
        "Ref": _ref,
        "Fn::GetAtt": _get_att,
        "Fn::Sub": _sub,
        "Fn::Join": _join,
        "Fn::Split": _split,
        "Fn::Select": _select,
        "Fn::FindInMap": _find_in_map,
        "Fn::Base64": _base64,
        "Fn::ImportValue": _import_value,
        "Fn::GetStackOutput": _get_stack_output,
        "Fn::ToJsonString": _to_json_string,
        "Fn::Length": _length,
        "Fn::If": _if,
    }


class _Entered:
    """Being inside of a definition: entering it again is a cycle."""

    def __init__(self, entered: list[str], what: str, where: Where) -> None:
        self._entered, self._what, self._where = entered, what, where

    def __enter__(self) -> None:
        if self._what in self._entered:
            cycle = [*self._entered[self._entered.index(self._what) :], self._what]
            raise _FaultError(self._where, "cycle", f"it depends on itself: {' → '.join(cycle)}")
        self._entered.append(self._what)

    def __exit__(self, *_: object) -> None:
        self._entered.pop()


def _mapping(document: Document, section: str) -> dict[str, Any]:
    found = document.values.get(section)
    return found if isinstance(found, dict) else {}


def _is_asked_for(value: Unresolved) -> bool:
    """Whether a parameter of the template is missing, which whoever imports it can give."""
    stacks = {option(name) for name in GIVEN_PSEUDO}
    return any(hole.remedy and hole.remedy not in stacks for hole in value.holes)


def _wording(value: Unresolved) -> tuple[str, ...]:
    """What a text with holes is told apart by, wherever it stands."""
    return tuple(part if isinstance(part, str) else part.why for part in value.parts)


def _holes(value: Any) -> Iterator[Unresolved]:
    """What is not known in a value."""
    if isinstance(value, Unresolved):
        yield value
    elif isinstance(value, (dict, list)):
        for content in value.values() if isinstance(value, dict) else value:
            yield from _holes(content)


def _dynamic(value: Any, where: Where) -> Any:
    """A dynamic reference is looked up by AWS at deployment: ``{{resolve:ssm:name}}``."""
    match = _DYNAMIC.search(value) if isinstance(value, str) else None
    return value if match is None else hole(f"{match[0]} is looked up by AWS", where=where)
