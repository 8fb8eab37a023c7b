"""AWS Batch's requests: their shapes, and what they ask for."""
