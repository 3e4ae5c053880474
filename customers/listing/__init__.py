"""The guest list."""
