"""The values of a CloudFormation template, evaluated without AWS.

What depends on the parameters, the region and the template itself has a value; what other resources, other stacks or
AWS would have to tell is `Unresolved` and says why. Both spellings mean the same: ``{"Fn::Sub": …}`` and ``!Sub``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from batchsim.aws.importers.conditions import IN_CONDITIONS, truth
from batchsim.aws.importers.intrinsics import FUNCTIONS, OFFLINE
from batchsim.aws.importers.parameters import GIVEN_PSEUDO, Parameters, option
from batchsim.aws.importers.references import NAMED_BY
from batchsim.aws.importers.stacks import Stacks
from batchsim.aws.importers.template_functions import FunctionError, as_text, text_at
from batchsim.aws.importers.template_values import FAULTY, NO_VALUE, TooLongError, Unresolved, hole
from batchsim.errors import Finding, nearest
from batchsim.scenario.document.document import Document, Where

_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}{0,2}")


class Evaluator:
    """Evaluates the values of one template; see `batchsim.aws.importers.template_functions.Evaluation`.

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
        self.given = given
        self.region = region
        self.stacks = Stacks() if stacks is None else stacks
        self.stacks.add(self)
        self.resources = _section(document, "Resources")
        self.mappings = _section(document, "Mappings")
        self.conditions = _section(document, "Conditions")
        self.transformed = bool(document.values.get("Transform"))
        self._document = document
        self._outputs = _section(document, "Outputs")
        self._held: dict[str, bool | Unresolved] = {}
        self._names: dict[str, str | Unresolved] = {}
        self._called: dict[tuple[str, ...], str] = {}
        self._open: list[str] = []
        self._findings: list[Finding] = []

    @property
    def findings(self) -> list[Finding]:
        """About everything that was evaluated so far."""
        return [*self.parameters.findings, *self._findings]

    # What other templates may ask

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
                name = self._guarded(partial(text_at, self, export["Name"], where, "the name of an export"))
                if not (isinstance(name, Unresolved) and name.reported):
                    yield output, name

    def output(self, name: str) -> Any:
        """The value of an output."""

        def evaluate() -> Any:
            with self._entered(f"output {name}", ("Outputs", name)):
                content = self._outputs[name]
                value = content.get("Value") if isinstance(content, dict) else None
                return self.value(value, ("Outputs", name, "Value"))

        return self._guarded(evaluate)

    # Values

    def value(self, value: Any, where: Where) -> Any:
        """A value with every function in it evaluated; `NO_VALUE` if it is to be left out.

        Faults become findings, and `FAULTY` where they stood.
        """
        if isinstance(value, dict):
            return self._mapping(value, where)
        if isinstance(value, list):
            items = [self.value(item, (*where, index)) for index, item in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        if value is None:
            return self._fault(FunctionError(where, "null-value", "nothing is here", "a value, or the key left out"))
        return _dynamic(value, where)

    def _mapping(self, value: dict[str, Any], where: Where) -> Any:
        function = _function_in(value)
        if function is not None and len(value) == 1:
            return self._guarded(lambda: self._call(function, value[function], (*where, function)))
        if "Fn::Transform" in value:
            return hole("Fn::Transform is a macro that AWS runs", where=(*where, "Fn::Transform"))
        if function is not None and function != "Ref":
            message = f"{function} does not stand alone"
            return self._fault(FunctionError((*where, function), "wrong-shape", message, "a mapping of its own"))
        members = {key: self.value(content, (*where, key)) for key, content in value.items()}
        return {key: content for key, content in members.items() if content is not NO_VALUE}

    def _call(self, function: str, argument: Any, where: Where) -> Any:
        evaluate = FUNCTIONS.get(function)
        if evaluate is not None:
            try:
                return _dynamic(evaluate(self, argument, where), where)
            except TooLongError:
                raise FunctionError(where, "too-large", "the text grows too long") from None
        if function in OFFLINE:
            shown = f" {argument}" if isinstance(argument, str) else ""
            return hole(f"{function}{shown} is known to AWS only", where=where)
        if function in IN_CONDITIONS:
            message = f"{function} stands outside of a condition"
            raise FunctionError(where, "wrong-shape", message, "Fn::If with a condition")
        near = nearest(function, [*FUNCTIONS, *OFFLINE, *IN_CONDITIONS])
        raise FunctionError(where, "unknown-function", f"{function} is not evaluated", suggestion=near)

    # Conditions and names: each evaluated once

    def condition(self, name: str, where: Where) -> bool | Unresolved:
        """Whether a named condition holds."""
        if name not in self._held:
            held = self._guarded(lambda: self._named_condition(name, where))
            self._held[name] = held
        return self._held[name]

    def _named_condition(self, name: str, where: Where) -> bool | Unresolved:
        if name not in self.conditions:
            near = nearest(name, self.conditions)
            raise FunctionError(where, "unknown-reference", f"there is no condition {name!r}", suggestion=near)
        with self._entered(f"condition {name}", ("Conditions", name)):
            return truth(self, self.conditions[name], ("Conditions", name))

    def name(self, logical: str) -> str | Unresolved:
        """The name of a Batch resource: its own, or its logical id."""
        if logical not in self._names:
            name = self._guarded(lambda: self._name(logical))
            self._names[logical] = name
        return self._names[logical]

    def called(self, name: Unresolved) -> str | None:
        """What goes by a name that is not known: the logical id of the resource with just this name."""
        return self._called.get(_pieces_of(name))

    def _name(self, logical: str) -> str | Unresolved:
        resource = self.resources[logical]
        properties = resource.get("Properties")
        member = NAMED_BY[resource["Type"]]
        if not isinstance(properties, dict) or member not in properties:
            return logical
        where: Where = ("Resources", logical, "Properties")
        with self._entered(logical, where):
            name = self.value(properties[member], (*where, member))
        if name is NO_VALUE:
            return logical
        text = as_text(name, (*where, member), member)
        if not isinstance(text, Unresolved) or text.reported or _is_asked_for(text):
            return text
        # What is named by AWS, or after a stack, goes by its logical id.
        self._called[_pieces_of(text)] = logical
        message = f"the name of {logical} is not known: {text.why}"
        expected = text.remedy or "another name where there is one"
        finding = self._document.finding((*where, member), "named-by-id", message, expected=expected)
        self._findings.append(replace(finding, severity="info", suggestion=""))
        return logical

    # Faults

    def _guarded(self, evaluate: Callable[[], Any]) -> Any:
        """The value of a function, or `FAULTY` and a finding."""
        try:
            return evaluate()
        except FunctionError as fault:
            return self._fault(fault)

    def _fault(self, fault: FunctionError) -> Unresolved:
        finding = self._document.finding(
            fault.where, fault.code, fault.message, expected=fault.expected, suggestion=fault.suggestion
        )
        if finding not in self._findings:
            self._findings.append(finding)
        return FAULTY

    @contextmanager
    def _entered(self, what: str, where: Where) -> Iterator[None]:
        """Being inside of a definition: entering it again is a cycle."""
        if what in self._open:
            cycle = [*self._open[self._open.index(what) :], what]
            raise FunctionError(where, "cycle", f"it depends on itself: {' → '.join(cycle)}")
        self._open.append(what)
        try:
            yield
        finally:
            self._open.pop()


def _section(document: Document, section: str) -> dict[str, Any]:
    found = document.values.get(section)
    return found if isinstance(found, dict) else {}


def _is_asked_for(value: Unresolved) -> bool:
    """Whether a parameter of the template is missing, which whoever imports it can give."""
    stacks = {option(name) for name in GIVEN_PSEUDO}
    return any(each.remedy and each.remedy not in stacks for each in value.holes)


def _function_in(value: dict[str, Any]) -> str | None:
    """The first key that is the name of a function."""
    return next((key for key in value if key == "Ref" or key.startswith("Fn::")), None)


def _pieces_of(value: Unresolved) -> tuple[str, ...]:
    """What a text with holes is told apart by, wherever it stands."""
    return tuple(part if isinstance(part, str) else part.why for part in value.parts)


def _dynamic(value: Any, where: Where) -> Any:
    """A dynamic reference is looked up by AWS at deployment: ``{{resolve:ssm:name}}``."""
    match = _DYNAMIC.search(value) if isinstance(value, str) else None
    return value if match is None else hole(f"{match[0]} is looked up by AWS", where=where)
