#!/usr/bin/env bash
# wfcommons 1.6 (wfinstances.NextflowLogsParser): the run time of a task of Nextflow holds its time in the queue.
#
# Nextflow's trace has two columns: duration, from the submission of a task to its end, and realtime, in which it ran. The
# parser puts duration into runtimeInSeconds, which WfFormat describes as the task's run time. Of a task that was tried
# again (two rows of one name) it takes the last row.
# Output seen: a task of realtime 6m that waited 25 minutes in AWS Batch (duration 31m): runtimeInSeconds 1860.0
# Why it matters: an instance made from a run on AWS Batch is replayed with its waits inside its run times; they are paid
# for as if instances had worked, and queued a second time. Instances made from a run on one machine hardly show it. Take
# realtime of the trace where the queue is what is asked about.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check wfcommons==1.6
mkdir "$folder/run"
printf '%s\t' task_id hash native_id name status exit submit duration realtime %cpu peak_rss peak_vmem rchar >"$folder/run/trace.txt"
printf 'wchar\n' >>"$folder/run/trace.txt"
printf '%s\t' 1 ab/cdef12 0b1d ALIGN FAILED 137 "2026-11-02 01:40:00.000" 20m 9m 99.0% "1 GB" "2 GB" "3 GB" >>"$folder/run/trace.txt"
printf '4 GB\n' >>"$folder/run/trace.txt"
printf '%s\t' 2 ab/cdef34 1c2e ALIGN COMPLETED 0 "2026-11-02 02:00:00.000" 31m 6m 99.0% "1 GB" "2 GB" "3 GB" >>"$folder/run/trace.txt"
printf '4 GB\n' >>"$folder/run/trace.txt"
cat >"$folder/run/ro-crate-metadata.json" <<'JSON'
{"@graph": [
  {"@id": "./", "@type": "Dataset", "mainEntity": {"@id": "main.nf"}},
  {"@id": "#run", "@type": "CreateAction", "name": "Nextflow workflow run r1",
   "startTime": "2026-11-02T02:00:00+00:00", "endTime": "2026-11-02T02:31:00+00:00"},
  {"@id": "#task/1", "@type": "CreateAction", "name": "ALIGN", "instrument": {"@id": "main.nf#align"}}
]}
JSON
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import pathlib
import sys

from wfcommons.wfinstances import NextflowLogsParser

folder = pathlib.Path(sys.argv[1])
workflow = NextflowLogsParser(execution_dir=folder / "run", nextflow_version="25.10.0").build_workflow("run")
workflow.write_json(folder / "instance.json")
tasks = json.loads((folder / "instance.json").read_text())["workflow"]["execution"]["tasks"]
print("runtimeInSeconds:", [task["runtimeInSeconds"] for task in tasks])
assert [task["runtimeInSeconds"] for task in tasks] == [31 * 60], "this has changed (6 minutes is what it ran)"
PYTHON
