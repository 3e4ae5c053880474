"""Consents: an append-only log of grants and withdrawals, and the state derived from it."""
