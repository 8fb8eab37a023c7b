"""Waits: which cause, and which limit, each second of waiting belongs to."""
