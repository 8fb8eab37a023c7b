"""Makes the files of the tutorial's account: ``python -m tests.docs.tutorial_account``.

What `aws batch describe-compute-environments`, `describe-job-queues`, `describe-job-definitions` and
`describe-jobs` say of it, and its events *Batch Job State Change*, by a simulation of ``docs/tutorial/account.yaml``.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import batchsim as bs
from tests.conftest import ROOT
from tests.histories import ACCOUNT, PAGE, details, events

FOLDER = ROOT / "docs" / "tutorial"


def configuration(batch: dict) -> dict:
    """The answers of the three commands in one."""
    environments = [
        {
            **each,
            "computeEnvironmentArn": f"{ACCOUNT}:compute-environment/{each['computeEnvironmentName']}",
            "state": "ENABLED",
            "status": "VALID",
        }
        for each in batch["computeEnvironments"]
    ]
    arns = {each["computeEnvironmentName"]: each["computeEnvironmentArn"] for each in environments}
    queues = [
        {
            **each,
            "jobQueueArn": f"{ACCOUNT}:job-queue/{each['jobQueueName']}",
            "state": "ENABLED",
            "status": "VALID",
            "computeEnvironmentOrder": [
                {**order, "computeEnvironment": arns[order["computeEnvironment"]]}
                for order in each["computeEnvironmentOrder"]
            ],
        }
        for each in batch["jobQueues"]
    ]
    definitions = [
        {
            **each,
            "jobDefinitionArn": f"{ACCOUNT}:job-definition/{each['jobDefinitionName']}:3",
            "revision": 3,
            "status": "ACTIVE",
        }
        for each in batch["jobDefinitions"]
    ]
    return {"computeEnvironments": environments, "jobQueues": queues, "jobDefinitions": definitions}


def files() -> dict[str, str]:
    """The text of each file, by its name."""
    scenario = bs.load(FOLDER / "account.yaml")
    result = bs.run(scenario)
    jobs = details(result)
    pages = (jobs[first : first + PAGE] for first in range(0, len(jobs), PAGE))
    return {
        "configuration.json": json.dumps(configuration(scenario.document.values["batch"]), indent=1) + "\n",
        "jobs.json.gz": "\n".join(json.dumps({"jobs": page}) for page in pages) + "\n",
        "events.jsonl.gz": "\n".join(map(json.dumps, events(result))) + "\n",
    }


def write(path: Path, text: str) -> None:
    """A text as a file, packed where its name says so, the same bytes each time."""
    content = text.encode("utf-8")
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


if __name__ == "__main__":
    for name, text in files().items():
        write(FOLDER / name, text)
