"""The sections of a scenario that are batchsim's own."""
