"""Scheduled updates: what they make of a scenario's document, whether AWS takes them, and what the engine is told."""
