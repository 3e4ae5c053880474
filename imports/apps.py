"""Imports: files in, and the one way in for API, forms and webhooks."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "imports"

    def ready(self) -> None:
        from accounts.signals import keys_asked, keys_changed
        from imports.feeds.keys import feed_keys_missing, feed_keys_reseal

        keys_asked.connect(feed_keys_missing, dispatch_uid="imports-feeds")
        keys_changed.connect(feed_keys_reseal, dispatch_uid="imports-feeds")
