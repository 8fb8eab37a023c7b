"""What batchsim was checked against: ``python -m tools.validation`` runs it and writes docs/validation.md."""
