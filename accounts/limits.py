"""How often something may be asked for: django-allauth's counters, for looks as well as for changes."""

from allauth.core.internal import ratelimit
from django.http import HttpRequest


def within_limit(request: HttpRequest, *, action: str, key: str | None = None) -> bool:
    """Count a call of an ``action`` of ``ACCOUNT_RATE_LIMITS``; whether it is still within its limit.

    django-allauth's own public counter leaves every GET out.
    """
    usage = ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
    return usage is not None
