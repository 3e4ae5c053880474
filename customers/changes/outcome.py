"""What an undo did, and what it left as it was."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SAMPLE = 50
"""How many rows an outcome names of each kind; their number is always exact."""

LEFT = 1_000
"""Rows of a table that an undo notes as left, for when what stands in their way is undone too."""


@dataclass
class UndoOutcome:
    """What an undo did, in rows, and what it left as it was.

    ``kept`` rows had been changed or used since, or are of a guest who is restricted now (``restricted`` of them);
    ``blocked`` rows could not come back, because what they belonged to is gone or their place is taken. ``left`` are,
    by record, the rows that are not as before the set: those, and those that came back without what was taken.
    """

    restored: int = 0
    reverted: int = 0
    removed: int = 0
    kept: int = 0
    restricted: int = 0
    blocked: int = 0
    kept_rows: list[tuple[str, int]] = field(default_factory=list)
    blocked_rows: list[tuple[str, int]] = field(default_factory=list)
    left: dict[str, list[int]] = field(default_factory=dict)

    def as_result(self) -> dict[str, Any]:
        """The outcome as stored on the undo's change set."""
        left = {"left": self.left} if self.left else {}
        return left | {
            "restored": self.restored,
            "reverted": self.reverted,
            "removed": self.removed,
            "kept": self.kept,
            "restricted": self.restricted,
            "blocked": self.blocked,
            "kept_rows": self.kept_rows,
            "blocked_rows": self.blocked_rows,
        }

    def add(self, other: "UndoOutcome") -> None:
        """Count in what another one did; what it left stands with its own act."""
        self.restored += other.restored
        self.reverted += other.reverted
        self.removed += other.removed
        self.kept += other.kept
        self.restricted += other.restricted
        self.blocked += other.blocked
        self.kept_rows = (self.kept_rows + other.kept_rows)[:SAMPLE]
        self.blocked_rows = (self.blocked_rows + other.blocked_rows)[:SAMPLE]

    def leave(self, record: str, rows: Sequence[int]) -> None:
        """Note rows that are not as they were."""
        if rows:
            self.left[record] = sorted({*self.left.get(record, ()), *rows})[:LEFT]

    def keep(self, record: str, rows: Sequence[int]) -> None:
        """Count rows that stay as they are and name the first of them."""
        self.kept += len(rows)
        self.kept_rows += [(record, row) for row in rows[: SAMPLE - len(self.kept_rows)]]

    def block(self, record: str, rows: Sequence[int]) -> None:
        """Count rows that cannot come back and name the first of them."""
        self.blocked += len(rows)
        self.blocked_rows += [(record, row) for row in rows[: SAMPLE - len(self.blocked_rows)]]
