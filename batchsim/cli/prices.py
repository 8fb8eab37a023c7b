"""``batchsim prices refresh``: live prices and instance types as a catalog that scenarios can name."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchsim.aws.prices import RegionFigures


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "prices", help="fetch live prices", description="Prices and instance types as AWS states them today."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    refresh: argparse.ArgumentParser = actions.add_parser(
        "refresh",
        help="write a catalog of live prices",
        description="Write a catalog of live prices and instance types. Only scenarios that name it use it.",
    )
    refresh.add_argument(
        "--region",
        metavar="R",
        dest="regions",
        action="append",
        default=[],
        help="region that the catalog shall hold; repeatable (default: that of the AWS configuration)",
    )
    refresh.add_argument("--out", metavar="DIR", type=Path, default=Path("catalog"), help="folder (default: catalog)")
    refresh.add_argument("--profile", metavar="NAME", help="profile of the AWS configuration")
    refresh.add_argument("--endpoint-url", metavar="URL", help="another endpoint than AWS's")
    refresh.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.aws.client import AwsAccount
    from batchsim.aws.prices import refresh
    from batchsim.report.progress import progress

    account = AwsAccount(arguments.profile, endpoint_url=arguments.endpoint_url)
    today = datetime.now(UTC).date()
    with progress("asking AWS for prices", len(arguments.regions), quiet=False) as advance:
        found = refresh(account, arguments.regions, arguments.out, today, on_region=advance)
    for region, figures in found.items():
        print(f"{region}: {_said(figures)}")  # noqa: T201
    print(f"\nWritten to {arguments.out}. A scenario uses it when it names it, relative to its own file:\n")  # noqa: T201
    print(f"environment:\n  prices: {{catalog: {json.dumps(arguments.out.as_posix(), ensure_ascii=False)}}}")  # noqa: T201
    return 0


def _said(figures: RegionFigures) -> str:
    fargate = " and ".join(sorted(figures.fargate, reverse=True))
    return ", ".join(
        (
            f"{len(figures.types):,} instance types",
            f"{len(figures.on_demand):,} on-demand prices",
            f"{len(figures.spot):,} Spot prices",
            f"Fargate {fargate}" if fargate else "no Fargate prices",
            "no price of gp3 volumes" if figures.gp3 is None else f"gp3 {figures.gp3.normalize():f} USD per GB-month",
        )
    )
