"""The JSON Schema of a scenario, for editors: made from what checks a scenario."""
