"""Traces: recorded workloads, one file per format."""

from batchsim.workload.traces.to_source import TraceReader, read_as, read_trace, trace_source

__all__ = ["TraceReader", "read_as", "read_trace", "trace_source"]
