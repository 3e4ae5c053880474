"""Rows that hold a secret of a business, ``secret`` sealed by the key named ``secret_key``: which keys of the
installation they need, and sealing them anew under the newest."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model

from accounts.sealing import keyring


def keys_missing(model: type[Model]) -> set[str]:
    """Names of the installation's keys that a business's rows need and the environment does not have."""
    return keyring().missing(model._default_manager.exclude(secret_key="").values_list("secret_key", flat=True))


def rows_reseal(model: type[Model], again: Callable[[Any], None]) -> int:
    """Have ``again`` seal each row that an older key holds, unsaved; returns how many. What it raises ends it."""
    old = model._default_manager.select_for_update().exclude(secret_key__in=("", keyring().current)).order_by("pk")
    for row in old:
        again(row)
        row.save(update_fields=["secret", "secret_key"])
    return len(old)
