"""Pages of a list, by keyset: a cursor names the last row seen, so that no page costs more than the first and rows
added meanwhile push none twice or past the reader."""

import base64
import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.api.problems import invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_BIGGEST = 2**63 - 1

_M = TypeVar("_M", bound=Model)


def page_response(
    request: Request,
    rows: QuerySet[_M],
    *,
    query: dict[str, Any],
    show: type[Serializer] | Callable[[list[_M]], list[Any]],
    order: Sequence[str] = ("pk",),
) -> Response:
    """One page of ``rows`` as ``{"items": […], "next": address or null}``.

    ``query`` holds the checked parameters ``cursor`` and ``limit``; ``show`` is the serializer of a row, or makes the
    items of the rows. ``order`` names one or two columns, ascending, of which the last is unique; a first of two is a
    date.
    """
    limit = query.get("limit") or DEFAULT_LIMIT
    after = cursor_read(query.get("cursor") or "", columns=len(order))
    if after is not None:
        rows = rows.filter(_beyond(order, after))
    found = list(rows.order_by(*order)[: limit + 1])
    shown, more = found[:limit], len(found) > limit
    following = None
    if more:
        address = request._request.build_absolute_uri()
        base, _mark, _query = address.partition("?")
        parameters = request._request.GET.copy()
        parameters["cursor"] = cursor_make([getattr(shown[-1], name) for name in order])
        following = f"{base}?{parameters.urlencode()}"
    items = list(show(shown, many=True).data) if isinstance(show, type) else show(shown)
    return Response({"items": items, "next": following})


def cursor_make(values: Sequence[Any]) -> str:
    """An opaque text for the place of a row.

    >>> cursor_read(cursor_make([dt.date(2026, 3, 1), 7]), columns=2)
    [datetime.date(2026, 3, 1), 7]
    """
    places = [value.isoformat() if isinstance(value, dt.date) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(places).encode()).decode().rstrip("=")


def cursor_read(text: str, *, columns: int) -> list[Any] | None:
    """The place in a cursor, ``None`` for the beginning; one that we have not made is a problem of the caller's."""
    if not text:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        *days, last = values
        if type(last) is not int or not 0 <= last <= _BIGGEST or len(values) != columns:
            raise ValueError(text)
        return [*(dt.date.fromisoformat(day) for day in days), last]
    except (ValueError, TypeError, RecursionError) as error:
        raise invalid(
            {"cursor": _("Take the address in “next” as it stands; cursors are not made by hand.")}
        ) from error


def _beyond(order: Sequence[str], after: Sequence[Any]) -> Q:
    """``(a, b) > (x, y)``, with ``a >= x`` beside it, by which an index finds the place."""
    if len(order) == 1:
        return Q(**{f"{order[0]}__gt": after[0]})
    first, last = order
    later = Q(**{f"{first}__gt": after[0]}) | Q(**{first: after[0], f"{last}__gt": after[1]})
    return Q(**{f"{first}__gte": after[0]}) & later
