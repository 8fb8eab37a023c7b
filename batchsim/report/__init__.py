"""The report: what a person sees of a result, on the console and in pictures."""
