"""What happens to files, to running commands and to an account when something outside goes wrong."""
