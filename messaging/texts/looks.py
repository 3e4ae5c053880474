"""HTML of messages to look at: kept for a moment, shown in a frame that can do nothing.

The pages' own policy allows no style on an element, and an e-mail has no other; so its HTML is a document of its own,
under a policy of its own, in a frame without scripts, forms or a way out.
"""

import logging
import secrets
from typing import Final

from django.core.cache import cache
from django.http import HttpResponse
from django.urls import reverse
from redis.exceptions import RedisError

from accounts.tenancy import require_business_id

KEPT_SECONDS: Final = 15 * 60
POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_log = logging.getLogger(__name__)


def look_keep(html: str, *, slug: str) -> str:
    """The address that shows ``html`` for a quarter of an hour; empty while the cache is away: the text stays."""
    token = secrets.token_urlsafe(16)
    try:
        cache.set(_key(token), html, KEPT_SECONDS)
    except RedisError as error:
        _log.warning("The look of a message could not be kept: %s", error)
        return ""
    return reverse("template_look", kwargs={"slug": slug, "look": token})


def look_kept(token: str) -> str | None:
    """The HTML kept under a token of this business; ``None`` when it is gone."""
    try:
        found: str | None = cache.get(_key(token))
    except RedisError as error:
        _log.warning("The look of a message could not be read: %s", error)
        return None
    return found


def framed(html: str) -> HttpResponse:
    """A document for a frame of ours: no scripts, no forms, no links that lead anywhere, pictures by https."""
    answer = HttpResponse(html)
    answer["Content-Security-Policy"] = POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _key(token: str) -> str:
    return f"look:{require_business_id()}:{token}"
