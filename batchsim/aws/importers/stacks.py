"""Templates that are imported together: what one exports, another may import.

CloudFormation User Guide, *Outputs section*: an export's name is what ``Fn::ImportValue`` asks for. Names of stacks are
known to AWS only: where a name has such a piece, the one export that fits is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from batchsim.aws.importers.template_values import Unresolved
from batchsim.errors import nearest


class Template(Protocol):
    """What others may ask of a template."""

    @property
    def stem(self) -> str:
        """Its file without folder and endings."""

    def has_output(self, name: str) -> bool:
        """Whether it has this output."""

    def exports(self) -> Iterator[tuple[str, str | Unresolved]]:
        """Outputs that are exported, and as what."""

    def output(self, name: str) -> Any:
        """The value of an output."""


class Stacks:
    """The templates, in the order in which they came."""

    def __init__(self) -> None:
        self._templates: list[Template] = []

    def add(self, template: Template) -> None:
        """One more template."""
        self._templates.append(template)

    def exported(self, name: str | Unresolved, asking: Template) -> list[tuple[Template, str]]:
        """The templates and their outputs that may be meant by the name of an export."""
        fitting, exact = [], []
        for template in self._templates:
            if template is asking:
                continue
            for output, export in template.exports():
                if _may_be(name, export):
                    fitting.append((template, output))
                    exact += [(template, output)] * (name == export)
        return exact or fitting

    def nearest_export(self, name: str, asking: Template) -> str:
        """An export that may have been meant; empty without one."""
        others = (template for template in self._templates if template is not asking)
        return nearest(name, [export for each in others for _, export in each.exports() if isinstance(export, str)])

    def with_output(self, stack: str | Unresolved, output: str, asking: Template) -> Template | None:
        """The template of a stack: the one whose file is called so, else the only one that has such an output."""
        having = [each for each in self._templates if each is not asking and each.has_output(output)]
        named = [each for each in having if each.stem == stack]
        chosen = named or having
        return chosen[0] if len(chosen) == 1 else None


def _may_be(first: str | Unresolved, second: str | Unresolved) -> bool:
    """Whether two names may be the same one, a piece that is not known being any text."""
    if isinstance(first, str) and isinstance(second, str):
        return first == second
    if isinstance(first, Unresolved) and isinstance(second, Unresolved):
        return _texts(first) == _texts(second) != []
    if isinstance(first, Unresolved):
        return _matches(first, str(second))
    return isinstance(second, Unresolved) and _matches(second, first)


def _texts(value: Unresolved) -> list[str]:
    return [part for part in value.parts if isinstance(part, str)]


def _matches(pattern: Unresolved, text: str) -> bool:
    pieces = (re.escape(part) if isinstance(part, str) else ".+" for part in pattern.parts)
    return bool(_texts(pattern)) and re.fullmatch("".join(pieces), text) is not None
