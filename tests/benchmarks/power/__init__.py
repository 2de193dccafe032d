"""A simulated house with sun, prices and miners, and those who control the miners."""

from .bench import main

__all__ = ["main"]
