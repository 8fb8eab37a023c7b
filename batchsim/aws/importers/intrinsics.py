"""CloudFormation's intrinsic functions, each as one function; `FUNCTIONS` says which there are.

A function's value may have holes (`batchsim.aws.importers.template_values`): what other resources, other stacks or AWS
would have to tell. Conditions are in `batchsim.aws.importers.conditions`, references in
`batchsim.aws.importers.references`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from batchsim.aws.importers.references import get_att, ref
from batchsim.aws.importers.stacks import Template
from batchsim.aws.importers.template_functions import (
    Evaluation,
    Function,
    FunctionError,
    arguments,
    as_text,
    holes,
    list_at,
    text_at,
)
from batchsim.aws.importers.template_values import Unresolved, hole, joined, split, text_of
from batchsim.errors import nearest
from batchsim.scenario.document.document import Where

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")

#: A key that a mapping does not have is told with those that it has, up to so many.
_MOST_SHOWN = 40


def sub(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::Sub``: a text with ``${Name}`` and ``${Resource.Attribute}`` replaced; ``${!Name}`` stays ``${Name}``."""
    text, own = argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        text, own = argument
    if not isinstance(text, str) or not isinstance(own, dict):
        raise FunctionError(where, "wrong-shape", "Fn::Sub takes a text, or a text and its variables", "a text")
    return joined(_pieces(template, text, own, where))


def _pieces(template: Evaluation, text: str, own: dict[str, Any], where: Where) -> Iterator[str | Unresolved]:
    end = 0
    known: dict[str, str | Unresolved] = {}
    for match in _VARIABLE.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        name = match[1].strip()
        if name.startswith("!"):
            yield f"${{{name[1:]}}}"
            continue
        if name not in known:
            known[name] = as_text(_variable(template, name, own, where), where, f"${{{name}}}")
        yield known[name]
    yield text[end:]


def _variable(template: Evaluation, name: str, own: dict[str, Any], where: Where) -> Any:
    if name in own:
        return template.value(own[name], (*where, 1, name))
    return get_att(template, name, where) if "." in name else ref(template, name, where)


