"""What the views of a guest's history have in common."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.api.problems import Problem
from accounts.api.views import stale
from customers.card.api import GuestView
from customers.card.models import Customer
from customers.history.models import Activity, Invoice, Product, Purchase, Stay, Todo
from customers.history.services import HistoryRefused, ProductRefused, StayRefused
from customers.lineage.selectors import ids_now

GONE = (
    Stay.DoesNotExist,
    Activity.DoesNotExist,
    Invoice.DoesNotExist,
    Purchase.DoesNotExist,
    Product.DoesNotExist,
    Todo.DoesNotExist,
)


class HistoryView(GuestView):
    """Refusals of the services become problems."""

    def problem_of(self, error: Exception) -> Exception:
        match error:
            case StayRefused():
                return Problem(409, "move_refused", str(error))
            case ProductRefused():
                return Problem(409, "product_exists", str(error))
            case HistoryRefused():
                return Problem(422, "refused", str(error))
        return Http404() if isinstance(error, GONE) else super().problem_of(error)

    def guest_named(self, body: dict[str, Any], name: str = "guest_id") -> int:
        """Take the guest out of a body; one who is not there is a mistake in that field, not in the address."""
        (guest_id,) = ids_now(customer_ids=[body.pop(name)])
        if not Customer.objects.filter(pk=guest_id).exists():
            raise serializers.ValidationError({name: [_("This guest is not in the register.")]})
        return guest_id

    def of_guest(self, body: dict[str, Any]) -> None:
        """Put the guest of a body, who may be nobody, under the name services have for them."""
        if "guest_id" in body:
            body["customer_id"] = self.guest_named(body) if body["guest_id"] is not None else body.pop("guest_id")

    def unchanged(self, row: Any, version: int | None, shown: type[serializers.ModelSerializer]) -> None:
        """A problem when ``row`` is of another version than the caller has seen."""
        if version is not None and version != row.version:
            raise stale(self.told(shown(row).data, self.request.data))
