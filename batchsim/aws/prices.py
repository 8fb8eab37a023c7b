"""Live prices, instance types and Spot prices as a catalog of the user's own.

Prices come from the Price List API, which has endpoints in few regions, all with the prices of every region; instance
types and Spot prices from EC2 in each region. The Spot Instance Advisor has no API: its bundled table is kept.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from batchsim._version import __version__
from batchsim.atomic_folder import check_folder, written_whole
from batchsim.aws.client import AwsAccount
from batchsim.aws.descriptions import pages
from batchsim.catalog.catalog import BUNDLED
from batchsim.catalog.user_catalog import LONG, MARK, TABLES
from batchsim.errors import AwsError, Finding, ScenarioError
from batchsim.scenario.document.access import dig

#: A region whose endpoint of the Price List API knows all regions' prices.
PRICING_REGION = "us-east-1"
#: What a price of EC2 is asked for by: a plain Linux machine of one's own account's kind (API GetProducts, filters).
LINUX = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}
SPOT_PRODUCT = "Linux/UNIX"
#: Zones' prices are averaged to a millionth of a dollar.
_SMALLEST = Decimal("0.000001")
_FARGATE = re.compile(r"(?:[A-Z0-9]+-)?Fargate-(?P<arm>ARM-)?(?P<what>vCPU-Hours:perCPU|GB-Hours)")

CALLS = (
    "ec2:DescribeInstanceTypes",
    f"ec2:DescribeSpotPriceHistory {SPOT_PRODUCT}, mean over the zones",
    f"pricing:GetProducts AmazonEC2 {', '.join(LINUX.values())}",
    "pricing:GetProducts AmazonEC2 gp3",
    "pricing:GetProducts AmazonECS Fargate",
    f"spot_advisor.csv: as bundled with batchsim {__version__}",
)


@dataclass
class RegionFigures:
    """What AWS says of one region; money in US dollars.

    Attributes
    ----------
    types : dict
        Cells of ``instance_types.csv`` by instance type.
    on_demand, spot : dict
        Price per hour by instance type.
    fargate : dict
        Price per vCPU-hour and GB-hour by architecture.
    gp3 : Decimal or None
        Price per GB-month.
    """

    types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    on_demand: dict[str, Decimal] = field(default_factory=dict)
    spot: dict[str, Decimal] = field(default_factory=dict)
    fargate: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    gp3: Decimal | None = None


def refresh(
    account: AwsAccount,
    regions: Sequence[str],
    folder: Path,
    today: date,
    *,
    on_region: Callable[[int], None] = lambda _done: None,
) -> dict[str, RegionFigures]:
    """Write a catalog of live figures; an older one in the folder is replaced when the new one is complete.

    Parameters
    ----------
    regions : sequence of str
        Which regions the catalog shall hold; without any, the account's own.
    today : date
        The day that is written into ``catalog.json``.
    on_region : callable
        Told how many regions have been asked.

    Returns
    -------
    dict of str to RegionFigures
        What was fetched, by region, sorted.

    Raises
    ------
    ScenarioError
        If AWS has no instance types or prices for a region.
    AwsError
        If AWS refuses or does not answer.
    OutputError
        If the folder can't be written, or holds other files.
    """
    check_folder(folder, {MARK, *TABLES})
    pricing = replace(account, region=PRICING_REGION).client("pricing")
    found: dict[str, RegionFigures] = {}
    for region in sorted(set(regions)) or [str(account.client("ec2").meta.region_name)]:
        ec2 = replace(account, region=region).client("ec2")
        found[region] = RegionFigures(
            types=dict(_instance_types(ec2, region)),
            on_demand=_on_demand(pricing, region),
            spot=_spot(ec2, region),
            fargate=_fargate(pricing, region),
            gp3=_gp3(pricing, region),
        )
        on_region(len(found))
    findings = [
        Finding("aws", region, f"AWS gave no {what}", "a region of AWS, such as us-east-1")
        for region, figures in found.items()
        for what, figures_of_it in (("instance types", figures.types), ("on-demand prices", figures.on_demand))
        if not figures_of_it
    ]
    if findings:
        raise ScenarioError(findings)
    with written_whole(folder) as made:
        for name, text in {**_tables(found), MARK: _mark(found, today)}.items():
            (made / name).write_text(text, encoding="utf-8", newline="\n")
    return found


def _instance_types(ec2: Any, region: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Cells of instance types, in the order of the table's columns (API InstanceTypeInfo)."""
    for info in pages(ec2, "DescribeInstanceTypes", "InstanceTypes", region):
        gpus = dig(info, "GpuInfo", "Gpus") or []
        storage = dig(info, "InstanceStorageInfo", "TotalSizeInGB") or 0
        architectures = dig(info, "ProcessorInfo", "SupportedArchitectures") or []
        yield (
            info["InstanceType"],
            (
                info["InstanceType"],
                str(info["VCpuInfo"]["DefaultVCpus"]),
                str(info["MemoryInfo"]["SizeInMiB"]),
                str(sum(gpu.get("Count", 0) for gpu in gpus)),
                gpus[0].get("Name", "") if gpus else "",
                str(dig(info, "GpuInfo", "TotalGpuMemoryInMiB") or ""),
                # Macs are no place for containers of Linux.
                "|".join(sorted(each for each in architectures if not each.endswith("_mac"))),
                _flag(info.get("CurrentGeneration")),
                _flag(info.get("BurstablePerformanceSupported")),
                _flag(info.get("BareMetal")),
                str(storage),
                "|".join(sorted(info.get("SupportedUsageClasses", []))),
            ),
        )


