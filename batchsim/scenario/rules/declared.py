"""Rules whose findings come from elsewhere, declared so that the catalogue of rules is whole.

The reader of YAML, the walk over AWS's service model, the checks of batchsim's own sections, the resolver, the review
of the workload and the importer of CloudFormation templates each give findings of their own.
"""

from __future__ import annotations

from batchsim.scenario.rules.registry import declare

MODEL = "AWS Batch API, the service model's shapes"

declare("unreadable", "A scenario is a file of text that can be read")
declare("syntax", "A scenario is YAML 1.2")
declare("duplicate-key", "A key comes once")
declare("not-a-mapping", "A scenario is a mapping")
declare("too-large", "A scenario does not nest without end or grow by aliases")

declare("unknown-word", "Words are among those that AWS allows", MODEL, number="V-03")
declare("missing-key", "Members that are required are there", MODEL, number="V-03")
declare("wrong-type", "Members have the type of their shape", MODEL, number="V-03")
declare("out-of-range", "Values keep the bounds of the service model", MODEL, number="V-03")
declare("unknown-key", "Every member is one that its object has", MODEL, number="V-48")

declare("ignore", "Rules that are ignored exist, and their errors leave a simulation possible")
declare("unused-ignore", "A rule that is ignored finds something", severity="warning", stage="review")
declare("wrong-value", "Values of batchsim's own sections make sense")
declare("not-finite", "Numbers are finite")
declare("unknown-region", "The catalog has the region")
declare("endless", "Arrivals end, by themselves or with the scenario's duration")
declare("warm-up", "A warm-up is of a scenario that has a steady state, and is shorter than it")
declare("objective", "Objectives can be read and name what exists")
declare(
    "update-call",
    "An update sets what one of AWS Batch's Update calls takes",
    "AWS Batch API, UpdateComputeEnvironment, UpdateJobQueue, UpdateConsumableResource, UpdateSchedulingPolicy",
)
declare("update-jobs", "What an update cancels or terminates is in the workload")
declare(
    "update-refused",
    "AWS takes an update of an object as it is then",
    "AWS Batch User Guide, Perform infrastructure updates",
)
declare("update-outside-run", "An update comes due in the run", severity="warning")
declare("unknown-path", "Paths of overrides lead somewhere")
declare("ambiguous-path", "A member that is changed by its name alone is there once")
declare("unknown-variant", "The variant that is asked for exists")

declare("trace", "The jobs of a trace can be read, and run on the batch section")
declare("not-in-catalog", "The catalog has the figures that the configuration needs")
declare(
    "no-offering",
    "Some of an environment's types can be had in its region and purchase option",
    "AWS Batch API, ComputeResource.instanceTypes",
    number="V-05",
)
declare(
    "bid-below-market",
    "No type costs more as SPOT than bidPercentage allows: it is not launched then",
    "AWS Batch API, ComputeResource.bidPercentage",
    severity="warning",
)
declare(
    "spot-statistics",
    "The Spot Instance Advisor has statistics of the types that are launched as SPOT",
    severity="warning",
)
declare(
    "never-placeable",
    "Some compute environment of its queue can hold each job: vCPU, usable memory and GPU on one instance",
    "AWS Batch User Guide, Jobs stuck in RUNNABLE",
    number="V-30",
    stops=False,
)
declare(
    "memory-margin",
    "No job fits its queue only if an instance has more memory than was measured",
    "AWS Batch User Guide, Compute resource memory management",
    severity="warning",
    number="V-30",
)
declare(
    "above-max-vcpus",
    "No job needs more vCPUs than maxvCpus of every compute environment of its queue",
    "AWS Batch User Guide, Jobs stuck in RUNNABLE",
    number="V-32",
    stops=False,
)
declare(
    "node-vcpus",
    "The instances of all nodes of a multi-node job are within maxvCpus of some EC2 environment",
    "AWS Batch User Guide, Multi-node parallel jobs",
    number="V-32",
    stops=False,
)
declare(
    "node-type-listed",
    "The instance type that a multi-node job names is one that an EC2 environment of its queue lists",
    "AWS Batch API, NodeRangeProperty.instanceTypes; AWS Batch User Guide, Multi-node parallel jobs",
    number="V-34",
    stops=False,
)
declare(
    "no-gpu-type",
    "A job that needs GPUs goes to a queue with GPU types",
    "AWS Batch User Guide, Jobs stuck in RUNNABLE; GPU jobs",
    number="V-33",
    stops=False,
)
declare(
    "above-reservation",
    "A computeReservation leaves each job room while one share is active",
    "AWS Batch API, FairsharePolicy.computeReservation",
    severity="warning",
)
declare(
    "named-replacement",
    "A compute environment with a fixed name is not replaced by an update of its stack",
    "CloudFormation, AWS::Batch::ComputeEnvironment, ReplaceComputeEnvironment",
    severity="warning",
    stage="review",
    number="V-50",
)

declare(
    "no-workload",
    "A configuration without a workload is looked at alone",
    severity="info",
    stage="review",
)
declare(
    "doubtful-records",
    "Records of traces could have happened, and are replayed as they were",
    severity="warning",
    stage="review",
)
declare("no-arrivals", "Every workflow arrives within the duration", severity="warning", stage="review")
declare(
    "overload",
    "What jobs ask for on average is no more than the vCPUs of the environments of their queues",
    severity="warning",
    stage="review",
)
declare(
    "fifo-saturation",
    "A queue whose head blocks gets its mix of wide and narrow jobs through",
    "AWS Batch User Guide, Jobs stuck in RUNNABLE; Grosof, Harchol-Balter, Scheller-Wolf (2020), arXiv:2010.00631",
    severity="warning",
    stage="review",
)
declare(
    "two-readings",
    "What jobs cost does not hang on how AWS's words on BEST_FIT_PROGRESSIVE are read",
    "AWS Batch API, ComputeResource.allocationStrategy",
    severity="warning",
    stage="review",
)
declare("deadline", "No deadline is below the critical path", severity="warning", stage="review")
