"""A scenario: made from a document that has no faults, frozen, equal by value, and able to say itself as YAML."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from batchsim._version import __version__, engine_build
from batchsim.catalog.catalog import BUNDLED, Catalog
from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.redaction import shown
from batchsim.scenario.batch.launch_templates import SECTION
from batchsim.scenario.batch.offerings import Market
from batchsim.scenario.checking import Checked, check, in_order, raise_errors
from batchsim.scenario.document.access import dig, mappings
from batchsim.scenario.document.document import Document, Where
from batchsim.scenario.document.overrides import Nowhere, apply, keys, paths_of_key, place_of
from batchsim.scenario.document.variants import applied, in_variant, require
from batchsim.scenario.resolve import resolve
from batchsim.scenario.sections.launch_template_files import FILE, with_launch_template_files
from batchsim.scenario.sections.models import NAME, TraceSource, Workflow
from batchsim.scenario.sections.parameters import Parameter, Requirements
from batchsim.scenario.silencing import silence
from batchsim.scenario.updates.timeline import Timeline
from batchsim.spec.distributions import DISTRIBUTIONS, Constant, as_given
from batchsim.spec.fields import Section
from batchsim.spec.resolved_scenario import ResolvedScenario
from batchsim.units import parse_instant

#: Members of the ``environment:`` section that are paths.
_PATHS = {
    ("environment", "prices", "catalog"),
    ("environment", "spot", "interruptions", "trace"),
    ("environment", "spot", "prices", "history"),
}
#: Sections of experiments, which no single run is made from.
EXPERIMENTS = ("variants", "sweep", "search")
_ORDER = ("name", "region", "start", "duration", "horizon", "warmUp", "seed")


@dataclass(frozen=True, eq=False, kw_only=True)
class Scenario(ResolvedScenario):
    """What is simulated: a configuration, a workload, and the world around them.

    Made by `batchsim.load`; changed copies are made by `with_` and `variant`.

    Attributes
    ----------
    batch : dict
        AWS's own request shapes, as they were written.
    workload : tuple
        Workflows and traces, as they were written.
    variants : dict
        Name → overrides by dotted path.
    sweep, search : tuple of Parameter
        What the sections of these names vary.
    requirements : Requirements or None
        What ``search.require`` says.
    warnings : tuple of Finding
        What is allowed and probably not meant.
    silenced : tuple of Finding
        What would be there too, were it not ignored.
    checked, market
        What changed copies need not check and make again.
    catalog : Catalog
        Where prices and instance types come from.
    """

    batch: Mapping[str, list[dict[str, Any]]]
    workload: tuple[Workflow | TraceSource, ...]
    variants: Mapping[str, Mapping[str, Any]]
    warnings: tuple[Finding, ...]
    document: Document
    checked: Checked
    market: Market
    catalog: Catalog = BUNDLED
    silenced: tuple[Finding, ...] = ()
    sweep: tuple[Parameter, ...] = ()
    search: tuple[Parameter, ...] = ()
    requirements: Requirements | None = None

    def __repr__(self) -> str:
        return f"<Scenario {self.name}: {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        from batchsim.scenario.overview import scenario_html

        return scenario_html(self, self.variants)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, every default filled in; the same for equal scenarios on any machine.

        A catalog of the user's is part of it, table by table.
        """
        content = self._content(self.base)
        if not self.catalog.is_bundled:
            content["catalog"] = self.catalog.digest
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def placed(self, findings: Iterable[Finding], entry: Where = ()) -> list[Finding]:
        """Findings with their file, line and column, where they have no file of their own: that of their path.

        Parameters
        ----------
        entry : tuple of str or int
            Where a finding without such a path belongs.
        """

        def at(finding: Finding) -> Finding:
            found = place_of(self.document.values, finding.path) if finding.path else entry
            where = entry if isinstance(found, Nowhere) else found
            return finding.at(*self.document.place(where)) if where else replace(finding, file=self.document.file)

        return [each if each.file else at(each) for each in findings]

    @property
    def variant_names(self) -> tuple[str, ...]:
        """The names of the variants, in their order."""
        return tuple(self.variants)

    def variant(self, name: str) -> Scenario:
        """The scenario with one variant's overrides applied.

        Raises
        ------
        ScenarioError
            If there is no such variant, or it has faults.
        """
        require(self.document, name)
        return variant_of(self.document, name, self.base, self)

    def with_(self, overrides: Mapping[str, Any] | None = None, /, **members: Any) -> Scenario:
        """A changed copy.

        Parameters
        ----------
        overrides : mapping, optional
            Dotted path → value, as in ``variants``.
        **members
            A member that the scenario has exactly once, by its name alone: ``with_(maxvCpus=64)``.

        Raises
        ------
        ScenarioError
            If a path leads nowhere, a member is not there exactly once, or the changed scenario is wrong.
        """
        changes = list((overrides or {}).items())
        for member, value in members.items():
            paths = paths_of_key(self.document.values, member)
            paths = [path for path in paths if path.partition(".")[0] not in EXPERIMENTS]
            if not paths:
                message, near = "the scenario has no such member", nearest(member, keys(self.document.values))
                raise ScenarioError([Finding("unknown-path", member, message, suggestion=near)])
            if len(paths) > 1:
                message = "the scenario has it more than once: give a path"
                raise ScenarioError([Finding("ambiguous-path", member, message, expected=" or ".join(paths))])
            changes.append((paths[0], value))
        return from_document(apply(self.document, changes, (self.document.file, 0, 0)), self.base, self)

    def without_experiments(self) -> Scenario:
        """The scenario without variants, sweep and search: what the points of a grid are made from, many at that."""
        given = self.document
        values = {key: value for key, value in given.values.items() if key not in EXPERIMENTS}
        document = replace(given, values=values, written=given.written or given)
        return replace(self, document=document, variants={}, sweep=(), search=(), requirements=None)

    def _content(self, relative_to: Path) -> dict[str, Any]:
        """Everything that decides the results, every default of our own sections filled in."""
        given = copy.deepcopy(self.document.values)
        given["workload"] = self._moved(("workload",), given["workload"], relative_to)
        self.move_experiments(given, relative_to)
        environment = self._moved(("environment",), as_written(self.environment), relative_to)
        filled = {
            **given,
            "name": self.name,
            "region": self.region,
            "start": self.start.isoformat().replace("+00:00", "Z"),
            "duration": self.duration_s,
            "horizon": self.horizon_s,
            # As it was written: what is found of it is found again.
            "warmUp": "auto" if self.warm_up_by == "MSER-5" else self.warm_up_s,
            "seed": self.seed,
            "environment": environment,
        }
        filled.pop("versions", None)
        ordered = {key: filled[key] for key in _ORDER if filled[key] is not None}
        return {**ordered, **{key: value for key, value in filled.items() if key not in _ORDER}}

    def move_experiments(self, values: dict[str, Any], folder: Path) -> None:
        """Change the paths in what the experiments of a document change to what they are from another folder."""
        for overrides in (values.get("variants") or {}).values():
            self._move(overrides, folder)
        for section in ("sweep", "search"):
            for name, form in (values.get(section) or {}).items():
                self._move_values(name, form, folder)

    def _move(self, overrides: Any, folder: Path) -> None:
        """Change the paths in some overrides to what they are as seen from another folder."""
        for path, value in overrides.items() if isinstance(overrides, dict) else ():
            overrides[path] = self._moved(tuple(path.split(".")), value, folder)

    def _move_values(self, name: str, form: Any, folder: Path) -> None:
        """The same for the values of a parameter."""
        if isinstance(form, dict):
            for overrides in (form.get("choices") or {}).values():
                self._move(overrides, folder)
            form = form.get("values")
        if isinstance(form, list):
            form[:] = [self._moved(tuple(name.split(".")), value, folder) for value in form]

    def _moved(self, where: tuple[str, ...], value: Any, folder: Path) -> Any:
        """A value of the scenario, the paths in it as seen from another folder."""
        if isinstance(value, dict):
            return {key: self._moved((*where, key), each, folder) for key, each in value.items()}
        if isinstance(value, list):
            return [self._moved((*where, str(index)), each, folder) for index, each in enumerate(value)]
        return self.relative(value, folder) if isinstance(value, str) and _is_path(where) else value

    def relative(self, path: str, folder: Path) -> str:
        """A path of the scenario as seen from another folder."""
        return Path(os.path.relpath((self.base / path).resolve(), folder.resolve())).as_posix()

    def to_yaml(self, *, relative_to: Path | None = None, seed: int | None = None, public: bool = False) -> str:
        """The scenario as it is run: every default filled in, seed and versions stated.

        Parameters
        ----------
        relative_to : Path, optional
            Folder from which the paths of traces and of a catalog shall work; the scenario's own without it.
        seed : int, optional
            The seed that was used instead of the scenario's own.
        public : bool
            Without the ``deployment:`` section, account ids and the values of variables that look like secrets: none
            of them bears on a result.
        """
        from io import StringIO

        from ruamel.yaml import YAML

        from batchsim.scenario.batch.service_model import botocore_version

        content = self._content(relative_to or self.base)
        content["seed"] = self.seed if seed is None else seed
        if public:
            content = {key: shown(value) for key, value in content.items() if key != "deployment"}
        content["versions"] = {"batchsim": __version__, "engine": engine_build(), "botocore": botocore_version()}
        if not self.catalog.is_bundled:
            content["versions"]["catalog"] = self.catalog.digest
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # keep the order in which a person wrote it
        yaml.width = 120
        text = StringIO()
        yaml.dump(content, text)
        return text.getvalue()


