"""The repository holds to its own rules."""
