"""The primary key as the index that PostgreSQL prefers.

Of a business that is new to the planner's statistics it expects one row, and then every index that begins with
``business_id`` seems as good as the primary key. It takes the newest of equals (``get_relation_info`` in its
``plancat.c``); with ``(business_id, language)`` a foreign key's check would read the whole business for every row of
an import. So the primary key is made to be the newest index of its table, while the table is empty.
"""

from typing import Any

from django.apps import apps
from django.db import connections, transaction

from accounts.tenancy.models import TenantModel

_OLDER_KEYS = """
    SELECT t.relname::text, k.conname::text, pg_get_constraintdef(k.oid)
    FROM pg_class t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'p'
    WHERE t.relnamespace = 'public'::regnamespace AND t.relname = ANY (%s)
      AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indexrelid > k.conindid)
    ORDER BY 1
"""
_REFERENCES = """
    SELECT c.conrelid::regclass::text, c.conname::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
    WHERE c.contype = 'f' AND c.confrelid = %s::regclass ORDER BY 1, 2
"""


def renew_primary_keys(using: str = "owner", **kwargs: Any) -> None:
    """After migrations: make the primary key of every empty table of a business its newest index."""
    if using != "owner":
        return
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)]
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(_OLDER_KEYS, [tables])
        for table, key, definition in cursor.fetchall():
            cursor.execute(f'SELECT NOT EXISTS (SELECT FROM "{table}")')
            if cursor.fetchone()[0]:
                _renew(cursor, table, key, definition)


def _renew(cursor: Any, table: str, key: str, definition: str) -> None:
    cursor.execute(_REFERENCES, [table])
    references = cursor.fetchall()
    for child, name, _ in references:
        cursor.execute(f'ALTER TABLE {child} DROP CONSTRAINT "{name}"')
    cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{key}", ADD CONSTRAINT "{key}" {definition}')
    for child, name, reference in references:
        cursor.execute(f'ALTER TABLE {child} ADD CONSTRAINT "{name}" {reference}')