def _flag(value: Any) -> str:
    return "1" if value else "0"


def _spot(ec2: Any, region: str) -> dict[str, Decimal]:
    """Mean over the zones of each type's latest Spot price."""
    latest: dict[tuple[str, str], tuple[datetime, Decimal]] = {}
    history = pages(
        ec2,
        "DescribeSpotPriceHistory",
        "SpotPriceHistory",
        region,
        StartTime=datetime.now(UTC),
        ProductDescriptions=[SPOT_PRODUCT],
    )
    for entry in history:
        price = _usd(entry.get("SpotPrice"))
        zone = str(entry.get("AvailabilityZone") or entry.get("AvailabilityZoneId") or "")
        if price is not None:
            key = entry["InstanceType"], zone
            latest[key] = max(latest.get(key, (entry["Timestamp"], price)), (entry["Timestamp"], price))
    zones: dict[str, list[Decimal]] = {}
    for (kind, _), (_, price) in latest.items():
        zones.setdefault(kind, []).append(price)
    return {kind: (sum(prices, Decimal(0)) / len(prices)).quantize(_SMALLEST) for kind, prices in zones.items()}


def _on_demand(pricing: Any, region: str) -> dict[str, Decimal]:
    """On-demand price per hour by type; the dearest where AWS lists several."""
    found: dict[str, Decimal] = {}
    for product in _products(pricing, "AmazonEC2", region, LINUX):
        attributes = product.attributes
        # Reserved blocks of capacity, and Linux with software on it, are products of the same type.
        ordinary = attributes.get("marketoption", "OnDemand") == "OnDemand"
        if ordinary and attributes.get("operation", "RunInstances") == "RunInstances" and product.unit == "Hrs":
            kind = str(attributes.get("instanceType", ""))
            if "." in kind:
                found[kind] = max(found.get(kind, product.usd), product.usd)
    return found


def _gp3(pricing: Any, region: str) -> Decimal | None:
    """Price per GB-month of gp3 volumes, without operations and throughput, which are products of their own."""
    found = [
        product.usd
        for product in _products(pricing, "AmazonEC2", region, {"volumeApiName": "gp3"})
        if product.unit.lower() == "gb-mo"
    ]
    return max(found, default=None)


