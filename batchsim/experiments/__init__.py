"""Experiments: a scenario run once or many times, and its variants side by side."""
