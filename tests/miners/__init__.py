"""Tests: miners."""
