"""Segments, who is in them and since when, and saved views of the guest list. docs/segments.md explains them."""
