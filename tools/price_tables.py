"""Makes ``on_demand_prices.csv`` and fills the other tables of prices: ``python -m tools.price_tables --help``.

On-demand prices of a family keep one factor to its prices in us-east-1, in every region and for every size. The public
table of the other regions (apache-libcloud) takes one of three products of a type without looking which: the ordinary
one, the one on dedicated instances (6 % or 10 % dearer) or one that costs nothing because its capacity is reserved. So
a family's factor in a region is found first, from all its sizes; a figure that has it is kept, every other is derived.

Marks in a cell: ``0.34`` is a figure of the source; ``~0.34`` is derived from the type's own family; ``~0.34:c6i`` by
the factor (or the statistics) of another family, the nearest of which the region has figures. Nothing is guessed for
types without evidence of being offered in the region.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import median
from typing import NamedTuple

from batchsim.catalog.catalog import rows
from batchsim.catalog.instance_types import InstanceType, instance_types, natural_key

HOME = "us-east-1"
DATA = Path(__file__).parents[1] / "batchsim" / "catalog" / "data"
#: What dedicated instances cost more, seen in every family of which a region has both.
DEDICATED = (1.06, 1.1)
#: Within this share prices agree with a factor: those of small sizes are rounded to a thousandth of a dollar.
AGREEING = 0.012
#: Types that us-east-1 does not have: their price where the factor is 1 (us-east-2).
ELSEWHERE = {
    "hpc6a.48xlarge": 2.88, "hpc6id.32xlarge": 5.7,
    "hpc7a.12xlarge": 7.2, "hpc7a.24xlarge": 7.2, "hpc7a.48xlarge": 7.2, "hpc7a.96xlarge": 7.2,
}  # fmt: skip
#: Regions where every family costs what it costs in us-east-1: so do all 235 of which libcloud has figures, but for
#: four whose only figure is that of dedicated instances.
TWINS = ("us-east-2", "us-west-2")
#: What Fargate on Graviton costs of what it costs on x86 (0.03238 of 0.04048 in us-east-1, as in every region seen).
FARGATE_ARM = 0.8
#: Price in us-east-1 on the day of the other regions' table, as in that table, of types that became cheaper since.
EARLIER = {
    "p4d.24xlarge": 32.7726, "p4de.24xlarge": 40.96575, "p5.48xlarge": 98.32, "p5en.48xlarge": 84.8,
    "u7i-12tb.224xlarge": 152.88, "u7in-16tb.224xlarge": 203.84, "u7in-24tb.224xlarge": 305.76,
    "u7in-32tb.224xlarge": 407.68,
}  # fmt: skip

#: Kinds of families among which one may stand in for another. Accelerators differ too much between classes.
_KINDS = (frozenset("acmrtxz"), frozenset({"d", "h", "i", "im", "is"}), frozenset({"g", "gr"}))

Prices = Mapping[str, float]


class Family(NamedTuple):
    """A family's name taken apart: ``c7gn`` is class c, generation 7, letters gn."""

    kind: str
    generation: int
    letters: str
    rest: str

    @classmethod
    def of(cls, name: str) -> Family:
        """Take a family's name apart."""
        match = re.fullmatch(r"([a-z]+?)-?(\d+)([a-z]*)(.*)", name)
        if match is None:
            return cls(name, 0, "", "")
        return cls(match[1], int(match[2]), match[3], match[4])

    @property
    def maker(self) -> str:
        """Of the processor: Graviton, AMD or Intel."""
        if self.kind == "a" or "g" in self.letters:
            return "g"
        return "a" if self.letters.startswith("a") else "i"


def family_of(name: str) -> str:
    """``c6i`` of ``c6i.large``."""
    return name.partition(".")[0]


def is_metal(name: str) -> bool:
    """Whether a type is bare metal."""
    return name.partition(".")[2].startswith("metal")


def nearest_families(name: str, known: Iterable[str]) -> list[str]:
    """Families that may stand in for one, the nearest first.

    Those of its class come first, then by maker of the processor, letters that differ, generations between, and the
    newer. Classes c, m, r, t, x, z and a may stand in for one another, and so may d, h, i, im and is, and g and gr;
    any other class (p, inf, trn, u, hpc …) only for itself.
    """
    near = {other: _distance(name, other) for other in known if other != name}
    return sorted((other for other, distance in near.items() if distance), key=lambda other: near[other])


