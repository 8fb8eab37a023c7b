"""Costs: the bill of instances and tasks, and what it was paid for."""
