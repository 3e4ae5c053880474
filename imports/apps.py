"""Imports: files in, and the one way in for API, forms and webhooks."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "imports"
