"""What it costs: counts, processor time, memory, latency. Run by scripts/bench."""
