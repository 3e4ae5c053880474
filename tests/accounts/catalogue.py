"""Reads of PostgreSQL's catalogue for the catalogue test."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection

from accounts.tenancy.models import TenantModel
from accounts.tenancy.operations import app_role

SHARED_TABLES = {
    "account_emailaddress",
    "account_emailconfirmation",
    "accounts_business",
    "accounts_user",
    "accounts_user_groups",
    "accounts_user_user_permissions",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
    "django_session",
    "mfa_authenticator",
    "usersessions_usersession",
}
"""Tables outside tenancy: people, their sign-in, sessions, and the index of businesses. None holds guest data."""

APPEND_ONLY = {
    "accounts_auditentry",
    "customers_change",
    "customers_consentevent",
    "customers_consentwording",
    "messaging_templatetext",
}
"""What happened stays as it was written: the app role can add and read."""

READ_ONLY = {"customers_consentstate"}
"""Written by a function of the owner alone."""

DERIVED = {
    "customers_change",
    "customers_misspelling",
    "customers_posting",
    "customers_presence",
    "customers_presenceword",
    "dedup_cardkey",
    "dedup_cardprofile",
}
"""Written by the triggers of the tables they follow; without foreign keys, whose checks cost more than the rows."""

HIDDEN = {
    "automations_journey",
    "automations_journeystep",
    "dedup_cardprofile",
    "dedup_match",
    "messaging_campaignguest",
}
"""Tables beside those of guests that name cards and hide those on their way out."""

DEFINERS = {
    "accounts_memberships(bigint)": ("bigint", "bigint"),
    "automations_due(integer)": ("bigint",),
    "automations_unplanned(integer)": ("bigint",),
    "customers_bulk_due(interval,integer)": ("bigint", "bigint"),
    "customers_exports_due(interval,integer)": ("bigint", "bigint"),
    "customers_changes_part(bigint,bigint[],bigint[],bigint[])": ("void",),
    "customers_consent_derive(bigint[])": ("void",),
    "customers_consent_state()": ("trigger",),
    "customers_consent_state_of_cards()": ("trigger",),
    "customers_facts_due(integer)": ("bigint",),
    "customers_lookup(text,text[],text[],text,integer)": ("bigint", "smallint"),
    "customers_points_at(text[])": ("bigint", "bigint"),
    "customers_segments_due(interval,integer)": ("bigint",),
    "customers_sensitive_consented()": ("trigger",),
    "customers_sensitive_due(integer)": ("bigint",),
    "customers_stays_within(text,date,date,bigint[],text[],text[],text[],text,numeric,numeric,boolean)": ("bigint",),
    "customers_words_holding(text,integer)": ("bigint",),
    "customers_words_like(text,integer)": ("bigint",),
    "messaging_campaigns_due(interval,integer)": ("bigint", "bigint"),
    "automations_dry_runs_due(interval,interval,integer)": ("bigint", "bigint"),
    "dedup_follow_due(integer)": ("bigint",),
    "dedup_runs_due(interval,integer)": ("bigint", "bigint"),
    "import_feeds_due(interval,integer)": ("bigint", "bigint"),
    "import_fetches_due(interval,integer)": ("bigint", "bigint"),
    "import_files_due(interval,integer)": ("bigint", "bigint"),
    "imports_due(text[],interval,integer)": ("bigint", "bigint"),
    "messaging_caught_due(interval,integer)": ("bigint",),
    "messaging_checks_due(interval,integer)": ("bigint", "bigint"),
    "messaging_tries_due(interval,integer)": ("bigint", "bigint"),
    "messaging_callbacks_due(timestamp with time zone,integer)": ("bigint",),
    "messaging_due(integer)": ("bigint",),
    "messaging_webhooks_due(interval,integer)": ("bigint",),
}
"""Functions that run as the owner, past the policies, and what they return: ids, and of the look-up how well each fits.
The first asks for a user's businesses before a scope can be opened, the last four for imports of any business that have
fallen silent, nightly ones whose hour has come, and files whose time is over; those of triggers keep current consents,
which the app role cannot write; the others reach indexes that a policy bars, or read tables whose policies would be
asked millions of times."""


@dataclass(frozen=True)
class Index:
    """An index as the catalogue has it; ``columns`` has ``None`` for an expression."""

    table: str
    name: str
    method: str
    unique: bool
    primary: bool
    columns: tuple[str | None, ...]


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a catalogue query returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def tenant_models() -> list[type[TenantModel]]:
    """Every model whose rows belong to one business."""
    return sorted(
        (model for model in apps.get_models() if issubclass(model, TenantModel)), key=lambda model: model._meta.db_table
    )


def tenant_tables() -> set[str]:
    return {model._meta.db_table for model in tenant_models()}


def indexes() -> list[Index]:
    """Every index on a table of a business."""
    return [
        Index(*row[:5], columns=tuple(row[5]))
        for row in rows(
            """
            SELECT t.relname, i.relname, m.amname, x.indisunique, x.indisprimary,
                   array(SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY k(attnum, place)
                         LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum > 0
                         WHERE k.place <= x.indnkeyatts ORDER BY k.place)
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
            JOIN pg_am m ON m.oid = i.relam
            WHERE t.relnamespace = 'public'::regnamespace AND t.relname = ANY (%s)
            ORDER BY 1, 2
            """,
            sorted(tenant_tables()),
        )
    ]


def privileges(table: str) -> set[str]:
    """What the app role may do with a table, granted to it or to everybody."""
    names = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    (held,) = rows(
        f"SELECT {', '.join('has_table_privilege(%s, %s, %s)' for _ in names)}",
        *(value for name in names for value in (app_role(), table, name)),
    )
    return {name for name, has in zip(names, held, strict=True) if has}
