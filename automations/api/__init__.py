"""Automations and journeys by API."""