def _fargate(pricing: Any, region: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Prices per vCPU-hour and GB-hour by architecture; Linux, on demand."""
    found: dict[tuple[str, str], Decimal] = {}
    for product in _products(pricing, "AmazonECS", region, {}):
        match = _FARGATE.fullmatch(str(product.attributes.get("usagetype")))
        if match is not None:
            key = "ARM64" if match["arm"] else "X86_64", match["what"]
            found[key] = max(found.get(key, product.usd), product.usd)
    both = ("vCPU-Hours:perCPU", "GB-Hours")
    return {
        architecture: (found[architecture, both[0]], found[architecture, both[1]])
        for architecture in ("ARM64", "X86_64")
        if all((architecture, what) in found for what in both)
    }


@dataclass(frozen=True)
class _Product:
    """A product of the price list: what it is, and its on-demand price per unit."""

    attributes: Mapping[str, Any]
    unit: str
    usd: Decimal


def _products(pricing: Any, service: str, region: str, wanted: Mapping[str, str]) -> Iterator[_Product]:
    """Products of a service in a region that have a price above zero."""
    fields = {"regionCode": region, **wanted}
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in fields.items()]
    operation, about = "GetProducts", f"{service} {region}"
    for text in pages(pricing, operation, "PriceList", about, ServiceCode=service, Filters=filters):
        try:
            # boto3 hands out the documents as texts.
            document = json.loads(text) if isinstance(text, str) else text
        except ValueError:
            finding = Finding("aws", f"{operation} {about}", "AWS answered with a price list that is no JSON")
            raise AwsError(finding, operation, about) from None
        attributes = dig(document, "product", "attributes")
        price = _on_demand_term(document)
        # What stands in a customer's own rooms is listed with the region too.
        if isinstance(attributes, dict) and price is not None and attributes.get("locationType") != "AWS Outposts":
            yield _Product(attributes, *price)


def _on_demand_term(document: Any) -> tuple[str, Decimal] | None:
    """Unit and price of a product's on-demand term: the latest one, from the first unit on."""
    terms = dig(document, "terms", "OnDemand")
    dated = sorted((str(dig(term, "effectiveDate")), key) for key, term in (terms or {}).items())
    dimensions = dig(terms, dated[-1][1], "priceDimensions") if dated else None
    for _, dimension in sorted((dimensions or {}).items()):
        usd = _usd(dig(dimension, "pricePerUnit", "USD"))
        if usd is not None and str(dig(dimension, "beginRange") or "0") == "0":
            return str(dig(dimension, "unit")), usd
    return None


def _usd(text: Any) -> Decimal | None:
    """A price above zero; None for anything else."""
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value > 0 else None


def _tables(found: Mapping[str, RegionFigures]) -> dict[str, str]:
    """The tables' texts: sorted, so that the same answers give the same bytes."""
    types = {kind: cells for figures in found.values() for kind, cells in figures.types.items()}
    fargate = [
        (region, architecture, *map(_plain, prices))
        for region, figures in found.items()
        for architecture, prices in figures.fargate.items()
    ]
    gp3 = [(region, _plain(figures.gp3)) for region, figures in found.items() if figures.gp3 is not None]
    return {
        "instance_types.csv": _csv(LONG["instance_types.csv"][1], sorted(types.values())),
        "fargate_prices.csv": _csv(LONG["fargate_prices.csv"][1], sorted(fargate)),
        "ebs_prices.csv": _csv(LONG["ebs_prices.csv"][1], sorted(gp3)),
        "on_demand_prices.csv": _wide({region: figures.on_demand for region, figures in found.items()}),
        "spot_prices.csv": _wide({region: figures.spot for region, figures in found.items()}),
        "spot_advisor.csv": BUNDLED.text("spot_advisor.csv"),
    }


def _wide(prices: Mapping[str, Mapping[str, Decimal]]) -> str:
    """A row per type and a column per region."""
    kinds = sorted({kind for column in prices.values() for kind in column})
    table = ([kind, *(_plain(column[kind]) if kind in column else "" for column in prices.values())] for kind in kinds)
    return _csv(["instance_type", *prices], table)


def _csv(header: Iterable[str], table: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(list(header))
    writer.writerows(table)
    return text.getvalue()


def _plain(value: Decimal) -> str:
    """A figure without an exponent and without zeros at its end."""
    return format(value.normalize(), "f")


def _mark(found: Mapping[str, RegionFigures], today: date) -> str:
    content = {"date": today.isoformat(), "regions": sorted(found), "calls": list(CALLS)}
    return json.dumps(content, indent=2) + "\n"
