"""What many miners cost that Home Assistant keeps or sends elsewhere."""
