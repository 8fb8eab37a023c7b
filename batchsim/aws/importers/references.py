"""What refers to something by its name: ``Ref`` and ``Fn::GetAtt``, of parameters, pseudo parameters and resources."""

from __future__ import annotations

from typing import Any

from batchsim.aws.cloudformation_names import property_of
from batchsim.aws.importers.parameters import GIVEN_PSEUDO, option
from batchsim.aws.importers.template_functions import Evaluation, FunctionError
from batchsim.aws.importers.template_values import NO_VALUE, Unresolved, hole, joined
from batchsim.aws.launch_templates import CLOUDFORMATION
from batchsim.aws.objects import OBJECTS, ObjectKind
from batchsim.errors import nearest
from batchsim.scenario.document.document import Where

#: The kinds of Batch object by their resource types.
BATCH_TYPES = {kind.cloudformation: kind for kind in OBJECTS.values()}
#: The property that names a resource, by its type.
NAMED_BY = {
    **{type_: property_of(kind.name_member) for type_, kind in BATCH_TYPES.items()},
    CLOUDFORMATION: "LaunchTemplateName",
}

_PARTITIONS = {"cn-": ("aws-cn", "amazonaws.com.cn"), "us-gov-": ("aws-us-gov", "amazonaws.com")}


def ref(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Ref``: the value of a parameter; of a Batch resource its ARN."""
    if not isinstance(argument, str):
        raise FunctionError(where, "wrong-shape", "Ref takes a name", "Ref: NAME")
    if argument in template.parameters.names:
        return template.parameters.value(argument, where)
    if argument in template.resources:
        return _resource(template, argument, "", where)
    if argument.startswith("AWS::"):
        return _pseudo(template, argument, where)
    return _unknown(template, argument, where)


def get_att(template: Evaluation, argument: Any, where: Where) -> Any:
    """``Fn::GetAtt``: an attribute of a resource; of those of Batch the ARN is known."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        raise FunctionError(where, "wrong-shape", "Fn::GetAtt takes a resource and its attribute", "RESOURCE.ATTRIBUTE")
    attribute = template.value(parts[1], (*where, 1))
    if parts[0] not in template.resources:
        return _unknown(template, parts[0], where)
    return _resource(template, parts[0], attribute if isinstance(attribute, str) else "…", where)


def _unknown(template: Evaluation, name: str, where: Where) -> Unresolved:
    if template.transformed:
        # A transform adds resources of its own: a role for a function, for instance.
        return hole(f"{name} is not in the template as it is written", where=where)
    known = [*template.parameters.names, *template.resources]
    message = f"there is no parameter or resource {name!r}"
    raise FunctionError(where, "unknown-reference", message, suggestion=nearest(name, known))


def _pseudo(template: Evaluation, name: str, where: Where) -> Any:
    partition, suffix = next(
        (names for start, names in _PARTITIONS.items() if template.region.startswith(start)), ("aws", "amazonaws.com")
    )
    known: dict[str, Any] = {
        "AWS::NoValue": NO_VALUE,
        "AWS::Region": template.region,
        "AWS::Partition": partition,
        "AWS::URLSuffix": suffix,
    }
    if name in known:
        return known[name]
    if name in GIVEN_PSEUDO:
        if name in template.given:
            return template.given[name]
        return hole(f"{name} is not known offline", option(name), where, digits=name == "AWS::AccountId")
    if name == "AWS::NotificationARNs":
        return hole(f"{name} is not known offline", where=where)
    message = f"there is no pseudo parameter {name!r}"
    raise FunctionError(where, "unknown-reference", message, suggestion=nearest(name, [*known, *GIVEN_PSEUDO]))


def _resource(template: Evaluation, logical: str, attribute: str, where: Where) -> Any:
    """What a reference to a resource is; `attribute` is empty for its Ref."""
    resource = template.resources[logical]
    written = resource if isinstance(resource, dict) else {}
    kind, condition = written.get("Type"), written.get("Condition")
    if isinstance(condition, str) and template.condition(condition, where) is False:
        message = f"{logical} is not made: its condition {condition} is false"
        raise FunctionError(where, "unknown-reference", message)
    if isinstance(kind, str) and kind in BATCH_TYPES and (not attribute or attribute.endswith("Arn")):
        return _arn(template, logical, BATCH_TYPES[kind], where)
    shown = f"{logical}.{attribute}" if attribute else logical
    return hole(f"made by the stack: {kind} {shown}", where=where, resource=(logical, attribute))


def _arn(template: Evaluation, logical: str, kind: ObjectKind, where: Where) -> str | Unresolved:
    revision = (":", hole(f"the revision of {logical} is made by AWS", where=where, digits=True))
    name = template.name(logical)
    return joined(
        [
            *("arn:", _pseudo(template, "AWS::Partition", where), ":batch:", template.region, ":"),
            *(_pseudo(template, "AWS::AccountId", where), f":{kind.arn_word}/"),
            name.at(where) if isinstance(name, Unresolved) else name,
            *(revision if kind.has_revisions else ()),
        ]
    )
