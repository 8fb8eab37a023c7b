"""Files that are right, as users have them, which inputs begin with: shipped, made by the program, or in ``seeds/``."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.reliability.commands import SCENARIO, execute, prepare
from tools.reliability.page import ROOT

SEEDS = Path(__file__).parent / "seeds"

_SWEEP = (
    "sweep", "{in}/small.yaml", "--vary", "batch.computeEnvironments.spot.computeResources.maxvCpus=32,64",
    "--replications", "2", "--workers", "1", "--quiet", "--out", "{out}/swept",
)  # fmt: skip

#: What reads a file of a kind; ``{in}`` is the folder with it, ``{file}`` the file, ``{out}`` an empty folder. Each is
#: given only where the one before it took the input.
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "scenario": (
        ("validate", "{file}"),
        ("run", "{file}", "--quiet", "--no-advice", "--out", "{out}/run"),
        ("export", "{file}", "--format", "cloudformation", "--out", "{out}/exported"),
    ),
    "large scenario": (
        ("validate", "{file}"),
        ("export", "{file}", "--format", "terraform", "--out", "{out}/exported"),
    ),
    "configuration": (
        ("import", "config", "{file}", "--out", "{out}/batch.yaml"),
        ("validate", "{out}/batch.yaml"),
    ),
    "jobs": (
        ("import", "jobs", "{file}", "--out", "{out}/trace.csv"),
        ("calibrate", "{file}", "--config", "{in}/small.yaml", "--out", "{out}/calibrated.yaml"),
    ),
    "history": (("calibrate", "{file}", "--report", "{out}/calibrated.html", "--json"),),
    "trace": (("run", "{in}/named.yaml", "--quiet", "--no-advice", "--out", "{out}/run"),),
    "named": (("validate", "{in}/named.yaml"),),
    "store": (_SWEEP,),
    "results": (
        ("calibrate", "{in}/history", "--config", "{in}/small.yaml", "--replay", "--out", "{out}/calibrated.yaml"),
    ),
}


@dataclass(frozen=True)
class Seed:
    """A file that is right.

    Attributes
    ----------
    name : str
        What it is called where it is read.
    read_as : str
        Which of `COMMANDS` read it.
    beside : mapping of str to bytes
        What lies beside it, a scenario that names it for instance.
    """

    name: str
    read_as: str
    content: bytes
    beside: dict[str, bytes] = field(default_factory=dict)

    @property
    def tree(self) -> Any:
        """What it holds, where that is a tree: JSON or YAML."""
        from ruamel.yaml import YAML

        from batchsim.aws.importers.intrinsics import key_of_tag
        from batchsim.scenario.document.document import compose

        text = self.content.decode("utf-8")
        if self.name.endswith((".json", ".tfstate")):
            return (
                json.loads(text)
                if not text.startswith("{") or "\n{" not in text
                else [json.loads(t) for t in text.splitlines()]
            )
        del YAML
        return compose(text, self.name, key_of_tag=key_of_tag)[0]


def seeds(folder: Path) -> dict[str, list[Seed]]:
    """The seeds by what they are, made in a folder that must not exist."""
    prepare(folder)
    small = SCENARIO.encode()
    beside = {"small.yaml": small}
    scenarios = [("small.yaml", small), ("everything.yaml", (ROOT / "tests/golden/everything.yaml").read_bytes())]
    large = [
        each
        for each in sorted((ROOT / "scenarios").glob("*.yaml"))
        if each.name not in {"genomics.yaml", "cluster-log.yaml"}
    ]
    found = {
        "scenarios": [
            *(Seed("scenario.yaml", "scenario", content) for _, content in scenarios),
            *(Seed("scenario.yaml", "large scenario", each.read_bytes()) for each in large),
        ],
        "configurations": [
            Seed("template.yaml", "configuration", (SEEDS / "template.yaml").read_bytes()),
            Seed("template.yaml", "configuration", (folder / "exported" / "template.yaml").read_bytes()),
            *(
                Seed(name, "configuration", (SEEDS / name).read_bytes())
                for name in ("plan.json", "terraform.tfstate", "describe.json")
            ),
            *_exported(folder),
        ],
        "histories": [
            Seed("jobs.json", "jobs", _jobs(folder), beside),
            Seed("events.json", "jobs", _events(folder), beside),
            Seed("machines.json", "history", (SEEDS / "machines.json").read_bytes()),
        ],
        "tables": [Seed("history.csv", "history", (SEEDS / "history.csv").read_bytes()), *_traces(folder)],
        "named": [*_named()],
        "results": _results(folder),
        "stores": [_store(folder)],
    }
    found["workflows"] = [each for each in found["tables"] if each.name.endswith(".json")]
    found["tables"] = [each for each in found["tables"] if not each.name.endswith(".json")]
    return found


def _exported(folder: Path) -> list[Seed]:
    """The small scenario's configuration as Terraform's and as requests of the AWS CLI."""
    from batchsim.aws.deployment.deployable import load
    from batchsim.aws.exporters import export

    configuration = load(folder / "small.yaml")
    files = {**export(configuration, "terraform"), **export(configuration, "boto3")}
    return [Seed(Path(name).name, "configuration", text.encode()) for name, text in files.items()]


def _details(folder: Path) -> list[dict[str, Any]]:
    """Some of the small scenario's jobs as DescribeJobs tells of them."""
    import pandas as pd

    made = []
    jobs, attempts = (pd.read_parquet(folder / "history" / f"{name}.parquet") for name in ("jobs", "attempts"))
    for job in jobs.iloc[::20].to_dict("records"):
        tried = attempts[attempts["job_id"] == job["job_id"]].to_dict("records")
        times = [{name: round((1_793_577_600 + each[column]) * 1000) for name, column in _TIMES} for each in tried]
        made.append(
            {
                "jobId": job["job_id"].replace("/", "-"),
                "jobName": job["job_name"],
                "jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/nightly",
                "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/extract:3",
                "status": job["status"],
                "createdAt": round((1_793_577_600 + job["submitted_at"]) * 1000),
                "attempts": [
                    {**time, "container": {"exitCode": 0, "containerInstanceArn": "arn:x/i-1"}} for time in times
                ],
                "container": {
                    "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "3600"}]
                },
            }
        )
    return made


