"""What is simulated, as plain resolved values: neither how it was written nor how it is run."""