@cache
def _distance(name: str, other: str) -> tuple[bool, bool, int, int, int, str] | tuple[()]:
    """How far a family is from another; nothing where it can't stand in for it."""
    one, two = Family.of(name), Family.of(other)
    if one.kind != two.kind and not any({one.kind, two.kind} <= kinds for kinds in _KINDS):
        return ()
    return (
        one.kind != two.kind,
        one.maker != two.maker,
        len(set(one.letters) ^ set(two.letters)),
        abs(one.generation - two.generation),
        -two.generation,
        other,
    )


def without_dedicated(prices: Prices, types: Mapping[str, InstanceType]) -> dict[str, float]:
    """Prices without those of bare metal that are the dedicated ones.

    Bare metal costs what the family's other sizes cost per vCPU; where all of those cost the same and it costs more, it
    is the price of dedicated tenancy.
    """
    per_vcpu = proportional(prices, types)
    kept = {}
    for name, usd in prices.items():
        rate = per_vcpu.get(family_of(name))
        if not (is_metal(name) and rate is not None and usd > rate * types[name].vcpus * (1 + AGREEING)):
            kept[name] = usd
    return kept


def proportional(prices: Prices, types: Mapping[str, InstanceType]) -> dict[str, float]:
    """Price per vCPU and hour of families whose sizes, two at least, all have the same."""
    rates: dict[str, list[float]] = {}
    for name, usd in prices.items():
        if name in types and not is_metal(name):
            rates.setdefault(family_of(name), []).append(usd / types[name].vcpus)
    return {family: median(each) for family, each in rates.items() if len(each) > 1 and max(each) < min(each) * 1.01}


def factors(found: Prices, base: Prices, markups: Mapping[str, float]) -> dict[str, float]:
    """Factor of each family: its prices in a region by those in us-east-1.

    It is the lowest at which sizes agree, the others being the dearer of dedicated instances. Where all sizes agree
    they may all be of those: so they are when two of the five nearest families say so and none says otherwise. (Of the
    figures of families with both, 28 % are dedicated.)

    Parameters
    ----------
    found : mapping
        Figures of the region, the dedicated and the free among them.
    base : mapping
        Prices in us-east-1 on the same day.
    markups : mapping
        What dedicated instances of a family cost more.
    """
    sure, unsure = {}, {}
    for family, ratios in _ratios(found, base).items():
        lowest = [ratio for ratio in ratios if ratio < min(ratios) * (1 + AGREEING)]
        if len(lowest) < len(ratios) and all(
            any(abs(ratio / min(ratios) / markup - 1) < AGREEING for markup in (1, *DEDICATED)) for ratio in ratios
        ):
            sure[family] = median(lowest)
        elif len(lowest) == len(ratios):
            unsure[family] = median(lowest)
    known = {**unsure, **sure}
    result = dict(sure)
    for family, factor in unsure.items():
        near = [known[other] for other in nearest_families(family, sure or known)[:5]]
        ordinary = factor / markups.get(family, 1.0)
        dedicated = sum(abs(other / ordinary - 1) < AGREEING / 2 for other in near) > 1
        if dedicated and not any(abs(other / factor - 1) < AGREEING for other in near):
            factor = ordinary
        result[family] = factor
    return result


def markups(regions: Iterable[Prices], base: Prices) -> dict[str, float]:
    """What dedicated instances of each family cost more, where a region has figures of both."""
    seen: dict[str, list[float]] = {}
    for found in regions:
        for family, ratios in _ratios(found, base).items():
            for markup in DEDICATED:
                if any(abs(ratio / min(ratios) / markup - 1) < AGREEING / 2 for ratio in ratios):
                    seen.setdefault(family, []).append(markup)
    return {family: max(set(each), key=each.count) for family, each in seen.items()}


def _ratios(found: Prices, base: Prices) -> dict[str, list[float]]:
    """By family, figures of a region by those of us-east-1; bare metal and what is free left out."""
    ratios: dict[str, list[float]] = {}
    for name, usd in found.items():
        if usd > 0 and name in base and not is_metal(name):
            ratios.setdefault(family_of(name), []).append(usd / base[name])
    return ratios


