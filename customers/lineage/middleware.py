"""Addresses of cards that were merged lead to the card that carries on."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from customers.lineage.selectors import survivor_of

GUEST = "customer_id"
"""What a card's id is called in addresses."""


class LineageMiddleware:
    """Inside the business's scope. Reading a page is redirected; a call of the API, and whatever is sent to a card,
    goes to the survivor as it stands: an answer names the id it is of."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if GUEST not in kwargs or not hasattr(request, "business"):
            return None
        survivor = survivor_of(customer_id=kwargs[GUEST])
        if survivor is None:
            return None
        match = request.resolver_match
        if match is not None and request.method in ("GET", "HEAD") and not hasattr(request, "caller"):
            query = request.META.get("QUERY_STRING", "")
            address = reverse(match.view_name, args=args, kwargs={**kwargs, GUEST: survivor})
            return redirect(f"{address}?{query}" if query else address)
        kwargs[GUEST] = survivor
        return None
