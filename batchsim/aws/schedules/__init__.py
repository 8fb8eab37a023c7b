"""Scheduled updates outside the simulation: EventBridge Scheduler's schedules that make the same calls."""