def join(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::Join``: the items of a list as one text, a delimiter between them."""
    delimiter, value = arguments("Fn::Join", argument, where, "a delimiter and a list", 2)
    if not isinstance(delimiter, str):
        raise FunctionError((*where, 0), "wrong-shape", "the delimiter is not a text", "a text")
    items = list_at(template, value, (*where, 1), "what is joined")
    if isinstance(items, Unresolved):
        return items

    def pieces() -> Iterator[str | Unresolved]:
        for index, item in enumerate(items):
            if index:
                yield delimiter
            yield as_text(item, (*where, 1, index), "what is joined")

    return joined(pieces())


def split_(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::Split``: the pieces of a text between delimiters."""
    delimiter, value = arguments("Fn::Split", argument, where, "a delimiter and a text", 2)
    if not isinstance(delimiter, str) or not delimiter:
        raise FunctionError((*where, 0), "wrong-shape", "the delimiter is not a text", "a text")
    return split(delimiter, text_at(template, value, (*where, 1), "what is split"))


def select(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::Select``: the item of a list at an index, counted from 0."""
    index, value = arguments("Fn::Select", argument, where, "an index and a list", 2)
    chosen = template.value(index, (*where, 0))
    items = list_at(template, value, (*where, 1), "what is selected from")
    if isinstance(chosen, Unresolved) or isinstance(items, Unresolved):
        return chosen if isinstance(chosen, Unresolved) else items
    text = text_of(chosen) or ""
    if not re.fullmatch("[0-9]{1,6}", text):
        raise FunctionError((*where, 0), "wrong-shape", "the index is not a number", "0 for the first")
    if int(text) >= len(items):
        message = f"there is no item {text} in a list of {len(items)}"
        raise FunctionError(where, "wrong-shape", message, "0 for the first")
    return items[int(text)]


def find_in_map(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::FindInMap``: a value of a mapping by two keys, or its ``DefaultValue`` where there is none."""
    what = "the names of a mapping, of a key and of a key in it"
    *keys, options = [*arguments("Fn::FindInMap", argument, where, what, 3, 4), None][:4]
    names = [text_at(template, key, (*where, index), "the key") for index, key in enumerate(keys)]
    unknown = next((name for name in names if isinstance(name, Unresolved)), None)
    if unknown is not None:
        return unknown
    try:
        return _in_map(template.mappings, [str(name) for name in names], where)
    except FunctionError:
        if isinstance(options, dict) and "DefaultValue" in options:
            return template.value(options["DefaultValue"], (*where, 3, "DefaultValue"))
        raise


def _in_map(mappings: dict[str, Any], names: list[str], where: Where) -> Any:
    found: Any = mappings
    for index, name in enumerate(names):
        if not isinstance(found, dict) or name not in found:
            known = list(found) if isinstance(found, dict) else []
            expected = f"one of {', '.join(known)}" if known and len(known) < _MOST_SHOWN else ""
            message = f"{'.'.join(('Mappings', *names[:index]))} has no {name!r}"
            raise FunctionError(where, "unknown-reference", message, expected, nearest(name, known))
        found = found[name]
    return found


def base64_(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::Base64``: a text, encoded."""
    text = text_at(template, argument, where, "what is encoded")
    if isinstance(text, Unresolved):
        return text
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def import_value(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::ImportValue``: what another one of the templates exports."""
    name = text_at(template, argument, where, "the name of an export")
    if isinstance(name, Unresolved) and name.reported:
        return name
    found = template.stacks.exported(name, template)
    if len(found) == 1:
        return _output_of(*found[0], where)
    shown = f" {name}" if isinstance(name, str) else ""
    if found:
        several = ", ".join(f"{each.stem} ({output})" for each, output in found)
        return hole(f"Fn::ImportValue{shown} may be of {several}", "one export of that name", where)
    near = template.stacks.nearest_export(name, template) if isinstance(name, str) else ""
    remedy = "the template that exports it, given together with this one"
    return hole(f"Fn::ImportValue{shown} is known to AWS only", f"{near}, or {remedy}" if near else remedy, where)


def get_stack_output(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::GetStackOutput``: an output of another one of the templates."""
    if not isinstance(argument, dict) or not {"StackName", "OutputName"} <= argument.keys():
        what = "Fn::GetStackOutput takes a stack and its output"
        raise FunctionError(where, "wrong-shape", what, "{StackName: …, OutputName: …}")
    stack, output = (
        text_at(template, argument[member], (*where, member), member) for member in ("StackName", "OutputName")
    )
    found = None
    if isinstance(output, str) and "Region" not in argument and "RoleArn" not in argument:
        found = template.stacks.with_output(stack, output, template)
    if found is None:
        remedy = "the template of that stack, given together with this one"
        return hole(f"Fn::GetStackOutput {output} is known to AWS only", remedy, where)
    return _output_of(found, str(output), where)


def _output_of(other: Template, output: str, where: Where) -> Any:
    """The value of another template's output; what is missing in it is missed here."""
    value = other.output(output)
    return value.at(where) if isinstance(value, Unresolved) else value


def to_json_string(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::ToJsonString``: a value as a JSON document without spaces."""
    value = template.value(argument, where)
    unknown = next(holes(value), None)
    return json.dumps(value, separators=(",", ":")) if unknown is None else unknown


def length(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::Length``: how many items a list has."""
    items = list_at(template, argument, where, "what is counted")
    return items if isinstance(items, Unresolved) else len(items)


def if_(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::If``: one of two values, by a condition; the other one is not evaluated."""
    what = "a condition's name and two values"
    name, holding, otherwise = arguments("Fn::If", argument, where, what, 3)
    if not isinstance(name, str):
        raise FunctionError(where, "wrong-shape", f"Fn::If takes {what}", "the name of a condition")
    held = template.condition(name, (*where, 0))
    if isinstance(held, Unresolved):
        return held.at(where)
    return template.value(holding, (*where, 1)) if held else template.value(otherwise, (*where, 2))


#: The functions that have a value offline.
FUNCTIONS: dict[str, Function] = {
    "Ref": ref,
    "Fn::GetAtt": get_att,
    "Fn::Sub": sub,
    "Fn::Join": join,
    "Fn::Split": split_,
    "Fn::Select": select,
    "Fn::FindInMap": find_in_map,
    "Fn::Base64": base64_,
    "Fn::ImportValue": import_value,
    "Fn::GetStackOutput": get_stack_output,
    "Fn::ToJsonString": to_json_string,
    "Fn::Length": length,
    "Fn::If": if_,
}

#: Functions whose value AWS makes from what only it knows, and those that stand in rules or loops only
#: (CloudFormation Template Reference, *Intrinsic function reference* and *Rule-specific intrinsic functions*).
OFFLINE = (
    "Fn::GetAZs", "Fn::Cidr", "Fn::Transform", "Fn::ForEach", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll",
    "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn",
)  # fmt: skip


def key_of_tag(tag: str) -> str:
    """The long form of a YAML tag.

    Examples
    --------
    >>> key_of_tag("!Ref"), key_of_tag("!GetAtt")
    ('Ref', 'Fn::GetAtt')
    """
    short = tag.removeprefix("!")
    return short if short in ("Ref", "Condition") or short.startswith("Fn::") else f"Fn::{short}"
