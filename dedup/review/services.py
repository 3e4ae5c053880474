"""What people do to pairs beside deciding and merging: they propose a merge to those who may, and take one back."""

from django.utils.translation import gettext as _

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
    names = {"a": row.left.name or "–", "b": row.right.name or "–"}
    title = _("Merge %(a)s with %(b)s?") % names
    asked = Todo.objects.filter(customer_id=row.left.customer_id, title=title[:TITLE_MAX], done_at__isnull=True).first()
    if asked is not None:
        return asked, None
    note = _("The pair stands under Duplicates, and on the card under “Possible duplicates”.")
    return todo_add(
        values={"customer_id": row.left.customer_id, "title": title[:TITLE_MAX], "note": note}, member=member
    )


def match_back(*, match_id: int, state: Match.State) -> None:
    """Let a match whose merge was undone stand where it stood, in ``state``, at once.

    The two are as they were found; the next pass over what changed compares them again, and has the last word.
    """
    closed = Match.objects.filter(pk=match_id, state__in=(Match.State.GONE, Match.State.MERGED)).first()
    if closed is not None and Customer.objects.filter(pk__in=(closed.left_id, closed.right_id)).count() == 2:
        Match.objects.filter(pk=match_id).update(state=state)
