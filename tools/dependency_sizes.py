"""What batchsim's dependencies cost to install: ``python -m tools.dependency_sizes`` rewrites the page's table.

The project is installed into an environment of its own, and the files of each distribution there are added up: what
a package has itself, and what comes with it that no other of the project's dependencies needs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dependencies.md"

#: Why each is there, and when it is imported.
REASONS = {
    "botocore": ("AWS's own model of Batch: which members a request has and of what kind", "reading a scenario"),
    "cronsim": ("instants of cron expressions, across changes of the clock", "a scenario with `cron`"),
    "jinja2": ("the page `report.html`, everything escaped", "writing a page"),
    "markupsafe": ("text that is safe in HTML, in the page and in notebooks", "writing a page, a notebook"),
    "matplotlib": ("`result.plot`, pictures of sweeps and frontiers", "drawing"),
    "numpy": ("the columns of jobs, attempts and instances; random streams", "always"),
    "pandas": ("the tables that users work with: `result.jobs` and all others", "asking for a table"),
    "pyarrow": ("results folders in Parquet, histories of millions of jobs", "writing or reading a folder"),
    "pydantic": ("the sections of a scenario: every fault in one go, and the schema for editors", "reading a scenario"),
    "rich": ("tables, colours and progress on the console", "printing"),
    "ruamel.yaml": ("YAML with the line of each key, and comments kept where a file is changed", "reading a scenario"),
    "scipy": (
        "Student's and beta quantiles of intervals, gamma run times, fitted distributions, the surrogate of `optimize`",
        "where one of them is asked for",
    ),
    "simpy": ("the clock of the simulation, and processes of one's own", "a run"),
    "sortedcontainers": ("queues in order of priority", "a run"),
}

_MEASURE = """
import importlib.metadata as metadata, json, pathlib
found = {}
for each in metadata.distributions():
    files = (pathlib.Path(each.locate_file(file)) for file in each.files or ())
    size = sum(path.stat().st_size for path in files if path.is_file())
    found[each.name] = {"version": each.version, "bytes": size, "requires": each.requires or []}
print(json.dumps(found))
"""


def installed(project: Path = ROOT) -> dict[str, Any]:
    """Name → version, bytes and requirements of everything in an environment that has the project alone."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(project)], check=True)  # noqa: S603
        told = subprocess.run([python, "-c", _MEASURE], check=True, capture_output=True, text=True)  # noqa: S603
    return {canonicalize_name(name): found for name, found in json.loads(told.stdout).items()}


def closure(name: str, found: Mapping[str, Any]) -> set[str]:
    """A distribution and everything that it needs, as far as it is installed."""
    needed: set[str] = set()
    waiting = [canonicalize_name(name)]
    while waiting:
        current = waiting.pop()
        if current in found and current not in needed:
            needed.add(current)
            waiting += [canonicalize_name(asked.name) for asked in _asked(found[current]["requires"])]
    return needed


def _asked(requires: list[str]) -> Iterator[Requirement]:
    """Requirements without those of extras."""
    for text in requires:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def dependencies() -> list[str]:
    """The distributions that the project names itself, in order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted(Requirement(each).name for each in project["dependencies"])


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """A row a dependency, and their sum."""
    names = dependencies()
    needs = {name: closure(name, found) for name in names}
    everything = set().union(*needs.values())
    size = {name: found[name]["bytes"] / 2**20 for name in everything}
    yield "| package | version | MiB | with what it alone brings | what for | imported for |"
    yield "|---|---|---:|---:|---|---|"
    for name in names:
        others = set().union(*(need for other, need in needs.items() if other != name))
        own, reason = canonicalize_name(name), REASONS[name]
        alone = sum(size[each] for each in (needs[name] - others) | {own})
        yield (f"| `{name}` | {found[own]['version']} | {size[own]:,.1f} | {alone:,.1f} | {reason[0]} | {reason[1]} |")
    yield ""
    day, python = datetime.now(UTC).date(), ".".join(map(str, sys.version_info[:2]))
    yield (
        f"{len(names)} packages of the project's own choice, {len(everything)} with what they need: "
        f"{sum(size.values()):,.0f} MiB installed (Python {python}, {sys.platform}, {day})."
    )


def main() -> int:
    """Measure, and rewrite the table of the page."""
    text = PAGE.read_text(encoding="utf-8")
    made = "\n".join(table(installed()))
    pattern = r"(<!-- made by tools/dependency_sizes.py -->\n\n).*?(<!-- end -->)"
    text = re.sub(pattern, lambda found: f"{found[1]}{made}\n\n{found[2]}", text, flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
