"""Rehearsals: what an automation would do over a span of days, and with one guest. Nothing of it happens."""
