"""Journeys go on: what is due is claimed, asked, done in sets and written down, in one transaction."""
