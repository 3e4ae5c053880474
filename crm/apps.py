"""The composition root as a Django app: system checks and commands."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"

    def ready(self) -> None:
        from crm import celery, checks

        # Shared tasks belong to the application that exists when they are first called.
        celery.app.set_default()
        checks.register()
