"""A business's settings, without its models, which are large."""

import json
from functools import cache
from typing import Any, Final

from django.db import connection

from accounts.tenancy import require_business_id
from dedup.register.models import MatchSettings

_MODELS: Final = ("model", "taught")
_JSON: Final = frozenset(("marks",))


@cache
def _columns() -> tuple[list[str], str]:
    """The fields that are read, and the statement: looking one card up asks for them each time, and the ORM would take
    longer to put the question than the database to answer it."""
    fields = [field for field in MatchSettings._meta.concrete_fields if field.name not in _MODELS]
    names = ", ".join(f'"{field.column}"' for field in fields)
    return [field.attname for field in fields], f"SELECT {names} FROM dedup_matchsettings WHERE business_id = %s"


def _read(name: str, value: Any) -> Any:
    return json.loads(value) if name in _JSON and isinstance(value, str) else value


def settings_get() -> MatchSettings:
    """The business's settings; as they are to begin with where nothing was set."""
    names, sql = _columns()
    with connection.cursor() as cursor:
        cursor.execute(sql, [require_business_id()])
        row = cursor.fetchone()
    if row is None:
        return MatchSettings()
    return MatchSettings.from_db(connection.alias, names, [_read(*each) for each in zip(names, row, strict=True)])


def settings_locked() -> MatchSettings:
    """The business's row, made where there is none yet, locked until the transaction ends."""
    MatchSettings.objects.bulk_create([MatchSettings()], ignore_conflicts=True)
    return MatchSettings.objects.defer(*_MODELS).select_for_update().get()
