"""Scheduling: what starts, why the rest waits, and what is launched for it."""
