"""How a file and the register are brought together: what a member chose beside the preview. Pure."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from imports.mapping.rows import LIMITS

Update = Literal["fill", "newest", "file"]
"""What a file changes on cards that are there already: only what is empty, what it knows later, or whatever it says."""
Consents = Literal["proven", "none"]
"""Whether a yes of the file is taken: with date, source and wording, or never. A no always is."""

UPDATES: Final[tuple[Update, ...]] = get_args(Update)
CONSENTS: Final[tuple[Consents, ...]] = get_args(Consents)
OWN_FORMAT: Final = "guest_list"
"""Innkeeper's own export: somebody edited it to have the register changed."""
WORDING_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for one file.

    `wording` and `consent_source` stand for consents whose row names none: the words that were agreed to, and how.
    `tag` is given to every guest of the file. `file_date` is the day the file tells of, for rows that do not say when
    they were last changed; None: the day it came in.
    """

    update: Update = "fill"
    consents: Consents = "proven"
    wording: str = ""
    consent_source: str = ""
    tag: str = ""
    file_date: dt.date | None = None

    def as_json(self) -> dict[str, Any]:
        """As a run or a saved mapping keeps it."""
        return asdict(self) | {"file_date": self.file_date.isoformat() if self.file_date else None}


def policy_of(stored: dict[str, Any], *, kind: str = "", format_key: str = "") -> Policy:
    """The policy that a run keeps; where it keeps none, what is usual for files of its kind.

    Raises ValueError when `stored` is not a policy.
    """
    usual: Update = "file" if kind == "guests" and format_key == OWN_FORMAT else "fill"
    day = stored.get("file_date")
    policy = Policy(
        update=stored.get("update", usual),
        consents=stored.get("consents", "proven"),
        wording=_line(stored, "wording", WORDING_MAX),
        consent_source=_line(stored, "consent_source", LIMITS["proof"]),
        tag=_line(stored, "tag", LIMITS["tag"]),
        file_date=dt.date.fromisoformat(day) if day else None,
    )
    if policy.update not in UPDATES or policy.consents not in CONSENTS:
        raise ValueError(stored)
    return policy


def _line(stored: dict[str, Any], name: str, most: int) -> str:
    text = stored.get(name, "")
    if not isinstance(text, str):
        raise ValueError(stored)
    return " ".join(text.split())[:most].rstrip()
