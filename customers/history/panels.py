"""What the card's panels of history need, in a fixed number of queries."""

from typing import Any

from django.utils import timezone

from accounts.access import BusinessRequest
from accounts.models import Capability
from customers.history.selectors import invoices_open, pinned_notes
from customers.history.timeline import kinds_read, timeline_page
from customers.history.todo_forms import TodoForm
from customers.history.todo_selectors import todos_of_guest


def timeline_panel(request: BusinessRequest, *, customer_id: int) -> dict[str, Any]:
    """The timeline as the address asks for it: GET ``kind`` (several), ``after``."""
    today = timezone.localdate(timezone=request.business.zone)
    return {
        "today": today,
        "can_edit": request.member.can(Capability.EDIT),
        "can_write": request.member.can(Capability.TAG),
        "list_state": request.GET.get("in"),
        "timeline": timeline_page(
            customer_id=customer_id,
            today=today,
            after=request.GET.get("after", ""),
            kinds=kinds_read(request.GET.getlist("kind")),
        ),
    }


def history_panels(request: BusinessRequest, *, customer_id: int) -> dict[str, Any]:
    """Timeline, pinned notes, open tasks with the form of a new one, and unpaid invoices."""
    return {
        **timeline_panel(request, customer_id=customer_id),
        "pinned": pinned_notes(customer_id=customer_id),
        "todos": todos_of_guest(customer_id=customer_id),
        "todo_form": TodoForm(with_property=False, auto_id="todo_%s"),
        "invoices": invoices_open(customer_id=customer_id),
    }
