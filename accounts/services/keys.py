"""API keys: made, found by their secret, noted as used, revoked. Only a hash of the secret is kept."""

import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import ApiAnswer, ApiKey, Business, Member
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope, require_business_id
from accounts.tokens import token_hash

USED_EVERY = timedelta(minutes=1)
"""How often a key's use is noted: its page needs no better, and a request costs no write."""

ANSWERS_KEPT = timedelta(hours=24)
"""How long an answer given under an ``Idempotency-Key`` is kept."""

PREFIX = "ik"
_PREFIX_SHOWN = 8


@dataclass(frozen=True)
class NewKey:
    """A key with its secret: the only moment it exists in clear. It goes into one page and nowhere else."""

    key: ApiKey
    secret: str


@dataclass(frozen=True)
class Caller:
    """Who calls the API: a key and its business."""

    business: Business
    key: ApiKey

    @property
    def is_authenticated(self) -> bool:
        """A caller has shown a key, always."""
        return True

    def may(self, scope: str) -> bool:
        """Whether the key has ``scope``."""
        return scope in self.key.scopes


def key_create(
    *, business: Business, name: str, scopes: Collection[str], expires_at: datetime | None, by: Member
) -> NewKey:
    """Make a key for the business in scope: ``ik_<business>_<256 random bits>``.

    Raises :class:`Refused` for a key that may do nothing or is over before it begins.
    """
    chosen = [scope.value for scope in ApiKey.Scope if scope in scopes]
    if not chosen:
        raise Refused(_("Choose at least one thing the key may do."), field="scopes")
    if expires_at is not None and expires_at <= timezone.now():
        raise Refused(_("This day is over. Choose a later one."), field="expires_at")
    random = secrets.token_urlsafe(32)
    secret = f"{PREFIX}_{business.public_id.hex}_{random}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            prefix=random[:_PREFIX_SHOWN],
            secret_hash=token_hash(secret),
            scopes=chosen,
            member_id=by.pk,
            actor=str(by),
            expires_at=expires_at,
        )
        audit_record(
            action="key.added", member=by, object_type="key", object_id=key.pk, data={"name": name, "scopes": chosen}
        )
    return NewKey(key, secret)


def key_revoke(*, key_id: int, by: Member) -> ApiKey:
    """End a key: its next request is refused. The answers kept for it go. Raises ``ApiKey.DoesNotExist``."""
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().get(pk=key_id)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
            ApiAnswer.objects.filter(key=key).delete()
            audit_record(action="key.revoked", member=by, object_type="key", object_id=key.pk, data={"name": key.name})
    return key


def key_authenticate(*, secret: str) -> Caller | None:
    """Whoever shows ``secret``; ``None`` alike for one that never was, is over or was revoked.

    Looked up at every request and nowhere remembered, so that a key revoked is refused at once. Its use is noted once
    a minute, in a transaction of its own: a request that fails was a use too.
    """
    business = _business(secret)
    if business is None:
        return None
    with business_scope(business.pk):
        key = ApiKey.objects.filter(secret_hash=token_hash(secret)).first()
        if key is None or not key.is_live:
            return None
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at >= USED_EVERY:
            stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return Caller(business, key)


def _business(secret: str) -> Business | None:
    """The business a secret names, or ``None``."""
    head, _underscore, rest = secret.partition("_")
    public_id, _underscore, random = rest.partition("_")
    if head != PREFIX or len(public_id) != 32 or not random:
        return None
    try:
        return Business.objects.filter(public_id=uuid.UUID(hex=public_id)).first()
    except ValueError:
        return None


def answers_expire() -> int:
    """Delete the answers of the business in scope that are older than a day; how many."""
    require_business_id()
    count, _each = ApiAnswer.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()
    return count