def on_demand_cells(
    region: str,
    found: Prices,
    later: Prices,
    offered: Iterable[str],
    home: Prices,
    markup: Mapping[str, float],
) -> dict[str, str]:
    """The cells of a region.

    Parameters
    ----------
    found, later : mapping
        Figures of the older source, and of a newer one that go before.
    offered : iterable of str
        Types that the region has.
    home : mapping
        Prices in us-east-1, bare metal included.
    markup : mapping
        What dedicated instances of a family cost more.
    """
    factor = factors(found, {**home, **EARLIER}, markup)
    factor.update(factors(later, home, {}))
    if region in TWINS:
        factor = {family_of(name): 1.0 for name in home}
    cells: dict[str, str] = {}
    for name in sorted({*offered, *later}):
        family = family_of(name)
        usd = later.get(name)
        # A figure from before a price changed is no figure of today.
        if usd is None and family in factor and name in home and name not in EARLIER:
            usd = found.get(name, 0.0)
            if abs(usd / (home[name] * factor[family]) - 1) > AGREEING:
                usd = None
        if usd is not None:
            cells[name] = plain(usd)
        elif name in home:
            near = [family] if family in factor else nearest_families(family, factor)[:1]
            for other in near:
                mark = "" if other == family else f":{other}"
                cells[name] = f"~{plain(home[name] * factor[other])}{mark}"
        cells.setdefault(name, "~")
    return cells


def home_prices(prices: Prices, types: Mapping[str, InstanceType], offered: Iterable[str]) -> dict[str, str]:
    """The cells of us-east-1, and of any region all of whose figures are of one source: bare metal is derived."""
    kept = without_dedicated(prices, types)
    cells = {name: plain(usd) for name, usd in kept.items()}
    rates = proportional(kept, types)
    for name in {*offered, *prices} - {*cells}:
        known = name in types and family_of(name) in rates
        cells[name] = f"~{plain(rates[family_of(name)] * types[name].vcpus)}" if known else "~"
    return cells


def plain(usd: float, digits: int = 5) -> str:
    """A price to five digits after the point, as AWS gives them, without zeros at its end."""
    return f"{usd:.{digits}f}".rstrip("0").rstrip(".")


def figure(cell: str) -> float:
    """The price in a cell."""
    return float(cell.removeprefix("~").partition(":")[0])


def spot_cells(found: Mapping[str, str], priced: Iterable[str], types: Mapping[str, InstanceType]) -> dict[str, str]:
    """A region's Spot statistics, those of types that it lacks taken from their nearest neighbour.

    The neighbour is the size of the same family that is nearest in vCPUs, else such a size of the nearest family.
    """
    families: dict[str, list[str]] = {}
    for name in sorted(found, key=natural_key):
        if name in types and not is_metal(name):
            families.setdefault(family_of(name), []).append(name)
    cells = dict(found)
    for name in priced:
        if name in found or "spot" not in types[name].usage_classes:
            continue
        family = family_of(name)
        near = [family] if family in families else nearest_families(family, families)[:1]
        for other in near:
            vcpus = types[name].vcpus
            like = min(families[other], key=lambda each: abs(math.log(types[each].vcpus / vcpus)))
            cells[name] = f"~{found[like]}" if other == family else f"~{found[like]}:{other}"
    return cells


def regional(factors_of: Mapping[str, Iterable[float]], sources: Mapping[str, float]) -> dict[str, str]:
    """Cells of a price that a region has one of: where its source has none, that of us-east-1 by the median factor."""
    return {
        region: plain(sources[region], 6) if region in sources else f"~{plain(sources[HOME] * median(each))}"
        for region, each in factors_of.items()
    }


# Reading and writing


def of_source(table: str) -> dict[str, dict[str, str]]:
    """The figures of a table that are of its source, by region and type."""
    reader = rows(table)
    header = next(reader)
    columns: dict[str, dict[str, str]] = {region: {} for region in header[1:]}
    for row in reader:
        for region, cell in zip(header[1:], row[1:], strict=True):
            if cell and not cell.startswith("~"):
                columns[region][row[0]] = cell
    return columns


def of_karpenter(path: Path) -> dict[str, dict[str, float]]:
    """Prices by region of a generated table of aws/karpenter-provider-aws."""
    columns: dict[str, dict[str, float]] = {}
    region = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        opened = re.match(r'\s*"([a-z0-9-]+)": \{', line)
        if opened:
            region = opened[1]
        for name, usd in re.findall(r'"([a-z0-9-]+\.[a-z0-9-]+)": ([0-9.]+)', line):
            columns.setdefault(region, {})[name] = float(usd)
    return columns


def of_libcloud(path: Path) -> dict[str, dict[str, float]]:
    """Prices by region of apache-libcloud's ``pricing.json``."""
    columns: dict[str, dict[str, float]] = {}
    for name, prices in json.loads(path.read_text(encoding="utf-8"))["compute"]["ec2_linux"].items():
        for region, usd in prices.items() if "." in name else ():
            columns.setdefault(region, {})[name] = float(usd)
    return columns


