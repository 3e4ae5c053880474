"""What people do to pairs beside deciding and merging: they propose a merge to those who may, and take one back."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Member
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.history.models import Todo
from customers.history.services import todo_add
from dedup.register.models import Match
from dedup.register.selectors import Row

TITLE_MAX = 200


def merge_propose(*, row: Row, member: Member | None = None) -> tuple[Todo, ChangeSet | None]:
    """Ask those who may merge to look at two cards: a staff task on the first of them. ``None`` for an act where the
    same has been asked before and is still to be done."""
    asked = proposals([row]).get(row.match_id)
    if asked is not None:
        return asked, None
    note = _("The pair stands under Duplicates, and on the card under “Possible duplicates”.")
    return todo_add(values={"customer_id": row.left.customer_id, "title": _title(row), "note": note}, member=member)


def proposals(rows: Sequence[Row]) -> dict[int, Todo]:
    """The matches of which somebody has asked that they be merged, whose task is still to be done: id → task."""
    titles: dict[tuple[int, str], int] = {}
    for language, _name in settings.LANGUAGES:
        # Whoever asked may speak another language than whoever reads.
        with override(language):
            titles |= {(row.left.customer_id, _title(row)): row.match_id for row in rows}
    if not titles:
        return {}
    cards, texts = {card for card, _text in titles}, {text for _card, text in titles}
    found = {}
    for task in Todo.objects.filter(customer_id__in=cards, title__in=texts, done_at__isnull=True):
        match = titles.get((task.customer_id or 0, task.title))
        if match is not None:
            found[match] = task
    return found


def _title(row: Row) -> str:
    names = {"a": row.left.name or "–", "b": row.right.name or "–"}
    return (_("Merge %(a)s with %(b)s?") % names)[:TITLE_MAX]


def match_back(*, match_id: int, state: Match.State) -> None:
    """Let a match whose merge was undone stand where it stood, in ``state``, at once.

    The two are as they were found; the next pass over what changed compares them again, and has the last word.
    """
    closed = Match.objects.filter(pk=match_id, state__in=(Match.State.GONE, Match.State.MERGED)).first()
    if closed is not None and Customer.objects.filter(pk__in=(closed.left_id, closed.right_id)).count() == 2:
        Match.objects.filter(pk=match_id).update(state=state)
