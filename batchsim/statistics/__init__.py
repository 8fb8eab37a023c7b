"""Statistical procedures over replications."""
