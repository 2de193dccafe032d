"""What happens when everything goes wrong: faults, invented input, hostile devices."""
