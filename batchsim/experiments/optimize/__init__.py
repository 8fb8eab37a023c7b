"""The cheapest configuration that keeps the objectives: bounds, a search on one replication, a race on many."""
