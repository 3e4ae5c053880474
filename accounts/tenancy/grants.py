"""Rights of the app role on tables outside tenancy (users, sessions, Django's and allauth's own)."""

from typing import Any

from django.apps import apps
from django.db import connections

from accounts.tenancy.models import TenantModel
from accounts.tenancy.operations import app_role


def shared_tables() -> list[str]:
    """Tables that belong to no business, by name."""
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not issubclass(model, TenantModel)
    }
    return sorted(tables)


def grant_shared_tables(using: str = "owner", **kwargs: Any) -> None:
    """Let the app role read and write the shared tables, and read which migrations have run."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        existing = set(connections[using].introspection.table_names(cursor))
        for table in shared_tables():
            if table in existing:
                cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{app_role()}"')
        cursor.execute(f'GRANT SELECT ON django_migrations TO "{app_role()}"')
        cursor.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{app_role()}"')
