"""Tests of the planning in `power/`."""
