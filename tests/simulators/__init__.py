"""Wire-level stand-ins for real miners; they know nothing of Home Assistant or of our client."""
