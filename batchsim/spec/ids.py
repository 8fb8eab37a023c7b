"""Numbers with a type: what an integer counts, said where it stands; at run time they are plain integers."""

from __future__ import annotations

from typing import NewType

#: What a job asks for: its place in `Workload.shapes`.
ShapeId = NewType("ShapeId", int)

#: A compute environment: its place in `Configuration.environments`.
EnvironmentId = NewType("EnvironmentId", int)
