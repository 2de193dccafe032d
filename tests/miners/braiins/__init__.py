"""Tests: miners: Braiins OS."""
