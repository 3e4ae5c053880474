"""What a form or an address asks of a selection: which guests, and the way back to the list they were chosen from."""

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import BusinessRequest
from accounts.models import CAPABILITIES, Capability
from customers.bulk.registry import allowed, leading_allowed
from customers.bulk.selection import Selection
from customers.bulk.services import SMALL
from customers.card.models import Tag
from customers.listing.state import ListState, list_asked

LIST = ("filter", "q", "sort", "cols", "density", "view")
"""What the address of the guest list consists of."""
CHOSEN = ("tag", "field", "value", "automation")
"""Inputs of the actions, those of rooms above included."""


class SelectionRefused(Exception):
    """These guests cannot be taken; the message says why, for people."""


@dataclass(frozen=True)
class AskedFor:
    """The guests that were chosen in a list, and the list's state."""

    selection: Selection
    state: ListState
    given: dict[str, str]
    """Everything else that was sent, the last of each name."""

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The selection and the list as a form or an address carries them on."""
        chosen = [("everyone", "1")] if self.selection.ids is None else [("guests", _joined(self.selection.ids))]
        return [*chosen, *self.state.carried()]

    @property
    def query(self) -> str:
        """The same with what was chosen for the action, as a query string."""
        inputs = [(name, self.given[name]) for name in ("action", *CHOSEN) if name in self.given]
        return urlencode([*inputs, *self.hidden])


def asked_for(request: BusinessRequest, sent: QueryDict) -> AskedFor:
    """Read a selection: ``guest`` repeated or ``guests`` with commas, or ``everyone`` of the list ``filter`` and ``q``.

    A filter that cannot be read finds nobody, rather than everybody. Raises :class:`SelectionRefused`.
    """
    # Only these: in a list's address "tag" says whom to show, here which tag to put on them.
    asked = list_asked(QueryDict(list_query(sent)), business=request.business, member=request.member)
    given = {name: str(value).replace("\x00", "") for name, value in sent.items()}
    if given.get("everyone"):
        if asked.state.problems:
            raise SelectionRefused(
                _("A part of the filter could not be read. Nothing was changed; choose the guests again.")
            )
        return AskedFor(Selection(None, asked.state.tree, asked.state.text), asked.state, given)
    typed = [*sent.getlist("guest"), *given.get("guests", "").split(",")]
    ids = tuple(sorted({int(each) for each in typed if each.isascii() and each.isdecimal() and len(each) < 19}))
    if not ids:
        raise SelectionRefused(_("Choose at least one guest first."))
    if len(ids) > SMALL:
        raise SelectionRefused(
            ngettext(
                "Choose at most %(number)d guest one by one, or all that match the filter.",
                "Choose at most %(number)d guests one by one, or all that match the filter.",
                SMALL,
            )
            % {"number": SMALL}
        )
    return AskedFor(Selection(ids), asked.state, given)


def list_address(slug: str, sent: QueryDict) -> str:
    """The guest list that was left."""
    address = reverse("guest_list", kwargs={"slug": slug})
    state = list_query(sent)
    return f"{address}?{state}" if state else address


def list_query(sent: QueryDict) -> str:
    """Its state as a query string, as it was sent."""
    # Beside a view what is empty differs from it; of any other list it says nothing.
    is_view = sent.get("view", "").isdecimal()
    return urlencode([(name, sent[name]) for name in LIST if name in sent and (sent[name] or is_view)])


def bar(request: BusinessRequest) -> dict[str, Any]:
    """What ``bulk/_bar.html`` needs, as the page's ``bulk``."""
    actions = allowed(CAPABILITIES[request.member.role])
    tags = sorted(Tag.objects.all(), key=lambda tag: (not tag.code, str(tag).casefold()))
    return {
        "tags": [(str(tag.pk), str(tag)) for tag in tags],
        "tag_actions": [action for action in actions if action.inputs == "bulk/_tag.html"],
        "actions": [action for action in actions if action.inputs != "bulk/_tag.html"],
        "leading": leading_allowed(CAPABILITIES[request.member.role]),
        "token": token_urlsafe(16),
        "can_export": request.member.can(Capability.EXPORT),
        "can_all": request.member.can(Capability.BULK),
    }


def _joined(ids: tuple[int, ...]) -> str:
    return ",".join(map(str, ids))
