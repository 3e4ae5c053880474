"""A message to one guest, written on their card."""
