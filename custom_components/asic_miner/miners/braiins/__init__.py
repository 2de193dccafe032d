"""Braiins OS over its local REST API, contract 1.0.0 and later."""
