"""Which guests a list shows: filters read from an address, and what they are in SQL. Pure."""

from customers.filters.conditions import TextMatch, on_rows, on_sets
from customers.filters.guest_filter import GuestFilter, Ignored, read_filter
from customers.filters.own import FilterField, OwnFilter

__all__ = ["FilterField", "GuestFilter", "Ignored", "OwnFilter", "TextMatch", "on_rows", "on_sets", "read_filter"]