def from_document(document: Document, base: Path, before: Scenario | None = None) -> Scenario:
    """Check a document and make the scenario; its variants are not looked at.

    Parameters
    ----------
    before : Scenario, optional
        The one whose document was changed: what both share is not checked and made again.

    Raises
    ------
    ScenarioError
        With every finding.
    """
    document = with_launch_template_files(document, base)
    checked = check(document, base=base, before=None if before is None else before.checked)
    findings = list(checked.findings)
    raise_errors(silence(findings, document))
    frame = checked.frame
    assert frame is not None  # noqa: S101 (a frame that is None has findings)
    start = parse_instant(frame.start)
    resolved = resolve(
        document,
        checked.workload,
        frame.region,
        start,
        frame.environment,
        base,
        checked.catalog,
        None if before is None else before.market,
        Timeline(document, checked.updates, start, frame.duration, frame.horizon) if checked.updates else None,
    )
    findings += resolved.findings
    told = silence(findings, document)
    raise_errors(told)
    return Scenario(
        name=frame.name,
        region=frame.region,
        start=start,
        duration_s=frame.duration,
        horizon_s=frame.horizon,
        warm_up_s=None if frame.warm_up == "auto" else frame.warm_up,
        warm_up_by=None if frame.warm_up is None else "MSER-5" if frame.warm_up == "auto" else "stated",
        seed=frame.seed,
        batch=document.values["batch"],
        workload=checked.workload,
        environment=frame.environment,
        variants=document.values.get("variants") or {},
        objectives=checked.objectives,
        sources=resolved.sources,
        configuration=resolved.configuration,
        updates=resolved.updates,
        warnings=tuple(in_order(told)),
        silenced=tuple(finding for finding in in_order(findings) if finding not in told),
        base=base,
        document=document,
        catalog=checked.catalog,
        checked=checked,
        market=resolved.market,
        price_sources=resolved.price_sources,
        sweep=checked.sweep,
        search=checked.search,
        requirements=checked.requirements,
    )


