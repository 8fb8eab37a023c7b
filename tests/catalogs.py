"""A small catalog of a user's own."""

from __future__ import annotations

import json
from pathlib import Path

#: One type of each kind, in one region, at prices that nobody asks.
TABLES = {
    "instance_types.csv": (
        "instance_type,vcpus,memory_mib,gpus,gpu_model,gpu_memory_mib,architectures,current_generation,burstable,"
        "bare_metal,local_storage_gb,usage_classes\n"
        "c6i.large,2,4096,0,,,x86_64,1,0,0,0,on-demand|spot\n"
        "c6i.xlarge,4,8192,0,,,x86_64,1,0,0,0,on-demand|spot\n"
        "z9x.large,2,4096,0,,,x86_64,1,0,0,0,on-demand\n"
    ),
    "on_demand_prices.csv": "instance_type,us-east-1\nc6i.large,0.1\nc6i.xlarge,0.2\nz9x.large,0.3\n",
    "spot_prices.csv": "instance_type,us-east-1\nc6i.large,0.04\nc6i.xlarge,\n",
    "spot_advisor.csv": "instance_type,us-east-1\nc6i.large,1:50\nc6i.xlarge,2:75\n",
    "fargate_prices.csv": "region,architecture,usd_per_vcpu_hour,usd_per_gb_hour\nus-east-1,X86_64,0.05,0.006\n",
    "ebs_prices.csv": "region,gp3_usd_per_gb_month\nus-east-1,0.073\n",
}


def write_catalog(folder: Path, **changes: str | None) -> Path:
    """Write `TABLES` into a folder; a keyword such as ``ebs_prices`` changes a table, None leaves it out."""
    folder.mkdir(exist_ok=True)
    mark = {"date": "2026-11-23", "regions": ["us-east-1"], "calls": []}
    contents = {**TABLES, "catalog.json": json.dumps(mark)}
    contents |= {"catalog.json" if name == "catalog" else f"{name}.csv": text for name, text in changes.items()}
    for name, text in contents.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder
