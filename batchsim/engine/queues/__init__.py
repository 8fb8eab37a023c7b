"""Job queues: which job is looked at next."""
