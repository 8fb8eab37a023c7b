"""Learning a scenario from the history of an account's jobs."""
