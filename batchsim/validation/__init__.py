"""Validation: what can be said of a scenario without running it."""