_TIMES = (("startedAt", "started_at"), ("stoppedAt", "stopped_at"))


def _jobs(folder: Path) -> bytes:
    return json.dumps({"jobs": _details(folder)}).encode()


def _events(folder: Path) -> bytes:
    made = [
        {
            "detail-type": "Batch Job State Change",
            "source": "aws.batch",
            "time": "2026-11-02T00:00:05Z",
            "detail": detail,
        }
        for detail in _details(folder)
    ]
    return "\n".join(map(json.dumps, made)).encode()


def _naming(entry: str) -> dict[str, bytes]:
    """A scenario whose workload is a trace."""
    text = re.sub(r"workload:\n.*?\nvariants:.*", f"workload:\n  - trace: {entry}\n", SCENARIO, flags=re.DOTALL)
    return {"named.yaml": text.encode()}


def _traces(folder: Path) -> list[Seed]:
    """Traces of each format, each with a scenario that replays it."""
    table = io.BytesIO()
    import pandas as pd

    frame = pd.read_csv(SEEDS / "jobs.csv").astype({"job_name": str, "depends_on": str})
    frame["depends_on"] = frame["depends_on"].replace("nan", "")
    frame.to_parquet(table)
    files = {
        "csv": ("jobs.csv", (SEEDS / "jobs.csv").read_bytes(), ""),
        "parquet": ("jobs.parquet", table.getvalue(), ""),
        "swf": ("log.swf", (SEEDS / "log.swf").read_bytes(), ", jobQueue: nightly, jobDefinition: extract"),
        "wfformat": (
            "workflow.json",
            (SEEDS / "workflow.json").read_bytes(),
            ", jobQueue: nightly, jobDefinition: extract",
        ),
        "describe-jobs": ("answers.json", _jobs(folder), ""),
    }
    return [
        Seed(name, "trace", content, _naming(f"{{format: {kind}, path: {name}{more}}}"))
        for kind, (name, content, more) in files.items()
    ]


def _named() -> list[Seed]:
    """Other files that a scenario names."""
    forms = {
        "availability.json": "environment: {spot: {interruptions: {trace: availability.json}}}",
        "prices.json": "environment: {spot: {prices: {history: prices.json}}}",
        "launch-template.json": "launchTemplates: [{file: launch-template.json}]",
    }
    named = [
        Seed(name, "named", (SEEDS / name).read_bytes(), {"named.yaml": f"{SCENARIO}{section}\n".encode()})
        for name, section in forms.items()
    ]
    catalog = {f"catalog/{name}": content for name, content in _catalog().items()}
    naming = {"named.yaml": f"{SCENARIO}environment: {{prices: {{catalog: catalog}}}}\n".encode()}
    for name in ("catalog/instance_types.csv", "catalog/on_demand_prices.csv", "catalog/catalog.json"):
        others = {each: content for each, content in catalog.items() if each != name}
        named.append(Seed(name, "named", catalog[name], {**naming, **others}))
    return named


def _catalog() -> dict[str, bytes]:
    """A user's catalog of two types."""
    head = "instance_type,vcpus,memory_mib,gpus,gpu_model,gpu_memory_mib,architectures,current_generation,burstable"
    return {
        "catalog.json": b'{"date": "2026-11-01", "regions": ["us-east-1"], "sources": []}',
        "instance_types.csv": (
            f"{head},bare_metal,local_storage_gb,usage_classes\n"
            "c6i.xlarge,4,8192,0,,,x86_64,1,0,0,,on-demand spot\nm6i.xlarge,4,16384,0,,,x86_64,1,0,0,,on-demand spot\n"
        ).encode(),
        "on_demand_prices.csv": b"instance_type,us-east-1\nc6i.xlarge,0.17\nm6i.xlarge,0.192\n",
        "spot_prices.csv": b"instance_type,us-east-1\nc6i.xlarge,0.07\nm6i.xlarge,0.08\n",
        "spot_advisor.csv": b"instance_type,us-east-1\nc6i.xlarge,1:60\nm6i.xlarge,2:55\n",
    }


def _store(folder: Path) -> Seed:
    """The finished runs of a sweep, with what lies beside them."""
    execute([part.replace("{in}", str(folder)).replace("{out}", str(folder)) for part in _SWEEP], folder)
    files = {f"swept/{each.name}": each.read_bytes() for each in (folder / "swept").iterdir()}
    name = "swept/sweep.sqlite"
    return Seed(name, "store", files.pop(name), {"small.yaml": SCENARIO.encode(), **files})


def _results(folder: Path) -> list[Seed]:
    """The files of a results folder, each with the others beside it."""
    names = ("jobs.parquet", "attempts.parquet", "instances.parquet", "scenario.yaml")
    files = {f"history/{name}": (folder / "history" / name).read_bytes() for name in names}
    small = {"small.yaml": SCENARIO.encode()}
    return [
        Seed(name, "results", content, {**small, **{other: files[other] for other in files if other != name}})
        for name, content in files.items()
    ]
