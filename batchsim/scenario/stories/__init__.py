"""First scenarios: a story's template, and what a person's answers make of it."""
