"""Results: what a recording means, as tables and as the figures a person would quote."""
