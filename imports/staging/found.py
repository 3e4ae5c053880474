"""What was settled about a batch: which card, stay and record of the register each row means."""

from collections import Counter
from dataclasses import dataclass, field

from imports.mapping import ContactRow, GuestRow, InvoiceRow, PartRow, PurchaseRow, StayRow
from imports.problems import Problem
from imports.staging.decisions import Decisions
from imports.staging.job import Outcome
from imports.staging.probable import Probable

Row = InvoiceRow | PurchaseRow


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: its table and letter among what a run has met, its columns by how an empty one is taken."""

    name: str
    table: str
    letter: str
    texts: tuple[str, ...]
    values: tuple[str, ...]
    dated: str
    """The column that a new record has today's date in where the file has none."""


@dataclass(slots=True)
class Records:
    """The batch's records with the id of each; `new` are not there yet."""

    kind: Kind | None = None
    rows: list[Row] = field(default_factory=list)
    id_of: dict[int, int] = field(default_factory=dict)
    """Line → record."""
    new: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    """Records of before that the file tells otherwise."""

    @property
    def known(self) -> list[int]:
        """Records that were there before."""
        return sorted(set(self.id_of.values()) - self.new)

    def touched(self) -> set[int]:
        """Lines that bring something new."""
        return {line for line, record in self.id_of.items() if record in self.new or record in self.changed}

    def met(self) -> list[tuple[str, int, bool]]:
        """What of before the run has met: letter, record, whether it is changed."""
        letter = self.kind.letter if self.kind else ""
        return [(letter, record, record in self.changed) for record in self.known]

    def tally(self) -> Counter[Outcome]:
        """Counts by outcome, but for those left out."""
        changed = len(self.changed)
        return Counter({"created": len(self.new), "updated": changed, "unchanged": len(self.known) - changed})


@dataclass(slots=True)
class Resolved:
    """The batch with a card, and a stay where there is one, for each row. `new` and `new_stays` are not there yet."""

    guests: list[GuestRow]
    contacts: list[ContactRow]
    stays: list[StayRow]
    card_of: dict[int, int] = field(default_factory=dict)
    """Line → card."""
    new: set[int] = field(default_factory=set)
    stay_of: dict[int, int] = field(default_factory=dict)
    """Line → stay."""
    new_stays: set[int] = field(default_factory=set)
    unguested: set[int] = field(default_factory=set)
    """Stays that have no guest yet."""
    joins: dict[int, int] = field(default_factory=dict)
    """Line → stay of rows that name one more guest of a stay of an earlier row, in a list of Innkeeper's own."""
    joined: set[int] = field(default_factory=set)
    """Those of these lines whose guest has no part in the stay yet."""
    problems: list[Problem] = field(default_factory=list)
    how: dict[int, str] = field(default_factory=dict)
    """Line → how its card was found, for cards of before (`imports.causes`)."""
    probable: dict[int, Probable] = field(default_factory=dict)
    """Line → the card that somebody should look at first; found out in a try-out alone."""
    decisions: Decisions = field(default_factory=dict)
    records: Records = field(default_factory=Records)
    also: set[tuple[int, int]] = field(default_factory=set)
    """(line, card) of further cards that have the row's address, in a list of consents: a no is said to them, too."""
    opted_out: set[tuple[int, str]] = field(default_factory=set)
    """(line, kind) of rows whose address or number has opted out, on whichever card."""
    sharing: set[int] = field(default_factory=set)
    """Lines with an address or number that a card of the register has, be it the guest's or another's."""
    told_bad: set[tuple[int, str, str]] = field(default_factory=set)
    """(line, kind, normal form) of addresses and numbers of which the file itself says that nothing goes there."""

    @property
    def known(self) -> list[int]:
        """Cards that were there before."""
        return sorted(set(self.card_of.values()) - self.new)

    known_as: dict[int, list[str]] = field(default_factory=dict)
    """Line → by what the guest of a row whose card somebody chose is found in the next file: name and addresses."""
    parts: dict[int, PartRow] = field(default_factory=dict)
    """Line → what the guest's part in the stay is, where the file says so."""

    def leave_out(self, lines: set[int]) -> None:
        """Forget rows that are not to be imported."""
        if lines:
            self.stays = [row for row in self.stays if row.line not in lines]
            self.guests = [row for row in self.guests if row.line not in lines]
            self.contacts = [row for row in self.contacts if row.line not in lines]
            self.joins = {line: stay for line, stay in self.joins.items() if line not in lines}
            self.records.rows = [row for row in self.records.rows if row.line not in lines]
            gone = {self.records.id_of.pop(line) for line in lines if line in self.records.id_of}
            self.records.new -= gone
