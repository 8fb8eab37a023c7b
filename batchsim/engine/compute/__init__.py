"""Compute environments: what instances there are, what they hold, what may be launched."""
