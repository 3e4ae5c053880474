"""Fields of the business's own, as far as reading a file is concerned."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Final, Literal, NamedTuple

Target = Literal["guest", "stay"]
TARGETS: Final[tuple[Target, ...]] = ("guest", "stay")
OwnValue = tuple[str, Decimal | None, dt.date | None, bool | None]
"""A value of a field of the business's own in the columns it is stored in: text, number, date, yes or no."""
OwnReader = Callable[[str], OwnValue | None]


class OwnField(NamedTuple):
    """A field of the business's own as a file may bring it: by its key or its name.

    `read` makes a value of a cell; None where it cannot. `options` are the values it has only, with what they are
    called: of a choice, and of yes or no.
    """

    id: int
    target: Target
    key: str
    label: str
    read: OwnReader
    options: tuple[tuple[str, str], ...] = ()

    @property
    def meaning(self) -> str:
        """As the meanings of columns are called."""
        return f"own.{self.target}.{self.id}"
