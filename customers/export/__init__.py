"""Guests as a file."""
