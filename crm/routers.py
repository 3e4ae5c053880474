"""Which database role does what."""

from typing import Any


class OwnerMigrates:
    """Only the owner role changes the schema; everything else runs as the app role."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
