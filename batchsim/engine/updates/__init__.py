"""Scheduled updates while they happen: objects that change, and jobs that are cancelled or terminated."""
