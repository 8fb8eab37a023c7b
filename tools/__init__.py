"""What makes the bundled tables; not part of the package."""
