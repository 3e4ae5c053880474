"""The same request twice is done once: answers kept for a day under the caller's ``Idempotency-Key``."""

import hashlib
import json
from collections.abc import Callable

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import Problem
from accounts.models import ApiAnswer, ApiKey
from accounts.services.keys import ANSWERS_KEPT

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255


def once(request: Request, key: ApiKey, act: Callable[[], Response]) -> Response:
    """``act``'s answer, or the one kept from the first time.

    Only what was done is kept: a request that was refused did nothing and is asked anew. Two at once: the second is
    told to come back, for the first has the lock until its transaction ends. Another request under a used key is
    refused. Raises :class:`Problem`.
    """
    name = request.headers.get(HEADER)
    if name is None:
        return act()
    if not (0 < len(name) <= LONGEST and name.isascii() and name.isprintable()):
        detail = _("An Idempotency-Key has 1 to 255 letters, digits and signs.")
        raise Problem(422, "idempotency_key_invalid", detail)
    if not _locked(key, name):
        detail = _("A request with this Idempotency-Key is being worked on. Ask again in a moment.")
        raise Problem(409, "request_in_progress", detail, headers={"Retry-After": "1"})
    mark = fingerprint(request)
    known = ApiAnswer.objects.filter(key=key, idempotency_key=name).first()
    if known is not None and known.created_at < timezone.now() - ANSWERS_KEPT:
        known.delete()
        known = None
    if known is not None:
        if known.fingerprint != mark:
            detail = _("This Idempotency-Key was used for another request. Nothing was done; send a new one.")
            raise Problem(422, "idempotency_key_reused", detail)
        return Response(known.body, status=known.status, headers={REPLAYED: "true"})
    answer = act()
    if answer.status_code < 300:
        body = json.loads(JSONRenderer().render(answer.data)) if answer.data is not None else None
        ApiAnswer.objects.create(key=key, idempotency_key=name, fingerprint=mark, status=answer.status_code, body=body)
    return answer


def fingerprint(request: Request) -> str:
    """SHA-256 of what was asked: method, address and body."""
    asked = f"{request.method} {request._request.get_full_path()}\n".encode()
    return hashlib.sha256(asked + request._request.body).hexdigest()


def _locked(key: ApiKey, name: str) -> bool:
    """Take the lock of this key's request for the rest of the transaction; ``False`` while another has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"api {key.business_id} {key.pk} {name}"],
        )
        return bool(cursor.fetchone()[0])
