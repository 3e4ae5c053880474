"""The scope: which business this transaction may see.

The scope is a setting of the database transaction (``SET LOCAL``), never of the connection, so that pgbouncer's
transaction pooling is safe and an error cannot leave it behind. PostgreSQL's row policies read it; without it they
return nothing. A context variable mirrors it, for clear errors before a query is sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.db import connection, transaction

from accounts.digests import address_pads


class NoBusiness(RuntimeError):
    """Guest data was asked for outside the scope of a business."""


class Scope(NamedTuple):
    """The business in view and the member who acts (``None``: a command or the system itself)."""

    business_id: int | None
    member_id: int | None
    actor: str = ""
    """Who acts when it is no member: the name of an API key, for example."""


_NOWHERE = Scope(None, None)
_scope: ContextVar[Scope] = ContextVar("innkeeper_scope", default=_NOWHERE)


def current_business_id() -> int | None:
    """The business this transaction is scoped to, or ``None``."""
    return _scope.get().business_id


def current_member_id() -> int | None:
    """The member this transaction acts for, or ``None``."""
    return _scope.get().member_id


def current_actor() -> str:
    """The name of whoever acts in this transaction without being a member; empty for members and for Innkeeper."""
    return _scope.get().actor


def require_business_id() -> int:
    """The business in scope; raises :class:`NoBusiness` when there is none."""
    business_id = _scope.get().business_id
    if business_id is None:
        raise NoBusiness("No business is in scope. Open business_scope(business_id) around this call.")
    return business_id


@contextmanager
def business_scope(business_id: int, member_id: int | None = None, actor: str = "") -> Iterator[None]:
    """Open a transaction that sees exactly one business.

    Nested scopes restore the outer one explicitly, because releasing a savepoint keeps the inner ``SET LOCAL``; a
    rolled-back savepoint and the end of the transaction restore it by themselves.
    """
    inner, outer = Scope(business_id, member_id, actor), _scope.get()
    with transaction.atomic():
        _write(inner)
        token = _scope.set(inner)
        try:
            yield
        finally:
            _scope.reset(token)
        if connection.savepoint_ids and not connection.needs_rollback:
            _write(outer)


def _write(scope: Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('innkeeper.business', %s, true), set_config('innkeeper.member', %s, true),"
            " set_config('innkeeper.address_pads', %s, true)",
            [
                str(scope.business_id or ""),
                str(scope.member_id or ""),
                address_pads(scope.business_id) if scope.business_id else "",
            ],
        )
