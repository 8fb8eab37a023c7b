"""The launch templates of a scenario: which version an environment launches from, and what its data say.

A scenario holds them as EC2 takes or gives them: CreateLaunchTemplate requests, or versions as
DescribeLaunchTemplateVersions describes them, in EC2's spelling or with a small first letter as Batch's members have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from batchsim.scenario.document.access import mappings, whole
from batchsim.scenario.document.document import Where

#: The section of a scenario that holds them.
SECTION = "launchTemplates"
DEFAULT, LATEST = "$Default", "$Latest"


class UnknownVersionError(LookupError):
    """A version that is asked for and not given: what is wrong, and what would be right."""

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message, expected)
        self.message, self.expected = message, expected


def canonical(value: Any) -> Any:
    """A value with each key's first letter small: ``BlockDeviceMappings`` is ``blockDeviceMappings``."""
    return _spelled(value, str.lower)


def as_ec2(value: Any) -> Any:
    """A value with each key's first letter large, as EC2 spells members."""
    return _spelled(value, str.upper)


def _spelled(value: Any, spell: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {spell(str(key)[:1]) + str(key)[1:]: _spelled(each, spell) for key, each in value.items()}
    return [_spelled(each, spell) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class LaunchTemplateVersion:
    """One version of a launch template.

    Attributes
    ----------
    name, id : str
        Empty where they are not given.
    number : int
        1 where it is not given: that of a template that was just created.
    is_default : bool or None
        None where it is not said.
    entry : dict
        All of it, small first letters.
    where : tuple
        Its place in the scenario.
    """

    name: str
    id: str
    number: int
    is_default: bool | None
    entry: Mapping[str, Any]
    where: Where

    @property
    def data(self) -> dict[str, Any]:
        """Its ``launchTemplateData``."""
        data = self.entry.get("launchTemplateData")
        return data if isinstance(data, dict) else {}

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.id


@dataclass(frozen=True)
class LaunchTemplates:
    """The launch templates that a scenario holds, by what environments call them."""

    versions: tuple[LaunchTemplateVersion, ...] = ()
    _by_reference: dict[str, list[LaunchTemplateVersion]] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self) -> None:
        for version in self.versions:
            for reference in {version.name, version.id} - {""}:
                self._by_reference.setdefault(reference, []).append(version)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> LaunchTemplates:
        """Those of a document's values; what has no name and no id is left out."""
        if SECTION not in values:
            return NONE_HELD
        made = [_version(where, canonical(entry)) for where, entry in mappings(values, (), SECTION)]
        return cls(tuple(version for version in made if version.name or version.id))

    def held(self, specification: Any) -> bool:
        """Whether the scenario holds what a LaunchTemplateSpecification refers to."""
        return reference_of(specification) in self._by_reference

    def version(self, specification: Mapping[str, Any]) -> LaunchTemplateVersion | None:
        """The version that a specification means; None where the scenario does not hold the template.

        API LaunchTemplateSpecification.version: a number, ``$Latest``, or ``$Default``, which is meant by none.

        Raises
        ------
        UnknownVersionError
            If the template is held and this version of it is not.
        """
        reference = reference_of(specification)
        versions = self._by_reference.get(reference)
        if versions is None:
            return None
        asked = str(specification.get("version") or DEFAULT)
        if asked == LATEST:
            return max(versions, key=lambda version: version.number)
        if asked == DEFAULT:
            return _default(reference, versions)
        found = next((version for version in versions if str(version.number) == asked), None)
        if found is None:
            known = ", ".join(str(number) for number in sorted({version.number for version in versions}))
            raise UnknownVersionError(f"the launch template {reference} has no version {asked} here", f"one of {known}")
        return found


def _default(reference: str, versions: list[LaunchTemplateVersion]) -> LaunchTemplateVersion:
    """The default version: what is said to be, or the only one of which nothing is said."""
    said = [version for version in versions if version.is_default]
    if said:
        return said[0]
    if len(versions) == 1 and versions[0].is_default is None:
        return versions[0]
    message = f"the default version of the launch template {reference} is not among those given"
    raise UnknownVersionError(message, "the one with defaultVersion: true, or a version in the environment")


def _version(where: Where, entry: Mapping[str, Any]) -> LaunchTemplateVersion:
    name, id_ = entry.get("launchTemplateName"), entry.get("launchTemplateId")
    is_default = entry.get("defaultVersion")
    return LaunchTemplateVersion(
        name if isinstance(name, str) else "",
        id_ if isinstance(id_, str) else "",
        whole(entry.get("versionNumber")) or 1,
        is_default if isinstance(is_default, bool) else None,
        entry,
        where,
    )


def reference_of(specification: Any) -> str:
    """The name or id by which a LaunchTemplateSpecification, or an override, refers to a template; empty for none."""
    if not isinstance(specification, dict):
        return ""
    reference = specification.get("launchTemplateName") or specification.get("launchTemplateId")
    return reference if isinstance(reference, str) else ""


def specifications(resources: Any, where: Where = ()) -> Iterator[tuple[Where, dict[str, Any]]]:
    """The launch template of some compute resources, then its overrides, each with its place."""
    specification = resources.get("launchTemplate") if isinstance(resources, dict) else None
    if isinstance(specification, dict):
        place: Where = (*where, "launchTemplate")
        yield place, specification
        yield from mappings(specification, place, "overrides")


def specification_for(specification: Mapping[str, Any], instance_type: str) -> Mapping[str, Any]:
    """What a type is launched from: the override that names it or its family, or the environment's own.

    API LaunchTemplateSpecificationOverride: an override is used in place of the default launch template.
    """
    family = instance_type.partition(".")[0]
    for _, override in mappings(specification, (), "overrides"):
        targets = override.get("targetInstanceTypes")
        if isinstance(targets, list) and (instance_type in targets or family in targets):
            return override
    return specification


NONE_HELD = LaunchTemplates()
