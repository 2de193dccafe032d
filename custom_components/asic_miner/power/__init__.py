"""Watts of miners that follow sun, price and heat. Pure planning, no Home Assistant."""
