"""Accounts: businesses, members, tenancy and the audit log."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import events  # noqa: F401 - connects its receivers
        from accounts.tenancy.grants import grant_shared_tables
        from accounts.tenancy.keys import renew_primary_keys

        post_migrate.connect(grant_shared_tables, dispatch_uid="innkeeper-grants")
        post_migrate.connect(renew_primary_keys, sender=self, dispatch_uid="innkeeper-keys")
