"""EBS volumes: the kinds that an instance may have, their bounds, how fast they are, and what they cost by the month.

Sources: EBS User Guide, *Amazon EBS volume types*, *General Purpose SSD volumes*, *Provisioned IOPS SSD volumes*,
*Throughput Optimized HDD and Cold HDD volumes*; Amazon EBS pricing page. Figures by region: ``data/SOURCES.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from batchsim.catalog.catalog import BUNDLED, Catalog, rows

#: What a gp3 volume has without paying for it.
GP3_IOPS, GP3_MIB_PER_S = 3000, 125
#: What a MiB/s of a gp3 volume beyond that costs by the month, as a share of its GB: half in each of us-east-1,
#: ap-northeast-1 and eu-central-1.
GP3_THROUGHPUT_SHARE = 0.5
#: From these IOPS on an io2 volume pays less for each (Amazon EBS pricing: 0.7 of the price, then 0.49).
IO2_TIERS = ((0, 1.0), (32_000, 0.7), (64_000, 0.49))


@dataclass(frozen=True, slots=True)
class VolumeKind:
    """What EC2 takes of one ``volumeType``.

    Attributes
    ----------
    gib, iops, mib_per_s : (int, int) or None
        The least and the most that may be asked for; None where nothing may.
    iops_per_gib : int
        How many IOPS a GiB allows; 0 where they are not asked for.
    needs_iops : bool
        Whether IOPS have to be stated.
    boots : bool
        Whether it may be a root volume.
    """

    gib: tuple[int, int]
    iops: tuple[int, int] | None = None
    mib_per_s: tuple[int, int] | None = None
    iops_per_gib: int = 0
    needs_iops: bool = False
    boots: bool = True


#: By ``volumeType``; ``standard`` is not among them: its price has a part for each request.
KINDS = {
    "gp3": VolumeKind((1, 65_536), (GP3_IOPS, 80_000), (GP3_MIB_PER_S, 2_000), iops_per_gib=500),
    "gp2": VolumeKind((1, 16_384)),
    "io1": VolumeKind((4, 16_384), (100, 64_000), iops_per_gib=50, needs_iops=True),
    "io2": VolumeKind((4, 65_536), (100, 256_000), iops_per_gib=1_000, needs_iops=True),
    "st1": VolumeKind((125, 16_384), boots=False),
    "sc1": VolumeKind((125, 16_384), boots=False),
}


@dataclass(frozen=True, slots=True)
class EbsVolume:
    """A volume as it is asked for.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    iops, mib_per_s : int or None
        As far as they are stated.
    """

    kind: str
    gib: float
    iops: int | None = None
    mib_per_s: int | None = None

    @property
    def throughput_mib_per_s(self) -> float:
        """What it reads and writes at most, bursts included.

        Examples
        --------
        >>> EbsVolume("gp3", 30).throughput_mib_per_s, EbsVolume("gp2", 100).throughput_mib_per_s
        (125.0, 128.0)
        """
        iops, tib = self.iops or 0, self.gib / 1024
        if self.kind == "gp3":
            return float(self.mib_per_s or GP3_MIB_PER_S)
        if self.kind == "gp2":
            return 128.0 if self.gib <= 170 else 250.0
        if self.kind == "io1":
            # 256 KiB a request up to 500 MiB/s, 16 KiB a request from there to 1,000 MiB/s.
            return min(0.25 * iops, max(500.0, iops / 64), 1000.0)
        if self.kind == "io2":
            return min(0.25 * iops, 4000.0)
        if self.kind == "st1":
            return min(250.0 * tib, 500.0)
        return min(80.0 * tib, 250.0)


@dataclass(frozen=True, slots=True)
class VolumePrices:
    """US dollars by the month: of a GB, of an operation a second, of a MiB a second, beyond what is included."""

    gb: float
    iops: float = 0.0
    mib_per_s: float = 0.0

    def usd_per_month(self, volume: EbsVolume) -> float:
        """What a volume costs in a month.

        Examples
        --------
        100 GB of gp3 at 3,500 IOPS and 250 MiB/s in us-east-1, 8 + 2.5 + 5 dollars:

        >>> VolumePrices(0.08, 0.005, 0.04).usd_per_month(EbsVolume("gp3", 100, 3500, 250))
        15.5
        """
        iops, beyond = volume.iops or 0, max((volume.mib_per_s or 0) - GP3_MIB_PER_S, 0)
        if volume.kind == "gp3":
            iops = max(iops - GP3_IOPS, 0)
        if volume.kind == "io2":
            paid = sum(
                max(min(iops, most) - least, 0) * share
                for (least, share), most in zip(IO2_TIERS, (32_000, 64_000, iops), strict=True)
            )
        else:
            paid = float(iops)
        return self.gb * volume.gib + self.iops * paid + self.mib_per_s * beyond


def volume_prices(kind: str, region: str, catalog: Catalog = BUNDLED) -> VolumePrices:
    """What a kind of volume costs in a region.

    Raises
    ------
    NotInCatalogError
        If the catalog has no price of it there.
    """
    if kind == "gp3":
        gb = _gp3(catalog).get(region)
        if gb is None:
            raise catalog.lacks(f"no price of gp3 volumes for {region}")
        of_others = _others(catalog).get(region) if catalog.is_bundled else None
        # The IOPS of a GB's price: 1/16 in every region that both are known of, but for rounding.
        return VolumePrices(gb, gb / 16 if of_others is None else of_others["gp3_iops"], gb * GP3_THROUGHPUT_SHARE)
    prices = _others(catalog).get(region)
    if prices is None:
        raise catalog.lacks(f"no price of {kind} volumes for {region}")
    if kind in ("io1", "io2"):
        return VolumePrices(prices["io"], prices["io_iops"])
    return VolumePrices(prices[kind])


def _figure(cell: str) -> float:
    return float(cell.removeprefix("~"))


@cache
def _gp3(catalog: Catalog) -> dict[str, float]:
    table = rows("ebs_prices.csv", catalog)
    next(table)
    return {region: _figure(price) for region, price in table}


@cache
def _others(catalog: Catalog) -> dict[str, dict[str, float]]:
    table = rows("ebs_volume_prices.csv", catalog)
    next(table)
    names = ("gp2", "io", "st1", "sc1", "gp3_iops", "io_iops")
    return {region: dict(zip(names, map(_figure, cells), strict=True)) for region, *cells in table}
