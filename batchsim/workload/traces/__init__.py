"""Traces: recorded workloads, one file per format."""

from batchsim.workload.traces.to_source import trace_source

__all__ = ["trace_source"]