def offered_in(folder: Path) -> dict[str, set[str]]:
    """Types by region of moto's ``instance_type_offerings/region``."""
    offered = {}
    for path in folder.glob("*.json.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            offered[path.name.partition(".")[0]] = {each["InstanceType"] for each in json.load(file)}
    return offered


def written(columns: Mapping[str, Mapping[str, str]]) -> str:
    """A table's text: a row per type, a column per region."""
    kinds = sorted({kind for column in columns.values() for kind in column})
    lines = [",".join(["instance_type", *columns])]
    lines += [",".join([kind, *(column.get(kind, "") for column in columns.values())]) for kind in kinds]
    return "\n".join(lines) + "\n"


def _later() -> Iterator[tuple[str, str, float]]:
    """Figures newer than the table of other regions: region, type, USD."""
    with (Path(__file__).parent / "later_prices.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row.pop("instance_type")
            yield from ((region, name, float(cell)) for region, cell in row.items() if cell)


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(prog="python -m tools.price_tables", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--karpenter", type=Path, nargs="+", required=True, help="zz_generated.pricing_aws*.go")
    parser.add_argument("--libcloud", type=Path, required=True, help="pricing.json")
    parser.add_argument("--offerings", type=Path, required=True, help="moto's instance_type_offerings/region")
    arguments = parser.parse_args()
    # Macs are no place for containers of Linux.
    types = {name: kind for name, kind in instance_types().items() if not name.startswith("mac")}
    new = {region: prices for path in arguments.karpenter for region, prices in of_karpenter(path).items()}
    new = {region: {name: usd for name, usd in prices.items() if name in types} for region, prices in new.items()}
    old, offerings = of_libcloud(arguments.libcloud), offered_in(arguments.offerings)
    advisor = of_source("spot_advisor.csv")
    later: dict[str, dict[str, float]] = {}
    for region, name, usd in _later():
        later.setdefault(region, {})[name] = usd
    columns = {HOME: home_prices(new[HOME], types, offerings[HOME] & {*types})}
    home = {**{name: figure(cell) for name, cell in columns[HOME].items() if cell != "~"}, **ELSEWHERE}
    markup = markups(old.values(), home)
    for region in sorted({*old, *new} - {HOME}):
        seen = {*old.get(region, ()), *offerings.get(region, ()), *advisor.get(region, ())} & {*types}
        if region in new:
            columns[region] = home_prices(new[region], types, ())
        else:
            columns[region] = on_demand_cells(region, old[region], later.get(region, {}), seen, home, markup)
    _write("on_demand_prices.csv", written(columns))
    priced = {region: [name for name, cell in column.items() if cell != "~"] for region, column in columns.items()}
    spot = {region: spot_cells(found, priced.get(region, ()), types) for region, found in advisor.items()}
    _write("spot_advisor.csv", written(spot))
    shares = {
        region: [
            figure(column[name]) / home[name] for name in priced[region] if ":" not in column[name] and name in home
        ]
        for region, column in columns.items()
    }
    _write_by_region(shares)


def _write_by_region(shares: Mapping[str, Iterable[float]]) -> None:
    """Fill the tables of gp3 volumes and of Fargate."""
    header, *lines = rows("ebs_prices.csv")
    cells = regional(shares, {region: float(usd) for region, usd in lines if not usd.startswith("~")})
    _write("ebs_prices.csv", "".join(f"{a},{b}\n" for a, b in [header, *cells.items()]))
    header, *lines = rows("fargate_prices.csv")
    # GovCloud and Local Zones are left to a catalog of the user's.
    commercial = {
        region: each for region, each in shares.items() if re.fullmatch(r"(?!us-gov)[a-z]+-[a-z]+-\d", region)
    }
    table = [header]
    for architecture, share in (("X86_64", 1.0), ("ARM64", FARGATE_ARM)):
        columns = []
        for place in (2, 3):
            own: dict[str, dict[str, float]] = {"X86_64": {}, "ARM64": {}}
            for line in lines:
                if not line[place].startswith("~"):
                    own[line[1]][line[0]] = float(line[place])
            cells = regional(commercial, own["X86_64"])
            if architecture == "ARM64":
                cells = {region: f"~{plain(figure(cell) * share)}" for region, cell in cells.items()}
            columns.append({**cells, **{region: plain(usd, 6) for region, usd in own[architecture].items()}})
        table += [[region, architecture, columns[0][region], columns[1][region]] for region in commercial]
    _write("fargate_prices.csv", "".join(",".join(line) + "\n" for line in table))


def _write(table: str, text: str) -> None:
    (DATA / table).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
