"""System checks: Innkeeper refuses to start as a role that could pass the policies."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags
from django.core.checks import register as register_check
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from django.db.backends.signals import connection_created

_bound: set[str] = set()
"""Databases whose role this process has looked at and found bound by the policies."""


def register() -> None:
    """Attach the checks; called once when the app is ready."""
    register_check(check_app_role, Tags.database)
    connection_created.connect(refuse_unbound_role, dispatch_uid="innkeeper-role")


def check_app_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The app role must be no superuser, must not bypass row security and must own no table."""
    if not databases or "default" not in databases:
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT current_user::text")
            (name,) = cursor.fetchone()
            faults = role_faults(cursor, name)
    except OperationalError:
        return []
    if not faults:
        return []
    return [
        Error(
            _refusal(name, faults),
            hint="Connect web and workers as the app role; see docs/operations.md, Database roles.",
            id="innkeeper.E001",
        )
    ]


def refuse_unbound_role(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Before a process's first query: a role that could pass the policies by never gets as far as one.

    System checks run only in commands; web, worker and beat come this way. Raises ``ImproperlyConfigured``.
    """
    if connection.alias != "default" or connection.settings_dict["NAME"] in _bound:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text")
        (name,) = cursor.fetchone()
        faults = role_faults(cursor, name)
    if faults:
        connection.close()  # else the next query would find it open and go ahead
        raise ImproperlyConfigured(_refusal(name, faults))
    _bound.add(connection.settings_dict["NAME"])


def _refusal(name: str, faults: list[str]) -> str:
    return f"DATABASE_URL connects as {name}, which {' and '.join(faults)}."


def role_faults(cursor: Any, role: str) -> list[str]:
    """What lets ``role`` pass the policies by, in words; empty for a role that they bind."""
    cursor.execute(
        "SELECT r.rolsuper, r.rolbypassrls,"
        " EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace),"
        " EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)"
        " FROM pg_roles r WHERE r.rolname = %s",
        [role],
    )
    words = ("is a superuser", "may bypass row security", "owns tables", "may become another role")
    return [word for word, is_so in zip(words, cursor.fetchone(), strict=True) if is_so]
