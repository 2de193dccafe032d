"""Taking over from another integration."""
