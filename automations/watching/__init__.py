"""Automations that run: how many are where, each guest's way through, and steering it by hand."""
