"""Duplicates for machines."""
