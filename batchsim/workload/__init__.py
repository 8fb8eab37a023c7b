"""The workload: arrivals, distributions, workflows and traces become one columnar table of jobs."""
