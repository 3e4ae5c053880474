"""Automations: what is done for guests by itself, when its time has come."""

from django.apps import AppConfig


class AutomationsConfig(AppConfig):
    name = "automations"
