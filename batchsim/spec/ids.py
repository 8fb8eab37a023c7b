"""Numbers with a type: what an integer counts, said where it stands; at run time they are plain integers."""

from __future__ import annotations

from typing import NewType

#: A job: its row in the workload's table.
JobId = NewType("JobId", int)

#: A node of the dependency graph: a job, or from the number of jobs on the parent of an array.
NodeId = NewType("NodeId", int)

#: A group of jobs: its place in `Workload.groups`.
GroupId = NewType("GroupId", int)

#: What a job asks for: its place in `Workload.shapes`.
ShapeId = NewType("ShapeId", int)

#: A share of a queue with a fair-share policy, by its place among those of the queue.
ShareId = NewType("ShareId", int)

#: A compute environment: its place in `Configuration.environments`.
EnvironmentId = NewType("EnvironmentId", int)

#: An instance: its number in the order of launches.
InstanceId = NewType("InstanceId", int)

#: An attempt: its number in the order of starts.
AttemptId = NewType("AttemptId", int)
