"""A real Home Assistant with simulated miners: the demo, and what the e2e tests stand on."""
