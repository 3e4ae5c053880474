"""What a batch is written for, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from psycopg2.extensions import AsIs

from imports.policy import Policy
from imports.problems import Problem

if TYPE_CHECKING:
    from imports.staging.planned import Planned

OWN_SYSTEM = "innkeeper"
"""Of Innkeeper's own lists of what guests did: their numbers are ids here."""
OWN_SYSTEMS = (OWN_SYSTEM, "guest_list")
EVER = datetime(1, 1, 1, tzinfo=UTC)
Outcome = Literal["created", "updated", "unchanged", "invalid"]
OUTCOMES: tuple[Outcome, ...] = ("created", "updated", "unchanged", "invalid")
EXTRAS: dict[str, tuple[str, ...]] = {"details": ("stored", "refused"), "consents": ("granted", "withdrawn")}
"""What is counted beside guests and stays, in files that have it."""
RECORDS: tuple[str, ...] = ("invoices", "purchases")
"""What is counted like guests and stays, in files of that kind."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run at work. `dry`: find out what would happen and write nothing.

    `edits`: rows are about the guest (a guest list), so that they are known by the guest's number or the whole row.
    `tells_kind`: the file says who is a person and who a company. `policy` says what it changes on cards of before.
    A try-out with a `run_id` keeps what becomes of each row.
    """

    business_id: int
    run_id: int
    act_id: int
    """The run's change set; 0 in a try-out."""
    system: str
    language: str
    kind: str
    edits: bool
    tells_kind: bool
    public_id: UUID
    dry: bool = False
    has_details: bool = False
    """Whether the file has columns of sensitive details: then what became of them is counted, zeros included."""
    file_name: str = ""
    member_id: int | None = None
    actor: str = ""
    policy: Policy = field(default_factory=Policy)
    weighs: bool = True
    """Whether a preview weighs each row's guest against all cards, or goes by exact keys alone."""
    told_at: datetime = EVER
    """When rows that do not say so themselves were last changed: where the newest wins."""

    @property
    def decides(self) -> bool:
        """Whether a row may overwrite what a card of before holds; lists of something else only name their guests."""
        return self.policy.update != "fill" and self.kind in ("guests", "bookings")

    @property
    def keeps_plan(self) -> bool:
        """Whether a preview keeps what it has planned; sensitive details are in memory alone until they are written."""
        return self.dry and self.run_id > 0 and self.kind == "guests" and not self.has_details

    @property
    def seen(self) -> str:
        """The table of what the run has met of what was there before."""
        return "planned_seen" if self.dry else "imports_importseen"

    def values(self) -> dict[str, Any]:
        """Parameters of every statement.

        The business is a subquery: of a number that its statistics do not know yet the planner expects one row, and
        reads all there is of the business rather than look 5,000 of its cards up.
        """
        business = AsIs(f"(SELECT {int(self.business_id)}::bigint)")
        return {"business": business, "run": self.run_id, "act": self.act_id, "system": self.system}


@dataclass(slots=True)
class Tally:
    """Counts of guests and stays by outcome. A guest counts once in a run; `unchanged` falls when one is changed."""

    guests: Counter[Outcome] = field(default_factory=Counter)
    stays: Counter[Outcome] = field(default_factory=Counter)
    extras: dict[str, Counter[str]] = field(default_factory=dict)
    """Sensitive details and consents, where the file has any."""
    records: dict[str, Counter[Outcome]] = field(default_factory=dict)
    """Invoices or purchases, in a file of them."""
    problems: list[Problem] = field(default_factory=list)
    planned: "Planned | None" = None
    """In a preview: the batch's new guests of whom nothing is open."""
    quality: Counter[str] = field(default_factory=Counter)
    """In a preview: by how many more guests, and how many more of them are what (`imports.staging.quality`)."""

    def add(self, other: "Tally") -> None:
        """Take another batch's counts in; its problems stay with the caller."""
        self.guests.update(other.guests)
        self.stays.update(other.stays)
        self.quality.update(other.quality)
        for name, counter in other.extras.items():
            self.extras.setdefault(name, Counter()).update(counter)
        for name, outcomes in other.records.items():
            self.records.setdefault(name, Counter()).update(outcomes)

    def counts(self) -> dict[str, dict[str, int]]:
        """As shown and stored: every outcome, 0 included."""
        return {
            "guests": {outcome: self.guests[outcome] for outcome in OUTCOMES},
            "stays": {outcome: self.stays[outcome] for outcome in OUTCOMES},
            **{name: {outcome: counter[outcome] for outcome in OUTCOMES} for name, counter in self.records.items()},
            **{name: {what: counter[what] for what in EXTRAS[name]} for name, counter in self.extras.items()},
        }

    @classmethod
    def of(cls, counts: dict[str, dict[str, int]]) -> "Tally":
        """The tally that `counts` tells."""
        tally = cls()
        for name, counter in (("guests", tally.guests), ("stays", tally.stays)):
            for outcome in OUTCOMES:
                counter[outcome] = counts.get(name, {}).get(outcome, 0)
        tally.extras = {name: Counter(counts[name]) for name in EXTRAS if name in counts}
        for name in RECORDS:
            if name in counts:
                tally.records[name] = Counter({outcome: counts[name].get(outcome, 0) for outcome in OUTCOMES})
        return tally
