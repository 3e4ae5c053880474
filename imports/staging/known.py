"""What the register holds that a batch may mean, asked by arrays of keys.

Every question reads one table by an array. Joins are left to Python's dictionaries: a planner that knows nothing yet of
a business that is new to it expects one row, and would read the whole business once for every row of the batch.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from imports.mapping import GuestRow
from imports.staging.job import OWN_SYSTEM, Job
from imports.staging.matches import Foreknown, Matches, Point, is_older
from imports.staging.met import Met

# An address or phone on more cards than this belongs to an agency: names are looked up first.
SHARED_BY: Final = 25
CHOSEN: Final = "who:"
"""Before an id that stands for a name with an address or number, of a guest whose card somebody chose."""
# So many namesakes are compared, when neither address nor phone can be looked up directly.
NAMESAKES: Final = 1_000

# What is compared of a stored contact point, as ContactRow.matches.
MATCHES: Final = "CASE WHEN normalised <> '' THEN normalised WHEN kind = 'email' THEN lower(value) ELSE national END"

_NOBODY: Final = Point((), is_shared=False, learned="")


class Register:
    """The business's register, read for one batch but for what is `told`. Numbers below 0 are records of a try-out,
    of which those keys are asked alone that it may have `met`.
    """

    def __init__(self, cursor: CursorWrapper, job: Job, told: Foreknown | None = None, met: Met | None = None) -> None:
        self.cursor = cursor
        self.job = job
        self._met = met
        self._told = told or Foreknown()
        self.asked_points = dict(self._told.points)
        """What `points` was asked, and answered; None: nobody has it."""
        self.is_empty = self._is_empty() if self._told.is_empty is None else self._told.is_empty
        """Whether there is no card yet: then nobody can be found, but those whom a try-out would have made."""

    def _is_empty(self) -> bool:
        # By the key: to find one of very many rows, which it takes them for, the planner would read the table.
        self.cursor.execute(
            "SELECT id FROM customers_customer WHERE business_id = %(business)s ORDER BY business_id, id LIMIT 1",
            self.job.values(),
        )
        return self.cursor.fetchone() is None

    def stays(self, numbers: Collection[str]) -> dict[str, int]:
        """Stays by their id in the other system."""
        found = dict(
            self._each(
                """
                SELECT external_id, id FROM customers_stay
                WHERE business_id = %(business)s AND external_system = %(system)s AND external_id = w.key
                  AND external_id <> ''
                """,
                list(numbers),
            )
        )
        return found | dict(
            self.left("SELECT external_id, stay_id FROM planned_stay WHERE external_id = ANY (%(wanted)s)", numbers)
        )

    def own_stays(self, numbers: Collection[int]) -> dict[int, tuple[date, date]]:
        """Stays by the number they have here: arrival and departure."""
        rows = self._each(
            "SELECT id, arrival, departure FROM customers_stay WHERE business_id = %(business)s AND id = w.key",
            list(numbers),
        )
        return {stay: (arrival, departure) for stay, arrival, departure in rows}

    def guests_of_stays(self, stays: Collection[int]) -> dict[int, list[tuple[int, bool]]]:
        """Who has a part in each stay, and whether as its agent: first who pays, then who stays."""
        guests: dict[int, list[tuple[int, bool]]] = {}
        for stay, customer, is_agent in self._each(
            """
            SELECT stay_id, customer_id, is_agent FROM customers_stayparticipant
            WHERE business_id = %(business)s AND stay_id = w.key ORDER BY is_payer DESC, is_guest DESC, customer_id
            """,
            list(stays),
        ):
            guests.setdefault(stay, []).append((customer, is_agent))
        return guests

    def seen_stays(self, stays: Collection[int]) -> set[int]:
        """Stays that an earlier row of this file meant."""
        return set(self._seen("s", stays)) | self._made("stay", stays)

    def seen_guests(self, cards: Collection[int]) -> dict[int, bool]:
        """Guests whom earlier batches of this file met, and whether they were changed; those made count as changed."""
        return self._seen("g", cards) | dict.fromkeys(self._made("customer", cards), True)

    def seen_records(self, record: str, letter: str, rows: Collection[int]) -> set[int]:
        """Invoices or purchases that an earlier row of this file meant."""
        return set(self._seen(letter, rows)) | self._made(record, rows)

    def records(self, table: str, numbers: Collection[str]) -> dict[str, tuple[int, int]]:
        """Invoices or purchases by their id in the other system: (record, guest)."""
        rows = self._each(
            f"""
            SELECT external_id, id, customer_id FROM {table}
            WHERE business_id = %(business)s AND external_system = %(system)s AND external_id = w.key
              AND external_id <> ''
            """,
            list(numbers),
        )
        planned = "SELECT external_id, record_id, customer_id FROM planned_record WHERE external_id = ANY (%(wanted)s)"
        rows += self.left(planned, numbers)
        return {key: (record, guest) for key, record, guest in rows}

    def invoices_by_number(self, numbers: Collection[str]) -> dict[str, tuple[int, int]]:
        """Invoices made here, by their number; in a list of Innkeeper's own those of other systems, too."""
        found: dict[str, tuple[int, int]] = {}
        for number, invoice, guest in self._each(
            """
            SELECT number, id, customer_id FROM customers_invoice
            WHERE business_id = %(business)s AND number = w.key AND number <> ''
              AND (external_system = '' OR %(is_own)s)
            ORDER BY id
            """,
            list(numbers),
            is_own=self.job.system == OWN_SYSTEM,
        ):
            found.setdefault(number, (invoice, guest))
        return found

    def own_purchases(self, ids: Collection[int]) -> dict[int, tuple[int, int, date, Decimal | None]]:
        """Purchases by their numbers here: (purchase, guest, day, amount)."""
        return {
            row[0]: row
            for row in self._each(
                """
                SELECT id, customer_id, bought_on, amount FROM customers_purchase
                WHERE business_id = %(business)s AND id = w.key
                """,
                list(ids),
            )
        }

    def _seen(self, what: str, rows: Collection[int]) -> dict[int, bool]:
        return dict(
            self._ask(
                f"""
                SELECT row_id, changed FROM {self.job.seen}
                WHERE business_id = %(business)s AND run_id = %(run)s AND what = %(what)s AND row_id = ANY (%(wanted)s)
                """,
                list(rows),
                what=what,
            )
        )

    def _made(self, record: str, rows: Collection[int]) -> set[int]:
        """Which rows this run has inserted: its change set tells, in a try-out their numbers do."""
        if self.job.dry:
            return {row for row in rows if row < 0}
        return {
            row
            for (row,) in self._ask(
                """
                SELECT row_id FROM customers_change
                WHERE business_id = %(business)s AND change_set_id = %(act)s AND record = %(record)s
                  AND row_id = ANY (%(wanted)s) AND act = 'I'
                """,
                list(rows),
                record=record,
            )
        }

    def identities(self, cards: Collection[int]) -> dict[int, str]:
        """The folded names of cards."""
        told = self._told.identities
        found = {card: told[card] for card in cards if card in told}
        found |= dict(
            self._each(
                "SELECT id, identity_key FROM customers_customer WHERE business_id = %(business)s AND id = w.key",
                [] if self.is_empty else [card for card in cards if card > 0 and card not in told],
            )
        )
        if self.job.dry:
            found |= dict(
                self._ask(
                    "SELECT customer_id, identity_key FROM planned_guest WHERE customer_id = ANY (%(wanted)s)",
                    [card for card in cards if card < 0],
                )
            )
        return found

    def contacts(self, cards: Collection[int]) -> dict[int, set[tuple[str, str]]]:
        """(kind, matches) of all contact points of cards."""
        found: dict[int, set[tuple[str, str]]] = defaultdict(set)
        rows = self._each(
            f"""
            SELECT customer_id, kind, {MATCHES} FROM customers_contactpoint
            WHERE business_id = %(business)s AND customer_id = w.key
            """,
            list(cards),
        )
        if self.job.dry:
            rows += self._ask(
                "SELECT customer_id, kind, matches FROM planned_contact WHERE customer_id = ANY (%(wanted)s)",
                list(cards),
            )
        for customer, kind, matches in rows:
            found[customer].add((kind, matches))
        return found

    def numbered(self, numbers: Collection[str]) -> dict[str, int]:
        """Cards by the ids that files of this format brought."""
        told = self._told.numbers
        found = {number: card for number in numbers if (card := told.get(number)) is not None}
        found |= dict(
            self._each(
                """
                SELECT value, customer_id FROM customers_externalid
                WHERE business_id = %(business)s AND system = %(system)s AND value = w.key
                """,
                [] if self.is_empty else [number for number in numbers if number not in told],
            )
        )
        planned = self.left(
            "SELECT value, customer_id FROM planned_number WHERE value = ANY (%(wanted)s) ORDER BY place DESC", numbers
        )
        return dict(planned) | found

    def remembers(self) -> bool:
        """Whether somebody has chosen cards for guests of this system's files, by their names and addresses."""
        asked = """
            SELECT EXISTS (SELECT FROM customers_externalid WHERE business_id = %(business)s AND system = %(system)s
                           AND value >= %(first)s AND value < %(last)s)
            """
        if self.job.dry:
            asked += " OR EXISTS (SELECT FROM planned_number WHERE value >= %(first)s AND value < %(last)s)"
        self.cursor.execute(asked, self.job.values() | {"first": CHOSEN, "last": f"{CHOSEN[:-1]};"})
        return self.cursor.fetchone() == (True,)

    def matching(self, kind: str, wanted: Iterable[tuple[str, str, str]]) -> Matches:
        """The oldest card with each (folded name, matches); `wanted` holds (folded name, matches, normalised)."""
        pairs = set(wanted)
        points = self.points((kind, normalised) for _, _, normalised in pairs if normalised)
        indirect = {pair for pair in pairs if not pair[2] or points.get((kind, pair[2]), _NOBODY).is_shared}
        held = [(value, customer) for (_kind, value), point in points.items() for customer in point.cards]
        bearers = self.identities({customer for _, customer in held})
        candidates = [(bearers[customer], value, customer) for value, customer in held if customer in bearers]
        candidates += self._by_name(kind, indirect)
        candidates += self.left(
            """
            SELECT identity_key, matches, customer_id FROM planned_contact
            WHERE matches = ANY (%(wanted)s) AND kind = %(kind)s
            """,
            {matches for _, matches, _ in pairs},
            kind=kind,
        )
        names = {(identity, matches) for identity, matches, _ in pairs}
        found: dict[tuple[str, str], int] = {}
        several: set[tuple[str, str]] = set()
        for identity, matches, customer in candidates:
            key = (identity, matches)
            if key not in names:
                continue
            if customer > 0 and found.get(key, customer) > 0 and found.get(key, customer) != customer:
                several.add(key)
            if key not in found or is_older(customer, found[key]):
                found[key] = customer
        return Matches(found, several)

    def points(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Point]:
        """What is known of each (kind, normal form); only those that the register holds. Each is asked once a batch."""
        wanted = set(wanted)
        missing = [key for key in wanted if key not in self.asked_points]
        if missing and self.is_empty:
            return {}
        if missing:
            self.asked_points |= dict.fromkeys(missing)
            for kind, value, cards, count, learned in self._each(
                f"""
                SELECT kind, normalised, (array_agg(customer_id ORDER BY customer_id))[:{SHARED_BY}], count(*),
                       max(state) FILTER (WHERE state IN ('opted_out', 'bounced'))
                FROM customers_contactpoint
                WHERE business_id = %(business)s AND normalised = w.key
                GROUP BY kind, normalised
                """,
                list({value for _kind, value in missing}),
            ):
                is_shared = count > SHARED_BY
                self.asked_points[kind, value] = Point(() if is_shared else tuple(cards), is_shared, learned or "")
        return {key: point for key in wanted if (point := self.asked_points[key]) is not None}

    def told(self, addresses: Collection[str]) -> set[tuple[str, str, str]]:
        """(kind, normal form, state) of those that earlier batches of a try-out have learned something bad of."""
        told = "SELECT kind, normalised, state FROM planned_told WHERE normalised = ANY (%(wanted)s)"
        return set(self.left(told, addresses))

    def holders_of(self, addresses: Collection[str]) -> list[tuple[str, int]]:
        """(normal form, card) of every address or number of these that a card has."""
        if self.is_empty:
            return []
        return self._each(
            """
            SELECT normalised, customer_id FROM customers_contactpoint
            WHERE business_id = %(business)s AND normalised = w.key
            """,
            list(addresses),
        )

    def namesakes(self, guests: Collection[GuestRow]) -> dict[tuple[str, str], int]:
        """The oldest card of before with each (folded name, date of birth) and (folded name, postal code)."""
        found = dict(self._told.namesakes)
        guests = [guest for guest in guests if guest.line not in self._told.strangers]
        if self.is_empty:
            return found
        for identity, born, postal_code, customer in self._each(
            """
            SELECT identity_key, birth_date::text, postal_code, id FROM customers_customer
            WHERE business_id = %(business)s AND identity_key = w.key
              AND (postal_code = ANY (%(codes)s) OR birth_date = ANY (%(days)s::date[]))
            ORDER BY id
            """,
            list({guest.identity_key for guest in guests if guest.postal_code or guest.birth_date}),
            codes=list({guest.postal_code for guest in guests if guest.postal_code}),
            days=list({guest.birth_date for guest in guests if guest.birth_date}),
        ):
            for fact in (born, postal_code):
                if fact:
                    found.setdefault((identity, fact), customer)
        return found

    def _by_name(self, kind: str, pairs: set[tuple[str, str, str]]) -> list[tuple[str, str, int]]:
        """For what cannot be looked up itself: the namesakes, and what is on their cards."""
        if self.is_empty:
            return []
        names = dict(
            self._each(
                f"""
                SELECT id, identity_key FROM customers_customer
                WHERE business_id = %(business)s AND identity_key = w.key ORDER BY id LIMIT {NAMESAKES}
                """,
                list({identity for identity, _, _ in pairs}),
            )
        )
        points = self._each(
            f"""
            SELECT customer_id, {MATCHES} FROM customers_contactpoint
            WHERE business_id = %(business)s AND customer_id = w.key AND kind = %(kind)s
            """,
            list(names),
            kind=kind,
        )
        return [(names[customer], matches, customer) for customer, matches in points]

    def left(self, rows: str, keys: Collection[str], **values: object) -> list[Any]:
        """``rows``, a SELECT by `wanted` of what earlier batches of a try-out would have left in the register."""
        if not self.job.dry:
            return []
        return self._ask(rows, list(keys) if self._met is None else self._met.among(keys), **values)

    def lock(self, cards: Collection[int]) -> set[int]:
        """Hold cards until the transaction ends, in the order everybody locks in; one that has gone is not returned."""
        return {
            card
            for (card,) in self._each(
                "SELECT id FROM customers_customer WHERE business_id = %(business)s AND id = w.key FOR NO KEY UPDATE",
                sorted(cards),
            )
        }

    def new_ids(self, table: str, count: int) -> list[int]:
        """Ids for records to come."""
        self.cursor.execute(
            f"""
            SELECT nextval(s.name) FROM (SELECT pg_get_serial_sequence('{table}', 'id')::regclass AS name OFFSET 0) s,
                   generate_series(1, %s)
            """,
            [count],
        )
        return sorted(row[0] for row in self.cursor.fetchall())

    def _each(self, rows: str, wanted: list[str] | list[int], **values: object) -> list[Any]:
        """``rows``, a SELECT by one key of the register, ``w.key``, for every one of the wanted, in their order.

        Each is looked up by itself. Asked for all at once, the planner may read the whole business instead, of whose
        size it knows nothing.
        """
        return self._ask(
            f"SELECT r.* FROM unnest(%(wanted)s) AS w (key) CROSS JOIN LATERAL ({rows} OFFSET 0) r", wanted, **values
        )

    def _ask(self, sql: str, wanted: list[str] | list[int], **values: object) -> list[Any]:
        if not wanted:
            return []
        self.cursor.execute(sql, self.job.values() | {"wanted": wanted} | values)
        return self.cursor.fetchall()
