"""Makes the parts of the reference pages that come from the code: ``python -m tools.reference_pages [--check]``.

A page says itself what is made and from what, between ``<!-- made from … -->`` and ``<!-- end -->``; everything else in
it is written by hand, in the page. On the pages about a scenario's own sections it is the cells of tables that say what
a key means, and its unit.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from batchsim.catalog.instance_types import expand
from batchsim.catalog.prices import derived_prices, offered_without_price, on_demand_usd_per_hour
from batchsim.scenario.batch import launch_template_coverage
from batchsim.scenario.batch.member_coverage import MEMBERS, members
from batchsim.scenario.rules import RULES
from batchsim.scenario.schema.own_sections import keys
from batchsim.scenario.sections.keys import KEYS
from batchsim.spec.assumption_ranges import RANGES, written
from batchsim.spec.distributions import DISTRIBUTIONS
from tools.command_reference import commands

DOCS = Path(__file__).resolve().parents[1] / "docs"

#: Families and regions whose prices are looked at on the page about prices.
FAMILIES = ("c5", "m5", "r5", "c6i", "m6i", "r6i", "c7i", "m6g", "c6g", "r6g", "c7g")
REGIONS = (
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2",
    "eu-central-1", "eu-north-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2",
)  # fmt: skip

#: Who looks at the rules of a stage.
_LOOKED_AT_BY = {
    "simulation": "every command",
    "deployment": "`validate`, `export`, `deploy`",
    "submission": "`validate`, `deploy --submit`",
    "review": "`validate`",
}


def rules() -> Iterator[str]:
    """The table of all rules, those with a number first."""
    yield "| number | code | severity | looked at by | what holds | source |"
    yield "|---|---|---|---|---|---|"
    rows = sorted({(r.number or "~", r.code, r.severity, _LOOKED_AT_BY[r.stage], r.title, r.source) for r in RULES})
    for number, code, *rest in rows:
        yield f"| {number.replace('~', '')} | `{code}` | {' | '.join(rest)} |"


def modelled() -> Iterator[str]:
    """A table of each shape of AWS's requests and of EC2's launch templates: its members, and what becomes of them."""
    current = ""
    of_batch = ((each, MEMBERS[".".join(each)]) for each in members())
    of_ec2 = ((each, launch_template_coverage.MEMBERS[".".join(each)]) for each in launch_template_coverage.members())
    for (shape, member), known in (*of_batch, *of_ec2):
        if shape != current:
            yield from ([""] if current else [])
            yield from (f"## {shape}", "", "| member | | how | source |", "|---|---|---|---|")
            current = shape
        yield f"| `{member}` | {known.treatment} | {known.how} | {known.source} |"


def prices() -> Iterator[str]:
    """Sizes with a figure, with one of their family's, with one of another's: of common families and large regions."""
    yield f"| region | {' | '.join(FAMILIES)} |"
    yield "|---" * (len(FAMILIES) + 1) + "|"
    for region in REGIONS:
        cells = [" + ".join(str(n) for n in priced_sizes(region, family)[:3]) for family in FAMILIES]
        yield f"| {region} | {' | '.join(cells)} |"


def priced_sizes(region: str, family: str) -> tuple[int, int, int, int]:
    """Sizes of a family with a figure, derived from the family, derived from another, without a price."""
    names = [kind.name for kind in expand(family)]
    priced, derived = on_demand_usd_per_hour(region), derived_prices(region)
    figures = sum(name in priced and name not in derived for name in names)
    own = sum(derived.get(name) == family for name in names)
    other = sum(name in derived and derived[name] != family for name in names)
    return figures, own, other, sum(name in offered_without_price(region) for name in names)


def ranges() -> Iterator[str]:
    """What each assumption may be instead."""
    yield "| key | default | instead | evidence |"
    yield "|---|---|---|---|"
    for each in RANGES:
        others = "; ".join(map(written, each.others))
        yield f"| `{each.key}` | {written(each.default)} | {others} | {each.evidence} |"


def scenario() -> Iterator[str]:
    """A table of each section of a scenario that is batchsim's own, but for `environment`, which has its own page."""
    known = [key for key in keys() if key.path.partition(".")[0] not in DISTRIBUTIONS]
    sections: dict[str, list[str]] = {"": []}
    for key in sorted(known, key=lambda key: "." in key.path):  # stable: the sections themselves come first
        section, _, name = key.path.partition(".")
        repeated = key.path.startswith("workload.trace.arrivals.")  # as of workflows
        if (section == "environment" and name) or repeated:
            continue
        said = KEYS[key.name]
        default = f"`{key.default}`" if key.default and "1, 1, 1" not in key.default else ""
        row = f"| `{name or section}` | {default} | {said.unit} | {said.meaning} |"
        sections.setdefault(section if name else "", []).append(row)
    for section, rows in sections.items():
        yield from ("", f"## `{section}`") if section else ()
        yield from ("", "| key | default | unit | meaning |", "|---|---|---|---|", *rows)


