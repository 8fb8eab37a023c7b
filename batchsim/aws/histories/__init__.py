"""What an account can tell of jobs that ran, as plain records."""
