"""What guests see: preferences and unsubscribing."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