#: Page → what its made part is made from, and by what.
PAGES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "rules.md": ("batchsim/scenario/rules", rules),
    "what-is-modelled.md": ("batchsim/scenario/batch/member_coverage.py", modelled),
    "prices.md": ("the tables", prices),
    "defaults.md": ("batchsim/spec/assumption_ranges.py", ranges),
    "commands.md": ("the command line's parser", commands),
    "scenario.md": ("batchsim/scenario/sections/keys.py", scenario),
}

#: Page → what its tables of keys are about, and what the keys under a heading begin with.
PAGES_OF_KEYS: dict[str, dict[str, str]] = {
    "environment.md": {"": "environment.", "environment": "environment."},
    "workload.md": {"arrivals": "workload.arrivals.", "failure": "workload.jobs.failure."},
}


def with_meanings(name: str, text: str) -> str:
    """The text of a page with each key's meaning, and its unit where a column is for it, from the table of keys."""
    named = {key.path: key.name for key in keys()}
    starts = PAGES_OF_KEYS[name]
    section = ""
    header: list[str] = []
    made: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if heading := re.fullmatch(r"#+ `([\w.]+)`", line):
            section = starts.get(heading[1], f"{starts.get('', '')}{heading[1]}.")
        header = [] if not cells else header or cells
        key = re.match(r"`(\w+)", cells[0]) if header[:1] == ["key"] else None
        said = KEYS.get(named.get(f"{section}{key[1]}", "")) if key else None
        if said is not None:
            cells[-1] = said.meaning
            if "unit" in header:
                cells[header.index("unit")] = said.unit
            made.append("".join(f"| {cell} " if cell else "| " for cell in cells) + "|")
        else:
            made.append(line)
    return "\n".join(made) + "\n"


def made_anew(name: str, text: str) -> str:
    """The text of a page with its made part as the code has it.

    Raises
    ------
    ValueError
        If the page does not say where that is.
    """
    if name in PAGES_OF_KEYS:
        return with_meanings(name, text)
    source, make = PAGES[name]
    part = re.compile(rf"(?<=<!-- made from {re.escape(source)} -->\n).*?(?=<!-- end -->)", re.DOTALL)
    if not part.search(text):
        raise ValueError(f"{name} has no part between <!-- made from {source} --> and <!-- end -->")
    made = "\n".join(["", *make(), "", ""])
    return part.sub(lambda _: made, text, count=1)


def main(arguments: list[str] | None = None) -> int:
    """Write the pages anew, or say which of them are not as the code has them."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference_pages", description=__doc__.partition(":")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is not up to date")
    check = parser.parse_args(arguments).check
    stale = []
    for name in (*PAGES, *PAGES_OF_KEYS):
        path = DOCS / name
        text = path.read_text(encoding="utf-8")
        made = made_anew(name, text)
        if made != text:
            stale.append(name)
            if not check:
                path.write_text(made, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"docs/{name} {'is not as the code has it' if check else 'was made anew'}\n")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
