"""System checks: Innkeeper refuses to start as a role that could pass the policies."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags
from django.core.checks import register as register_check
from django.db import OperationalError, connections


def register() -> None:
    """Attach the checks; called once when the app is ready."""
    register_check(check_app_role, Tags.database)


def check_app_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The app role must be no superuser, must not bypass row security and must own no table."""
    if not databases or "default" not in databases:
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT rolname, rolsuper, rolbypassrls,"
                " EXISTS (SELECT 1 FROM pg_class c"
                " WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace)"
                " FROM pg_roles r WHERE rolname = current_user"
            )
            name, is_super, bypasses, owns = cursor.fetchone()
    except OperationalError:
        return []
    faults = [
        word
        for word, is_so in (
            ("is a superuser", is_super),
            ("may bypass row security", bypasses),
            ("owns tables", owns),
        )
        if is_so
    ]
    if not faults:
        return []
    return [
        Error(
            f"DATABASE_URL connects as {name}, which {' and '.join(faults)}.",
            hint="Connect web and workers as the app role; see docs/operations.md, Database roles.",
            id="innkeeper.E001",
        )
    ]