def variant_of(document: Document, name: str, base: Path, before: Scenario | None = None) -> Scenario:
    """The scenario that a document's variant is; `before` as in `from_document`.

    Raises
    ------
    ScenarioError
        With every finding, at the variant's place and by its name.
    """
    findings = list(_no_name(document, name))
    try:
        made = from_document(applied(document, name), base, before)
    except ScenarioError as error:
        findings += error.findings
    if findings:
        raise ScenarioError([in_variant(document, name, finding) for finding in findings])
    return made


def _no_name(document: Document, variant: str) -> Iterator[Finding]:
    """A variant whose results can't get a folder of its name."""
    if not re.fullmatch(NAME, variant):
        expected = "letters, digits, - _ . and a letter or digit first"
        yield document.finding(("variants", variant), "name", f"{variant!r} is no name", expected=expected)


def as_written(value: Any) -> Any:
    """A section, or what is in one, as a scenario writes it, defaults included."""
    if isinstance(value, (Constant, *DISTRIBUTIONS.values())):
        return as_given(value)  # type: ignore[arg-type]
    if isinstance(value, Section):
        return {key: as_written(member) for key, member in _members(value) if member is not None}
    if isinstance(value, dict):
        return {key: as_written(member) for key, member in value.items()}
    return [as_written(member) for member in value] if isinstance(value, tuple) else value


def _members(section: Section) -> Iterator[tuple[str, Any]]:
    """What a section says, by the keys that a scenario has for it."""
    for name, info in type(section).model_fields.items():
        yield info.alias or name, getattr(section, name)


def _is_path(where: tuple[str, ...]) -> bool:
    """Whether what a dotted path leads to names a file: a trace's, a launch template's, a recording's, a catalog's."""
    in_workload = where[:1] == ("workload",) and where[2:] == ("trace", "path")
    return in_workload or where in _PATHS or (where[:1] == (SECTION,) and where[-1] == FILE)


def paths_of_files(values: Mapping[str, Any]) -> Iterator[Where]:
    """Where a document names files by their path: traces, launch templates, recordings, a catalog."""
    for where, entry in mappings(values, (), "workload"):
        if isinstance(entry.get("trace"), dict) and "path" in entry["trace"]:
            yield *where, "trace", "path"
    for where, entry in mappings(values, (), SECTION):
        if isinstance(entry.get(FILE), str):
            yield *where, FILE
    for steps in sorted(_PATHS):
        if isinstance(dig(values, *steps), str):
            yield steps
