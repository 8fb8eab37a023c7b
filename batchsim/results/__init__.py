"""Results: tables, waits by cause, costs by purpose, metrics, and the folder they are kept in."""
