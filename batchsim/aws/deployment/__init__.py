"""Deployment: what stands in the account, what has to change, and doing it."""
