"""What a furnished business holds in the end, and what of it is not as it should be."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from tests.chaos.furnishing import CALL, FIELD, STEPS

MAILS = ("mail", "again")


@dataclass
class Ledger:
    """Counts by what they are of; ``wrong`` says what was lost or doubled, and is empty when all is well."""

    wrong: list[str] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)
    """By state."""
    unknown_and_arrived: int = 0
    late: float = 0
    """Seconds after a step was due, or after the moment asked about where that came later, until it was done."""
    late_sending: float = 0
    """The same of messages, until they had left."""


def ask(database: str, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows, as the owner sees them: of every business."""
    with closing(psycopg2.connect(database, connect_timeout=5)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def left_to_do(database: str, guests: int) -> dict[str, int]:
    """What has not come to its end; empty when everything has."""
    found = ask(
        database,
        """
        SELECT %(guests)s - count(*), count(*) FILTER (WHERE state IN ('planned', 'running')),
               (SELECT count(*) FROM messaging_message WHERE state = 'planned'),
               (SELECT count(*) FROM messaging_message WHERE state = 'claimed')
        FROM automations_journey
        """,
        guests=guests,
    )
    named = zip(("not begun", "under way", "to send", "being sent"), found[0], strict=True)
    return {name: number for name, number in named if number}


def ledger_of(furnished: dict[str, Any], log: Path, *, since: dt.datetime) -> Ledger:
    """Look at everything; lateness counts from ``since``."""
    database, guests = furnished["database"], furnished["guests"]
    found = Ledger()
    journeys = ask(database, "SELECT id, customer_id, state, number_done FROM automations_journey")
    _once(found, "journey", guests, [guest for _id, guest, _state, _done in journeys])
    odd = Counter((state, done) for _id, _guest, state, done in journeys if (state, done) != ("done", len(STEPS)))
    found.wrong += [f"{number} journeys are {state} after {done} steps" for (state, done), number in odd.items()]
    _steps(found, database, {pk for pk, *_rest in journeys})
    written = {
        "tag": ("SELECT customer_id FROM customers_customertag WHERE tag_id = %(tag)s", {"tag": furnished["tag"]}),
        "task": ("SELECT customer_id FROM customers_todo WHERE title = %(title)s", {"title": CALL}),
        "field": (
            "SELECT v.customer_id FROM customers_guestfieldvalue v JOIN customers_customfield f ON f.id = v.field_id"
            " WHERE f.key = %(key)s AND v.text = 'Down'",
            {"key": FIELD},
        ),
    }
    for name, (query, values) in written.items():
        _once(found, name, guests, [guest for (guest,) in ask(database, query, **values)])
    _messages(found, database, guests, log)
    found.late = _late(database, "automations_journeystep", "at", since)
    found.late_sending = _late(database, "messaging_message", "sent_at", since)
    return found


def _once(found: Ledger, what: str, wanted: Sequence[int], there: Sequence[int]) -> None:
    counted = Counter(there)
    if lost := len(set(wanted) - counted.keys()):
        found.wrong.append(f"{what}: {lost} guests are without")
    if doubled := sum(1 for number in counted.values() if number > 1):
        found.wrong.append(f"{what}: {doubled} guests have more than one")


def _steps(found: Ledger, database: str, journeys: set[int]) -> None:
    steps = defaultdict(list)
    for journey, step, outcome in ask(database, "SELECT journey_id, step, outcome FROM automations_journeystep"):
        steps[journey].append(step)
        if outcome != "done":
            found.wrong.append(f"step {step} of journey {journey}: {outcome}")
    if odd := [pk for pk in journeys if sorted(steps[pk]) != sorted(STEPS)]:
        found.wrong.append(f"{len(odd)} journeys have other steps than theirs, as {steps[odd[0]]}")


def _messages(found: Ledger, database: str, guests: Sequence[int], log: Path) -> None:
    rows = ask(database, "SELECT ref, customer_id, key, state FROM messaging_message")
    taken = Counter(line.partition("@")[0].replace("-", "") for line in log.read_text().splitlines())
    for name in MAILS:
        _once(found, name, guests, [guest for _ref, guest, key, _state in rows if key.endswith(f":{name}")])
    found.messages = dict(Counter(state for *_rest, state in rows))
    if odd := found.messages.keys() - {"sent", "unknown"}:
        found.wrong.append(f"messages are {sorted(odd)}")
    arrived = {ref: taken[str(ref).replace("-", "")] for ref, *_rest in rows}
    if doubled := sum(1 for number in arrived.values() if number > 1):
        found.wrong.append(f"{doubled} messages arrived more than once")
    if lost := sum(1 for ref, _guest, _key, state in rows if state == "sent" and not arrived[ref]):
        found.wrong.append(f"{lost} messages are said to be sent and never arrived")
    if strange := taken.total() - sum(arrived.values()):
        found.wrong.append(f"{strange} messages arrived of which nothing is known")
    found.unknown_and_arrived = sum(1 for ref, *_rest, state in rows if state == "unknown" and arrived[ref])


def _late(database: str, table: str, at: str, since: dt.datetime) -> float:
    ((seconds,),) = ask(
        database,
        f"SELECT coalesce(extract(epoch FROM max({at} - greatest(due_at, %(since)s))), 0) FROM {table}"
        f" WHERE {at} >= %(since)s",
        since=since,
    )
    return round(float(seconds), 1)
