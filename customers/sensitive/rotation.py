"""Sealing all details of a business under the newest key."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_close, change_set_open, recording
from customers.sensitive.keys import keyring
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.selectors import live
from customers.sensitive.services import refused_by_guard

BATCH: Final = 500
TITLE: Final = gettext_noop("Sealed sensitive details under a newer key")
_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class Rotated:
    """What became of a business's details. ``waiting`` are to be erased and were left alone."""

    sealed: int
    waiting: int


def keys_missing(*, business_id: int) -> set[str]:
    """Names of keys that the business's details need and the environment does not have."""
    with business_scope(business_id):
        return keyring().missing(SensitiveDetail.objects.filter(live()).values_list("key_name", flat=True).distinct())


def rotate(*, business_id: int, batch: int = BATCH) -> Rotated:
    """Seal every detail that an older key holds under the newest, one transaction a batch, all of them as one act.

    Opens its own scopes. Interrupted, it is simply run again: what has been sealed is not met any more, and the act
    that was open is gone on with. Details waiting for being erased stay as they are. Raises ``CannotOpen`` where a key
    is missing or a ciphertext has been tampered with; the batches before it stay.
    """
    public_id = Business.objects.values_list("public_id", flat=True).get(pk=business_id)
    current = keyring().current
    sealed, last, act_id = 0, 0, None
    while True:
        with business_scope(business_id):
            old = SensitiveDetail.objects.filter(live(), pk__gt=last).exclude(key_name=current).order_by("pk")
            if not old.exists():
                break
            act_id = act_id or _act()
        met, last = _reseal(business_id, act_id, public_id, last, batch)
        sealed += met
    with business_scope(business_id):
        left = ChangeSet.objects.filter(title=TITLE, state=ChangeSet.State.OPEN).values_list("pk", flat=True)
        for opened in [act_id] if act_id else left:
            change_set_close(change_set_id=opened, result={"sealed": sealed})
        waiting = SensitiveDetail.objects.filter(~live()).count()
    return Rotated(sealed, waiting)


def _act() -> int:
    """The act to record under: the one that an interrupted rotation left open, else a new one. It is no event."""
    left = ChangeSet.objects.filter(title=TITLE, state=ChangeSet.State.OPEN).order_by("pk").first()
    return (left or change_set_open(kind=ChangeSet.Kind.BULK, title=TITLE, is_event=False)).pk


def _reseal(business_id: int, act_id: int, public_id: Any, last: int, batch: int) -> tuple[int, int]:
    """Seal the next details anew: how many, and the last one met. A consent that ends meanwhile is tried again."""
    for attempt in range(_ATTEMPTS):
        try:
            with business_scope(business_id), recording(act_id):
                return _reseal_once(public_id, last, batch)
        except IntegrityError as error:
            if not refused_by_guard(error) or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _reseal_once(public_id: Any, last: int, batch: int) -> tuple[int, int]:
    keys = keyring()
    rows = list(
        SensitiveDetail.objects.select_for_update(no_key=True)
        .filter(live(), pk__gt=last)
        .exclude(key_name=keys.current)
        .order_by("pk")[:batch]
    )
    if not rows:
        return 0, last
    ids, texts = [], []
    for row in rows:
        bound = {"business": public_id, "uid": row.uid, "kind": row.kind}
        ids.append(row.pk)
        texts.append(keys.seal(keys.open(row.ciphertext, row.key_name, **bound), **bound).ciphertext)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE customers_sensitivedetail d SET ciphertext = n.ciphertext, key_name = %s
            FROM unnest(%s::bigint[], %s::bytea[]) AS n (id, ciphertext)
            WHERE d.business_id = NULLIF(current_setting('innkeeper.business', true), '')::bigint AND d.id = n.id
            """,
            [keys.current, ids, texts],
        )
    return len(ids), rows[-1].pk
