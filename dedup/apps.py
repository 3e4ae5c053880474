"""Duplicates: found, decided, merged, unmerged."""

from django.apps import AppConfig


class DedupConfig(AppConfig):
    name = "dedup"
