"""A hundred miners for a long while, with everything that happens to miners."""
