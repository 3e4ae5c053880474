"""How far a pass has read, and from where it reads on."""

import datetime as dt
from typing import Final, NamedTuple

from django.db import connection

from accounts.tenancy import require_business_id
from automations.models import PlannerState
from automations.planning.happened import Window
from dedup.register.changes import Horizon, floor_of, marks_kept

_LOOK: Final = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
           coalesce((SELECT max(id) FROM customers_change WHERE business_id = %s), 0), pg_current_snapshot()::text,
           pg_current_xact_id_if_assigned()::text::bigint
"""
_MAKE: Final = """
    INSERT INTO automations_plannerstate (business_id, one, marks, snapshot) VALUES (%s, true, '[]', '')
    ON CONFLICT DO NOTHING
"""
_FIRST: Final = """
    SELECT min(c.id) FROM customers_changeset a
    JOIN customers_change c ON c.business_id = a.business_id AND c.change_set_id = a.id
    WHERE a.business_id = %s AND a.is_event AND a.created_at >= %s
"""
_LONGEST: Final = dt.timedelta(days=1)
"""An act that automations react to is not longer under way."""


class Look(NamedTuple):
    """What stands committed now: every transaction below ``seen`` has ended, none from ``ended`` on has. ``newest`` is
    the last change there is."""

    seen: int
    ended: int
    newest: int
    snapshot: str


def look() -> Look:
    """Where everything stands. A transaction that has written before is itself one that has not ended."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [require_business_id()])
        seen, ended, newest, snapshot, this = cursor.fetchone()
    return Look(seen, ended, newest, snapshot if this is None else _without(snapshot, this))


def state_lock() -> tuple[PlannerState, int]:
    """How far the business in scope has been read, held until the transaction ends; and the number of this transaction:
    those with a higher one begin after it was asked."""
    states = PlannerState.objects.select_for_update(no_key=True)
    found = states.first()
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(_MAKE, [require_business_id()])
        found = states.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return found, int(cursor.fetchone()[0])


def window_of(state: PlannerState, at: Look, *, since: int, this: int, now: dt.datetime) -> Window:
    """What is to be read: what the last pass had not seen; at first, and after a rest, what has been written from the
    transaction ``since`` on, the first that counts. ``this`` is the transaction that reads."""
    ended = _ended(state)
    if state.seen_xid is not None and (since < ended or since == this) and ended <= at.ended:
        return Window(state.seen_xid, state.snapshot, at.snapshot, floor_of(state.seen_xid, state.marks))
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [require_business_id(), now - _LONGEST])
        (first,) = cursor.fetchone()
    floor = (first or at.newest + 1) - 1
    state.marks = [[since, floor]]
    return Window(since, f"{since}:{since}:", at.snapshot, floor)


def state_keep(state: PlannerState, at: Look, *, begun: int | None, now: dt.datetime) -> None:
    """All that was to be read is behind the planner. ``begun``: no transaction from it on had begun when ``at`` was
    asked; the highest that has ended does not tell that, as others run."""
    if begun is not None:
        state.marks = marks_kept(state.marks, Horizon(at.seen, (begun, at.newest)))
    state.seen_xid, state.snapshot, state.passed_at = at.seen, at.snapshot, now
    state.save(update_fields=["marks", "seen_xid", "snapshot", "passed_at"])


def is_newer(state: PlannerState, at: Look) -> bool:
    """Whether another pass has looked since."""
    return _ended(state) > at.ended


def _without(snapshot: str, this: int) -> str:
    """A snapshot that does not show the transaction which took it: it may write more."""
    first, last, running = snapshot.split(":")
    if this >= int(last):
        return snapshot
    others = {int(each) for each in running.split(",") if each}
    return f"{first}:{last}:{','.join(str(each) for each in sorted({*others, this}))}"


def _ended(state: PlannerState) -> int:
    return int(state.snapshot.split(":")[1]) if state.snapshot else 0
